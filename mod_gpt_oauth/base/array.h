/*
 * Arrays of C, and APR's arrays of strings (const char *).
 */
#ifndef GPT_OAUTH_BASE_ARRAY_H
#define GPT_OAUTH_BASE_ARRAY_H

#include <apr_tables.h>

/* How many elements an array of C has. */
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Which of the words of an array of C this is, in whatever case; -1: none. */
int array_word(const char *const *words, int count, const char *word);

/* 1 when text is among strings. */
int array_has(const apr_array_header_t *strings, const char *text);

/* Sorts strings by their bytes. */
void array_sort(apr_array_header_t *strings);

#endif
