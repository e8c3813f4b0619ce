/*
 * The small file that httpd's configuration includes too: DBDriver and DBDParams, and where the server is if it says so.
 */
#ifndef GPT_OAUTH_CLI_DB_CONF_H
#define GPT_OAUTH_CLI_DB_CONF_H

#include <apr_pools.h>
#include <apr_tables.h>

#define DB_CONF_DEFAULT "/etc/gpt-oauth/dbd.conf"

/* Hears of what is amiss but stops nothing: one sentence. */
typedef void warn_fn(const char *sentence);

typedef struct db_conf_t {
    const char *file;
    const char *driver; /* "pgsql" or "sqlite3" */
    const char *params;
    const char *issuer;                 /* GPTOAuthIssuer, NULL unless it stands here */
    const char *path;                   /* GPTOAuthPath, NULL unless it stands here */
    const char *audit_log;              /* GPTOAuthAuditLog, NULL unless it stands here */
    const char *max;                    /* DBDMax, NULL unless it stands here */
    apr_array_header_t *document_hosts; /* const char *: those behind GPTOAuthClientMetadata fetch, NULL unless they stand here */
} db_conf_t;

/*
 * Reads the file as httpd would: continued lines, comments, quotes, ${NAME} (from the environment only). Directives that mean
 * nothing here are named by warn, once per line. NULL, or a sentence.
 */
const char *db_conf_read(apr_pool_t *p, const char *file, warn_fn *warn, db_conf_t *conf);

#endif
