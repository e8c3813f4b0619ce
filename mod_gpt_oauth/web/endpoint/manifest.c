/*
 * The plugin manifest, /.well-known/ai-plugin.json: made of GPTOAuthManifest when the configuration is read
 * (web/setup/check.c), and served as it was then.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "base/json.h"
#include "base/manifest.h"
#include "base/scope.h"
#include "private.h"
#include "web/endpoint/plugin_documents.h"
#include "web/endpoint/endpoints.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/endpoint/route.h"

/* scopes are those that the server knows. */
static const char *find_problem(apr_pool_t *p, const apr_table_t *values, const char *api_url, const char *scopes)
{
    const char *problem = manifest_problem(p, values), *scope = apr_table_get(values, "scope");

    if (!problem && !api_url && !apr_table_get(values, "api_url")) {
        problem = "the manifest lacks api_url, where the OpenAPI document is; write it, or GPTOAuthOpenAPI and the file";
    }
    if (!problem && scope && (!(scope = scope_normalise(p, scope)) || !scope_subset(scope, scopes))) {
        problem = "scope names one that is not defined; write GPTOAuthScope for it, or leave it out for the default scopes";
    }
    return problem;
}

/* The directive whose lines in the main server would mend it, if this virtual host had none of its own; or NULL. */
static const char *hiding(apr_pool_t *p, const server_conf_t *conf, const char *api_url)
{
    const char *scopes = conf->policy->known_scopes;

    if (conf->hidden_manifest && !find_problem(p, apr_table_overlay(p, conf->manifest, conf->hidden_manifest), api_url, scopes)) {
        return "GPTOAuthManifest";
    }
    for (int i = 0; conf->hidden_scopes && i < conf->hidden_scopes->nelts; i++) {
        scopes = scope_union(p, scopes, APR_ARRAY_IDX(conf->hidden_scopes, i, scope_def_t).name);
    }
    return find_problem(p, conf->manifest, api_url, scopes) ? NULL : "GPTOAuthScope";
}

const char *manifest_finish(apr_pool_t *p, const server_rec *s, server_conf_t *conf)
{
    manifest_server_t server = { .authorize_url = route_url(p, conf, "gpt-oauth-authorize"),
                                 .token_url = route_url(p, conf, "gpt-oauth-token"),
                                 .api_url = route_url(p, conf, "gpt-oauth-openapi"),
                                 .scope = conf->policy->default_scopes };
    const char *problem, *hider;

    if (!conf->manifest) {
        return NULL;
    }
    problem = find_problem(p, conf->manifest, server.api_url, conf->policy->known_scopes);
    if (problem) {
        hider = hiding(p, conf, server.api_url);
        return apr_pstrcat(p, "GPTOAuthManifest: ", problem, hider ? " - in the virtual host " : NULL, s->server_hostname,
                           ", whose own ", hider, " lines replace those of the main server", NULL);
    }
    if (manifest_lacks_token(conf->manifest)) {
        log_config(s, LOG_MANIFEST_TOKEN,
                   "the manifest has no verification token; when a service shows one, write "
                   "GPTOAuthManifest " MANIFEST_TOKEN "NAME TOKEN");
    }
    conf->manifest_text = json_print(p, manifest_build(p, conf->manifest, &server));
    return NULL;
}

int endpoint_manifest(request_rec *r)
{
    return reply_document(r, config_server(r->server)->manifest_text);
}
