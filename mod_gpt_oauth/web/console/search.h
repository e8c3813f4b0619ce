/*
 * What the lists of the console have in common: search, order, and pages by key. In the query: prefix, by=use, after, after_name,
 * after_used. A list that is neither searched nor sorted has pages alone.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_SEARCH_H
#define GPT_OAUTH_WEB_CONSOLE_SEARCH_H

#include "store/listing.h"
#include "web/console/console.h"

/* What the query asks for. Whatever stands in it, it is a place in the list. */
listing_t search_read(const console_t *c);
/* The form for it. */
void search_show(console_t *c, const listing_t *listing, const char *view, const char *label);
/* The link to the first page, where this is another one. url: of that. */
void search_first(console_t *c, const listing_t *listing, const char *url);
/* The last row of an array of pointers, when it is a whole page and there may be more; else NULL. */
const void *search_last(const apr_array_header_t *rows);
/* The link to what comes after a row. url: of the first page. */
void search_more(console_t *c, const listing_t *listing, const char *url, const char *key, const char *name, apr_int64_t used);

#endif
