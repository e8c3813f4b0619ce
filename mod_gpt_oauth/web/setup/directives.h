/*
 * Setters of directives for the table in directives.c: NULL, or the sentence that configtest prints. GPTOAuthSomeThing is set by
 * set_some_thing, or add_some_thing where it may stand several times; another module's directive is heard by hear_some_thing.
 */
#ifndef GPT_OAUTH_WEB_DIRECTIVES_H
#define GPT_OAUTH_WEB_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

#include "web/config/config.h"

/* Notes in sections, once, the one with this configuration in which a directive stands. */
section_t *section_note(cmd_parms *cmd, apr_array_header_t *sections, const dir_conf_t *conf);

/* directives_issuer.c */
const char *set_issuer(cmd_parms *cmd, void *dir, const char *url, const char *guard);
const char *set_path(cmd_parms *cmd, void *dir, const char *path);
const char *add_login_provider(cmd_parms *cmd, void *dir, const char *name);
const char *set_user_name(cmd_parms *cmd, void *dir, const char *source);

/* directives_scope.c */
const char *add_scope(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *add_scope_text(cmd_parms *cmd, void *dir, const char *name, const char *language, const char *words);

/* directives_pages.c */
const char *set_brand(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *add_link(cmd_parms *cmd, void *dir, const char *kind, const char *url);
const char *set_pages(cmd_parms *cmd, void *dir, const char *path);

/* directives_cache.c */
const char *set_cache(cmd_parms *cmd, void *dir, const char *text);
const char *set_listen(cmd_parms *cmd, void *dir, const char *text);
const char *set_cache_ttl(cmd_parms *cmd, void *dir, const char *text);

/* directives_audit.c */
const char *set_audit_log(cmd_parms *cmd, void *dir, const char *text);

/* A duration from low to high seconds; NULL and *seconds, or what is wrong. In directives_lifetime.c. */
const char *parse_duration(cmd_parms *cmd, const char *text, apr_int64_t low, apr_int64_t high, apr_int64_t *seconds);

/* directives_lifetime.c: the first for several, whose member of policy_t is cmd->info. */
const char *set_lifetime(cmd_parms *cmd, void *dir, const char *text);
const char *set_refresh_lifetime(cmd_parms *cmd, void *dir, const char *idle, const char *total);
const char *set_refresh_grace(cmd_parms *cmd, void *dir, const char *text);

/* directives_console.c: for both roles, whose member of server_conf_t is cmd->info. */
const char *add_role(cmd_parms *cmd, void *dir, const char *text);

/* directives_status.c */
const char *add_status_address(cmd_parms *cmd, void *dir, const char *text);

/* directives_clients.c */
const char *set_registration(cmd_parms *cmd, void *dir, const char *who);
const char *set_client_metadata(cmd_parms *cmd, void *dir, int argc, char *const argv[]);

/* directives_plugin_documents.c */
const char *add_manifest(cmd_parms *cmd, void *dir, const char *key, const char *value);
const char *set_openapi(cmd_parms *cmd, void *dir, const char *file);

/* directives_section.c */
const char *hear_auth_type(cmd_parms *cmd, void *dir, const char *type);
const char *add_resource(cmd_parms *cmd, void *dir, const char *uri);
const char *set_pass_headers(cmd_parms *cmd, void *dir, const char *how);

/* directives_credentials.c */
const char *set_credentials(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *set_service_key(cmd_parms *cmd, void *dir, const char *source);

/* directives_overheard.c: for the limits of mod_dbd's pool, whose member of server_conf_t is cmd->info. */
const char *hear_dbd_driver(cmd_parms *cmd, void *dir, const char *driver);
const char *hear_dbd_params(cmd_parms *cmd, void *dir, const char *params);
const char *hear_dbd_limit(cmd_parms *cmd, void *dir, const char *text);
const char *hear_server_name(cmd_parms *cmd, void *dir, const char *name);
const char *hear_verify_client(cmd_parms *cmd, void *dir, const char *mode);

#endif
