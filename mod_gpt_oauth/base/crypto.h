/*
 * Randomness, SHA-256, HMAC, base64url and constant-time comparison. The only user of OpenSSL.
 */
#ifndef GPT_OAUTH_BASE_CRYPTO_H
#define GPT_OAUTH_BASE_CRYPTO_H

#include <apr_pools.h>

#define DIGEST_SIZE 32

typedef struct digest_t {
    unsigned char byte[DIGEST_SIZE];
} digest_t;

/*
 * Fetches the algorithms once (with OpenSSL 3 an implicit fetch on each call costs twice the hash). Call once per process
 * before any thread; calling again is harmless. Without it, hashing aborts the process.
 */
apr_status_t crypto_init(void);

/*
 * Fills buf from OpenSSL's generator, which the system's seeds and which survives fork. A server without randomness must not
 * go on: on failure the process aborts.
 */
void crypto_random(void *buf, apr_size_t size);

/* These cannot fail but by memory exhaustion inside OpenSSL, which aborts the process: fail closed. Any thread. */
void crypto_sha256(const void *data, apr_size_t size, digest_t *out);
void crypto_hmac(const void *key, apr_size_t key_size, const void *data, apr_size_t size, digest_t *out);

/* 64 bits of text's HMAC: a place in a table, which nobody finds who does not have the key. */
apr_uint64_t crypto_keyed_bits(const digest_t *key, const char *text);

/* 1 when equal, in time that depends on size only. */
int crypto_equal(const void *a, const void *b, apr_size_t size);

/* base64url without padding (RFC 4648 section 5). */
char *crypto_base64url(apr_pool_t *p, const void *data, apr_size_t size);

/*
 * Decodes exactly size bytes from the text; 0 when it holds any other character, another length, padding, or non-zero
 * spare bits (a second spelling of the same bytes).
 */
int crypto_base64url_decode(const char *text, apr_size_t text_size, void *out, apr_size_t size);

/* 256 random bits as 43 characters of base64url: cookies, and what else nobody may guess. */
#define CRYPTO_KEY_SIZE 43
char *crypto_random_key(apr_pool_t *p);

/* 1 when text (or NULL) is 256 bits in that form. */
int crypto_is_key(const char *text);

/*
 * 128 random bits as 22 characters of base64url: the form of every id. The first one is no '-', or a command line would take the
 * id for an option.
 */
char *crypto_random_id(apr_pool_t *p);

#endif
