/*
 * Judges an authorization request parameter by parameter, in the order that decides where its errors may go (RFC 6749 section
 * 4.1.2.1), and writes grant and code once the user has agreed. Called by web/endpoint/authorize.c.
 */
#include "grant/authorize.h"

#include <apr_strings.h>
#include <string.h>

#include "base/pkce.h"
#include "base/scope.h"
#include "base/token.h"
#include "base/uri.h"
#include "cache/endings.h"
#include "grant/chain.h"
#include "grant/client.h"
#include "grant/client_document.h"
#include "grant/user.h"

static const failure_t *invalid_request(apr_pool_t *p, const char *description)
{
    return failure_make(p, OAUTH_INVALID_REQUEST, description, NULL);
}

/* A parameter that decides where errors go must be there at most once and readable; else nothing is certain. */
static const failure_t *check_single(apr_pool_t *p, const params_t *params, const char *name)
{
    const param_t *param = params_find(params, name);

    if (params_count(params, name) > 1) {
        return invalid_request(p, apr_psprintf(p, "The parameter %s was sent more than once.", name));
    }
    if (param && param->fault != PARAM_FINE) {
        return invalid_request(p, apr_psprintf(p, "The parameter %s is not properly encoded.", name));
    }
    return NULL;
}

static const failure_t *find_row(store_t *store, const char *id, client_t **client)
{
    switch (store_client_get(store, id, client)) {
    case STORE_OK: return NULL;
    case STORE_REFUSED:
        return failure_make(store->pool, OAUTH_INVALID_CLIENT,
                            "No app is registered here under this client id. Check the client id in the app's settings.",
                            "unknown client %s; `gptoauth client list` shows the registered ones",
                            log_quote(store->pool, id, 64));
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

static const failure_t *find_client(store_t *store, const policy_t *policy, const params_t *params,
                                    const client_document_fetcher_t *fetcher, client_t **client)
{
    const char *id = params_get(params, "client_id");
    const failure_t *failure;

    if (!id) {
        return invalid_request(store->pool, "The parameter client_id is missing. Enter the client id in the app's settings.");
    }
    failure = client_document_is_url(id) ? client_document_find(store, policy, id, fetcher, client) : find_row(store, id, client);
    if (failure) {
        return failure;
    }
    if ((*client)->disabled_at) {
        return failure_make(store->pool, OAUTH_UNAUTHORIZED_CLIENT, "This app has been disabled by the server's administrator.",
                            "the client is disabled; `gptoauth client enable` lets it in again");
    }
    return NULL;
}

/* Requests in a JWT (RFC 9101, OpenID Connect Core 6, RFC 9126): what they would say is not known then. */
static const failure_t *check_objects(apr_pool_t *p, const params_t *params)
{
    if (params_get(params, "request")) {
        return failure_make(p, OAUTH_REQUEST_NOT_SUPPORTED,
                            "The parameter request is not supported: send the parameters themselves.", NULL);
    }
    if (params_get(params, "request_uri")) {
        return failure_make(p, OAUTH_REQUEST_URI_NOT_SUPPORTED,
                            "The parameter request_uri is not supported: send the parameters themselves.", NULL);
    }
    return NULL;
}

static const failure_t *find_redirect(apr_pool_t *p, const params_t *params, const client_t *client, authorization_t *request)
{
    const char *given = params_get(params, "redirect_uri");

    if (given) {
        if (!client_allows_redirect(p, client, given)) {
            if (client->gpt_id && client_gpt_behind(p, client, given)) {
                return client_other_gpt(p, client, OAUTH_INVALID_REQUEST);
            }
            if (strcmp(client->source, CLIENT_ADMIN) != 0) {
                return failure_make(p, OAUTH_INVALID_REQUEST,
                                    "The address that this app wants to send you back to is not one of those it gave for itself.",
                                    "redirect_uri %s is not one of those that client %s gave for itself",
                                    log_quote(p, given, 200), log_quote(p, client->id, 200));
            }
            return failure_make(
                p, OAUTH_INVALID_REQUEST,
                "The address that this app wants to send you back to is not registered for it. Its maker must register it first.",
                "redirect_uri %s is not registered for client %s; `gptoauth client redirect %s %s", log_quote(p, given, 200),
                client->id, client->id,
                client_gpt_behind(p, client, given) ? "--repin` accepts the next GPT that knows the secret"
                                                    : "URI...` replaces the registered ones: list all that you trust");
        }
        request->redirect_uri = given;
        request->redirect_given = 1;
        return NULL;
    }
    if (client->redirect_uris->nelts != 1) {
        const failure_t *failure = check_objects(p, params); /* it may be in there */

        return failure ? failure
                       : invalid_request(
                             p, "The parameter redirect_uri is missing, and the app does not have exactly one registered.");
    }
    request->redirect_uri = APR_ARRAY_IDX(client->redirect_uris, 0, const char *);
    return NULL;
}

static const failure_t *check_pkce(apr_pool_t *p, const params_t *params, authorization_t *request)
{
    const char *challenge = params_get(params, "code_challenge");
    const char *method = params_get(params, "code_challenge_method");

    request->challenge = "";
    if (!challenge) {
        if (method || request->client->is_public || !request->client->is_gpt) {
            return invalid_request(p, "The parameter code_challenge is missing: this app must use PKCE with S256.");
        }
        return NULL;
    }
    if (!method || strcmp(method, "S256") != 0) {
        return invalid_request(p, "The PKCE transform algorithm is not supported: send code_challenge_method=S256.");
    }
    if (!pkce_challenge_valid(challenge)) {
        return invalid_request(p, "The code_challenge is not the base64url form of a SHA-256 hash (43 characters).");
    }
    request->challenge = challenge;
    return NULL;
}

static const failure_t *check_scope(apr_pool_t *p, const policy_t *policy, const params_t *params, authorization_t *request)
{
    const param_t *param = params_find(params, "scope");
    const char *asked = !param ? "" : param->fault == PARAM_FINE ? param->value : NULL;

    return client_scope(p, policy, request->client, asked, &request->scope);
}

/* A code in the query of the redirect URI is all that this server answers with. */
static const failure_t *check_response(apr_pool_t *p, const params_t *params)
{
    const char *type = params_get(params, "response_type"), *mode = params_get(params, "response_mode");

    if (!type) {
        return invalid_request(p,
                               params_get(params, "grant_type")
                                   ? "This is the authorization URL, which a browser opens. Token requests go to the token URL: "
                                     "the two may be swapped in the settings of the app."
                                   : "The parameter response_type is missing.");
    }
    if (strcmp(type, "code") != 0) {
        return failure_make(p, OAUTH_UNSUPPORTED_RESPONSE_TYPE, "Only response_type=code is supported.", NULL);
    }
    if (mode && strcmp(mode, "query") != 0) {
        return invalid_request(p, "Only response_mode=query is supported.");
    }
    return NULL;
}

/* All that can be said to the client, since client and redirect URI are certain. */
static const failure_t *check_request(apr_pool_t *p, const policy_t *policy, const params_t *params, authorization_t *request)
{
    const param_t *state = params_find(params, "state"), *scope = params_find(params, "scope");
    const char *problem = NULL;
    apr_array_header_t *resources;
    const failure_t *failure;

    if (state && state->fault == PARAM_FINE && params_count(params, "state") == 1 && *state->value) {
        request->state = state->value;
    }
    if (scope && scope->fault != PARAM_FINE) {
        return check_scope(p, policy, params, request);
    }
    if (params_first_fault(p, params, "resource", &problem)) {
        return invalid_request(p, problem);
    }
    if ((failure = check_objects(p, params))) {
        return failure;
    }
    if ((failure = check_response(p, params))) {
        return failure;
    }
    if (!client_allows_grant_type(request->client, "authorization_code")) {
        return failure_make(p, OAUTH_UNAUTHORIZED_CLIENT,
                            "This app may not ask users for access. Ask the server's administrator.", NULL);
    }
    if ((failure = prompt_read(p, params, &request->prompt)) || (failure = check_pkce(p, params, request)) ||
        (failure = check_scope(p, policy, params, request))) {
        return failure;
    }
    resources = params_get_all(p, params, "resource");
    request->resource = policy_resources(p, policy, resources);
    if (!request->resource) {
        return failure_make(
            p, OAUTH_INVALID_TARGET, "The parameter resource names nothing that is protected here.",
            "unknown resource %s; AuthType GPTOAuth in a Location makes one, and GPTOAuthResource names it, or those "
            "of other hosts",
            log_quote(p, apr_array_pstrcat(p, resources, ' '), 200));
    }
    return NULL;
}

const failure_t *authorize_check(store_t *store, const policy_t *policy, const params_t *params,
                                 const client_document_fetcher_t *fetcher, authorization_t **request)
{
    authorization_t *found = apr_pcalloc(store->pool, sizeof(*found));
    const failure_t *failure;

    *request = NULL;
    if (params->malformed) {
        return invalid_request(store->pool, params->malformed);
    }
    if ((failure = check_single(store->pool, params, "client_id")) ||
        (failure = check_single(store->pool, params, "redirect_uri")) ||
        (failure = find_client(store, policy, params, fetcher, &found->client))) {
        return failure;
    }
    if (!found->client->redirect_uris) {
        *request = found;
        return prompt_read(store->pool, params, &found->prompt);
    }
    if ((failure = find_redirect(store->pool, params, found->client, found))) {
        return failure;
    }
    *request = found;
    return check_request(store->pool, policy, params, found);
}

int authorize_is_stranger(const authorization_t *request)
{
    const client_t *client = request->client;

    return strcmp(client->source, CLIENT_REGISTERED) == 0 ||
           (strcmp(client->source, CLIENT_DOCUMENT) == 0 && client->fresh_until);
}

int authorize_may_remember(const authorization_t *request)
{
    const client_t *client = request->client;

    return strcmp(client->source, CLIENT_ADMIN) == 0 && !client->is_public &&
           (!client->is_gpt || (client->gpt_id && !client->gpt_open));
}

const failure_t *authorize_remembered(store_t *store, const policy_t *policy, const authorization_t *request,
                                      const char *username, const char **given)
{
    const char *found;

    *given = NULL;
    if (!authorize_may_remember(request) || request->prompt.asks_consent || request->prompt.asks_account) {
        return NULL;
    }
    switch (store_consent_get(store, username, request->client->id, request->redirect_uri, request->scope, request->resource,
                              &found)) {
    case STORE_OK:
        /* What he left out may be no choice any more. */
        *given = scope_subset(policy_narrow(store->pool, policy, request->scope, ""), found) ? found : NULL;
        return NULL;
    case STORE_REFUSED: return NULL;
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

static const failure_t *removed(apr_pool_t *p)
{
    return failure_make(p, OAUTH_ACCESS_DENIED, "This app has been removed.", NULL);
}

/* Who was not made by the administrator is removed when nobody uses it: from now on somebody does. */
static const failure_t *keep_client(store_t *store, const client_t *client)
{
    int is_document = strcmp(client->source, CLIENT_DOCUMENT) == 0;

    if (!is_document && strcmp(client->source, CLIENT_REGISTERED) != 0) {
        return NULL;
    }
    switch (is_document && !client->fresh_until ? store_document_put(store, client)
                                                : store_registration_touch(store, client->id)) {
    case STORE_OK: return NULL;
    case STORE_REFUSED: return removed(store->pool);
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

/* The store refused to write: the transaction was decided before, unless client or user went away meanwhile. */
static const failure_t *why_not_issued(store_t *store, const authorization_t *request, const char *username)
{
    client_t *client;

    switch (store_client_get(store, request->client->id, &client)) {
    case STORE_OK: break;
    case STORE_REFUSED: return removed(store->pool);
    case STORE_DOWN:
    default: return store_failure(store);
    }
    if (client->disabled_at) {
        return failure_make(store->pool, OAUTH_ACCESS_DENIED, "This app has been disabled by the server's administrator.", NULL);
    }
    return user_check_enabled(store, username);
}

const failure_t *authorize_issue(store_t *store, const policy_t *policy, const authorization_t *request, const char *username,
                                 const char *transaction_id, const char *given, int remember, const char **code)
{
    const consent_t consent = { .asked = request->scope, .ends_at = store->now + CONSENT_LIFETIME };
    const failure_t *failure;
    digest_t tag_key;
    unsigned char selector[TOKEN_SELECTOR_SIZE];
    const char *minted;
    code_t record = { .transaction_id = transaction_id,
                      .grant_id = crypto_random_id(store->pool),
                      .client_id = request->client->id,
                      .username = username,
                      .scope = given,
                      .resource = request->resource,
                      .redirect_uri = request->redirect_uri,
                      .redirect_given = request->redirect_given,
                      .challenge = request->challenge,
                      .expires_at = store->now + policy->code_lifetime,
                      .grant_expires_at = store->now + policy->refresh_total };

    *code = NULL;
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return store_failure(store);
    }
    if ((failure = keep_client(store, request->client))) {
        return failure;
    }
    minted = token_mint(store->pool, TOKEN_CODE, &tag_key);
    token_hash(minted, &record.hash);
    chain_selector(minted, selector, &record.selector_hash);
    switch (end_for_code(store, &record, remember && authorize_may_remember(request) ? &consent : NULL)) {
    case STORE_OK: *code = minted; return NULL;
    case STORE_REFUSED: return why_not_issued(store, request, username);
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

const char *authorize_success_uri(apr_pool_t *p, const policy_t *policy, const authorization_t *request, const char *code)
{
    const char *const pairs[][2] = { { "code", code }, { "state", request->state }, { "iss", policy->issuer } };

    return uri_append_query(p, request->redirect_uri, pairs, 3);
}

const char *authorize_failure_uri(apr_pool_t *p, const policy_t *policy, const authorization_t *request, const failure_t *failure)
{
    const char *const pairs[][2] = { { "error", oauth_error_name(failure->error) },
                                     { "error_description", *failure->description ? failure->description : NULL },
                                     { "state", request->state },
                                     { "iss", policy->issuer } };

    return uri_append_query(p, request->redirect_uri, pairs, 4);
}
