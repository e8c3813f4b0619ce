/*
 * The table of directives: each with its setter, where it may stand, and the line that httpd -L prints. httpd reads it by way of
 * the module record.
 */
#include "web/guard/cors.h"
#include "web/setup/directives.h"

#define MEMBER(name)   ((void *)APR_OFFSETOF(server_conf_t, name))
#define POLICY(name)   ((void *)APR_OFFSETOF(policy_t, name))
#define DIR_FLAG(name) ((void *)APR_OFFSETOF(dir_conf_t, name))

const command_rec config_directives[] = {
    AP_INIT_TAKE12("GPTOAuthIssuer", set_issuer, NULL, RSRC_CONF,
                   "the https URL of this authorization server; switches the module on"),
    AP_INIT_TAKE1("GPTOAuthPath", set_path, NULL, RSRC_CONF, "the path that the endpoints are under (/oauth)"),
    AP_INIT_TAKE_ARGV("GPTOAuthScope", add_scope, NULL, RSRC_CONF,
                      "a scope: name, description for the user, [default] [required] [changes] [optional] [includes name...]"),
    AP_INIT_TAKE3("GPTOAuthScopeText", add_scope_text, NULL, RSRC_CONF,
                  "a scope's description in another language: name, language tag, words"),
    AP_INIT_ITERATE("GPTOAuthLoginProvider", add_login_provider, NULL, RSRC_CONF,
                    "authn providers that check passwords (gpt-oauth)"),
    AP_INIT_TAKE1("GPTOAuthUserName", set_user_name, NULL, RSRC_CONF, "env:NAME or header:NAME with the user's display name"),
    AP_INIT_TAKE_ARGV("GPTOAuthBrand", set_brand, NULL, RSRC_CONF,
                      "whose service the pages are of: name, [file of the logo], [#light[,#dark] colours]"),
    AP_INIT_TAKE2("GPTOAuthLink", add_link, NULL, RSRC_CONF,
                  "a link on every page: privacy, terms, help, password or signout, and its URL"),
    AP_INIT_TAKE1("GPTOAuthPages", set_pages, NULL, RSRC_CONF,
                  "a directory with templates for pages, in place of those built in"),
    AP_INIT_TAKE1("GPTOAuthCodeLifetime", set_lifetime, POLICY(code_lifetime), RSRC_CONF,
                  "lifetime of an authorization code (60s)"),
    AP_INIT_TAKE1("GPTOAuthAccessLifetime", set_lifetime, POLICY(access_lifetime), RSRC_CONF, "lifetime of an access token (1h)"),
    AP_INIT_TAKE12("GPTOAuthRefreshLifetime", set_refresh_lifetime, NULL, RSRC_CONF,
                   "lifetime of an unused refresh token, and of a grant in all (90d 1y)"),
    AP_INIT_TAKE1("GPTOAuthRefreshGrace", set_refresh_grace, NULL, RSRC_CONF,
                  "how long a refresh may be repeated with the same token (120s)"),
    AP_INIT_TAKE1("GPTOAuthSessionLifetime", set_lifetime, POLICY(session_lifetime), RSRC_CONF, "lifetime of a sign-in (8h)"),
    AP_INIT_TAKE1("GPTOAuthCache", set_cache, NULL, RSRC_CONF,
                  "how many access tokens and service keys are kept in memory, or off (131072)"),
    AP_INIT_TAKE1("GPTOAuthListen", set_listen, NULL, RSRC_CONF,
                  "where to listen for revocations, if not where DBDParams say, or off"),
    AP_INIT_TAKE1("GPTOAuthCacheTTL", set_cache_ttl, NULL, RSRC_CONF, "how long one is kept without asking the database (10m)"),
    AP_INIT_TAKE1("GPTOAuthAuditLog", set_audit_log, NULL, RSRC_CONF,
                  "the file, or a bar and a program, that learns who did what"),
    AP_INIT_ITERATE("GPTOAuthAdmin", add_role, MEMBER(admins), RSRC_CONF,
                    "who administers at the console: names, or expr= and an expression"),
    AP_INIT_ITERATE("GPTOAuthHelpDesk", add_role, MEMBER(help_desk), RSRC_CONF,
                    "who helps users at the console: names, or expr= and an expression"),
    AP_INIT_ITERATE(
        "GPTOAuthStatus", add_status_address, NULL, RSRC_CONF,
        "addresses from which the status page may be read besides this machine's own, or none: not from there either"),
    AP_INIT_TAKE1("GPTOAuthRegistration", set_registration, NULL, RSRC_CONF, "who may register apps: off, token or open (off)"),
    AP_INIT_TAKE2("GPTOAuthManifest", add_manifest, NULL, RSRC_CONF, "a key of /.well-known/ai-plugin.json, and its value"),
    AP_INIT_TAKE1("GPTOAuthOpenAPI", set_openapi, NULL, RSRC_CONF, "the file that /openapi.json is made from"),
    AP_INIT_TAKE_ARGV("GPTOAuthClientMetadata", set_client_metadata, NULL, RSRC_CONF,
                      "apps known by the documents they publish: off, pinned or fetch, and hosts to fetch from (pinned)"),
    AP_INIT_ITERATE("GPTOAuthResource", add_resource, NULL, RSRC_CONF | ACCESS_CONF,
                    "the resource URI of this section, or outside of sections those that are guarded elsewhere"),
    AP_INIT_TAKE_ARGV("GPTOAuthCredentials", set_credentials, NULL, ACCESS_CONF,
                      "what opens this section: oauth, service, header:NAME (oauth)"),
    AP_INIT_TAKE1("GPTOAuthServiceKey", set_service_key, NULL, ACCESS_CONF,
                  "env:NAME or file:PATH with a service key for this section"),
    AP_INIT_FLAG("GPTOAuthRequireAudience", ap_set_flag_slot, DIR_FLAG(require_audience), ACCESS_CONF,
                 "accept only tokens issued for this resource"),
    AP_INIT_FLAG("GPTOAuthPassToken", ap_set_flag_slot, DIR_FLAG(pass_token), ACCESS_CONF,
                 "leave the Authorization header to the backend (off)"),
    AP_INIT_TAKE1("GPTOAuthPassHeaders", set_pass_headers, NULL, ACCESS_CONF,
                  "tell the backend user, client and scope in X-OAuth headers: off, on or encoded (on)"),
    AP_INIT_ITERATE("GPTOAuthAllowOrigin", cors_add_origin, NULL, ACCESS_CONF,
                    "origins whose pages may call this section, or * for all"),
    AP_INIT_TAKE1("AuthType", hear_auth_type, NULL, OR_AUTHCFG, "GPTOAuth guards this section by bearer tokens"),
    AP_INIT_TAKE1("DBDriver", hear_dbd_driver, NULL, RSRC_CONF, "pgsql or sqlite3 (mod_dbd)"),
    AP_INIT_TAKE1("DBDParams", hear_dbd_params, NULL, RSRC_CONF, "the database (mod_dbd)"),
    AP_INIT_TAKE1("DBDMin", hear_dbd_limit, MEMBER(dbd_min), RSRC_CONF, "connections kept open in any case (mod_dbd)"),
    AP_INIT_TAKE1("DBDKeep", hear_dbd_limit, MEMBER(dbd_keep), RSRC_CONF, "idle connections kept open (mod_dbd)"),
    AP_INIT_TAKE1("DBDMax", hear_dbd_limit, MEMBER(dbd_max), RSRC_CONF, "connections per process (mod_dbd)"),
    AP_INIT_TAKE1("ServerName", hear_server_name, NULL, RSRC_CONF, "the name of this server (core)"),
    AP_INIT_TAKE1("SSLVerifyClient", hear_verify_client, NULL, RSRC_CONF | OR_AUTHCFG, "which certificates are let in (mod_ssl)"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
