/*
 * What the lists of the console have in common: search, order, and pages by key. In the query: prefix, by=use, after, after_name,
 * after_used.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_SEARCH_H
#define GPT_OAUTH_WEB_CONSOLE_SEARCH_H

#include "store/listing.h"
#include "web/console/console.h"

/* What the query asks for. Whatever stands in it, it is a place in the list. */
listing_t search_read(const console_t *c);
/* The form for it. */
void search_show(console_t *c, const listing_t *listing, const char *view, const char *label);
/* The link to what comes after this row. */
void search_more(console_t *c, const listing_t *listing, const char *view, const char *key, const char *name, apr_int64_t used);

#endif
