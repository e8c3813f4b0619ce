/*
 * The guard's question (grant/verify): is a token good here and now? Tokens come by a code, as they do in a server.
 */
#include "tap.h"
#include "base/array.h"
#include "fixture.h"
#include "base/clock.h"
#include "base/token.h"
#include "cache/cache.h"
#include "grant/authorize.h"
#include "grant/tokens.h"
#include "grant/verify.h"

#include <apr_strings.h>

#include <string.h>

#define API       "https://h.example/api"
#define ADMIN     "https://h.example/api/admin"
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void test_audience(apr_pool_t *p)
{
    const struct {
        const char *what, *bound, *resource;
        int require, wanted;
    } rows[] = {
        { "an unbound token, at a Location without a resource", "", NULL, 0, 1 },
        { "an unbound token, at a resource", "", API, 0, 1 },
        { "an unbound token, where one must be bound", "", API, 1, 0 },
        { "an unbound token, where one must be bound and nothing is named", "", NULL, 1, 0 },
        { "a bound token, at its resource", API, API, 0, 1 },
        { "a bound token, at its resource that requires one", API, API, 1, 1 },
        { "case 238: a bound token, at another resource", API, "https://h.example/mcp", 0, 0 },
        { "case 238: a bound token, at a Location without a resource", API, NULL, 0, 0 },
        { "case 238: a token for a path, at one below", API, ADMIN, 0, 0 },
        { "case 238: a token for a path, at one above", ADMIN, API, 0, 0 },
        { "case 238: a token for a path, at the host", API, "https://h.example", 0, 0 },
        { "case 238: another case of the path", API, "https://h.example/API", 0, 0 },
        { "a token for two, at the first", API " " ADMIN, API, 1, 1 },
        { "a token for two, at the second", API " " ADMIN, ADMIN, 1, 1 },
        { "case 238: a token for two, at a third", API " " ADMIN, "https://h.example/api/a", 0, 0 },
        { "case 238: a token for two, at both in one", API " " ADMIN, API " " ADMIN, 0, 0 },
        { "case 238: an empty resource is none", API, "", 0, 0 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        access_t access = { .resource = rows[i].bound };
        const failure_t *failure = verify_audience(p, &access, rows[i].resource, rows[i].require);

        is_str(failure ? oauth_error_name(failure->error) : NULL, rows[i].wanted ? NULL : "invalid_token", "audience: %s",
               rows[i].what);
    }
}

static void test_principal(apr_pool_t *p)
{
    access_t access = { .client_id = "c", .username = "alice" };

    is_str(access_principal(p, &access), "alice", "a user's token stands for the user");
    access.username = NULL;
    is_str(access_principal(p, &access), "client:c", "a service account's stands for its client");
}

/* The tokens that user alice gives to a client, which is made for it. */
static tokens_t tokens_of(store_t *store, const policy_t *policy, const char *id)
{
    client_t *client = fixture_client(store->pool, id);
    authorization_t request = { .client = client,
                                .redirect_uri = FIXTURE_CB,
                                .redirect_given = 1,
                                .scope = "read",
                                .resource = API,
                                .challenge = CHALLENGE };
    redeem_t redeem = { .redirect_uri = FIXTURE_CB, .verifier = VERIFIER };
    const failure_t *failure;
    tokens_t tokens = { 0 };

    fixture_secret(store, client);
    ok(store_client_add(store, client) == STORE_OK, "a client %s", id);
    failure = authorize_issue(store, policy, &request, apr_pstrcat(store->pool, "alice-", id, NULL), id, "read", 0, &redeem.code);
    if (!failure) {
        failure = redeem_code(store, policy, client, &redeem, &tokens);
    }
    is_str(failure ? failure->reason : NULL, NULL, "a code for %s, and tokens", id);
    return tokens;
}

static void try(store_t *store, const char *what, const char *token, apr_int64_t after, const char *wanted)
{
    store_t *then = fixture_store_at(store, store->issuer);
    access_t *access = NULL;
    const failure_t *failure;

    then->now += after;
    failure = verify_access_token(then, token, &access);
    is_str(failure ? oauth_error_name(failure->error) : access ? access->scope : NULL, wanted, "verify: %s", what);
    ok(!failure == !!access, "... %s", failure ? "and nothing is handed out" : "and what it is good for is handed out");
}

static void test_tokens(store_t *store, const char *id)
{
    policy_t *policy = fixture_policy(store->pool);
    tokens_t tokens = tokens_of(store, policy, id);
    const char *token = tokens.access_token;
    access_t *access = NULL;

    try(store, "an access token", token, 0, "read");
    ok(!verify_access_token(store, token, &access) && !strcmp(access->username, apr_pstrcat(store->pool, "alice-", id, NULL)) &&
           !strcmp(access->resource, API) && !strcmp(access->client_id, id),
       "verify: whose it is");
    try(store, "case 246: in its last second", token, policy->access_lifetime - 1, "read");
    try(store, "case 246: when it ends", token, policy->access_lifetime, "invalid_token");
    try(store, "case 246: long after", token, 10 * policy->access_lifetime, "invalid_token");
    try(fixture_store_at(store, "https://other.example"), "case 250: at another issuer", token, 0, "invalid_token");
    try(store, "a refresh token", tokens.refresh_token, 0, "invalid_token");
    try(store, "case 230: nothing", "", 0, "invalid_token");
    try(store, "case 245: a JWT", "eyJhbGciOiJub25lIn0.e30.", 0, "invalid_token");
    try(store, "case 230: a token that goes on", apr_pstrcat(store->pool, token, "A", NULL), 0, "invalid_token");
    try(store, "case 230: a token cut short", apr_pstrmemdup(store->pool, token, strlen(token) - 1), 0, "invalid_token");
}

static void test_ends(store_t *store)
{
    policy_t *policy = fixture_policy(store->pool);
    tokens_t revoked = tokens_of(store, policy, "revoked"), client = tokens_of(store, policy, "disabled"),
             removed = tokens_of(store, policy, "removed"), user = tokens_of(store, policy, "user");

    ok(store_grant_revoke(store, NULL, revoked.grant_id) == STORE_OK, "its grant is revoked");
    try(store, "of a revoked grant", revoked.access_token, 0, "invalid_token");
    ok(store_client_set_disabled(store, "disabled", store->now) == STORE_OK, "its client is disabled");
    try(store, "case 248: of a disabled client", client.access_token, 0, "invalid_token");
    ok(store_client_set_disabled(store, "disabled", 0) == STORE_OK, "... and enabled again");
    try(store, "of a client that is enabled again", client.access_token, 0, "read");
    ok(store_client_remove(store, "removed") == STORE_OK, "its client is removed");
    try(store, "case 248: of a removed client", removed.access_token, 0, "invalid_token");
    ok(store_user_set_disabled(store, "alice-user", store->now) == STORE_OK, "its user is disabled");
    try(store, "case 248: of a disabled user", user.access_token, 0, "invalid_token");
}

void test_verify(apr_pool_t *p)
{
    store_t *store;

    test_audience(p);
    test_principal(p);
    store = fixture_store(p, "verify");
    if (store) {
        test_tokens(store, "c");
        test_ends(store);
        if (cache_create(&store->cache, p, 64, 600 * SECOND) == APR_SUCCESS) {
            store->cache = cache_at(store->cache, p, store->issuer);
            cache_trust(store->cache, cache_clock() + 600 * SECOND, 0);
            test_tokens(store, "cached");
        }
    }
}
