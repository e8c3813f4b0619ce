/*
 * The two ends of PKCE: the challenge of an authorization request (RFC 7636 section 4.3, called by grant/authorize.c) and the
 * verifier of a token request (section 4.6, called by grant/redeem.c).
 */
#include "base/pkce.h"

#include <string.h>

#include "base/crypto.h"

#define VERIFIER_MIN 43
#define VERIFIER_MAX 128

int pkce_challenge_valid(const char *challenge)
{
    return crypto_is_key(challenge);
}

static int verifier_valid(const char *verifier, apr_size_t size)
{
    if (size < VERIFIER_MIN || size > VERIFIER_MAX) {
        return 0;
    }
    for (apr_size_t i = 0; i < size; i++) {
        if (verifier[i] <= ' ' || verifier[i] >= 0x7f) {
            return 0;
        }
    }
    return 1;
}

/* 0 when it is no verifier. */
static int hash_verifier(const char *verifier, digest_t *hash)
{
    apr_size_t size = strlen(verifier);

    if (!verifier_valid(verifier, size)) {
        return 0;
    }
    crypto_sha256(verifier, size, hash);
    return 1;
}

const char *pkce_challenge(apr_pool_t *p, const char *verifier)
{
    digest_t hash;

    return hash_verifier(verifier, &hash) ? crypto_base64url(p, hash.byte, sizeof(hash.byte)) : NULL;
}

int pkce_verify(const char *challenge, const char *verifier)
{
    digest_t wanted, given;

    return hash_verifier(verifier, &given) &&
           crypto_base64url_decode(challenge, strlen(challenge), wanted.byte, sizeof(wanted.byte)) &&
           crypto_equal(wanted.byte, given.byte, sizeof(given.byte));
}
