/*
 * What `gptoauth doctor` and the status page ask about the database itself. Part of the store's interface, as store.h.
 */
#ifndef GPT_OAUTH_STORE_HEALTH_H
#define GPT_OAUTH_STORE_HEALTH_H

#include "store/store.h"

typedef struct health_t {
    apr_int64_t now;         /* by the database's clock */
    int is_read_only;        /* a standby, or told to be */
    const char *forbidden;   /* tables where this role lacks a right, separated by spaces; "": none */
    apr_int64_t connections; /* that this role may have open at once; 0: as many as it likes */
    int is_behind;           /* its schema is the one before ours */
    int is_pooled;           /* a pooler stands between, and connections are its own business */
} health_t;

/* What readiness asks: *now by the database's clock. STORE_REFUSED: it is there, and its schema is not what this module needs. */
store_status_t store_ready(store_t *store, apr_int64_t *now);

/* Asks for all that, and writes where there is no other way to know. */
store_status_t store_health(store_t *store, health_t *health);

/*
 * Who may come between the module and its tables on PostgreSQL, where they are found by search_path. Kinds:
 *   "ahead"   another schema, named like this role and thus searched first, in which role (or PUBLIC) may create
 *   "schema"  one of the search_path in which role may create
 *   "twin"    tables of the same names (role: which) in another schema of the search_path than the one that is used
 *   "owner"   tables that belong to another role than the rest
 *   "rights"  tables that role may change, or PUBLIC read
 */
typedef struct intrusion_t {
    const char *kind;
    const char *object;
    const char *role;
} intrusion_t;

/* Array of intrusion_t; none on SQLite. */
store_status_t store_owners(store_t *store, apr_array_header_t **intrusions);

#endif
