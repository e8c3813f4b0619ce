#include "tap.h"
#include "base/token.h"

#include <apr_strings.h>

#include <string.h>

static const digest_t tag_key = { "the key of the flood filter....." };

static const token_kind_t kinds[] = { TOKEN_ACCESS, TOKEN_REFRESH, TOKEN_CODE, TOKEN_CLIENT_SECRET, TOKEN_SERVICE_KEY };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *mint(apr_pool_t *p, token_kind_t kind)
{
    refresh_parts_t parts;

    if (kind != TOKEN_REFRESH) {
        return token_mint(p, kind, &tag_key);
    }
    crypto_random(&parts, sizeof(parts));
    return token_mint_refresh(p, &parts, &tag_key);
}

/* How many of all texts that differ from token in one character still pass. */
static int passing_neighbours(apr_pool_t *p, const char *token, token_kind_t kind)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *text = apr_pstrdup(p, token);
    int passing = 0;

    for (apr_size_t at = 0; token[at]; at++) {
        for (const char *c = alphabet; *c; c++) {
            text[at] = *c;
            passing += *c != token[at] && token_check(text, kind, &tag_key);
        }
        text[at] = token[at];
    }
    return passing;
}

static void test_kinds(apr_pool_t *p)
{
    const char *const prefixes[] = { "gpta_", "gptr_", "gptc_", "gpts_", "gptk_" };
    const char *const words[] = { "an access token", "a refresh token", "an authorization code", "a client secret",
                                  "a service key" };
    digest_t other_key = tag_key;

    other_key.byte[31] ^= 1;
    for (size_t i = 0; i < KINDS; i++) {
        const char *token = mint(p, kinds[i]);
        const char *cut = apr_pstrndup(p, token, strlen(token) - 1);

        ok(!strncmp(token, prefixes[i], 5) && strlen(token) == (kinds[i] == TOKEN_REFRESH ? 85 : 59),
           "%s has its prefix and length", words[i]);
        ok(strspn(token + 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(token + 5),
           "%s is base64url behind the prefix", words[i]);
        is_str(token_describe(token), words[i], "%s is described", words[i]);
        ok(strcmp(token, mint(p, kinds[i])) != 0, "%s differs each time", words[i]);
        ok(!token_check(token, kinds[i], &other_key), "%s under another key", words[i]);
        ok(passing_neighbours(p, token, kinds[i]) == 0, "%s with any one character changed", words[i]);
        ok(!token_check(cut, kinds[i], &tag_key), "%s cut short", words[i]);
        ok(!token_check(apr_pstrcat(p, token, "A", NULL), kinds[i], &tag_key), "%s with a character more", words[i]);
        ok(!token_check(apr_pstrcat(p, token, "=", NULL), kinds[i], &tag_key), "%s with padding", words[i]);
        ok(!token_check(apr_pstrcat(p, " ", token, NULL), kinds[i], &tag_key), "%s behind a space", words[i]);
        for (size_t k = 0; k < KINDS; k++) {
            const char *disguised = apr_pstrcat(p, prefixes[k], token + 5, NULL);

            ok(token_check(token, kinds[k], &tag_key) == (i == k), "cases 148 and 164: %s taken for %s", words[i], words[k]);
            ok(token_check(disguised, kinds[k], &tag_key) == (i == k), "cases 148 and 164: %s with the prefix of %s", words[i],
               words[k]);
        }
    }
}

static void test_refresh(apr_pool_t *p)
{
    const apr_uint32_t generations[] = { 0, 1, 255, 256, 0x01020304, 0x7fffffff, 0x80000000, 0xffffffff };
    refresh_parts_t parts, got;
    const char *token;

    for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
        crypto_random(&parts, sizeof(parts));
        parts.generation = generations[i];
        token = token_mint_refresh(p, &parts, &tag_key);
        ok(token_parse_refresh(token, &tag_key, &got) && !memcmp(&parts, &got, sizeof(parts)),
           "a refresh token of generation %u comes apart again", generations[i]);
    }
    memset(&parts, 'S', sizeof(parts));
    memset(parts.secret, 's', sizeof(parts.secret));
    parts.generation = 0x01020304;
    token = token_mint_refresh(p, &parts, &tag_key);
    is_str(token, "gptr_U1NTU1NTU1NTU1NTU1NTUwECAwRzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc9zPQFh6pu9J",
           "the wire form of a refresh token");
    ok(!token_parse_refresh(token_mint(p, TOKEN_ACCESS, &tag_key), &tag_key, &got), "an access token does not come apart");
    ok(!token_parse_refresh(NULL, &tag_key, &got), "nor does NULL");
}

static void test_garbage(apr_pool_t *p)
{
    char *huge = apr_palloc(p, 1024 * 1024 + 1);
    const char *const garbage[] = { NULL,        "",       "g",      "gpta",      "gpta_",    "gpta_=",
                                    "GPTA_AAAA", "gptr_A", "gptx_A", "gpta_\x80", "eyJh.a.b", huge };

    memset(huge, 'A', 1024 * 1024);
    huge[1024 * 1024] = '\0';
    memcpy(huge, "gpta_", 5);
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        int passed = 0;

        for (size_t k = 0; k < KINDS; k++) {
            passed += token_check(garbage[i], kinds[k], &tag_key);
        }
        ok(!passed, "cases 148, 176 and 230: garbage %d is no token", (int)i);
    }
    ok(!token_describe("") && !token_describe("gpt") && !token_describe("eyJhbGciOiJub25lIn0"), "garbage is not described");
}

void test_token(apr_pool_t *p)
{
    const char *token = token_mint(p, TOKEN_CODE, &tag_key);
    digest_t hash, wanted;

    test_kinds(p);
    test_refresh(p);
    test_garbage(p);
    token_hash(token, &hash);
    crypto_sha256(token, 59, &wanted);
    ok(crypto_equal(&hash, &wanted, sizeof(hash)), "the hash covers the whole text");
}
