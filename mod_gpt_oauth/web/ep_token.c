#include <httpd.h>
#include <apr_encode.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "base/json.h"
#include "base/params.h"
#include "grant/client.h"
#include "grant/tokens.h"
#include "private.h"
#include "web/config.h"
#include "web/db.h"
#include "web/endpoints.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/throttle.h"

#define ALLOWED   "POST, OPTIONS"
#define BASIC_MAX 4096

static int refuse(request_rec *r, const char *client_id, const char *username, const failure_t *failure)
{
    int status = oauth_error_status(failure->error), wait = 0;

    if (failure->error == OAUTH_INVALID_CLIENT) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                       apr_pstrcat(r->pool, "Basic realm=\"", config_server(r->server)->issuer, "\"", NULL));
        wait = throttle_count(r, THROTTLE_CLIENT, client_id);
    } else if (failure->error == OAUTH_INVALID_GRANT) {
        wait = throttle_count(r, THROTTLE_GRANT, client_id);
    }
    if (wait) {
        apr_table_setn(r->err_headers_out, "Retry-After", apr_itoa(r->pool, wait));
        status = HTTP_TOO_MANY_REQUESTS;
        failure = failure_make(r->pool, failure->error,
                               "Too many failed attempts. Correct the secret or the code, then try again later.",
                               "%s (answered 429)", failure->reason);
    }
    log_failure(r, "token request refused", client_id, username, failure);
    return reply_failure_status(r, status, failure);
}

static const failure_t *bad_basic(apr_pool_t *p)
{
    return failure_make(
        p, OAUTH_INVALID_CLIENT,
        "The Authorization header is not Basic with client id and secret, each percent-encoded and joined by a colon.", NULL);
}

/*
 * RFC 6749 section 2.3.1: id and secret are form-encoded before base64. Clients that forget it are served all the same, since
 * the module's own ids and secrets hold nothing that encoding would change.
 */
static const failure_t *read_basic(request_rec *r, credentials_t *credentials)
{
    const char *header = apr_table_get(r->headers_in, "Authorization");
    param_fault_t fault;
    apr_size_t size;
    char *text, *colon;

    if (!header) {
        return NULL;
    }
    if (strncasecmp(header, "Basic ", 6) != 0 || strlen(header) > BASIC_MAX) {
        return bad_basic(r->pool);
    }
    header += 6 + strspn(header + 6, " ");
    text = apr_palloc(r->pool, strlen(header) + 1);
    if (apr_decode_base64(text, header, APR_ENCODE_STRING, APR_ENCODE_NONE, &size) != APR_SUCCESS) {
        return bad_basic(r->pool);
    }
    text[size] = '\0';
    colon = memchr(text, ':', size);
    if (!colon) {
        return bad_basic(r->pool);
    }
    credentials->basic_id = params_decode(r->pool, text, (apr_size_t)(colon - text), &fault);
    credentials->basic_secret = params_decode(r->pool, colon + 1, size - (apr_size_t)(colon + 1 - text), &fault);
    if (!credentials->basic_id || !*credentials->basic_id || !credentials->basic_secret) {
        return bad_basic(r->pool);
    }
    return NULL;
}

/* A code or refresh token that cannot even be decoded is a wrong one, not a malformed request. */
static void excuse_credentials(const params_t *params)
{
    for (int i = 0; i < params->list->nelts; i++) {
        param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        if (param->fault != PARAM_FINE && (strcmp(param->name, "code") == 0 || strcmp(param->name, "refresh_token") == 0)) {
            param->fault = PARAM_FINE;
            param->value = "?";
        }
    }
}

static const failure_t *missing(apr_pool_t *p, const char *name)
{
    return failure_make(p, OAUTH_INVALID_REQUEST, apr_psprintf(p, "The parameter %s is missing.", name), NULL);
}

static const failure_t *by_code(store_t *store, const policy_t *policy, const client_t *client, const params_t *params,
                                tokens_t *tokens)
{
    redeem_t request = { .code = params_get(params, "code"),
                         .redirect_uri = params_get(params, "redirect_uri"),
                         .verifier = params_get(params, "code_verifier"),
                         .resources = params_get_all(store->pool, params, "resource") };

    return request.code ? redeem_code(store, policy, client, &request, tokens) : missing(store->pool, "code");
}

static const failure_t *by_refresh_token(store_t *store, const policy_t *policy, const client_t *client, const params_t *params,
                                         tokens_t *tokens)
{
    refresh_request_t request = { .refresh_token = params_get(params, "refresh_token"),
                                  .scope = params_get(params, "scope"),
                                  .resources = params_get_all(store->pool, params, "resource") };

    return request.refresh_token ? refresh_grant(store, policy, client, &request, tokens) : missing(store->pool, "refresh_token");
}

static const struct {
    const char *type;
    const failure_t *(*grant)(store_t *, const policy_t *, const client_t *, const params_t *, tokens_t *);
} grants[] = { { "authorization_code", by_code }, { "refresh_token", by_refresh_token }, { "client_credentials", NULL } };

static const failure_t *dispatch(store_t *store, const policy_t *policy, const client_t *client, const params_t *params,
                                 tokens_t *tokens)
{
    const char *type = params_get(params, "grant_type");

    if (!type) {
        return missing(store->pool, "grant_type");
    }
    for (apr_size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
        if (strcmp(grants[i].type, type) != 0) {
            continue;
        }
        if (!grants[i].grant || !client_allows_grant_type(client, type)) {
            return failure_make(store->pool, OAUTH_UNAUTHORIZED_CLIENT, "This client may not use this grant_type.", NULL);
        }
        return grants[i].grant(store, policy, client, params, tokens);
    }
    return failure_make(store->pool, OAUTH_UNSUPPORTED_GRANT_TYPE,
                        "Only authorization_code and refresh_token are supported as grant_type.", NULL);
}

static int reply_tokens(request_rec *r, const client_t *client, const tokens_t *tokens)
{
    json_t *object = json_own(r->pool, json_pack("{s:s, s:s, s:I, s:s}", "access_token", tokens->access_token, "token_type",
                                                 "Bearer", "expires_in", (json_int_t)tokens->expires_in, "scope", tokens->scope));

    if (tokens->refresh_token) {
        json_object_set_new(object, "refresh_token", json_string(tokens->refresh_token));
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "GPT012: token issued to client %s for user %s, scope %s, grant %s%s%s",
                  client->id, log_quote(r->pool, tokens->username, 64), tokens->scope, tokens->grant_id, tokens->note ? ": " : "",
                  tokens->note ? tokens->note : "");
    return reply_json(r, HTTP_OK, object);
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

static int post(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    store_t store = db_store(r);
    credentials_t credentials = { 0 };
    const failure_t *failure;
    const params_t *params;
    const char *body, *client_id;
    client_t *client;
    tokens_t tokens;
    apr_size_t size;
    int is_json = request_has_type(r, "application/json"), status;

    if (!is_json && !request_has_type(r, "application/x-www-form-urlencoded")) {
        return refuse(r, NULL, NULL,
                      failure_make(r->pool, OAUTH_INVALID_REQUEST,
                                   "Send the parameters in the body, as application/x-www-form-urlencoded or application/json.",
                                   NULL));
    }
    status = request_read_body(r, &body, &size);
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return reply_failure_status(r, status,
                                    failure_make(r->pool, OAUTH_INVALID_REQUEST, "The body is larger than 64 KB.", NULL));
    }
    if (status != OK) {
        return status;
    }
    params = is_json ? params_parse_json(r->pool, body, size) : params_parse_form(r->pool, body, size);
    if ((failure = check_params(r->pool, params))) {
        return refuse(r, NULL, NULL, failure);
    }
    credentials.body_id = params_get(params, "client_id");
    credentials.body_secret = params_get(params, "client_secret");
    credentials.has_assertion = params_find(params, "client_assertion") || params_find(params, "client_assertion_type");
    failure = read_basic(r, &credentials);
    client_id = credentials_client_id(&credentials);
    if (failure || (failure = client_authenticate(&store, &credentials, &client)) ||
        (failure = dispatch(&store, conf->policy, client, params, &tokens))) {
        return refuse(r, client_id, NULL, failure);
    }
    return reply_tokens(r, client, &tokens);
}

/* A browser at the token URL: most often the two URLs are swapped in the app's settings. */
static int wrong_url(request_rec *r)
{
    const failure_t *failure =
        failure_make(r->pool, OAUTH_INVALID_REQUEST,
                     "This is the token URL, which the app calls by POST. A browser belongs to the authorization "
                     "URL: the two may be swapped in the settings of the app.",
                     NULL);

    log_failure(r, "token request refused", NULL, NULL, failure);
    apr_table_setn(r->err_headers_out, "Allow", ALLOWED);
    return reply_failure_status(r, HTTP_METHOD_NOT_ALLOWED, failure);
}

int endpoint_token(request_rec *r)
{
    switch (r->method_number) {
    case M_POST: return post(r);
    case M_OPTIONS: return reply_options(r, ALLOWED);
    case M_GET: return wrong_url(r);
    default: return reply_method(r, ALLOWED);
    }
}
