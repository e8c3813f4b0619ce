/*
 * Opaque credentials: prefix, base64url(random bytes || 8-byte tag). The tag is HMAC-SHA256 under a key from the database
 * over prefix and payload, cut to 8 bytes. It only keeps floods of invented tokens away from the database; no verdict
 * rests on it.
 */
#ifndef GPT_OAUTH_BASE_TOKEN_H
#define GPT_OAUTH_BASE_TOKEN_H

#include "base/crypto.h"

typedef enum {
    TOKEN_ACCESS,        /* gpta_ */
    TOKEN_REFRESH,       /* gptr_ */
    TOKEN_CODE,          /* gptc_ */
    TOKEN_CLIENT_SECRET, /* gpts_ */
    TOKEN_SERVICE_KEY    /* gptk_ */
} token_kind_t;

#define TOKEN_SELECTOR_SIZE 16
#define TOKEN_SECRET_SIZE   32

/* What a refresh token carries: selector, generation (big-endian on the wire), secret. */
typedef struct refresh_parts_t {
    unsigned char selector[TOKEN_SELECTOR_SIZE];
    apr_uint32_t generation;
    unsigned char secret[TOKEN_SECRET_SIZE];
} refresh_parts_t;

/* A new credential of any kind but TOKEN_REFRESH, 32 random bytes. */
const char *token_mint(apr_pool_t *p, token_kind_t kind, const digest_t *tag_key);
const char *token_mint_refresh(apr_pool_t *p, const refresh_parts_t *parts, const digest_t *tag_key);

/* 1 when text has the shape and the tag of this kind. NULL and any length are fine. */
int token_check(const char *text, token_kind_t kind, const digest_t *tag_key);

/* As token_check for TOKEN_REFRESH, and takes it apart. */
int token_parse_refresh(const char *text, const digest_t *tag_key, refresh_parts_t *parts);

/* What the database knows of a credential: SHA-256 over the whole text; for a selector over its raw bytes. */
void token_hash(const char *text, digest_t *out);

/* 1 when text is a b64token (RFC 6750 section 2.1), which all of these are, of a sensible length. */
int token_is_b64(const char *text);

/* 1 when text begins as this kind does: somebody took it for one. */
int token_has_prefix(const char *text, token_kind_t kind);

/* The kind whose prefix text begins with, as a word for messages ("an access token"), or NULL. */
const char *token_describe(const char *text);

#endif
