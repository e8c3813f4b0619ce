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

/*
 * Reads text, a path or a bar and a command line, and looks whether it can be used: that of a file, nobody but root and whoever
 * runs this may write to the folder. NULL, or a sentence.
 */
const char *audit_place_read(apr_pool_t *p, const char *text, audit_place_t *place);

/*
 * The file for appending alone, made with mode 0640 where there is none, not inherited by programs. Never waits, and follows no
 * link. NULL, or why not.
 */
const char *audit_place_open(const audit_place_t *place, int *fd);

/* The same for reading how it ends, or -1; and 1 where its last line is unfinished: then the next one begins with a newline. */
int audit_place_open_end(const audit_place_t *place);
int audit_place_is_torn(int end);

#endif
