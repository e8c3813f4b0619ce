/*
 * Proves a client by its secret (RFC 6749 section 2.3.1) and answers what it may do: redirect URIs, grant types, scopes and the
 * GPT that it is pinned to. Called by the other files of grant/, by the token endpoint and its like, and by the command.
 */
#include "grant/client.h"

#include <apr_strings.h>
#include <string.h>

#include "base/gpt.h"
#include "base/scope.h"
#include "base/token.h"
#include "base/uri.h"

/* One sentence for every way to fail: who asks learns nothing about which clients exist (RFC 6819 section 4.3). */
static const char refused[] =
    "Client authentication failed: the client is unknown or disabled, or its secret is missing or wrong. "
    "Ask the server's administrator for the client id and secret, and enter them again.";

static const char by_basic[] = "client_secret_basic";

const failure_t *store_failure(const store_t *store)
{
    return failure_make(store->pool, OAUTH_UNAVAILABLE,
                        store->is_misconfigured ? "The authorization server is not set up completely. Tell its administrator."
                                                : "The authorization server cannot reach its database. Try again in a moment.",
                        "%s", store->problem ? store->problem : "the database could not be asked");
}

const char *credentials_client_id(const credentials_t *credentials)
{
    return credentials->basic_id ? credentials->basic_id : credentials->body_id;
}

static const failure_t *check_form(store_t *store, const credentials_t *credentials)
{
    if (credentials->has_assertion) {
        return credentials->basic_id || credentials->body_secret
                   ? failure_make(store->pool, OAUTH_INVALID_REQUEST,
                                  "Only one method of client authentication may be used at a time.", NULL)
                   : failure_make(store->pool, OAUTH_INVALID_CLIENT,
                                  "Client assertions are not supported: use client_secret_basic, client_secret_post or none.",
                                  NULL);
    }
    if (credentials->basic_id && credentials->body_secret) {
        return failure_make(store->pool, OAUTH_INVALID_REQUEST,
                            "The client secret was sent twice, in the Authorization header and in the body. Send it once.", NULL);
    }
    if (credentials->basic_id && credentials->body_id && strcmp(credentials->basic_id, credentials->body_id) != 0) {
        return failure_make(store->pool, OAUTH_INVALID_REQUEST,
                            "The client_id in the body is not the one in the Authorization header.", NULL);
    }
    if (!credentials_client_id(credentials)) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT,
                            "No client_id was sent, neither in the Authorization header nor in the body.", NULL);
    }
    return NULL;
}

/* Both hashes are always compared, so that time tells nothing of which one was near. */
static int secret_matches(const store_t *store, const client_t *client, int *by_current)
{
    const unsigned char *hash = client->proven_hash.byte;
    int current, old;

    current = crypto_equal(hash, client->secret_hash.byte, DIGEST_SIZE) & client->has_secret;
    old = crypto_equal(hash, client->old_secret_hash.byte, DIGEST_SIZE) & client->has_old_secret;
    *by_current = current;
    return current || (old && client->old_secret_until > store->now);
}

static const failure_t *check_secret(store_t *store, client_t *client, const proof_t *proof)
{
    const char *wanted = client->auth_method;
    int by_current = 0;

    if (!proof->has_secret) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT, refused, "no secret was sent by a confidential client");
    }
    client->proven_hash = proof->secret_hash;
    if (!secret_matches(store, client, &by_current)) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT, refused,
                            "wrong client secret; `gptoauth client secret` makes a new one if it is lost");
    }
    if (wanted && strcmp(wanted, proof->auth_method) != 0) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT,
                            strcmp(proof->auth_method, by_basic) == 0
                                ? "The secret is right, but this client has to send it in the body (client_secret_post)."
                                : "The secret is right, but this client has to send it in the Authorization header "
                                  "(client_secret_basic).",
                            "the client must use %s", wanted);
    }
    if (by_current && client->has_old_secret &&
        store_client_end_old_secret(store, client->id, &client->secret_hash) == STORE_DOWN) {
        return store_failure(store);
    }
    return NULL;
}

const failure_t *client_proof(store_t *store, const credentials_t *credentials, proof_t *proof)
{
    const failure_t *failure = check_form(store, credentials);
    const char *secret = credentials->basic_id ? credentials->basic_secret : credentials->body_secret;
    digest_t tag_key;

    if (failure) {
        return failure;
    }
    proof->client_id = credentials_client_id(credentials);
    proof->has_secret = secret && *secret;
    proof->auth_method = credentials->basic_id ? by_basic : "client_secret_post";
    if (!proof->has_secret) {
        return NULL;
    }
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return store_failure(store);
    }
    if (!token_check(secret, TOKEN_CLIENT_SECRET, &tag_key)) {
        return failure_make(
            store->pool, OAUTH_INVALID_CLIENT, refused,
            "what was sent as the client secret is not one of this server's; copy it again, or make a new one with "
            "`gptoauth client secret`");
    }
    token_hash(secret, &proof->secret_hash);
    return NULL;
}

const failure_t *client_authenticate(store_t *store, const credentials_t *credentials, client_t **client)
{
    proof_t proof;
    const failure_t *failure = client_proof(store, credentials, &proof);
    client_t *found;

    *client = NULL;
    if (failure) {
        return failure;
    }
    switch (store_client_get(store, proof.client_id, &found)) {
    case STORE_OK: break;
    case STORE_REFUSED:
        return failure_make(store->pool, OAUTH_INVALID_CLIENT, refused, "unknown client; `gptoauth client list` shows them");
    case STORE_DOWN:
    default: return store_failure(store);
    }
    if (found->is_public) {
        if (proof.has_secret) {
            return failure_make(store->pool, OAUTH_INVALID_CLIENT, refused, "a public client sent a secret");
        }
    } else if ((failure = check_secret(store, found, &proof))) {
        return failure;
    }
    if (found->disabled_at) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT, refused,
                            "the client is disabled; `gptoauth client enable` lets it in again");
    }
    *client = found;
    return NULL;
}

const char *client_new_secret(store_t *store, digest_t *hash)
{
    const char *secret;
    digest_t tag_key;

    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return NULL;
    }
    secret = token_mint(store->pool, TOKEN_CLIENT_SECRET, &tag_key);
    token_hash(secret, hash);
    return secret;
}

static int is_registered(apr_pool_t *p, const client_t *client, const char *given)
{
    for (int i = 0; i < client->redirect_uris->nelts; i++) {
        if (uri_redirect_match(p, APR_ARRAY_IDX(client->redirect_uris, i, const char *), given)) {
            return 1;
        }
    }
    return 0;
}

const char *client_gpt_behind(apr_pool_t *p, const client_t *client, const char *redirect_uri)
{
    return client->is_gpt && !is_registered(p, client, redirect_uri) ? gpt_id_of(p, redirect_uri) : NULL;
}

int client_allows_redirect(apr_pool_t *p, const client_t *client, const char *given)
{
    const char *gpt_id;

    if (is_registered(p, client, given)) {
        return 1;
    }
    gpt_id = client_gpt_behind(p, client, given);
    return gpt_id && (client->gpt_open || (client->gpt_id && strcmp(client->gpt_id, gpt_id) == 0));
}

const failure_t *client_other_gpt(apr_pool_t *p, const client_t *client, oauth_error_t error)
{
    return failure_make(
        p, error,
        "This is not the GPT that was connected to this server, or its settings have been changed since. If they have, "
        "the administrator of this server must let it in again.",
        "a different GPT from %s, which client %s is pinned to, or that one with its settings edited; if they were, "
        "`gptoauth client redirect %s --repin` accepts the next GPT that knows the secret",
        client->gpt_id, client->id, client->id);
}

int client_allows_grant_type(const client_t *client, const char *grant_type)
{
    return scope_contains(client->grant_types, grant_type);
}

/*
 * Of what is asked for, that which tells what is wanted: not how long, and not OpenID's own words where the server has no such
 * scopes.
 */
static const char *named(apr_pool_t *p, const policy_t *policy, const char *set)
{
    const char *openid = scope_without(p, SCOPE_OPENID, policy->known_scopes);

    return scope_without(p, set, scope_union(p, openid, SCOPE_OFFLINE));
}

const failure_t *client_scope(apr_pool_t *p, const policy_t *policy, const client_t *client, const char *asked,
                              const char **scope)
{
    const char *set = asked ? scope_normalise(p, asked) : NULL, *allowed = policy->known_scopes, *usual = policy->default_scopes;
    int is_named;

    if (!set) {
        return failure_make(p, OAUTH_INVALID_SCOPE,
                            "The parameter scope has too many scopes, or characters that no scope may have.", NULL);
    }
    if (*client->scope) {
        allowed = scope_intersect(p, allowed, scope_union(p, client->scope, SCOPE_OFFLINE));
        usual = scope_without(p, client->scope, SCOPE_OFFLINE);
    }
    is_named = *named(p, policy, set) != '\0';
    *scope = scope_intersect(p, is_named ? set : scope_union(p, set, usual), allowed);
    if (!*scope_without(p, *scope, SCOPE_OFFLINE)) {
        return failure_make(
            p, OAUTH_INVALID_SCOPE,
            is_named ? "None of the requested scopes is known here and allowed for this app."
                     : "No scope was requested, and none of this server's default scopes is allowed for this app.",
            "nothing is left of the scope that client %s asked for; GPTOAuthScope defines scopes, `gptoauth client show "
            "%s` shows what it may ask for",
            client->id, client->id);
    }
    *scope = scope_union(p, *scope, scope_intersect(p, policy->required_scopes, allowed));
    return NULL;
}
