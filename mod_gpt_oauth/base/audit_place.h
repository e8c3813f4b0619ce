/*
 * Where the audit log goes: what GPTOAuthAuditLog says, in httpd's configuration and, the same, to the command.
 */
#ifndef GPT_OAUTH_BASE_AUDIT_PLACE_H
#define GPT_OAUTH_BASE_AUDIT_PLACE_H

#include <apr_pools.h>

typedef struct audit_place_t {
    const char *file;    /* an absolute path; NULL: a program */
    const char *program; /* its command line, without the bar; NULL: a file */
    char **words;        /* of the program, NULL behind the last */
    int is_open;         /* everybody on this machine may read the file */
} audit_place_t;

/* Reads text, a path or a bar and a command line, and looks whether it can be used. NULL, or a sentence. */
const char *audit_place_read(apr_pool_t *p, const char *text, audit_place_t *place);

/*
 * The file for appending, made with mode 0640 where there is none, not inherited by programs; or -1 and errno. Never waits.
 * *is_torn where its last line is unfinished, as a disk was full: then the next one begins with a newline.
 */
int audit_place_open(const audit_place_t *place, int *is_torn);

#endif
