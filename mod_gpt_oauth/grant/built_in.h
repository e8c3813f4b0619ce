/*
 * The metadata documents of well-known apps that are built in (conf/clients/). A URL may be a pattern, where an app publishes a
 * document of its own for each {id}.
 */
#ifndef GPT_OAUTH_GRANT_BUILT_IN_H
#define GPT_OAUTH_GRANT_BUILT_IN_H

#include <apr_pools.h>

#define BUILT_IN_ID     "{id}"
#define BUILT_IN_ID_MAX 64 /* of letters, digits, '.', '_', '~' and '-' */

typedef struct built_in_t {
    const char *url;
    const char *text;
} built_in_t;

/* Ends with url NULL. Generated from conf/clients/. */
extern const built_in_t built_in_documents[];

/*
 * The text of the document that is found at url, with {id} filled in; NULL when none is built in. A document of that very URL
 * goes before one of a pattern.
 */
const char *built_in_text(apr_pool_t *p, const char *url);

#endif
