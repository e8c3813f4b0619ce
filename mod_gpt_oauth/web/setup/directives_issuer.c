/*
 * Setters of what an issuer is and how people sign in there: GPTOAuthIssuer, GPTOAuthPath, GPTOAuthLoginProvider and
 * GPTOAuthUserName.
 */
#include <ap_provider.h>
#include <apr_strings.h>
#include <http_core.h>

#include "base/uri.h"
#include "web/setup/directives.h"

const char *set_issuer(cmd_parms *cmd, void *dir, const char *url, const char *guard)
{
    server_conf_t *conf = config_server(cmd->server);
    const char *problem = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);

    (void)dir;
    if (!problem && (problem = uri_issuer_problem(cmd->pool, url))) {
        problem = apr_psprintf(cmd->pool, "GPTOAuthIssuer %s: %s", url, problem);
    }
    if (!problem && conf->issuer) {
        problem = apr_psprintf(cmd->pool,
                               "GPTOAuthIssuer %s: this server has the issuer %s already; keep one of the two lines, "
                               "or give each its own <VirtualHost>",
                               url, conf->issuer);
    }
    if (!problem && guard && strcasecmp(guard, "guard") != 0) {
        problem = apr_psprintf(cmd->pool,
                               "GPTOAuthIssuer %s: \"%s\" is not understood; after the URL only the word guard may follow, where "
                               "another virtual host or server is the issuer and this one only checks its tokens",
                               url, guard);
    }
    conf->issuer = url;
    conf->is_guard = guard != NULL;
    return problem;
}

const char *set_path(cmd_parms *cmd, void *dir, const char *path)
{
    apr_size_t size = strlen(path);

    (void)dir;
    if (path[0] != '/' || size < 2 || path[size - 1] == '/' || strpbrk(path, "?#%*[]\\ ") || strstr(path, "//") ||
        strstr(path, "/.")) {
        return apr_psprintf(
            cmd->pool, "GPTOAuthPath %s: write a plain path that begins with a slash and does not end with one, such as /oauth",
            path);
    }
    config_server(cmd->server)->path = path;
    return NULL;
}

const char *add_login_provider(cmd_parms *cmd, void *dir, const char *name)
{
    server_conf_t *conf = config_server(cmd->server);
    login_provider_t *entry;
    const authn_provider *provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, name, AUTHN_PROVIDER_VERSION);

    (void)dir;
    if (!provider || !provider->check_password) {
        return apr_psprintf(cmd->pool,
                            "GPTOAuthLoginProvider %s: there is no such provider; load its module first (file: mod_authn_file, "
                            "ldap: mod_authnz_ldap), "
                            "or write " OWN_PROVIDER " for the users that `gptoauth user add` makes",
                            name);
    }
    if (!conf->login_providers) {
        conf->login_providers = apr_array_make(cmd->pool, 2, sizeof(login_provider_t));
    }
    entry = apr_array_push(conf->login_providers);
    entry->name = name;
    entry->provider = provider;
    return NULL;
}

const char *set_user_name(cmd_parms *cmd, void *dir, const char *source)
{
    server_conf_t *conf = config_server(cmd->server);

    (void)dir;
    conf->user_name_env = conf->user_name_header = NULL;
    if (strncmp(source, "env:", 4) == 0 && source[4]) {
        conf->user_name_env = source + 4;
    } else if (strncmp(source, "header:", 7) == 0 && source[7]) {
        conf->user_name_header = source + 7;
    } else {
        return apr_psprintf(cmd->pool, "GPTOAuthUserName %s: write env:NAME or header:NAME, where the user's display name is",
                            source);
    }
    return NULL;
}
