/*
 * A connection as its owner hands it over: the module's is mod_dbd's, the command's its own. source.h says who asks for one, and
 * when.
 */
#ifndef GPT_OAUTH_STORE_CONNECTION_H
#define GPT_OAUTH_STORE_CONNECTION_H

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

#endif
