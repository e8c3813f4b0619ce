/*
 * The setter of GPTOAuthAuditLog. That it can be opened is seen when httpd starts (web/http/audit.c). Called by httpd, by way of
 * directives.c.
 */
#include <apr_strings.h>

#include "base/audit_place.h"
#include "private.h"
#include "web/http/log.h"
#include "web/setup/directives.h"

const char *set_audit_log(cmd_parms *cmd, void *dir, const char *text)
{
    const char *problem = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    audit_place_t place;

    (void)dir;
    if (problem) {
        return problem;
    }
    if ((problem = audit_place_read(cmd->pool, text, &place))) {
        return apr_psprintf(cmd->pool, "GPTOAuthAuditLog %s: %s", text, problem);
    }
    if (place.is_open) {
        log_config(cmd->server, LOG_AUDIT_OPEN,
                   "GPTOAuthAuditLog %s: everybody on this machine may read who signs in, and to which app; chmod 640 %s", text,
                   text);
    }
    config_server(cmd->server)->audit_log = text;
    return NULL;
}
