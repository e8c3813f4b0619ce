/*
 * Search and pages of the console's lists. The views call it.
 */
#include "web/console/search.h"

#include <apr_strings.h>

#include "private.h"
#include "web/console/page.h"

listing_t search_read(const console_t *c)
{
    const char *prefix = text_trim(c->visit.r->pool, params_get(c->params, "prefix")), *by = params_get(c->params, "by");
    const char *used = params_get(c->params, "after_used"), *name = params_get(c->params, "after_name");

    return (listing_t){ .prefix = prefix ? prefix : "",
                        .is_by_use = by && strcmp(by, "use") == 0,
                        .after = params_get(c->params, "after"),
                        .after_name = name ? name : "",
                        .after_used = used && apr_strtoi64(used, NULL, 10) > 0 ? apr_strtoi64(used, NULL, 10) : 0 };
}

void search_show(console_t *c, const listing_t *listing, const char *view, const char *label)
{
    console_search(c, view, label, listing->prefix, listing->is_by_use);
    search_first(c, listing, console_url(c, view, "", NULL, NULL));
}

void search_first(console_t *c, const listing_t *listing, const char *url)
{
    if (listing->after) {
        console_link(c, url, "From the beginning");
    }
}

const void *search_last(const apr_array_header_t *rows)
{
    return rows->nelts == LISTING_PAGE ? APR_ARRAY_IDX(rows, rows->nelts - 1, const void *) : NULL;
}

void search_more(console_t *c, const listing_t *listing, const char *url, const char *key, const char *name, apr_int64_t used)
{
    apr_pool_t *p = c->visit.r->pool;

    url = apr_psprintf(p, "%s&after=%s&after_name=%s&after_used=%" APR_INT64_T_FMT, url, params_encode(p, key),
                       params_encode(p, name), used);
    if (*listing->prefix) {
        url = apr_pstrcat(p, url, "&prefix=", params_encode(p, listing->prefix), NULL);
    }
    console_more(c, listing->is_by_use ? apr_pstrcat(p, url, "&by=use", NULL) : url);
}
