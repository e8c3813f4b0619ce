/*
 * Looks a URL up among the documents that are built in. Called by client_document.c, and by `gptoauth doctor`, which lists them.
 * The documents themselves are generated from conf/clients/ into built_in_documents.c.
 */
#include "grant/built_in.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#define ID_SIZE (sizeof(BUILT_IN_ID) - 1)

/* What stands in url where the pattern has {id}; NULL when it does not match. */
static const char *id_in(apr_pool_t *p, const char *pattern, const char *url)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";
    const char *open = strstr(pattern, BUILT_IN_ID);
    apr_size_t before = open ? (apr_size_t)(open - pattern) : 0, size;

    if (!open || strncmp(pattern, url, before) != 0) {
        return NULL;
    }
    size = strspn(url + before, characters);
    if (size < 1 || size > BUILT_IN_ID_MAX || strcmp(url + before + size, open + ID_SIZE) != 0) {
        return NULL;
    }
    return apr_pstrmemdup(p, url + before, size);
}

static const char *fill_in(apr_pool_t *p, const char *text, const char *id)
{
    apr_array_header_t *parts = apr_array_make(p, 8, sizeof(const char *));
    const char *open;

    for (; (open = strstr(text, BUILT_IN_ID)); text = open + ID_SIZE) {
        APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(p, text, (apr_size_t)(open - text));
        APR_ARRAY_PUSH(parts, const char *) = id;
    }
    APR_ARRAY_PUSH(parts, const char *) = text;
    return apr_array_pstrcat(p, parts, 0);
}

const char *built_in_text(apr_pool_t *p, const char *url)
{
    for (const built_in_t *document = built_in_documents; document->url; document++) {
        if (strcmp(document->url, url) == 0) {
            return document->text;
        }
    }
    for (const built_in_t *document = built_in_documents; document->url; document++) {
        const char *id = id_in(p, document->url, url);

        if (id) {
            return fill_in(p, document->text, id);
        }
    }
    return NULL;
}
