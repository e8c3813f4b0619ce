/*
 * The command's own connection to the database, for store/ to use.
 */
#ifndef GPT_OAUTH_CLI_CONNECT_H
#define GPT_OAUTH_CLI_CONNECT_H

#include "cli/db_conf.h"
#include "store/source.h"

typedef struct database_t {
    db_conf_t conf;
    store_source_t *source;
    const char *problem; /* why the last attempt to connect failed, or NULL */
} database_t;

/*
 * Prepares the source; the connection is made by the first operation. A SQLite file is made only when may_create is set, and
 * warn is told when httpd will not be able to use it. NULL, or a sentence.
 */
const char *database_open(apr_pool_t *p, const db_conf_t *conf, int may_create, warn_fn *warn, database_t **database);

/* Connects to a server, and lets go of it. NULL, or a sentence why it cannot. */
const char *database_try(apr_pool_t *p, const char *driver, const char *params);

#endif
