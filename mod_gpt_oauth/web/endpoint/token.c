/*
 * The token endpoint (RFC 6749 section 3.2): a code, a refresh token or a client's own credentials become an access token.
 * Called by dispatch.c.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "base/array.h"
#include "base/json.h"
#include "base/meter.h"
#include "grant/client.h"
#include "grant/tokens.h"
#include "private.h"
#include "web/endpoint/client_request.h"
#include "web/config/config.h"
#include "web/http/db.h"
#include "web/endpoint/endpoints.h"
#include "web/http/audit.h"
#include "web/http/log.h"
#include "web/http/reply.h"

static redeem_t read_redeem(apr_pool_t *p, const params_t *params)
{
    return (redeem_t){ .code = params_get(params, "code"),
                       .redirect_uri = params_get(params, "redirect_uri"),
                       .verifier = params_get(params, "code_verifier"),
                       .resources = params_get_all(p, params, "resource") };
}

static refresh_request_t read_refresh(apr_pool_t *p, const params_t *params)
{
    return (refresh_request_t){ .refresh_token = params_get(params, "refresh_token"),
                                .scope = params_get(params, "scope"),
                                .resources = params_get_all(p, params, "resource") };
}

static const failure_t *by_code(store_t *store, const policy_t *policy, const client_t *client, const params_t *params,
                                tokens_t *tokens)
{
    redeem_t request = read_redeem(store->pool, params);

    return request.code ? redeem_code(store, policy, client, &request, tokens) : client_request_missing(store->pool, "code");
}

static const failure_t *by_refresh_token(store_t *store, const policy_t *policy, const client_t *client, const params_t *params,
                                         tokens_t *tokens)
{
    refresh_request_t request = read_refresh(store->pool, params);

    return request.refresh_token ? refresh_grant(store, policy, client, &request, tokens)
                                 : client_request_missing(store->pool, "refresh_token");
}

static const failure_t *by_client_credentials(store_t *store, const policy_t *policy, const client_t *client,
                                              const params_t *params, tokens_t *tokens)
{
    service_account_request_t request = { .scope = params_get(params, "scope"),
                                          .resources = params_get_all(store->pool, params, "resource") };

    return service_account_token(store, policy, client, &request, tokens);
}

static const struct {
    const char *type;
    grant_meter_t meter;
    const failure_t *(*grant)(store_t *, const policy_t *, const client_t *, const params_t *, tokens_t *);
} grants[] = { { "authorization_code", GRANT_METER_CODE, by_code },
               { "refresh_token", GRANT_METER_REFRESH, by_refresh_token },
               { "client_credentials", GRANT_METER_CLIENT, by_client_credentials } };

static const failure_t *dispatch(store_t *store, const policy_t *policy, const client_t *client, const params_t *params,
                                 tokens_t *tokens)
{
    const char *type = params_get(params, "grant_type");

    if (!type) {
        return client_request_missing(store->pool, "grant_type");
    }
    for (int i = 0; i < COUNT(grants); i++) {
        if (strcmp(grants[i].type, type) != 0) {
            continue;
        }
        if (!client_allows_grant_type(client, type)) {
            return failure_make(store->pool, OAUTH_UNAUTHORIZED_CLIENT, "This client may not use this grant_type.", NULL);
        }
        return grants[i].grant(store, policy, client, params, tokens);
    }
    return failure_make(store->pool, OAUTH_UNSUPPORTED_GRANT_TYPE,
                        "Only authorization_code, refresh_token and client_credentials are supported as grant_type.", NULL);
}

json_t *endpoint_token_grants(void)
{
    json_t *list = json_array();

    for (int i = 0; i < COUNT(grants); i++) {
        json_array_append_new(list, json_string(grants[i].type));
    }
    return list;
}

static void count(request_rec *r, const char *type)
{
    for (int i = 0; i < COUNT(grants); i++) {
        if (strcmp(grants[i].type, type) == 0) {
            meter_add(config_server(r->server)->meter, METER_TOKENS + (int)grants[i].meter, 1);
        }
    }
}

/* See grant/tokens.h. What cannot be read is refused the long way, too. */
static store_status_t at_once(request_rec *r, store_t *store, client_request_t *request, tokens_t *tokens)
{
    const policy_t *policy = config_server(r->server)->policy;
    const char *type = params_get(request->params, "grant_type");
    redeem_t redeem = read_redeem(r->pool, request->params);
    refresh_request_t refresh = read_refresh(r->pool, request->params);

    if (!type || client_request_credentials(r, request)) {
        return STORE_REFUSED;
    }
    if (refresh.refresh_token && strcmp(type, "refresh_token") == 0) {
        return refresh_at_once(store, policy, &request->credentials, &refresh, tokens);
    }
    if (redeem.code && strcmp(type, "authorization_code") == 0) {
        return redeem_at_once(store, policy, &request->credentials, &redeem, tokens);
    }
    return STORE_REFUSED;
}

static int reply_tokens(request_rec *r, const client_request_t *request, const tokens_t *tokens)
{
    const char *type = params_get(request->params, "grant_type");
    int is_refresh = strcmp(type, "refresh_token") == 0;
    json_t *object = json_own(r->pool, json_pack("{s:s, s:s, s:I, s:s}", "access_token", tokens->access_token, "token_type",
                                                 "Bearer", "expires_in", (json_int_t)tokens->expires_in, "scope", tokens->scope));

    if (tokens->refresh_token) {
        json_object_set_new(object, "refresh_token", json_string(tokens->refresh_token));
    }
    count(r, type);
    log_request(r, LOG_TOKEN_ISSUED, "token issued to client %s for user %s, scope %s, grant %s%s%s", request->client_id,
                log_quote(r->pool, tokens->username, 64), tokens->scope, tokens->grant_id, tokens->note ? ": " : "",
                tokens->note ? tokens->note : "");
    audit(r, .event = is_refresh ? AUDIT_REFRESH : AUDIT_TOKEN, .code = log_code_name(LOG_TOKEN_ISSUED), .user = tokens->username,
          .client = request->client_id, .grant = tokens->grant_id, .scope = tokens->scope);
    return reply_json(r, HTTP_OK, object);
}

int endpoint_token_post(request_rec *r)
{
    client_request_t request = { .refused = "token request refused" };
    store_t store = db_store(r);
    const failure_t *failure;
    tokens_t tokens;
    int rc;

    if (!client_request_read(r, &request, &rc)) {
        return rc;
    }
    switch (at_once(r, &store, &request, &tokens)) {
    case STORE_OK: return reply_tokens(r, &request, &tokens);
    case STORE_DOWN: return client_request_refuse(r, &request, store_failure(&store));
    case STORE_REFUSED:
    default: break;
    }
    if (!client_request_authenticate(r, &store, &request, &rc)) {
        return rc;
    }
    failure = dispatch(&store, config_server(r->server)->policy, request.client, request.params, &tokens);
    return failure ? client_request_refuse(r, &request, failure) : reply_tokens(r, &request, &tokens);
}

/* A browser at the token URL: most often the two URLs are swapped in the app's settings. */
int endpoint_token_get(request_rec *r)
{
    const failure_t *failure =
        failure_make(r->pool, OAUTH_INVALID_REQUEST,
                     "This is the token URL, which the app calls by POST. Browsers go to the authorization "
                     "URL: the two may be swapped in the settings of the app.",
                     NULL);

    log_failure(r, "token request refused", NULL, NULL, failure);
    apr_table_setn(r->err_headers_out, "Allow", "POST, OPTIONS");
    return reply_failure_status(r, HTTP_METHOD_NOT_ALLOWED, failure);
}
