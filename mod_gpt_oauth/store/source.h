/*
 * Where connections come from. The module hands in mod_dbd's pool, the command apr_dbd itself; store/ knows neither.
 *
 * A gate stands before the opener: at most `max` threads are inside at a time, and only one of them opens (mod_dbd connects
 * under the lock of its pool, and waits for a free connection without limit). The others wait one second at most. After an
 * attempt to connect that failed slowly nobody tries again for a second; a quick refusal costs nothing and delays nobody.
 */
#ifndef GPT_OAUTH_STORE_SOURCE_H
#define GPT_OAUTH_STORE_SOURCE_H

#include "store/connection.h"

typedef struct store_source_t store_source_t;

/*
 * p lives as long as the process. driver is "pgsql" or "sqlite3", anything else is APR_ENOTIMPL. params is DBDParams: for
 * SQLite the database file, beside which writers lock <file>-lock; for PostgreSQL not looked at. held may be NULL.
 */
apr_status_t store_source_create(store_source_t **source, apr_pool_t *p, const char *driver, const char *params, int max,
                                 store_open_fn *open, store_close_fn *close, store_held_fn *held, void *baton);

/* Whether driver (DBDriver's word) is one of those. */
int store_driver_is_known(const char *driver);
/* Whether the DBDParams of this driver are the path of a file on this host. */
int store_driver_is_file(const char *driver);

/* Whether the database has roles, to whom rights can be granted. */
int store_source_has_roles(const store_source_t *source);

/* How to listen to the database (store/listen.h). */
const struct listening_t *store_source_listening(const store_source_t *source);

/* Whether a connection has turned out to lead to a pooler (pgbouncer) instead of PostgreSQL itself. Any thread. */
int store_source_is_pooled(const store_source_t *source);
/* The same, but 1 only once: for the log. */
int store_source_pooler_found(store_source_t *source);

/* The number of the schema if it is the one before ours: something is off until `gptoauth migrate`. Else 0. Any thread. */
int store_source_behind(const store_source_t *source);
/* The same, but only once: for the log. */
int store_source_behind_found(store_source_t *source);

#endif
