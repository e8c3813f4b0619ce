/*
 * How operations reach the database; internal to store/. An operation is one op_t with its arguments, whatever the database.
 */
#ifndef GPT_OAUTH_STORE_DB_H
#define GPT_OAUTH_STORE_DB_H

#include <apr_general.h>

#include "store/store.h"
#include "store/value.h"

/*
 * SQL names its arguments $1, $2, … in both dialects, each as often as it likes. On PostgreSQL an operation is one statement,
 * and a transaction only where it spends a form's action (store_t) before.
 * On SQLite, which knows no data-modifying WITH, `steps` stand in its place: one transaction, with the same arguments. A step
 * that has columns (RETURNING, SELECT) and finds no row undoes the whole; the rows of the last such step are the result.
 */
typedef struct op_t {
    const char *sql;
    const char *steps[8]; /* none: sql is good for both; ends with NULL */
    /*
     * Asked when the answer to a first try got lost and the second try changed nothing: finds a row if it was the first
     * try that did it. SQLite loses no answers.
     */
    const char *done;
    int since; /* the schema whose tables or columns it needs, if that is SCHEMA_VERSION; else 0 */
    const struct op_t
        *before; /* in its place with the schema before, with the same arguments and columns; NULL: it is off there */
    int patient; /* housekeeping, which may take longer than a request would wait, where store->is_patient */
} op_t;

/*
 * A condition on rows with client_id and username: neither is disabled, nor is the client gone. A user without a row is one of
 * another sign-in, a NULL one a service account.
 */
#define CLIENT_AND_USER_LIVE                                                                                                     \
    "EXISTS (SELECT 1 FROM oauth_client c WHERE c.id = client_id AND c.disabled_at IS NULL)"                                     \
    " AND NOT EXISTS (SELECT 1 FROM oauth_user u WHERE u.name = username AND u.disabled_at IS NOT NULL)"

/* A number that the code knows by a name, as SQL. */
#define SQL_NUMBER(name)    SQL_NUMBER_OF(name)
#define SQL_NUMBER_OF(text) #text

/*
 * An op_t that notes $1 as the last use of the row whose key is $2, at issuer $3. Whoever has the row locked is using it too:
 * nobody waits for that to be said.
 */
#define TOUCH(table, key)                                                                                                        \
    {                                                                                                                            \
        .sql = "UPDATE " table " SET used_at = $1 WHERE " key " = (SELECT " key " FROM " table                                   \
               " WHERE " IDLE(key) " FOR UPDATE SKIP LOCKED) RETURNING 1",                                                       \
        .steps = { "UPDATE " table " SET used_at = $1 WHERE " IDLE(key) " RETURNING 1" },                                        \
    }
#define IDLE(key) key " = $2 AND issuer = $3 AND (used_at IS NULL OR used_at < $1 - " SQL_NUMBER(TOUCH_INTERVAL) ")"

/* STORE_REFUSED when there is no row. rows may be NULL. */
store_status_t db_run(store_t *store, const op_t *op, const value_t *args, int nargs, rows_t **rows);

/* The same for one row: *cell is its first one on STORE_OK; the next_ functions walk on from there. */
store_status_t db_first(store_t *store, const op_t *op, const value_t *args, int nargs, const cell_t **cell);
/* The same for one cell of one row. *text and *number stay as they are unless it is STORE_OK. */
store_status_t db_text(store_t *store, const op_t *op, const value_t *args, int nargs, const char **text);
store_status_t db_number(store_t *store, const op_t *op, const value_t *args, int nargs, apr_int64_t *number);

#endif
