/*
 * Setters of directives for the table in directives.c: NULL, or the sentence that configtest prints. A feature's setters stand
 * with the feature or, as those of the sections, in a file of their own.
 */
#ifndef GPT_OAUTH_WEB_DIRECTIVES_H
#define GPT_OAUTH_WEB_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

#include "web/config/config.h"

/* Notes in sections, once, the one with this configuration in which a directive stands. */
section_t *section_note(cmd_parms *cmd, apr_array_header_t *sections, const dir_conf_t *conf);

/* directives_scope.c: GPTOAuthScope */
const char *scope_define(cmd_parms *cmd, void *dir, int argc, char *const argv[]);

/* directives_section.c: AuthType (mod_authn_core's, overheard) and GPTOAuthResource. */
const char *section_hear_auth_type(cmd_parms *cmd, void *dir, const char *type);
const char *section_set_resource(cmd_parms *cmd, void *dir, const char *uri);
const char *section_set_pass_headers(cmd_parms *cmd, void *dir, const char *how);

/* directives_clients.c: GPTOAuthRegistration and GPTOAuthClientMetadata. */
const char *clients_set_registration(cmd_parms *cmd, void *dir, const char *who);
const char *clients_set_metadata(cmd_parms *cmd, void *dir, int argc, char *const argv[]);

/* directives_service.c: GPTOAuthCredentials and GPTOAuthServiceKey. */
const char *service_set_credentials(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *service_set_key(cmd_parms *cmd, void *dir, const char *source);

#endif
