/*
 * A connection for one operation, and what the two backends do with it; internal to store/.
 */
#ifndef GPT_OAUTH_STORE_LEASE_H
#define GPT_OAUTH_STORE_LEASE_H

#include <apr_thread_mutex.h>

#include "store/gate.h"
#include "store/store.h"
#include "store/value.h"

typedef enum {
    DB_OK,
    DB_REFUSED, /* a value that this database cannot hold: no row can have it */
    DB_AGAIN,   /* the connection broke, or two transactions collided: worth one more try */
    DB_NAMED,   /* only inside the backend of PostgreSQL: the statement is prepared already, or is not */
    DB_NAMELESS,
    DB_DOWN,
    DB_MISCONFIGURED /* down, until an administrator supplies the tables, rights or schema that are missing */
} outcome_t;

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
    const store_source_t *fits;   /* whose tag key came by this connection: its schema is one that we can work with */
} memo_t;

typedef struct lease_t {
    store_t *store;
    store_conn_t conn;
    memo_t *memo;
    apr_int64_t deadline;
    apr_int64_t patience; /* for one statement */
    int is_held;          /* the holder's: never closed, and taken past the gate */
    int is_lost;          /* it broke: the next try must not trust another idle one either */
    int lock;             /* SQLite: the writers' lock while in a transaction, else -1 */
} lease_t;

/* All but alive set store->problem on DB_AGAIN, DB_DOWN and DB_MISCONFIGURED. */
typedef struct backend_t {
    /*
     * Called on each lease; while no other thread opens, unless the holder's connection is leased. must_renew: another one has
     * just broken, and what broke it may be about to break this one too. 0 when the connection is dead and cannot be renewed.
     */
    int (*alive)(lease_t *lease, int must_renew);
    outcome_t (*begin)(lease_t *lease);
    outcome_t (*commit)(lease_t *lease);
    void (*rollback)(lease_t *lease);
    outcome_t (*run)(lease_t *lease, const char *sql, const value_t *args, int nargs, rows_t **rows);
    /* For migrate.c: what a new database needs outside of transactions, and several statements without arguments or rows. */
    outcome_t (*found)(lease_t *lease);
    outcome_t (*script)(lease_t *lease, const char *sql);
} backend_t;

extern const backend_t backend_pgsql;
extern const backend_t backend_sqlite;

struct store_source_t {
    const backend_t *backend;
    const char *file; /* SQLite: the database */
    gate_t *gate;
    store_open_fn *open;
    store_close_fn *close;
    store_held_fn *held;
    void *baton;
    _Atomic int is_pooled, is_told; /* a connection led to a pooler; see store_source_pooler_found */
    apr_thread_mutex_t *mutex;      /* guards all below */
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
