/*
 * httpd's side of the audit log (GPTOAuthAuditLog, base/audit.h). A line is one write, which waits for no program and no space:
 * what the log does not take is lost, counted and said in the error log. Any thread; without the directive one comparison.
 */
#ifndef GPT_OAUTH_WEB_AUDIT_H
#define GPT_OAUTH_WEB_AUDIT_H

#include <httpd.h>

#include "base/audit.h"
#include "web/config/config.h"

/* Opens the logs of all servers in the parent, those that say the same once, for good until pconf ends: graceful reopens them. */
apr_status_t audit_post_config(apr_pool_t *pconf, server_rec *main_server);

/* A line about a request: audit(r, .event = AUDIT_SIGN_OUT, .user = username). Address and request are filled in. */
#define audit(r, ...)                                                                                                            \
    do {                                                                                                                         \
        if (config_server((r)->server)->audit) {                                                                                 \
            audit_write(r, (audit_t){ __VA_ARGS__ });                                                                            \
        }                                                                                                                        \
    } while (0)
void audit_write(request_rec *r, audit_t audit);

/* For what may happen often: 1 for the first in all processes of one minute or hour that is about `what`. 0 without a log. */
typedef enum { AUDIT_MINUTELY, AUDIT_FIVE_MINUTES, AUDIT_HOURLY, AUDIT_PACES } audit_pace_t;
int audit_is_due(request_rec *r, audit_pace_t pace, const char *what);
/* Which one it is of this time, from 1 on; 0 without a log. */
unsigned audit_count(request_rec *r, audit_pace_t pace, const char *what);

/* A service key was used, whose principal is service:NAME: a line at most once an hour. */
void audit_key_use(request_rec *r, const char *principal);

#endif
