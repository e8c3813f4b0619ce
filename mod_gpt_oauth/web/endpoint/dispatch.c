/*
 * Lets an endpoint answer, after what holds for all of them: no .htaccess, https, a window, a database. OPTIONS and methods that
 * nobody answers are answered here. mod_gpt_oauth.c registers the hook.
 */
#include "web/endpoint/dispatch.h"

#include <http_request.h>

#include "base/meter.h"
#include "private.h"
#include "web/config/config.h"
#include "web/endpoint/route.h"
#include "web/endpoint/same_origin.h"
#include "web/http/db.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

/* The author of a .htaccess could be anybody: by an AuthUserFile of his own, in particular. */
static int has_htaccess(const request_rec *r)
{
    for (const struct htaccess_result *entry = r->htaccess; entry; entry = entry->next) {
        if (entry->htaccess) {
            return 1;
        }
    }
    return 0;
}

/* Never a redirect: what came in clear is spent, and the sender should notice. */
static int refuse_insecure(request_rec *r, const endpoint_t *endpoint)
{
    const failure_t *failure = failure_make(
        r->pool, OAUTH_INVALID_REQUEST, "This address must be called over https.",
        "called over plain http; behind a proxy that terminates TLS write ServerName https://NAME in this virtual host");

    json_t *data;

    log_refusal(r, LOG_PLAIN_HTTP, endpoint->handler, NULL, NULL, failure);
    if (!(endpoint->flags & ENDPOINT_IDENTIFIES)) {
        return reply_failure_status(r, HTTP_FORBIDDEN, failure);
    }
    /* The logo would be refused, too. */
    data = page_data(r);
    json_object_del(data, "has_logo");
    json_object_del(data, "has_icon");
    return page_failure(r, HTTP_FORBIDDEN, "error_insecure", failure, data);
}

/* Logged when the child began. */
static int refuse_without_database(request_rec *r, const endpoint_t *endpoint)
{
    const failure_t *failure = db_failure(r->pool);

    return endpoint->flags & ENDPOINT_IDENTIFIES ? page_failure(r, HTTP_SERVICE_UNAVAILABLE, "error_unavailable", failure, NULL)
                                                 : reply_failure(r, failure);
}

/* Whatever it answered, a code above all, would be an answer to a request that somebody refused. */
static int refuse_as_error_document(request_rec *r, const endpoint_t *endpoint)
{
    log_request(r, LOG_ERROR_DOCUMENT,
                "%s cannot be an ErrorDocument: the error %d is answered as if none were set; point ErrorDocument to a "
                "page of your own",
                endpoint->handler, r->status);
    return r->status;
}

static int answer(request_rec *r, const endpoint_t *endpoint)
{
    if (!endpoint->get && !endpoint->post) {
        return reply_nothing(r); /* the module's own, and nothing there */
    }
    if (!endpoint->allow || (r->method_number == M_GET && endpoint->get)) {
        return endpoint->get(r);
    }
    if (r->method_number == M_POST && endpoint->post) {
        return endpoint->post(r);
    }
    return reply_method(r, endpoint->allow);
}

static int dispatch(request_rec *r, const endpoint_t *endpoint)
{
    const server_conf_t *conf = config_server(r->server);
    int status;

    request_record(r)->event = endpoint->event;
    if (endpoint->flags & ENDPOINT_IDENTIFIES && has_htaccess(r)) {
        log_request(r, LOG_HTACCESS,
                    "%s refused: a .htaccess file took part in the request, and its author could be anybody; "
                    "write SetHandler and authentication in a <Location> of the server's configuration",
                    endpoint->handler);
        return HTTP_NOT_FOUND;
    }
    if (ap_is_HTTP_ERROR(r->status)) {
        return refuse_as_error_document(r, endpoint);
    }
    if (endpoint->flags & ENDPOINT_PUBLIC) {
        return answer(r, endpoint);
    }
    if (!conf->issuer || (conf->is_guard && !(endpoint->flags & ENDPOINT_GUARD))) {
        log_request(r, LOG_ENDPOINT_ASTRAY, "%s is set up in a virtual host %s", endpoint->handler,
                    conf->issuer ? "that only guards for the issuer of another one" : "without GPTOAuthIssuer");
        return HTTP_NOT_FOUND;
    }
    if (request_is_insecure(r) && !(endpoint->flags & ENDPOINT_PLAIN)) {
        return refuse_insecure(r, endpoint);
    }
    if (!route_is_served(conf, endpoint)) {
        return reply_nothing(r);
    }
    /* Who answers every method himself asks this of those whom he answers at all. */
    if (endpoint->flags & ENDPOINT_IDENTIFIES && endpoint->allow &&
        (status = same_origin_check(r, r->method_number == M_POST && !(endpoint->flags & ENDPOINT_FORMS))) != DECLINED) {
        return status;
    }
    if (!conf->source && !(endpoint->flags & ENDPOINT_STATIC)) {
        return refuse_without_database(r, endpoint);
    }
    return answer(r, endpoint);
}

static result_meter_t result_of(int status)
{
    return status == HTTP_TOO_MANY_REQUESTS ? RESULT_THROTTLED
           : status >= 500                  ? RESULT_FAILED
           : status >= 400                  ? RESULT_REFUSED
           : status >= 300                  ? RESULT_REDIRECT
                                            : RESULT_SUCCESS;
}

int dispatch_handler(request_rec *r)
{
    const endpoint_t *endpoint = route_target(r);
    int rc;

    if (!endpoint) {
        return DECLINED;
    }
    rc = dispatch(r, endpoint);
    meter_add(config_server(r->server)->meter,
              METER_REQUESTS + (int)endpoint->meter * RESULTS + (int)result_of(rc == OK || rc == DONE ? r->status : rc), 1);
    return rc;
}
