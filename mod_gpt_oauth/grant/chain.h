/*
 * The chain of refresh tokens of a grant: one row, of which all tokens ever made are judged.
 */
#ifndef GPT_OAUTH_GRANT_CHAIN_H
#define GPT_OAUTH_GRANT_CHAIN_H

#include "base/token.h"
#include "store/store.h"

typedef enum {
    CHAIN_CURRENT,
    CHAIN_RETRY,   /* the one before, within the grace */
    CHAIN_REPLAY,  /* the one before, after the grace, or an older one */
    CHAIN_STRANGER /* no token of this chain, as far as can be known */
} chain_place_t;

/*
 * The selector of the chain that a code begins, and its hash. Who has the code could work it out; it opens nothing without the
 * secret. So the grant has the hash from its first day, and no index changes on the way from code to tokens.
 */
void chain_selector(const char *code, unsigned char selector[TOKEN_SELECTOR_SIZE], digest_t *hash);

/* The grant of a refresh token, in whatever state. STORE_REFUSED: there is none of that family at this issuer. */
store_status_t chain_find(store_t *store, const refresh_parts_t *parts, grant_t **grant);

/* Where in the grant's chain does this token stand? Only hashes are compared, in constant time. */
chain_place_t chain_place(const refresh_parts_t *parts, const grant_t *grant, apr_int64_t now, apr_int64_t grace);

#endif
