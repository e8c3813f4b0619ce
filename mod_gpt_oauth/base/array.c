/*
 * APR's arrays of strings, which hold sets of redirect URIs, resources and hosts. Called from grant/ and below.
 */
#include "base/array.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int array_word(const char *const *words, int count, const char *word)
{
    for (int i = 0; i < count; i++) {
        if (strcasecmp(words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

int array_has(const apr_array_header_t *strings, const char *text)
{
    for (int i = 0; i < strings->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(strings, i, const char *), text) == 0) {
            return 1;
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void array_sort(apr_array_header_t *strings)
{
    if (strings->nelts > 1) {
        qsort(strings->elts, (size_t)strings->nelts, sizeof(const char *), compare);
    }
}
