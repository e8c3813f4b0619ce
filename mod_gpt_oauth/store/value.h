/*
 * What goes into a statement and what comes out of it, whatever the database. Internal to store/.
 */
#ifndef GPT_OAUTH_STORE_VALUE_H
#define GPT_OAUTH_STORE_VALUE_H

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/crypto.h"

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

typedef struct cell_t {
    const char *bytes; /* text, or the bytes of a digest; NULL is SQL's NULL, of a number too */
    apr_int64_t number;
} cell_t;

typedef struct rows_t {
    int count, columns;
    cell_t *cells; /* row after row, in the store's pool */
} rows_t;

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

    if (!bytes) {
        return 0;
    }
    memcpy(digest->byte, bytes, DIGEST_SIZE);
    return 1;
}

#endif
