/*
 * What the endpoints that clients call by POST have in common: the body, who the client is (RFC 6749 section 2.3), and
 * refusals that count as attempts. token.c, revoke.c and introspect.c call it.
 */
#include "web/endpoint/client_request.h"

#include <apr_strings.h>

#include "base/array.h"
#include "base/authorization.h"
#include "base/text.h"
#include "grant/client.h"
#include "web/config/config.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/http/throttle.h"

#define BASIC_MAX 4096

int client_request_refuse(request_rec *r, const client_request_t *request, const failure_t *failure)
{
    const char *realm = apr_pstrcat(r->pool, " realm=\"", config_server(r->server)->issuer, "\"", NULL);
    int status = oauth_error_status(failure->error), wait = 0;
    log_code_t code = oauth_error_code(failure->error), throttled = code;

    if (failure->error == OAUTH_INVALID_CLIENT) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", apr_pstrcat(r->pool, "Basic", realm, NULL));
        wait = throttle_count(r, THROTTLE_CLIENT, request->client_id);
        throttled = LOG_SECRETS_THROTTLED;
    } else if (failure->error == OAUTH_INVALID_TOKEN) { /* a service key in place of a client */
        apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                       apr_pstrcat(r->pool, "Bearer", realm, ", error=\"invalid_token\"", NULL));
        wait = throttle_count(r, THROTTLE_KEY, NULL);
        code = LOG_KEY_REFUSED;
        throttled = LOG_KEYS_THROTTLED;
    } else if (failure->error == OAUTH_INVALID_GRANT) {
        wait = throttle_count(r, THROTTLE_GRANT, request->client_id);
        throttled = LOG_GRANTS_THROTTLED;
    }
    if (wait) {
        status = reply_later(r, HTTP_TOO_MANY_REQUESTS, wait);
        failure = failure_ending(r->pool,
                                 failure_make(r->pool, failure->error,
                                              "Too many failed attempts. Correct the secret or the code, then try again later.",
                                              "%s (answered 429)", failure->reason),
                                 failure->ended_grant);
    }
    log_refusal(r, wait ? throttled : code, request->refused, request->client_id, NULL, failure);
    return reply_failure_status(r, status, failure);
}

const failure_t *client_request_missing(apr_pool_t *p, const char *name)
{
    return failure_make(p, OAUTH_INVALID_REQUEST, apr_psprintf(p, "The parameter %s is missing.", name), NULL);
}

static const failure_t *bad_basic(apr_pool_t *p)
{
    return failure_make(
        p, OAUTH_INVALID_CLIENT,
        "The Authorization header is not Basic with client id and secret, each percent-encoded and joined by a colon.", NULL);
}

/* What was pasted often comes with a blank or the end of a line, which none of our ids and secrets has. */
static void trim_pasted(apr_pool_t *p, const params_t *params)
{
    static const char *const names[] = { "client_id", "client_secret", "code", "refresh_token", "token" };

    for (int i = 0; i < params->list->nelts; i++) {
        param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        for (int k = 0; k < COUNT(names); k++) {
            if (strcmp(param->name, names[k]) == 0) {
                param->value = text_trim(p, param->value);
            }
        }
    }
}

/* Without the end of a line, as `curl --data-binary @file` and its like leave it behind the last value. */
static apr_size_t size_of_form(const char *body, apr_size_t size)
{
    while (size > 0 && (body[size - 1] == '\r' || body[size - 1] == '\n')) {
        size--;
    }
    return size;
}

/*
 * RFC 6749 section 2.3.1: id and secret are form-encoded before base64. Clients that forget it are served all the same, since
 * the module's own ids and secrets hold nothing that encoding would change.
 */
static const failure_t *read_basic(request_rec *r, credentials_t *credentials)
{
    const char *header = apr_table_get(r->headers_in, "Authorization");
    const authorization_t sent = authorization_parse(r->pool, header);
    param_fault_t fault;

    if (!header) {
        return NULL;
    }
    if (!sent.secret || strlen(header) > BASIC_MAX) {
        return bad_basic(r->pool);
    }
    credentials->basic_id = text_trim(r->pool, params_decode(r->pool, sent.id, strlen(sent.id), &fault));
    credentials->basic_secret = text_trim(r->pool, params_decode(r->pool, sent.secret, strlen(sent.secret), &fault));
    if (!credentials->basic_id || !*credentials->basic_id || !credentials->basic_secret) {
        return bad_basic(r->pool);
    }
    return NULL;
}

/* What cannot even be decoded is a wrong credential, not a malformed request. */
static void excuse_credentials(const params_t *params)
{
    static const char *const names[] = { "code", "refresh_token", "token" };

    for (int i = 0; i < params->list->nelts; i++) {
        param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        for (int k = 0; k < COUNT(names) && param->fault != PARAM_FINE; k++) {
            if (strcmp(param->name, names[k]) == 0) {
                param->fault = PARAM_FINE;
                param->value = "?";
            }
        }
    }
}

static const failure_t *check_params(apr_pool_t *p, const params_t *params)
{
    const char *problem = params->malformed;

    if (!problem) {
        excuse_credentials(params);
        params_first_fault(p, params, "resource", &problem);
    }
    return problem ? failure_make(p, OAUTH_INVALID_REQUEST, problem, NULL) : NULL;
}

int client_request_read(request_rec *r, client_request_t *request, int *rc)
{
    static const char *const known[] = { "client_assertion",
                                         "client_assertion_type",
                                         "client_id",
                                         "client_secret",
                                         "code",
                                         "code_verifier",
                                         "grant_type",
                                         "redirect_uri",
                                         "refresh_token",
                                         "resource",
                                         "scope",
                                         "token",
                                         NULL };
    int is_json = request_has_type(r, "application/json");
    const failure_t *failure = NULL;
    const char *body;
    apr_size_t size;

    if (!is_json && !request_has_type(r, "application/x-www-form-urlencoded")) {
        failure =
            failure_make(r->pool, OAUTH_INVALID_REQUEST,
                         "Send the parameters in the body, as application/x-www-form-urlencoded or application/json.", NULL);
        *rc = client_request_refuse(r, request, failure);
        return 0;
    }
    *rc = request_read_body(r, &body, &size);
    if (*rc == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        failure = request_too_large(r->pool, OAUTH_INVALID_REQUEST);
        *rc = reply_failure_status(r, HTTP_REQUEST_ENTITY_TOO_LARGE, failure);
        return 0;
    }
    if (*rc != OK) {
        return 0;
    }
    request->params =
        is_json ? params_parse_json(r->pool, body, size, known) : params_parse_form(r->pool, body, size_of_form(body, size));
    trim_pasted(r->pool, request->params);
    failure = check_params(r->pool, request->params);
    if (failure) {
        *rc = client_request_refuse(r, request, failure);
    }
    return !failure;
}

const failure_t *client_request_credentials(request_rec *r, client_request_t *request)
{
    const params_t *params = request->params;
    const failure_t *failure;

    request->credentials = (credentials_t){
        .body_id = params_get(params, "client_id"),
        .body_secret = params_get(params, "client_secret"),
        .has_assertion = params_find(params, "client_assertion") || params_find(params, "client_assertion_type"),
    };
    failure = read_basic(r, &request->credentials);
    request->client_id = credentials_client_id(&request->credentials);
    return failure;
}

int client_request_authenticate(request_rec *r, store_t *store, client_request_t *request, int *rc)
{
    const failure_t *failure = client_request_credentials(r, request);

    if (failure || (failure = client_authenticate(store, &request->credentials, &request->client))) {
        *rc = client_request_refuse(r, request, failure);
    }
    return !failure;
}
