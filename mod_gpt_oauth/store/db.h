/*
 * How operations reach the database; internal to store/. An operation is one op_t with its arguments, whatever the database.
 */
#ifndef GPT_OAUTH_STORE_DB_H
#define GPT_OAUTH_STORE_DB_H

#include <string.h>
#include <time.h>

#include "store.h"

#define SECOND APR_INT64_C(1000000)

/* Microseconds of a clock that nobody sets. All deadlines are its times. */
static inline apr_int64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/*
 * SQL names its arguments $1, $2, … in both dialects, each as often as it likes. On PostgreSQL an operation is one statement.
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
    int patient; /* housekeeping, which may take longer than a request would wait */
} op_t;

typedef struct value_t {
    enum { VALUE_TEXT, VALUE_NUMBER, VALUE_DIGEST } kind;
    const char *text; /* NULL is SQL's NULL, as with digest */
    const digest_t *digest;
    apr_int64_t number;
} value_t;

static inline value_t v_text(const char *text)
{
    return (value_t){ .kind = VALUE_TEXT, .text = text };
}

static inline value_t v_number(apr_int64_t number)
{
    return (value_t){ .kind = VALUE_NUMBER, .number = number };
}

static inline value_t v_digest(const digest_t *digest)
{
    return (value_t){ .kind = VALUE_DIGEST, .digest = digest };
}

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/*
 * A condition on rows with client_id and username: neither is disabled, nor is the client gone. A user without a row is one of
 * another sign-in, a NULL one a service account.
 */
#define CLIENT_AND_USER_LIVE                                                                                                     \
    "EXISTS (SELECT 1 FROM oauth_client c WHERE c.id = client_id AND c.disabled_at IS NULL)"                                     \
    " AND NOT EXISTS (SELECT 1 FROM oauth_user u WHERE u.name = username AND u.disabled_at IS NOT NULL)"

typedef struct cell_t {
    const char *bytes; /* text, or the bytes of a digest; NULL is SQL's NULL, of a number too */
    apr_int64_t number;
} cell_t;

typedef struct rows_t {
    int count, columns;
    cell_t *cells; /* row after row, in the store's pool */
} rows_t;

/* STORE_REFUSED when there is no row. rows may be NULL. */
store_status_t db_run(store_t *store, const op_t *op, const value_t *args, int nargs, rows_t **rows);

/* The row's first cell; the next_ functions walk on from there in the order of the SELECT. */
static inline const cell_t *db_row(const rows_t *rows, int row)
{
    return rows->cells + (apr_size_t)row * (apr_size_t)rows->columns;
}

static inline const char *next_text(const cell_t **cell)
{
    return (*cell)++->bytes;
}

/* NULL is 0: times that have not come yet are stored as NULL. */
static inline apr_int64_t next_number(const cell_t **cell)
{
    return (*cell)++->number;
}

static inline int next_flag(const cell_t **cell)
{
    return next_number(cell) != 0;
}

/* 0 and no digest when it is NULL. */
static inline int next_digest(const cell_t **cell, digest_t *digest)
{
    const char *bytes = next_text(cell);

    if (bytes == NULL) {
        return 0;
    }
    memcpy(digest->byte, bytes, DIGEST_SIZE);
    return 1;
}

#endif
