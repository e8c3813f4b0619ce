/*
 * Places a refresh token in the chain of its grant, which is what tells a retry from a replay (RFC 9700 section 4.14.2). Called
 * by refresh.c and revoke.c.
 */
#include "grant/chain.h"

#include <string.h>

void chain_selector(const char *code, unsigned char selector[TOKEN_SELECTOR_SIZE], digest_t *hash)
{
    static const char label[] = "selector";
    digest_t derived;

    crypto_hmac(code, strlen(code), label, sizeof(label), &derived);
    memcpy(selector, derived.byte, TOKEN_SELECTOR_SIZE);
    crypto_sha256(selector, TOKEN_SELECTOR_SIZE, hash);
}

store_status_t chain_find(store_t *store, const refresh_parts_t *parts, grant_t **grant)
{
    digest_t selector;

    crypto_sha256(parts->selector, sizeof(parts->selector), &selector);
    return store_grant_by_selector(store, &selector, grant);
}

chain_place_t chain_place(const refresh_parts_t *parts, const grant_t *grant, apr_int64_t now, apr_int64_t grace)
{
    digest_t hash;

    crypto_sha256(parts->secret, sizeof(parts->secret), &hash);
    if (parts->generation == grant->generation) {
        return crypto_equal(hash.byte, grant->secret_hash.byte, DIGEST_SIZE) ? CHAIN_CURRENT : CHAIN_STRANGER;
    }
    if (parts->generation > grant->generation) {
        return CHAIN_STRANGER; /* newer than the row, as after a restored backup: nobody's fault */
    }
    if (parts->generation + 1 == grant->generation) {
        if (!grant->has_previous || !crypto_equal(hash.byte, grant->previous_hash.byte, DIGEST_SIZE)) {
            return CHAIN_STRANGER;
        }
        /* A clock that lags behind the one of the rotation does not make a grace where there is none. */
        return grace > 0 && now - grant->rotated_at < grace ? CHAIN_RETRY : CHAIN_REPLAY;
    }
    return CHAIN_REPLAY; /* its selector proves that a token of this family was held */
}
