/*
 * Standard output: aligned text for people, one line of JSON for programs. Field names are RFC 7591's where it has one, and times
 * in JSON are seconds since 1970. And on standard error, what went wrong.
 */
#ifndef GPT_OAUTH_CLI_OUTPUT_H
#define GPT_OAUTH_CLI_OUTPUT_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/json.h"
#include "base/text.h"

/* How a command ends: the process's status. */
enum { DONE = 0, FAILED = 1, MISUSED = 2 };

/* "gptoauth: " and the sentence, fit for a terminal, on standard error; returns FAILED. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes over the reference. */
void print_json(apr_pool_t *p, json_t *value);

typedef struct table_t table_t;

/* Cells are added one after the other, row by row. header (of that many columns) may be NULL. */
table_t *table_make(apr_pool_t *p, const char *const *header, int columns);
void table_add(table_t *table, const char *cell);
/* A row of two cells. */
void table_field(table_t *table, const char *name, const char *value);
void table_print(const table_t *table, const char *indent);

/* "2026-08-08 14:05 UTC", or otherwise when seconds is 0. */
const char *time_text(apr_pool_t *p, apr_int64_t seconds, const char *otherwise);

/* null when seconds is 0. */
json_t *time_json(apr_int64_t seconds);

/* null for NULL. */
json_t *text_json(const char *text);

#endif
