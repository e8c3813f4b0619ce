/*
 * Refuses to show a page for people to a script or a frame, and to take a form that no page of this origin has sent (W3C Fetch
 * Metadata Request Headers). dispatch.c asks it before each endpoint that identifies, and authorize.c for the forms of its pages.
 */
#include "web/endpoint/same_origin.h"

#include <string.h>

#include "base/failure.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

static int refuse(request_rec *r, const char *title, const failure_t *failure)
{
    request_reference(r);
    log_refusal(r, LOG_NOT_A_PERSON, "page refused", NULL, NULL, failure);
    return page_failure(r, HTTP_FORBIDDEN, title, failure, NULL);
}

static int refuse_page(request_rec *r, const char *destination)
{
    return refuse(r, "error_not_a_window",
                  failure_make(r->pool, OAUTH_ACCESS_DENIED,
                               "This page works only in a window of its own, and not inside another page. Go back to the app and "
                               "connect it again.",
                               "Sec-Fetch-Dest is %s: a script, a frame or a service worker asks for it, and not a window",
                               log_quote(r->pool, destination, 32)));
}

static int refuse_form(request_rec *r, const char *header, const char *value)
{
    return refuse(r, "error_bad_form",
                  failure_make(r->pool, OAUTH_ACCESS_DENIED,
                               "It was not sent by the page that this server showed. Go back to the app and connect it again.",
                               "%s is %s: another page than one of this server's own sent the form", header,
                               log_quote(r->pool, value, 200)));
}

int same_origin_check(request_rec *r, int is_form)
{
    const char *destination = apr_table_get(r->headers_in, "Sec-Fetch-Dest");
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site"), *origin = apr_table_get(r->headers_in, "Origin");

    if (destination && strcmp(destination, "document") != 0) {
        return refuse_page(r, destination);
    }
    if (is_form && site && strcmp(site, "same-origin") != 0) {
        return refuse_form(r, "Sec-Fetch-Site", site);
    }
    /* null: an older browser, which our own pages tell not to say where its forms come from (Fetch, section 3.2). */
    if (is_form && !site && origin && strcmp(origin, "null") != 0 && strcmp(origin, config_server(r->server)->origin) != 0) {
        return refuse_form(r, "Origin", origin);
    }
    return DECLINED;
}
