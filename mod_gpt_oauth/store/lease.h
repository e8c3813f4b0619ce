/*
 * A connection for one operation, and the source it comes from; internal to store/.
 */
#ifndef GPT_OAUTH_STORE_LEASE_H
#define GPT_OAUTH_STORE_LEASE_H

#include <apr_thread_mutex.h>

#include "store/backend.h"
#include "store/connection.h"
#include "store/gate.h"
#include "store/store.h"

typedef struct prepared_t {
    const char *sql;               /* compared by address: statements are literals */
    const char *name;              /* PostgreSQL only, as is is_ready */
    int is_ready;                  /* for all that we know it is prepared there under that name */
    apr_dbd_prepared_t *statement; /* SQLite only, as is order */
    const int *order;              /* the argument of each placeholder */
    int places;
} prepared_t;

/* Lives as long as the connection (store_conn_t.memo), and belongs to whoever holds that. */
typedef struct memo_t {
    apr_array_header_t *prepared; /* of prepared_t */
    int backend_pid;              /* PostgreSQL: another one has prepared nothing yet */
    apr_int64_t server;         /* the same: of the last transaction that asked (see store_t); a new backend asks in its first */
    const store_source_t *fits; /* whose tag key came by this connection: its schema is one that we can work with */
    int schema;                 /* that one, as it was at looked_at (clock_us) */
    apr_int64_t looked_at;
} memo_t;

struct lease_t {
    store_t *store;
    store_conn_t conn;
    memo_t *memo;
    apr_int64_t deadline;
    apr_int64_t patience; /* for one statement */
    int is_held;          /* the holder's: never closed, and taken past the gate */
    int is_lost;          /* it broke: the next try must not trust another idle one either */
    int lock;             /* SQLite: the writers' lock while in a transaction, else -1 */
};

/* How far housekeeping has come (purge.c). */
typedef struct purge_t {
    int table;
    apr_int64_t created_at; /* grants made before were looked at */
} purge_t;

struct store_source_t {
    const backend_t *backend;
    const char *file; /* SQLite: the database */
    gate_t *gate;
    store_open_fn *open;
    store_close_fn *close;
    store_held_fn *held;
    void *baton;
    _Atomic int is_pooled, is_told;     /* a connection led to a pooler; see store_source_pooler_found */
    _Atomic int schema, is_behind_told; /* the one that a connection found last, 0: none yet; see store_source_behind_found */
    _Atomic apr_int64_t careful_until;  /* PostgreSQL: a statement failed of late; by clock_us */
    purge_t purge;                      /* the one thread's that purges */
    apr_thread_mutex_t *mutex;          /* guards all below */
    int has_tag_key;
    digest_t tag_key;
};

/* On DB_OK the lease is given back by lease_release, or by the end of store->pool. must_renew: see alive. */
outcome_t lease_take(store_t *store, apr_int64_t deadline, apr_int64_t patience, int must_renew, lease_t **lease);
void lease_release(lease_t *lease);

/* NULL when sql was not prepared on this connection; lease_prepared adds it. */
prepared_t *lease_find(const lease_t *lease, const char *sql);
prepared_t *lease_prepared(lease_t *lease, const char *sql);

/* Sets store->problem and returns outcome. */
outcome_t lease_problem(const lease_t *lease, outcome_t outcome, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
