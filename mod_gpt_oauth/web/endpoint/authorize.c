/*
 * The authorization endpoint (RFC 6749 section 3.1), where browsers come: reads the request of an app, or the form of one of our
 * pages, and lets the step answer that it belongs to (sign_in.c, consent.c). Called by dispatch.c.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "private.h"
#include "web/endpoint/consent.h"
#include "web/endpoint/endpoints.h"
#include "web/endpoint/person.h"
#include "web/endpoint/route.h"
#include "web/endpoint/same_origin.h"
#include "web/endpoint/sign_in.h"
#include "web/endpoint/visit.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"

/* The user (NULL: nobody yet) has to sign in before this request goes on. */
static int ask_sign_in(visit_t *visit, const char *username)
{
    const prompt_t *prompt = &visit->request->prompt;
    apr_pool_t *p = visit->r->pool;

    if (username && person_is_given(visit->r)) {
        return visit_refuse(visit, username,
                            failure_make(p, OAUTH_LOGIN_REQUIRED, "This server cannot have the user sign in again.",
                                         "the app sends prompt=login or max_age, and httpd itself signs users in"));
    }
    if (prompt->is_none) {
        return visit_refuse(visit, username,
                            failure_make(p, OAUTH_LOGIN_REQUIRED,
                                         username ? "The user has to sign in again first." : "The user has to sign in first.",
                                         NULL));
    }
    return visit_show_sign_in(visit, HTTP_OK, NULL, prompt->login_hint ? NULL : username);
}

/* A request as the app sent it, by GET or POST. */
static int begin(visit_t *visit, const params_t *params)
{
    const char *username = NULL;
    apr_int64_t since = 0;
    const failure_t *failure, *unknown;

    visit->asked = params;
    failure = visit_judge(visit, params, NULL);
    unknown = person_find(visit->r, &visit->store, &username, &since);
    visit->has_acted = username && !person_is_given(visit->r);
    if (failure || (failure = unknown) ||
        (username && visit_is_undecided(visit) && (failure = visit_judge(visit, params, username)))) {
        return visit_refuse(visit, username, failure);
    }
    visit->query = visit_encode(visit->r->pool, params);
    return username && !prompt_wants_sign_in(&visit->request->prompt, since, visit->store.now) ? consent_decide(visit, username)
                                                                                               : ask_sign_in(visit, username);
}

/* Query and body are one request (RFC 6749 section 3.1), and who says a thing in both may mean two. */
static const params_t *join(params_t *query, const params_t *body)
{
    if (body->malformed) {
        query->malformed = body->malformed;
    }
    for (int i = 0; i < body->list->nelts; i++) {
        if (params_find(query, APR_ARRAY_IDX(body->list, i, param_t).name)) {
            query->malformed = "A parameter was sent in the query and in the body. Send it once.";
        }
    }
    apr_array_cat(query->list, body->list);
    return query;
}

/* mod_auth_form's inline login turns the GET into a POST, whose body is user name and password: nothing for a page of ours. */
static int is_elsewhere(const visit_t *visit, const params_t *params)
{
    return person_is_given(visit->r) && visit->r->args && !params_find(params, "client_id");
}

/* Two URLs that are filled in the wrong way round: whoever asks for a token is a program, and its developer reads the answer. */
static int refuse_token_request(visit_t *visit)
{
    const char *url = route_url(visit->r->pool, visit->conf, "gpt-oauth-token");
    const failure_t *failure = failure_make(
        visit->r->pool, OAUTH_INVALID_REQUEST,
        apr_pstrcat(visit->r->pool, "This is the authorization URL, for browsers. The token URL is ", url, ".", NULL),
        "a token request was sent to the authorization URL; the token URL is %s", url);

    log_failure(visit->r, "authorization refused", NULL, NULL, failure);
    return reply_failure(visit->r, failure);
}

static int is_token_request(const params_t *params)
{
    return params_find(params, "grant_type") && !params_find(params, "response_type");
}

int endpoint_authorize_get(request_rec *r)
{
    visit_t visit = visit_of(r);
    params_t *query = visit_query(r);

    return is_token_request(query) ? refuse_token_request(&visit) : begin(&visit, query);
}

int endpoint_authorize_post(request_rec *r)
{
    visit_t visit = visit_of(r);
    const char *body, *problem = NULL;
    const params_t *params;
    apr_size_t size;
    int status;

    if (request_has_type(r, "application/json")) {
        return refuse_token_request(&visit); /* no form of ours, nor a request by RFC 6749 section 3.1 */
    }
    if (!request_has_type(r, "application/x-www-form-urlencoded")) {
        return visit_refuse_form(&visit, HTTP_UNSUPPORTED_MEDIA_TYPE, "error_bad_form",
                                 "Send the form as application/x-www-form-urlencoded.",
                                 "Content-Type is not application/x-www-form-urlencoded");
    }
    status = request_read_body(r, &body, &size);
    if (status != OK) {
        return status;
    }
    params = params_parse_form(r->pool, body, size);
    if (!params_find(params, "transaction")) {
        if (is_token_request(params)) {
            return refuse_token_request(&visit);
        }
        return begin(&visit, is_elsewhere(&visit, params) ? visit_query(r) : join(visit_query(r), params));
    }
    if ((status = same_origin_check(r, 1)) != DECLINED) {
        return status;
    }
    if (params->malformed || params_first_fault(r->pool, params, "scope", &problem)) {
        return visit_refuse_form(&visit, HTTP_BAD_REQUEST, "error_bad_form", params->malformed ? params->malformed : problem,
                                 "malformed form");
    }
    return params_get(params, "decision") ? consent_answer(&visit, params) : sign_in_answer(&visit, params);
}
