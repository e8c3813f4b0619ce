/*
 * Proof Key for Code Exchange (RFC 7636), S256 only.
 */
#ifndef GPT_OAUTH_BASE_PKCE_H
#define GPT_OAUTH_BASE_PKCE_H

#include <apr_pools.h>

/* 1 when challenge can be BASE64URL(SHA-256(…)): 43 characters of base64url, canonical. */
int pkce_challenge_valid(const char *challenge);

/* The challenge that verifier answers; NULL when it is none. */
const char *pkce_challenge(apr_pool_t *p, const char *verifier);

/*
 * 1 when verifier answers challenge, in constant time. The verifier's length is bounded to 43..128 characters; its alphabet is
 * printable ASCII without space, wider than the RFC's (git-credential-oauth sends '+', '/' and '='): it is only hashed.
 */
int pkce_verify(const char *challenge, const char *verifier);

#endif
