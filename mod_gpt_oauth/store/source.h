/*
 * Where connections come from. The module hands in mod_dbd's pool, the command apr_dbd itself; store/ knows neither.
 *
 * A gate stands before the opener: at most `max` threads are inside at a time, and only one of them opens (mod_dbd connects
 * under the lock of its pool, and waits for a free connection without limit). The others wait one second at most. After an
 * attempt to connect that failed slowly nobody tries again for a second; a quick refusal costs nothing and delays nobody.
 */
#ifndef GPT_OAUTH_STORE_SOURCE_H
#define GPT_OAUTH_STORE_SOURCE_H

#include <apr_dbd.h>
#include <apr_pools.h>

typedef struct store_conn_t {
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_pool_t *pool; /* lives as long as the connection */
    void **memo;      /* a place that lives as long as the connection, NULL at first: store/ keeps there what it prepared */
    void *opener;     /* the opener's own */
} store_conn_t;

/* Any thread. On success conn is filled. */
typedef apr_status_t store_open_fn(void *baton, apr_pool_t *p, store_conn_t *conn);
typedef void store_close_fn(void *baton, store_conn_t *conn);

/*
 * The connection that the holder (store_t.holder) keeps already for another purpose, if it does: it is used as it is, without
 * gate or opening. A holder that waited for one more could wait for itself. 0: it keeps none.
 */
typedef int store_held_fn(void *holder, store_conn_t *conn);

typedef struct store_source_t store_source_t;

/*
 * p lives as long as the process. driver is "pgsql" or "sqlite3", anything else is APR_ENOTIMPL. params is DBDParams: for
 * SQLite the database file, beside which writers lock <file>-lock; for PostgreSQL not looked at. held may be NULL.
 */
apr_status_t store_source_create(store_source_t **source, apr_pool_t *p, const char *driver, const char *params, int max,
                                 store_open_fn *open, store_close_fn *close, store_held_fn *held, void *baton);

int store_source_is_sqlite(const store_source_t *source);

/* Whether a connection has turned out to lead to a pooler (pgbouncer) instead of PostgreSQL itself. Any thread. */
int store_source_is_pooled(const store_source_t *source);
/* The same, but 1 only once: for the log. */
int store_source_pooler_found(store_source_t *source);

#endif
