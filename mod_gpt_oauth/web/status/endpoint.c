/*
 * /oauth/status: how the server is, for whoever may know, in the form that he asks for. Called by dispatch.c. Everybody else is
 * told that there is nothing.
 */
#include <httpd.h>
#include <string.h>

#include "private.h"
#include "web/endpoint/endpoints.h"
#include "web/endpoint/same_origin.h"
#include "web/endpoint/visit.h"
#include "web/http/reply.h"
#include "web/status/forms.h"
#include "web/status/page.h"
#include "web/status/report.h"
#include "web/status/visitor.h"

/* Prometheus says what it reads. */
static int is_prometheus(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");

    return accept && strstr(accept, "version=0.0.4");
}

int endpoint_status(request_rec *r)
{
    const params_t *query = visit_query(r);
    const report_t *report;
    int status = visitor_check(r);

    if (status != OK) {
        return status == DECLINED ? reply_nothing(r) : status;
    }
    if ((status = same_origin_check(r, 0)) != DECLINED) {
        return status;
    }
    if (r->method_number != M_GET) {
        return reply_method(r, REPLY_BY_GET);
    }
    report = report_make(r, r->server);
    if (params_find(query, "auto")) {
        return reply_text(r, HTTP_OK, "text/plain;charset=UTF-8", form_auto(r->pool, report));
    }
    if (params_find(query, "json")) {
        return reply_json_text(r, HTTP_OK, form_json(r->pool, report));
    }
    if (params_find(query, "prometheus") || is_prometheus(r)) {
        return reply_text(r, HTTP_OK, FORM_PROMETHEUS_TYPE, form_prometheus(r->pool, report));
    }
    return page_status(r, report);
}
