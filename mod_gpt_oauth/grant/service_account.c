/*
 * A token for a service account, which is a client that calls for itself (RFC 6749 section 4.4). Called by web/endpoint/token.c.
 */
#include <string.h>

#include "base/scope.h"
#include "base/token.h"
#include "grant/client.h"
#include "grant/tokens.h"

const failure_t *service_account_token(store_t *store, const policy_t *policy, const client_t *client,
                                       const service_account_request_t *request, tokens_t *tokens)
{
    apr_pool_t *p = store->pool;
    const failure_t *failure;
    access_token_t access;
    digest_t tag_key;

    memset(tokens, 0, sizeof(*tokens));
    if (client->is_public) {
        return failure_make(
            p, OAUTH_UNAUTHORIZED_CLIENT, "Only a client with a secret can have tokens of its own.",
            "client_credentials from a public client, which cannot authenticate; `gptoauth client add NAME --service`"
            " makes a service account");
    }
    if ((failure = client_scope(p, policy, client, request->scope ? request->scope : "", &access.scope)) ||
        (failure = tokens_narrow_resource(p, policy, "", request->resources, &access.resource))) {
        return failure;
    }
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return store_failure(store);
    }
    access.scope = scope_without(p, access.scope, SCOPE_OFFLINE);
    access.expires_at = store->now + policy->access_lifetime;
    tokens->access_token = token_mint(p, TOKEN_ACCESS, &tag_key);
    token_hash(tokens->access_token, &access.hash);
    switch (store_grant_issue_own(store, crypto_random_id(p), client->id, &access, &tokens->grant_id)) {
    case STORE_OK: break;
    case STORE_REFUSED:
        return failure_make(p, OAUTH_UNAUTHORIZED_CLIENT, "This client is no longer allowed. Ask the server's administrator.",
                            "the client was disabled or removed in the meantime");
    case STORE_DOWN:
    default: return store_failure(store);
    }
    tokens->expires_in = policy->access_lifetime;
    tokens->scope = access.scope;
    return NULL;
}
