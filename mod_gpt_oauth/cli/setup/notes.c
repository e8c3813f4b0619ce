/*
 * What was done and what is left to do, put down in the course of the steps for the last screen. Called by all of them.
 */
#include <stdarg.h>
#include <stdio.h>

#include <apr_strings.h>

#include "cli/setup/parts.h"

void note(const setup_t *s, apr_array_header_t *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(where, const char *) = terminal_text(s->pool, apr_pvsprintf(s->pool, format, args));
    va_end(args);
}

void notes_print(const char *title, const apr_array_header_t *notes)
{
    if (notes->nelts) {
        printf("\n%s\n\n", title);
    }
    for (int i = 0; i < notes->nelts; i++) {
        printf("  - %s\n", APR_ARRAY_IDX(notes, i, const char *));
    }
}
