/*
 * Lets an endpoint answer: the table of who answers which method, and what holds for all of them before: no .htaccess, https, a
 * database. OPTIONS and methods that nobody answers are answered here. The hook stands in mod_gpt_oauth.c.
 */
#include "web/endpoint/dispatch.h"

#include <http_request.h>

#include "private.h"
#include "web/config/config.h"
#include "web/endpoint/endpoints.h"
#include "web/endpoint/route.h"
#include "web/http/db.h"
#include "web/http/log.h"
#include "web/http/page.h"
#include "web/http/reply.h"
#include "web/http/request.h"

#define BY_GET_OR_POST "GET, HEAD, POST, OPTIONS"
#define BY_POST        "POST, OPTIONS"

typedef struct answer_t {
    const char *handler;         /* as the table of routes has it */
    int (*get)(request_rec *r);  /* HEAD too; NULL: 405 */
    int (*post)(request_rec *r); /* NULL: 405 */
    const char *allow;           /* the header; NULL: get answers every method itself, and may say 404 to each */
} answer_t;

static const answer_t answers[] = {
    { "gpt-oauth-authorize", endpoint_authorize_get, endpoint_authorize_post, BY_GET_OR_POST },
    { "gpt-oauth-token", endpoint_token_get, endpoint_token_post, BY_POST }, /* GET: a 405 that says more */
    { "gpt-oauth-revoke", NULL, endpoint_revoke, BY_POST },
    { "gpt-oauth-introspect", NULL, endpoint_introspect, BY_POST },
    { "gpt-oauth-register", NULL, endpoint_register, BY_POST },
    { "gpt-oauth-metadata", endpoint_metadata, NULL, NULL },
    { "gpt-oauth-resource", endpoint_resource, NULL, NULL },
    { "gpt-oauth-manifest", endpoint_manifest, NULL, NULL },
    { "gpt-oauth-openapi", endpoint_openapi, NULL, NULL },
    { "gpt-oauth-hello", endpoint_hello_get, endpoint_hello_post, BY_GET_OR_POST },
};

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
    const failure_t *failure =
        failure_make(r->pool, OAUTH_INVALID_REQUEST, "This address must be called over https.",
                     "called over plain http; behind a proxy that ends TLS write ServerName https://NAME in this virtual host");

    log_refusal(r, LOG_PLAIN_HTTP, endpoint->handler, NULL, NULL, failure);
    return endpoint->flags & ENDPOINT_IDENTIFIES ? page_failure(r, HTTP_FORBIDDEN, "Not over plain http", failure)
                                                 : reply_failure_status(r, HTTP_FORBIDDEN, failure);
}

/* Logged when the child began. */
static int refuse_without_database(request_rec *r, const endpoint_t *endpoint)
{
    const failure_t *failure = db_failure(r->pool);

    return endpoint->flags & ENDPOINT_IDENTIFIES ? page_failure(r, HTTP_SERVICE_UNAVAILABLE, "Out of order for a moment", failure)
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

static int answer_method(request_rec *r, const answer_t *answer)
{
    if (!answer->allow || (r->method_number == M_GET && answer->get)) {
        return answer->get(r);
    }
    if (r->method_number == M_POST && answer->post) {
        return answer->post(r);
    }
    return r->method_number == M_OPTIONS ? reply_options(r, answer->allow) : reply_method(r, answer->allow);
}

static int answer_as(request_rec *r, const endpoint_t *endpoint)
{
    for (apr_size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (strcmp(answers[i].handler, endpoint->handler) == 0) {
            return answer_method(r, &answers[i]);
        }
    }
    return reply_nothing(r); /* the module's own, and nothing there */
}

int dispatch_handler(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    const endpoint_t *endpoint = route_target(r);

    if (!endpoint) {
        return DECLINED;
    }
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
        return answer_as(r, endpoint);
    }
    if (!conf->policy || (conf->is_guard && !(endpoint->flags & ENDPOINT_GUARD))) {
        log_request(r, LOG_ENDPOINT_ASTRAY, "%s stands in a virtual host %s", endpoint->handler,
                    conf->policy ? "that only guards for the issuer of another one" : "without GPTOAuthIssuer");
        return HTTP_NOT_FOUND;
    }
    if (request_is_insecure(r)) {
        return refuse_insecure(r, endpoint);
    }
    if (!route_is_served(conf, endpoint)) {
        return reply_nothing(r);
    }
    if (!conf->source && !(endpoint->flags & ENDPOINT_STATIC)) {
        return refuse_without_database(r, endpoint);
    }
    return answer_as(r, endpoint);
}
