/*
 * The body of the guard's refusals, in place of httpd's own pages for errors: JSON for apps, HTML for people. Called by
 * guard.c.
 */
#include "web/guard/refusal.h"

#include <http_core.h>
#include <http_protocol.h>
#include <mod_core.h> /* ap_response_code_string */
#include <util_filter.h>

#include "base/accept.h"
#include "web/http/reply.h"
#include "web/page/page.h"

static ap_filter_rec_t *type_filter;

/* httpd gives an error's text a type of its own choice, after the last hook. */
static apr_status_t set_type(ap_filter_t *f, apr_bucket_brigade *bb)
{
    ap_set_content_type(f->r, f->ctx);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, bb);
}

static const char *title_of(int status)
{
    switch (status) {
    case HTTP_UNAUTHORIZED: return "error_for_apps";
    case HTTP_TOO_MANY_REQUESTS: return "error_too_many";
    case HTTP_SERVICE_UNAVAILABLE: return "error_unavailable";
    case HTTP_INTERNAL_SERVER_ERROR: return "error_not_set_up";
    default: return "error_not_allowed";
    }
}

void refusal_explain(request_rec *r, const failure_t *failure)
{
    static char json[] = "application/json;charset=UTF-8", html[] = "text/html;charset=UTF-8";
    int is_page = accept_prefers_html(r->pool, apr_table_get(r->headers_in, "Accept"));
    const char *document;

    if (!ap_is_HTTP_ERROR(r->status)) {
        return; /* an ErrorDocument elsewhere: a redirect */
    }
    document = ap_response_code_string(r, ap_index_of_response(r->status));
    if (document && *document != '/') {
        return; /* one of this host comes here only when it has failed */
    }
    reply_no_store(r);
    ap_custom_response(r, r->status,
                       is_page ? page_failure_text(r, title_of(r->status), failure) : reply_failure_text(r->pool, failure));
    ap_add_output_filter_handle(type_filter, is_page ? html : json, r, r->connection);
}

void refusal_register(void)
{
    type_filter = ap_register_output_filter("GPT_OAUTH_REFUSAL", set_type, NULL, AP_FTYPE_RESOURCE);
}
