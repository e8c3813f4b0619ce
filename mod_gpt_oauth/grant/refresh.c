/*
 * A refresh token for the next one (RFC 6749 section 6, rotation by RFC 9700 section 4.14.2). A client that lost the answer gets
 * the same successor again within the grace. Called by web/endpoint/token.c.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/scope.h"
#include "base/token.h"
#include "cache/endings.h"
#include "grant/chain.h"
#include "grant/client.h"
#include "grant/tokens.h"

#define MAX_TRIES   4   /* each lost race means that somebody else rotated; more than a few in one request do not happen */
#define REPEATS_MAX 100 /* an app that refreshes in each of many requests at once needs some */

static const failure_t *check_grant(const store_t *store, const client_t *client, const grant_t *grant)
{
    apr_pool_t *p = store->pool;

    if (strcmp(grant->client_id, client->id) != 0) {
        return invalid_grant(p, "The refresh token is unknown or no longer valid. Sign in again.",
                             "the refresh token belongs to another client");
    }
    if (grant->revoked_at) {
        return invalid_grant(p, "Access was revoked. Sign in again.", "the grant is revoked");
    }
    if (grant->user_disabled) {
        return invalid_grant(p, "The account is disabled. Ask the server's administrator.", "the user is disabled");
    }
    return NULL;
}

static const failure_t *find_grant(store_t *store, const client_t *client, const refresh_parts_t *parts, grant_t **grant)
{
    switch (chain_find(store, parts, grant)) {
    case STORE_OK: return check_grant(store, client, *grant);
    case STORE_REFUSED:
        return invalid_grant(store->pool, "The refresh token is unknown or no longer valid. Sign in again.",
                             "the refresh token's family is not in the database");
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

static const failure_t *replayed(store_t *store, const grant_t *grant)
{
    if (end_grant(store, grant->id) == STORE_DOWN) {
        return store_failure(store);
    }
    return failure_ending(
        store->pool,
        invalid_grant(
            store->pool, "The refresh token was used before, so all access that it gave has been revoked. Sign in again.",
            "an old refresh token was replayed (stolen, or a client that does not keep the newest); its grant is now revoked"),
        grant->id);
}

/* Nobody can tell a client that runs wild from a thief, and the client has the current token: the family lives. */
static const failure_t *repeated(apr_pool_t *p, const grant_t *grant)
{
    return failure_make(
        p, OAUTH_INVALID_GRANT, "The refresh token has been replaced, and was used too often since. Use the newest one.",
        "a replaced refresh token of user %s was presented more than %d times within its grace period, and gives no more "
        "tokens; grant %s goes on. The client repeats its requests, or somebody has a copy: `gptoauth grant revoke`"
        " ends it",
        log_quote(p, grant->username, 64), REPEATS_MAX, grant->id);
}

/* What a granted scope includes may be asked for in its place; what is required stays. */
static const failure_t *narrow_scope(apr_pool_t *p, const policy_t *policy, const char *granted, const char *asked,
                                     const char **scope)
{
    const char *set = asked ? scope_normalise(p, asked) : "";

    if (!set || !scope_subset(set, policy_held(p, policy, granted))) {
        return failure_make(p, OAUTH_INVALID_SCOPE, "A refresh can only ask for scopes that were granted.", NULL);
    }
    *scope = *set ? scope_union(p, set, scope_intersect(p, policy->required_scopes, granted)) : granted;
    return NULL;
}

/* The successor is a function of the presented secret and the row's salt: a retry finds it again, who reads the row does not. */
static void derive_successor(const refresh_parts_t *parts, const digest_t *salt, refresh_parts_t *next)
{
    digest_t secret;

    crypto_hmac(parts->secret, sizeof(parts->secret), salt->byte, DIGEST_SIZE, &secret);
    *next = *parts;
    next->generation = parts->generation + 1;
    memcpy(next->secret, secret.byte, sizeof(next->secret));
}

/* The chain's next link, and the token that it stands for. */
static void make_link(const store_t *store, const policy_t *policy, const refresh_parts_t *parts, refresh_t *link,
                      refresh_parts_t *next)
{
    crypto_random(link->salt.byte, DIGEST_SIZE);
    derive_successor(parts, &link->salt, next);
    link->generation = next->generation;
    crypto_sha256(next->secret, sizeof(next->secret), &link->secret_hash);
    link->expires_at = store->now + policy->refresh_idle;
}

static store_status_t rotate(store_t *store, const policy_t *policy, const grant_t *grant, const refresh_parts_t *parts,
                             const access_token_t *access, refresh_parts_t *next)
{
    refresh_t link;

    make_link(store, policy, parts, &link, next);
    if (link.expires_at > grant->expires_at) {
        link.expires_at = grant->expires_at;
    }
    return store_grant_rotate(store, grant, &link, access);
}

static const failure_t *expired(const store_t *store, const grant_t *grant)
{
    if (grant->expires_at <= store->now || grant->refresh_expires_at <= store->now) {
        return invalid_grant(store->pool, "The refresh token has expired. Sign in again.",
                             "the refresh token has expired (GPTOAuthRefreshLifetime)");
    }
    return NULL;
}

/* The grant as it is now, where the token stands in its chain, and what the new access token may do; else why there is none. */
static const failure_t *judge(store_t *store, const policy_t *policy, const client_t *client, const refresh_request_t *request,
                              const refresh_parts_t *parts, grant_t **grant, chain_place_t *place, access_token_t *access)
{
    const failure_t *failure = find_grant(store, client, parts, grant);

    if (failure) {
        return failure;
    }
    *place = chain_place(parts, *grant, store->now, policy->refresh_grace);
    if (*place == CHAIN_REPLAY) {
        return replayed(store, *grant);
    }
    if (*place == CHAIN_STRANGER) {
        return invalid_grant(store->pool, "The refresh token is unknown or no longer valid. Sign in again.",
                             "the refresh token is nowhere in its family's chain");
    }
    if (*place == CHAIN_RETRY && (*grant)->repeats >= REPEATS_MAX) {
        return repeated(store->pool, *grant);
    }
    if ((failure = expired(store, *grant)) ||
        (failure = narrow_scope(store->pool, policy, (*grant)->scope, request->scope, &access->scope)) ||
        (failure = tokens_narrow_resource(store->pool, policy, (*grant)->resource, request->resources, &access->resource))) {
        return failure;
    }
    access->expires_at = tokens_expiry(store, policy, (*grant)->expires_at);
    return NULL;
}

/* Writes the access token, and the chain's next link where the token is the current one. next is what the client gets. */
static store_status_t issue(store_t *store, const policy_t *policy, const grant_t *grant, chain_place_t place,
                            const refresh_parts_t *parts, const access_token_t *access, refresh_parts_t *next)
{
    if (place == CHAIN_CURRENT) {
        return rotate(store, policy, grant, parts, access, next);
    }
    derive_successor(parts, &grant->salt, next);
    return store_grant_reissue(store, grant, REPEATS_MAX, access);
}

static void fill_in(const store_t *store, const grant_t *grant, chain_place_t place, const access_token_t *access,
                    tokens_t *tokens)
{
    tokens->expires_in = access->expires_at - store->now;
    tokens->scope = access->scope;
    tokens->username = grant->username;
    tokens->grant_id = grant->id;
    tokens->note = place == CHAIN_RETRY ? "the refresh token was presented again within the grace period: same successor" : NULL;
}

const failure_t *refresh_grant(store_t *store, const policy_t *policy, const client_t *client, const refresh_request_t *request,
                               tokens_t *tokens)
{
    refresh_parts_t parts, next;
    access_token_t access;
    apr_uint32_t seen = 0;
    digest_t tag_key;

    memset(tokens, 0, sizeof(*tokens));
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return store_failure(store);
    }
    if (!token_parse_refresh(request->refresh_token, &tag_key, &parts)) {
        return invalid_grant(store->pool, "The refresh token was not issued by this server. Sign in again.",
                             "what was sent as a refresh token was not issued by this server");
    }
    tokens->access_token = token_mint(store->pool, TOKEN_ACCESS, &tag_key);
    token_hash(tokens->access_token, &access.hash);

    for (int tries = 0; tries < MAX_TRIES; tries++) {
        chain_place_t place;
        grant_t *grant;
        const failure_t *failure = judge(store, policy, client, request, &parts, &grant, &place, &access);

        if (failure) {
            return failure;
        }
        switch (issue(store, policy, grant, place, &parts, &access, &next)) {
        case STORE_OK:
            tokens->refresh_token = token_mint_refresh(store->pool, &next, &tag_key);
            fill_in(store, grant, place, &access, tokens);
            return NULL;
        case STORE_REFUSED: break;
        case STORE_DOWN:
        default: return store_failure(store);
        }
        if (tries > 0 && grant->generation == seen) {
            break; /* nobody rotated: client, user or grant ended meanwhile */
        }
        seen = grant->generation;
    }
    return invalid_grant(store->pool, "The refresh token could not be used. Sign in again.",
                         "the client or user was shut out in the meantime, or other requests kept rotating the token");
}

store_status_t refresh_at_once(store_t *store, const policy_t *policy, const credentials_t *credentials,
                               const refresh_request_t *request, tokens_t *tokens)
{
    refresh_parts_t parts, next;
    refresh_t presented = { 0 }, link = { 0 };
    access_token_t access;
    issued_t issued;
    proof_t proof;
    digest_t tag_key;
    store_status_t status = store_tag_key(store, &tag_key);

    if (status != STORE_OK || client_proof(store, credentials, &proof) ||
        !token_parse_refresh(request->refresh_token, &tag_key, &parts) ||
        !tokens_as_granted(store, policy, request->scope, request->resources, &access)) {
        return status == STORE_DOWN ? STORE_DOWN : STORE_REFUSED;
    }
    crypto_sha256(parts.selector, sizeof(parts.selector), &presented.selector_hash);
    crypto_sha256(parts.secret, sizeof(parts.secret), &presented.secret_hash);
    presented.generation = parts.generation;
    make_link(store, policy, &parts, &link, &next);
    *tokens = (tokens_t){ .access_token = token_mint(store->pool, TOKEN_ACCESS, &tag_key),
                          .refresh_token = token_mint_refresh(store->pool, &next, &tag_key) };
    token_hash(tokens->access_token, &access.hash);
    status = store_refresh_at_once(store, &proof, &presented, &link, &access, &issued);
    if (status == STORE_OK) {
        tokens_issued(store, &issued, tokens);
    }
    return status;
}
