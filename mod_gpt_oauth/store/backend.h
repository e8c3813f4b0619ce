/*
 * What the two databases do, each in its own way; internal to store/. Whatever only one of them needs stands in its backend, and
 * the rest of store/ never asks which one it is.
 */
#ifndef GPT_OAUTH_STORE_BACKEND_H
#define GPT_OAUTH_STORE_BACKEND_H

#include <apr_pools.h>

#include "store/value.h"

typedef struct lease_t lease_t;

typedef enum {
    DB_OK,
    DB_REFUSED, /* a value that this database cannot hold: no row can have it */
    DB_AGAIN,   /* the connection broke, or two transactions collided: worth one more try */
    DB_NAMED,   /* only inside the backend of PostgreSQL: the statement is prepared already, or is not */
    DB_NAMELESS,
    DB_DOWN,
    DB_MISCONFIGURED /* down, until an administrator supplies the tables, rights or schema that are missing */
} outcome_t;

/* Functions that return an outcome set store->problem on DB_AGAIN, DB_DOWN and DB_MISCONFIGURED. */
typedef struct backend_t {
    const char *driver; /* DBDriver's word */
    int is_file;        /* DBDParams is the path of a file, not a connection string */
    int needs_steps;    /* it knows no data-modifying WITH: the steps of an operation (op_t) stand in for its sql */

    /* See store_params_problem; params is not NULL. */
    const char *(*params_problem)(apr_pool_t *p, const char *params, int *usable);
    /* Why a connection could not be opened; NULL: nothing better is known than what the opener logged. */
    outcome_t (*open_problem)(const lease_t *lease);
    /*
     * Called on each lease; while no other thread opens, unless the holder's connection is leased. must_renew: another one has
     * just broken, and what broke it may be about to break this one too. 0 when the connection is dead and cannot be renewed.
     */
    int (*alive)(lease_t *lease, int must_renew);
    outcome_t (*begin)(lease_t *lease);
    outcome_t (*commit)(lease_t *lease);
    void (*rollback)(lease_t *lease);
    void (*tidy)(lease_t *lease); /* after a patient operation in steps */
    outcome_t (*run)(lease_t *lease, const char *sql, const value_t *args, int nargs, rows_t **rows);

    /* For migrate.c: what a new database needs outside of transactions, and several statements without arguments or rows. */
    outcome_t (*found)(lease_t *lease);
    outcome_t (*script)(lease_t *lease, const char *sql);
    const char *begin_alone;   /* a script after begin, so that one host migrates at a time; NULL: begin sees to that */
    const char *find_settings; /* finds a row when oauth_setting exists */
    /* Gives a role what a server needs, in a transaction of the caller's. NULL: there are no roles, and no_roles says so. */
    outcome_t (*grant_rights)(lease_t *lease, const char *role);
    const char *no_roles;

    const struct listening_t *listening; /* store/listen.h */
} backend_t;

extern const backend_t backend_pgsql;
extern const backend_t backend_sqlite;

#endif
