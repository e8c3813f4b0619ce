/*
 * The only file that calls OpenSSL. What cannot fail but for want of memory or of randomness ends the process there: whoever
 * calls has no error to forget.
 */
#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

static EVP_MD *sha256;
static EVP_MAC *hmac;

apr_status_t crypto_init(void)
{
    if (!sha256) {
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    }
    if (!hmac) {
        hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    }
    return sha256 && hmac ? APR_SUCCESS : APR_ENOTIMPL;
}

void crypto_random(void *buf, apr_size_t size)
{
    if (RAND_bytes_ex(NULL, buf, size, 0) != 1) {
        abort();
    }
}

void crypto_sha256(const void *data, apr_size_t size, digest_t *out)
{
    if (!EVP_Digest(data, size, out->byte, NULL, sha256, NULL)) {
        abort();
    }
}

void crypto_hmac(const void *key, apr_size_t key_size, const void *data, apr_size_t size, digest_t *out)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end() };
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
    size_t written;

    if (!ctx || !EVP_MAC_init(ctx, key, key_size, params) || !EVP_MAC_update(ctx, data, size) ||
        !EVP_MAC_final(ctx, out->byte, &written, sizeof(out->byte))) {
        abort();
    }
    EVP_MAC_CTX_free(ctx);
}

apr_uint64_t crypto_keyed_bits(const digest_t *key, const char *text)
{
    apr_uint64_t bits;
    digest_t hash;

    crypto_hmac(key->byte, sizeof(key->byte), text, strlen(text), &hash);
    memcpy(&bits, hash.byte, sizeof(bits));
    return bits;
}

int crypto_equal(const void *a, const void *b, apr_size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

char *crypto_base64url(apr_pool_t *p, const void *data, apr_size_t size)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *in = data;
    char *out = apr_palloc(p, (size * 4 + 2) / 3 + 1);
    char *o = out;
    unsigned int bits = 0;
    int held = 0;

    for (apr_size_t i = 0; i < size; i++) {
        bits = (bits << 8 | in[i]) & 0xffff;
        for (held += 8; held >= 6; held -= 6) {
            *o++ = alphabet[bits >> (held - 6) & 63];
        }
    }
    if (held) {
        *o++ = alphabet[bits << (6 - held) & 63];
    }
    *o = '\0';
    return out;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int crypto_base64url_decode(const char *text, apr_size_t text_size, void *out, apr_size_t size)
{
    unsigned char *o = out;
    unsigned int bits = 0;
    int held = 0;

    if (text_size != (size * 4 + 2) / 3) {
        return 0;
    }
    for (apr_size_t i = 0; i < text_size; i++) {
        int value = sextet(text[i]);

        if (value < 0) {
            return 0;
        }
        bits = (bits << 6 | (unsigned int)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *o++ = (unsigned char)(bits >> held & 0xff);
        }
    }
    return (bits & ((1u << held) - 1)) == 0;
}

char *crypto_random_key(apr_pool_t *p)
{
    unsigned char bytes[DIGEST_SIZE];

    crypto_random(bytes, sizeof(bytes));
    return crypto_base64url(p, bytes, sizeof(bytes));
}

int crypto_is_key(const char *text)
{
    unsigned char bytes[DIGEST_SIZE];

    return text && crypto_base64url_decode(text, strlen(text), bytes, sizeof(bytes));
}

char *crypto_random_id(apr_pool_t *p)
{
    unsigned char bytes[16];
    char *id;

    do {
        crypto_random(bytes, sizeof(bytes));
        id = crypto_base64url(p, bytes, sizeof(bytes));
    } while (*id == '-');
    return id;
}
