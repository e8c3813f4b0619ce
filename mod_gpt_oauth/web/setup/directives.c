#include <apr_lib.h>
#include <apr_strings.h>
#include <ap_provider.h>
#include <http_core.h>

#include "base/times.h"
#include "base/uri.h"
#include "web/guard/cors.h"
#include "web/setup/directives.h"
#include "web/endpoint/documents.h"

static const char *set_issuer(cmd_parms *cmd, void *dir, const char *url, const char *guard)
{
    const char *problem = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);

    (void)dir;
    if (!problem && (problem = uri_issuer_problem(cmd->pool, url))) {
        problem = apr_psprintf(cmd->pool, "GPTOAuthIssuer %s: %s", url, problem);
    }
    if (!problem && config_server(cmd->server)->issuer) {
        problem = apr_psprintf(cmd->pool,
                               "GPTOAuthIssuer %s: this server has the issuer %s already; keep one of the two lines, "
                               "or give each its own <VirtualHost>",
                               url, config_server(cmd->server)->issuer);
    }
    if (!problem && guard && strcasecmp(guard, "guard") != 0) {
        problem = apr_psprintf(cmd->pool,
                               "GPTOAuthIssuer %s: \"%s\" is not understood; behind the URL only the word guard may stand, where "
                               "another virtual host or server is the issuer and this one only checks its tokens",
                               url, guard);
    }
    config_server(cmd->server)->issuer = url;
    config_server(cmd->server)->is_guard = guard != NULL;
    return problem;
}

static const char *set_path(cmd_parms *cmd, void *dir, const char *path)
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

static const char *add_login_provider(cmd_parms *cmd, void *dir, const char *name)
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

static const char *set_user_name(cmd_parms *cmd, void *dir, const char *source)
{
    server_conf_t *conf = config_server(cmd->server);

    (void)dir;
    conf->user_name_env = conf->user_name_header = NULL;
    if (strncmp(source, "env:", 4) == 0 && source[4]) {
        conf->user_name_env = source + 4;
    } else if (strncmp(source, "header:", 7) == 0 && source[7]) {
        conf->user_name_header = source + 7;
    } else {
        return apr_psprintf(cmd->pool, "GPTOAuthUserName %s: write env:NAME or header:NAME, where the user's display name stands",
                            source);
    }
    return NULL;
}

/* Durations as everywhere in httpd ("90s", "2h"), and days and years besides, since refresh tokens live that long. */
#define YEARS_10 (10 * TIMES_YEAR)

static const char *parse_duration(cmd_parms *cmd, const char *text, apr_int64_t low, apr_int64_t high, apr_int64_t *seconds)
{
    apr_int64_t duration;

    if (times_duration(text, &duration) && duration >= low && duration <= high) {
        *seconds = duration;
        return NULL;
    }
    return apr_psprintf(cmd->pool, "%s %s: write a number and s, m, h, d or y, between %" APR_INT64_T_FMT "s and %s",
                        cmd->cmd->name, text, low,
                        high == YEARS_10 ? "10y" : apr_psprintf(cmd->pool, "%" APR_INT64_T_FMT "m", high / 60));
}

/* cmd->info is the member's offset in policy_t. */
static apr_int64_t *lifetime_of(const cmd_parms *cmd)
{
    return (apr_int64_t *)(void *)((char *)config_server(cmd->server)->policy + (apr_size_t)cmd->info);
}

static const char *set_lifetime(cmd_parms *cmd, void *dir, const char *text)
{
    /* RFC 6749 section 4.1.2: ten minutes at most for a code. */
    apr_int64_t high = (apr_size_t)cmd->info == APR_OFFSETOF(policy_t, code_lifetime) ? 600 : YEARS_10;

    (void)dir;
    return parse_duration(cmd, text, 1, high, lifetime_of(cmd));
}

static const char *set_grace(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return parse_duration(cmd, text, 0, 3600, &config_server(cmd->server)->policy->refresh_grace);
}

static const char *set_refresh_lifetime(cmd_parms *cmd, void *dir, const char *idle, const char *total)
{
    server_conf_t *conf = config_server(cmd->server);
    const char *problem = parse_duration(cmd, idle, 60, YEARS_10, &conf->policy->refresh_idle);

    (void)dir;
    if (!problem && total) {
        problem = parse_duration(cmd, total, 60, YEARS_10, &conf->policy->refresh_total);
    }
    return problem;
}

static const char *hear_dbd_driver(cmd_parms *cmd, void *dir, const char *driver)
{
    (void)dir;
    config_server(cmd->server)->dbd_driver = driver;
    return DECLINE_CMD;
}

static const char *hear_dbd_params(cmd_parms *cmd, void *dir, const char *params)
{
    (void)dir;
    config_server(cmd->server)->dbd_params = params;
    return DECLINE_CMD;
}

/* cmd->info is the member's offset in server_conf_t. */
static const char *hear_dbd_limit(cmd_parms *cmd, void *dir, const char *text)
{
    int *limit = (int *)(void *)((char *)config_server(cmd->server) + (apr_size_t)cmd->info);
    apr_int64_t number = apr_strtoi64(text, NULL, 10);

    (void)dir;
    *limit = number >= 0 && number < 10000 ? (int)number : CONFIG_UNSET;
    return DECLINE_CMD;
}

/* Anywhere in this virtual host: TLS sessions go from one Location to another. */
static const char *hear_verify_client(cmd_parms *cmd, void *dir, const char *mode)
{
    (void)dir;
    if (strcasecmp(mode, "optional_no_ca") == 0 && !ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        config_server(cmd->server)->takes_any_certificate = 1;
    }
    return DECLINE_CMD;
}

static const char *hear_server_name(cmd_parms *cmd, void *dir, const char *name)
{
    (void)dir;
    (void)name;
    config_server(cmd->server)->server_name = cmd->directive;
    return DECLINE_CMD;
}

#define MEMBER(name)   ((void *)APR_OFFSETOF(server_conf_t, name))
#define POLICY(name)   ((void *)APR_OFFSETOF(policy_t, name))
#define DIR_FLAG(name) ((void *)APR_OFFSETOF(dir_conf_t, name))

const command_rec config_directives[] = {
    AP_INIT_TAKE12("GPTOAuthIssuer", set_issuer, NULL, RSRC_CONF,
                   "the https URL of this authorization server; switches the module on"),
    AP_INIT_TAKE1("GPTOAuthPath", set_path, NULL, RSRC_CONF, "the path under which the endpoints lie (/oauth)"),
    AP_INIT_TAKE_ARGV("GPTOAuthScope", scope_define, NULL, RSRC_CONF,
                      "a scope: name, description for the user, [default] [required] [includes name...]"),
    AP_INIT_ITERATE("GPTOAuthLoginProvider", add_login_provider, NULL, RSRC_CONF,
                    "authn providers that check passwords (gpt-oauth)"),
    AP_INIT_TAKE1("GPTOAuthUserName", set_user_name, NULL, RSRC_CONF, "env:NAME or header:NAME with the user's display name"),
    AP_INIT_TAKE1("GPTOAuthCodeLifetime", set_lifetime, POLICY(code_lifetime), RSRC_CONF, "life of an authorization code (60s)"),
    AP_INIT_TAKE1("GPTOAuthAccessLifetime", set_lifetime, POLICY(access_lifetime), RSRC_CONF, "life of an access token (1h)"),
    AP_INIT_TAKE12("GPTOAuthRefreshLifetime", set_refresh_lifetime, NULL, RSRC_CONF,
                   "life of a refresh token unused, and of a grant in all (90d 1y)"),
    AP_INIT_TAKE1("GPTOAuthRefreshGrace", set_grace, NULL, RSRC_CONF,
                  "how long a refresh may be repeated with the same token (120s)"),
    AP_INIT_TAKE1("GPTOAuthSessionLifetime", set_lifetime, POLICY(session_lifetime), RSRC_CONF, "life of a sign-in (8h)"),
    AP_INIT_TAKE1("GPTOAuthRegistration", clients_set_registration, NULL, RSRC_CONF,
                  "who may register apps: off, token or open (off)"),
    AP_INIT_TAKE2("GPTOAuthManifest", manifest_set, NULL, RSRC_CONF, "a key of /.well-known/ai-plugin.json, and its value"),
    AP_INIT_TAKE1("GPTOAuthOpenAPI", openapi_set, NULL, RSRC_CONF, "the file that /openapi.json is made of"),
    AP_INIT_TAKE_ARGV("GPTOAuthClientMetadata", clients_set_metadata, NULL, RSRC_CONF,
                      "apps known by the documents they publish: off, pinned or fetch, and hosts to fetch from (pinned)"),
    AP_INIT_ITERATE("GPTOAuthResource", section_set_resource, NULL, RSRC_CONF | ACCESS_CONF,
                    "the resource URI of this section, or outside of sections those that are guarded elsewhere"),
    AP_INIT_TAKE_ARGV("GPTOAuthCredentials", service_set_credentials, NULL, ACCESS_CONF,
                      "what opens this section: oauth, service, header:NAME (oauth)"),
    AP_INIT_TAKE1("GPTOAuthServiceKey", service_set_key, NULL, ACCESS_CONF,
                  "env:NAME or file:PATH with a service key for this section"),
    AP_INIT_FLAG("GPTOAuthRequireAudience", ap_set_flag_slot, DIR_FLAG(require_audience), ACCESS_CONF,
                 "accept only tokens issued for this resource"),
    AP_INIT_FLAG("GPTOAuthPassToken", ap_set_flag_slot, DIR_FLAG(pass_token), ACCESS_CONF,
                 "leave the Authorization header to the backend (off)"),
    AP_INIT_TAKE1("GPTOAuthPassHeaders", section_set_pass_headers, NULL, ACCESS_CONF,
                  "tell the backend user, client and scope in X-OAuth headers: off, on or encoded (on)"),
    AP_INIT_ITERATE("GPTOAuthAllowOrigin", cors_add_origin, NULL, ACCESS_CONF,
                    "origins whose pages may call this section, or * for all"),
    AP_INIT_TAKE1("AuthType", section_hear_auth_type, NULL, OR_AUTHCFG, "GPTOAuth guards this section by bearer tokens"),
    AP_INIT_TAKE1("DBDriver", hear_dbd_driver, NULL, RSRC_CONF, "pgsql or sqlite3 (mod_dbd)"),
    AP_INIT_TAKE1("DBDParams", hear_dbd_params, NULL, RSRC_CONF, "the database (mod_dbd)"),
    AP_INIT_TAKE1("DBDMin", hear_dbd_limit, MEMBER(dbd_min), RSRC_CONF, "connections kept open in any case (mod_dbd)"),
    AP_INIT_TAKE1("DBDKeep", hear_dbd_limit, MEMBER(dbd_keep), RSRC_CONF, "idle connections kept open (mod_dbd)"),
    AP_INIT_TAKE1("DBDMax", hear_dbd_limit, MEMBER(dbd_max), RSRC_CONF, "connections per process (mod_dbd)"),
    AP_INIT_TAKE1("ServerName", hear_server_name, NULL, RSRC_CONF, "the name of this server (core)"),
    AP_INIT_TAKE1("SSLVerifyClient", hear_verify_client, NULL, RSRC_CONF | OR_AUTHCFG, "which certificates are let in (mod_ssl)"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
