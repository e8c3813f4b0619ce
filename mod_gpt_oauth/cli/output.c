/*
 * Writes tables, JSON and errors. Called by every command.
 */
#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

struct table_t {
    apr_pool_t *pool;
    int columns;
    apr_array_header_t *cells; /* const char * */
};

/* What it names, of a user, of a file or of the command line, may be anything. */
int fail(const char *format, ...)
{
    apr_pool_t *p;
    va_list args;

    apr_pool_create(&p, NULL);
    va_start(args, format);
    fprintf(stderr, "gptoauth: %s\n", terminal_text(p, apr_pvsprintf(p, format, args)));
    va_end(args);
    apr_pool_destroy(p);
    return FAILED;
}

void print_json(apr_pool_t *p, json_t *value)
{
    puts(json_print(p, json_own(p, value)));
}

table_t *table_make(apr_pool_t *p, const char *const *header, int columns)
{
    table_t *table = apr_palloc(p, sizeof(*table));

    table->pool = p;
    table->columns = columns;
    table->cells = apr_array_make(p, 8 * columns, sizeof(const char *));
    for (int i = 0; header && i < columns; i++) {
        table_add(table, header[i]);
    }
    return table;
}

void table_add(table_t *table, const char *cell)
{
    APR_ARRAY_PUSH(table->cells, const char *) = terminal_text(table->pool, cell);
}

void table_field(table_t *table, const char *name, const char *value)
{
    table_add(table, name);
    table_add(table, value);
}

void table_print(const table_t *table, const char *indent)
{
    int *widths = apr_pcalloc(table->pool, (apr_size_t)table->columns * sizeof(*widths));

    for (int i = 0; i < table->cells->nelts; i++) {
        int width = (int)text_length(APR_ARRAY_IDX(table->cells, i, const char *));
        int *widest = &widths[i % table->columns];

        *widest = width > *widest ? width : *widest;
    }
    for (int i = 0; i < table->cells->nelts; i++) {
        const char *cell = APR_ARRAY_IDX(table->cells, i, const char *);
        int column = i % table->columns;

        if (column == table->columns - 1) {
            printf("%s\n", cell);
        } else {
            printf("%s%s%*s", column ? "" : indent, cell, widths[column] - (int)text_length(cell) + 2, "");
        }
    }
}

const char *time_text(apr_pool_t *p, apr_int64_t seconds, const char *otherwise)
{
    apr_time_exp_t t;

    if (!seconds || apr_time_exp_gmt(&t, apr_time_from_sec(seconds)) != APR_SUCCESS) {
        return otherwise;
    }
    return apr_psprintf(p, "%04d-%02d-%02d %02d:%02d UTC", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min);
}

json_t *time_json(apr_int64_t seconds)
{
    return seconds ? json_integer(seconds) : json_null();
}

json_t *text_json(const char *text)
{
    return text ? json_string(text) : json_null();
}
