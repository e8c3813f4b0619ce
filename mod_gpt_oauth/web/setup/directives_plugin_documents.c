/*
 * Setters of what the server publishes about the API behind it: GPTOAuthManifest and GPTOAuthOpenAPI. What is made of them, and
 * what is wrong with it as a whole, is for manifest.c and openapi.c of web/endpoint.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_config.h>

#include "base/manifest.h"
#include "web/setup/directives.h"

const char *add_manifest(cmd_parms *cmd, void *dir, const char *key, const char *value)
{
    server_conf_t *conf = config_server(cmd->server);
    const char *problem = manifest_value_problem(cmd->pool, key, value);

    (void)dir;
    if (!conf->manifest) {
        conf->manifest = apr_table_make(cmd->pool, 12);
    }
    if (!problem && apr_table_get(conf->manifest, key)) {
        problem = "this key is already there; keep one of the two lines";
    }
    apr_table_setn(conf->manifest, key, value);
    return problem ? apr_psprintf(cmd->pool, "GPTOAuthManifest %s: %s", key, problem) : NULL;
}

const char *set_openapi(cmd_parms *cmd, void *dir, const char *file)
{
    server_conf_t *conf = config_server(cmd->server);

    (void)dir;
    conf->openapi_file = ap_server_root_relative(cmd->pool, file);
    return conf->openapi_file ? NULL : apr_psprintf(cmd->pool, "GPTOAuthOpenAPI %s: this is not the path of a file", file);
}
