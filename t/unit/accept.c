#include "tap.h"
#include "base/accept.h"

static void test_language(apr_pool_t *p)
{
    static const struct {
        const char *accept, *wanted;
    } rows[] = {
        { NULL, NULL },
        { "", NULL },
        { "it", NULL },
        { "de", "de" },
        { "DE-at", "de" },
        { "den", NULL },
        { "fr;q=0.8, de;q=0.9", "de" },
        { "fr, de", "fr" },
        { "it, fr-CA;q=0.5, en;q=0.4", "fr" },
        { "de;q=0, en;q=0.1", "en" },
        { "*", "en" },
        { "it, *;q=0.1", "en" },
        { ",;,q=1", NULL },
    };
    apr_array_header_t *offered = apr_array_make(p, 3, sizeof(const char *));

    APR_ARRAY_PUSH(offered, const char *) = "en";
    APR_ARRAY_PUSH(offered, const char *) = "de";
    APR_ARRAY_PUSH(offered, const char *) = "fr";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(accept_language(p, rows[i].accept, offered), rows[i].wanted, "Accept-Language: %s",
               rows[i].accept ? rows[i].accept : "none");
    }
}

void test_accept(apr_pool_t *p)
{
    const struct {
        const char *accept;
        int wanted;
    } rows[] = {
        { NULL, 0 },
        { "", 0 },
        { "*/*", 0 },
        { "application/json", 0 },
        { "text/html", 1 },
        { "TEXT/HTML", 1 },
        { "text/*", 1 },
        { "text/html;level=1", 1 },
        { "application/json, text/html", 0 },
        { "application/json;q=0.9, text/html", 1 },
        { "application/json, text/html ; Q=0.999", 0 },
        { "application/json, text/event-stream", 0 },
        { "application/json, text/plain, */*", 0 },
        { "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", 1 },
        { "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 1 },
        { "text/html;q=0", 0 },
        { "text/html;q=x", 0 },
        { "text/html;q=0.001", 1 },
        { "application/*;q=0.2,*/*", 1 },
        { "text/html;q=0.5,*/*;q=0.6", 0 },
        { "text/*;q=0.1,text/html,application/*;q=0.9", 1 },
        { "text/html/json", 0 },
        { ",,;,;q=1,", 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ok(accept_prefers_html(p, rows[i].accept) == rows[i].wanted, "Accept row %d", (int)i);
    }
    test_language(p);
}
