/*
 * A code for tokens (RFC 6749 section 4.1.3): first that it is this client's own, then whether it is still alive, then all writes
 * in one operation of the store. Called by web/endpoint/token.c.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/pkce.h"
#include "base/scope.h"
#include "base/token.h"
#include "cache/endings.h"
#include "grant/chain.h"
#include "grant/client.h"
#include "grant/tokens.h"

/* Everything that proves the code to be this client's own: until all of it holds, nothing may change. */
static const failure_t *check_owner(apr_pool_t *p, const client_t *client, const code_t *code, const redeem_t *request)
{
    if (strcmp(code->client_id, client->id) != 0) {
        return invalid_grant(p, "The code is unknown, used or expired. Start again.", "the code was issued to another client");
    }
    if (!request->redirect_uri && code->redirect_given && !*code->challenge) {
        return invalid_grant(p, "The redirect_uri is missing. Send the one from the authorization request.",
                             "redirect_uri is missing");
    }
    if (request->redirect_uri && strcmp(request->redirect_uri, code->redirect_uri) != 0) {
        return invalid_grant(p, "The redirect_uri is not the one from the authorization request.",
                             "redirect_uri differs from the authorization request's");
    }
    if (*code->challenge) {
        if (!request->verifier) {
            return invalid_grant(p, "The parameter code_verifier is missing: the authorization request used PKCE.",
                                 "no code_verifier");
        }
        if (!pkce_verify(code->challenge, request->verifier)) {
            return invalid_grant(p, "The code_verifier does not match the code_challenge.", "wrong code_verifier");
        }
    } else if (request->verifier) {
        return invalid_grant(p, "A code_verifier was sent, but the authorization request had no code_challenge.",
                             "code_verifier without code_challenge: somebody may have stripped it (RFC 9700 section 4.8.2)");
    }
    return NULL;
}

/* The owner is proven: a spent code means that it was used twice, and one of the two users is a thief. */
static const failure_t *replayed(store_t *store, const code_t *code)
{
    if (end_grant(store, code->grant_id) == STORE_DOWN) {
        return store_failure(store);
    }
    return failure_ending(store->pool,
                          invalid_grant(store->pool,
                                        "The code was used before, so all access that it gave has been revoked. Start again.",
                                        "the code was replayed by its owner; its grant is now revoked"),
                          code->grant_id);
}

static const failure_t *check_alive(store_t *store, const code_t *code)
{
    if (code->revoked_at) {
        return invalid_grant(store->pool, "Access was revoked in the meantime. Start again.", "the grant is revoked");
    }
    if (code->spent_at) {
        return replayed(store, code);
    }
    if (code->expires_at <= store->now) {
        return invalid_grant(store->pool, "The code has expired. Start again.", "the code has expired (GPTOAuthCodeLifetime)");
    }
    if (code->user_disabled) {
        return invalid_grant(store->pool, "The account is disabled. Ask the server's administrator.", "the user is disabled");
    }
    return NULL;
}

static const failure_t *find_code(store_t *store, const client_t *client, const redeem_t *request, const digest_t *tag_key,
                                  code_t **code)
{
    digest_t hash;
    const failure_t *failure;

    if (!token_check(request->code, TOKEN_CODE, tag_key)) {
        return invalid_grant(store->pool, "The code was not issued by this server. Start again.",
                             "what was sent as a code was not issued by this server");
    }
    token_hash(request->code, &hash);
    switch (store_code_get(store, &hash, code)) {
    case STORE_OK: break;
    case STORE_REFUSED:
        return invalid_grant(store->pool, "The code is unknown, used or expired. Start again.",
                             "the code is not in the database");
    case STORE_DOWN:
    default: return store_failure(store);
    }
    failure = check_owner(store->pool, client, *code, request);
    return failure ? failure : check_alive(store, *code);
}

/* The code is sound and was refused all the same: its GPT is not the pinned one, or client or user ended meanwhile. */
static const failure_t *why_not_redeemed(store_t *store, const client_t *client, const char *gpt_id)
{
    client_t *now;

    switch (store_client_get(store, client->id, &now)) {
    case STORE_OK:
        if (gpt_id && now->gpt_id && strcmp(now->gpt_id, gpt_id) != 0) {
            return client_other_gpt(store->pool, now, OAUTH_INVALID_GRANT);
        }
        break;
    case STORE_REFUSED: break;
    case STORE_DOWN:
    default: return store_failure(store);
    }
    return invalid_grant(store->pool, "The code is unknown, used or expired. Start again.",
                         "the client or user was disabled or removed during redemption");
}

/* The first refresh token of a grant, and in *link what the database keeps of it. */
static const char *begin_chain(const store_t *store, const policy_t *policy, const digest_t *tag_key, const char *code,
                               refresh_t *link)
{
    refresh_parts_t parts = { .generation = 1 };

    crypto_random(parts.secret, sizeof(parts.secret));
    *link = (refresh_t){ .generation = 1, .expires_at = store->now + policy->refresh_idle };
    crypto_random(link->salt.byte, sizeof(link->salt.byte));
    chain_selector(code, parts.selector, &link->selector_hash);
    crypto_sha256(parts.secret, sizeof(parts.secret), &link->secret_hash);
    return token_mint_refresh(store->pool, &parts, tag_key);
}

const failure_t *redeem_code(store_t *store, const policy_t *policy, const client_t *client, const redeem_t *request,
                             tokens_t *tokens)
{
    const failure_t *failure;
    refresh_t link;
    access_token_t access;
    pin_t pin = { .secret_hash = &client->proven_hash };
    digest_t tag_key;
    code_t *code;

    memset(tokens, 0, sizeof(*tokens));
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return store_failure(store);
    }
    tokens->access_token = token_mint(store->pool, TOKEN_ACCESS, &tag_key);
    token_hash(tokens->access_token, &access.hash);
    if ((failure = find_code(store, client, request, &tag_key, &code)) ||
        (failure = tokens_narrow_resource(store->pool, policy, code->resource, request->resources, &access.resource))) {
        return failure;
    }
    access.scope = code->scope;
    access.expires_at = tokens_expiry(store, policy, code->grant_expires_at);

    if (client_allows_grant_type(client, "refresh_token")) {
        tokens->refresh_token = begin_chain(store, policy, &tag_key, request->code, &link);
    }
    pin.gpt_id = client_gpt_behind(store->pool, client, code->redirect_uri);
    switch (store_code_redeem(store, code, pin.gpt_id ? &pin : NULL, tokens->refresh_token ? &link : NULL, &access)) {
    case STORE_OK: break;
    case STORE_REFUSED:
        /* Another GPT's pin, or somebody was faster between the look and the leap: look again, and judge what is there now. */
        failure = find_code(store, client, request, &tag_key, &code);
        return failure ? failure : why_not_redeemed(store, client, pin.gpt_id);
    case STORE_DOWN:
    default: return store_failure(store);
    }
    tokens->expires_in = access.expires_at - store->now;
    tokens->scope = code->scope;
    tokens->username = code->username;
    tokens->grant_id = code->grant_id;
    if (pin.gpt_id && client->gpt_open && crypto_equal(pin.secret_hash->byte, client->secret_hash.byte, DIGEST_SIZE)) {
        tokens->note = apr_psprintf(store->pool, "the client is pinned to GPT %s from now on", pin.gpt_id);
    }
    return NULL;
}

store_status_t redeem_at_once(store_t *store, const policy_t *policy, const credentials_t *credentials, const redeem_t *request,
                              tokens_t *tokens)
{
    /* Without PKCE are only GPTs, which go the long way. */
    redemption_t redemption = { .challenge = request->verifier ? pkce_challenge(store->pool, request->verifier) : NULL,
                                .redirect_uri = request->redirect_uri };
    refresh_t link;
    access_token_t access;
    issued_t issued;
    proof_t proof;
    digest_t tag_key;
    store_status_t status = store_tag_key(store, &tag_key);

    if (status != STORE_OK || client_proof(store, credentials, &proof) || !token_check(request->code, TOKEN_CODE, &tag_key) ||
        !redemption.challenge || !tokens_as_granted(store, policy, NULL, request->resources, &access)) {
        return status == STORE_DOWN ? STORE_DOWN : STORE_REFUSED;
    }
    token_hash(request->code, &redemption.code_hash);
    *tokens = (tokens_t){ .access_token = token_mint(store->pool, TOKEN_ACCESS, &tag_key),
                          .refresh_token = begin_chain(store, policy, &tag_key, request->code, &link) };
    token_hash(tokens->access_token, &access.hash);
    status = store_redeem_at_once(store, &proof, &redemption, &link, &access, &issued);
    if (status == STORE_OK) {
        tokens_issued(store, &issued, tokens);
    }
    return status;
}
