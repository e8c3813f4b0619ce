/*
 * /oauth/status: how the server is, for whoever may know, in the form that he asks for. Called by dispatch.c. Everybody else is
 * told that there is nothing.
 */
#include <httpd.h>
#include <string.h>

#include "private.h"
#include "web/endpoint/endpoints.h"
#include "web/http/reply.h"
#include "web/status/forms.h"
#include "web/status/page.h"
#include "web/status/report.h"
#include "web/status/visitor.h"

/* By the query; Prometheus says it in Accept as well. */
static int wants(const request_rec *r, const char *form)
{
    return r->args && strcmp(r->args, form) == 0;
}

static int is_prometheus(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");

    return wants(r, "prometheus") || (!r->args && accept && strstr(accept, "version=0.0.4"));
}

int endpoint_status(request_rec *r)
{
    const report_t *report;
    int status = visitor_check(r);

    if (status != OK) {
        return status == DECLINED ? reply_nothing(r) : status;
    }
    report = report_make(r, r->server);
    if (is_prometheus(r)) {
        return reply_text(r, HTTP_OK, FORM_PROMETHEUS_TYPE, form_prometheus(r->pool, report));
    }
    if (wants(r, "auto")) {
        return reply_text(r, HTTP_OK, "text/plain;charset=UTF-8", form_auto(r->pool, report));
    }
    if (wants(r, "json")) {
        return reply_json_text(r, HTTP_OK, form_json(r->pool, report));
    }
    return page_status(r, report);
}
