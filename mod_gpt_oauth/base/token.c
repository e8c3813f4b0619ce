/*
 * Makes, checks and takes apart the module's credentials, all by the one table of prefixes. Called by grant/, and by whoever must
 * tell a credential by its look, so that none is shown or logged.
 */
#include "base/token.h"

#include <apr_strings.h>

#include <string.h>

#include "base/array.h"

#define PREFIX_SIZE  5
#define RANDOM_SIZE  32
#define REFRESH_SIZE (TOKEN_SELECTOR_SIZE + 4 + TOKEN_SECRET_SIZE)
#define TAG_SIZE     8
#define B64_MAX      512

static const struct {
    char prefix[PREFIX_SIZE + 1];
    const char *words;
} kinds[] = {
    [TOKEN_ACCESS] = { "gpta_", "an access token" },     [TOKEN_REFRESH] = { "gptr_", "a refresh token" },
    [TOKEN_CODE] = { "gptc_", "an authorization code" }, [TOKEN_CLIENT_SECRET] = { "gpts_", "a client secret" },
    [TOKEN_SERVICE_KEY] = { "gptk_", "a service key" },
};

/* A credential before base64url. The prefix stands in front because the tag covers it too. */
typedef struct raw_t {
    unsigned char byte[PREFIX_SIZE + REFRESH_SIZE + TAG_SIZE];
} raw_t;

static apr_size_t payload_size(token_kind_t kind)
{
    return kind == TOKEN_REFRESH ? REFRESH_SIZE : RANDOM_SIZE;
}

static void compute_tag(const raw_t *raw, apr_size_t payload, const digest_t *tag_key, digest_t *tag)
{
    crypto_hmac(tag_key->byte, sizeof(tag_key->byte), raw->byte, PREFIX_SIZE + payload, tag);
}

/* Completes a raw credential whose payload is filled in. */
static const char *encode(apr_pool_t *p, raw_t *raw, token_kind_t kind, const digest_t *tag_key)
{
    apr_size_t payload = payload_size(kind);
    digest_t tag;

    memcpy(raw->byte, kinds[kind].prefix, PREFIX_SIZE);
    compute_tag(raw, payload, tag_key, &tag);
    memcpy(raw->byte + PREFIX_SIZE + payload, tag.byte, TAG_SIZE);
    return apr_pstrcat(p, kinds[kind].prefix, crypto_base64url(p, raw->byte + PREFIX_SIZE, payload + TAG_SIZE), NULL);
}

static int decode(const char *text, token_kind_t kind, const digest_t *tag_key, raw_t *raw)
{
    apr_size_t payload = payload_size(kind);
    digest_t tag;

    if (!text || !token_has_prefix(text, kind)) {
        return 0;
    }
    memcpy(raw->byte, kinds[kind].prefix, PREFIX_SIZE);
    text += PREFIX_SIZE;
    if (!crypto_base64url_decode(text, strlen(text), raw->byte + PREFIX_SIZE, payload + TAG_SIZE)) {
        return 0;
    }
    compute_tag(raw, payload, tag_key, &tag);
    return crypto_equal(raw->byte + PREFIX_SIZE + payload, tag.byte, TAG_SIZE);
}

const char *token_mint(apr_pool_t *p, token_kind_t kind, const digest_t *tag_key)
{
    raw_t raw;

    crypto_random(raw.byte + PREFIX_SIZE, RANDOM_SIZE);
    return encode(p, &raw, kind, tag_key);
}

const char *token_mint_refresh(apr_pool_t *p, const refresh_parts_t *parts, const digest_t *tag_key)
{
    raw_t raw;
    unsigned char *at = raw.byte + PREFIX_SIZE;

    memcpy(at, parts->selector, TOKEN_SELECTOR_SIZE);
    at += TOKEN_SELECTOR_SIZE;
    for (int shift = 24; shift >= 0; shift -= 8) {
        *at++ = (unsigned char)(parts->generation >> shift & 0xff);
    }
    memcpy(at, parts->secret, TOKEN_SECRET_SIZE);
    return encode(p, &raw, TOKEN_REFRESH, tag_key);
}

int token_check(const char *text, token_kind_t kind, const digest_t *tag_key)
{
    raw_t raw;

    return decode(text, kind, tag_key, &raw);
}

int token_parse_refresh(const char *text, const digest_t *tag_key, refresh_parts_t *parts)
{
    raw_t raw;
    const unsigned char *at = raw.byte + PREFIX_SIZE;

    if (!decode(text, TOKEN_REFRESH, tag_key, &raw)) {
        return 0;
    }
    memcpy(parts->selector, at, TOKEN_SELECTOR_SIZE);
    at += TOKEN_SELECTOR_SIZE;
    parts->generation = 0;
    for (int i = 0; i < 4; i++) {
        parts->generation = parts->generation << 8 | *at++;
    }
    memcpy(parts->secret, at, TOKEN_SECRET_SIZE);
    return 1;
}

void token_hash(const char *text, digest_t *out)
{
    crypto_sha256(text, strlen(text), out);
}

int token_is_b64(const char *text)
{
    /* In place of strspn, which makes such a table each time. */
    static const char is_character[256] = {
        ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['-'] = 1, ['.'] = 1, ['_'] = 1, ['~'] = 1, ['+'] = 1, ['/'] = 1,
    };
    const char *at = text;

    while (is_character[(unsigned char)*at]) {
        at++;
    }
    while (*at == '=') {
        at++;
    }
    return at > text && at - text <= B64_MAX && !*at;
}

int token_has_prefix(const char *text, token_kind_t kind)
{
    return strncmp(text, kinds[kind].prefix, PREFIX_SIZE) == 0;
}

const char *token_describe(const char *text)
{
    for (int i = 0; i < COUNT(kinds); i++) {
        if (!strncmp(text, kinds[i].prefix, PREFIX_SIZE)) {
            return kinds[i].words;
        }
    }
    return NULL;
}
