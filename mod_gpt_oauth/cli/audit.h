/*
 * The command's side of the audit log (GPTOAuthAuditLog in dbd.conf, base/audit.h): a line for each command that changes
 * something, which says by whom.
 */
#ifndef GPT_OAUTH_CLI_AUDIT_H
#define GPT_OAUTH_CLI_AUDIT_H

#include "base/audit.h"

typedef struct audit_log_t audit_log_t;

/* Who runs the command: a user of the machine, the one behind sudo. To be asked before root becomes the owner of the database. */
const char *audit_by(apr_pool_t *p);

/*
 * Opens the file or starts the program of text, before anything is changed, and as whoever ran the command: root may become the
 * owner of the database next. NULL, or why the command must not go on.
 */
const char *audit_open(apr_pool_t *p, const char *text, audit_log_t **log);

/* Writes the line, with who ran the command, and waits for the program, but not for long. NULL, or a sentence: it may be lost. */
const char *audit_finish(apr_pool_t *p, audit_log_t *log, audit_t audit);

#endif
