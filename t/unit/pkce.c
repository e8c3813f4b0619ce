#include "tap.h"
#include "base/crypto.h"
#include "base/pkce.h"

#include <apr_strings.h>

#include <string.h>

/* RFC 7636, appendix B */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static const char *challenge_of(apr_pool_t *p, const char *verifier)
{
    digest_t digest;

    crypto_sha256(verifier, strlen(verifier), &digest);
    return crypto_base64url(p, digest.byte, sizeof(digest.byte));
}

static char *repeat(apr_pool_t *p, char c, apr_size_t count)
{
    char *text = apr_palloc(p, count + 1);

    memset(text, c, count);
    text[count] = '\0';
    return text;
}

void test_pkce(apr_pool_t *p)
{
    const char *const challenges[] = {
        "",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
        CHALLENGE "A",
        CHALLENGE "=",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw/cM",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw cM",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw.cM",
    };
    const char *const lenient[] = {
        "dBjftJeZ4CVP+mB92K27uhbUJU1p1r/wW1gFWFOEjXk=",
        "~!@#$%^&*()_+|}{[]\\:\";'<>?,./0123456789abcdef",
    };
    const char *const charset[] = {
        "dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjXk",       "dBjftJeZ4CVP\tmB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "dBjftJeZ4CVP\nmB92K27uhbUJU1p1r_wW1gFWFOEjXk",      "dBjftJeZ4CVP\x7fmB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "dBjftJeZ4CVP\xc3\xa9mB92K27uhbUJU1p1r_wW1gFWFOEjX",
    };

    ok(pkce_challenge_valid(CHALLENGE), "the challenge of RFC 7636 is one");
    for (size_t i = 0; i < sizeof(challenges) / sizeof(challenges[0]); i++) {
        ok(!pkce_challenge_valid(challenges[i]), "case 73: no challenge: '%s'", challenges[i]);
        ok(!pkce_verify(challenges[i], VERIFIER), "case 73: nothing answers '%s'", challenges[i]);
    }

    ok(pkce_verify(CHALLENGE, VERIFIER), "the verifier of RFC 7636 answers its challenge");
    ok(!pkce_verify(CHALLENGE, ""), "case 77: an empty verifier");
    ok(!pkce_verify(CHALLENGE, CHALLENGE), "case 81: the challenge as verifier");
    ok(!pkce_verify(challenge_of(p, repeat(p, 'a', 43)), VERIFIER), "case 82: the verifier of another transaction");
    ok(!pkce_verify(CHALLENGE, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"), "a verifier wrong in its last letter's case");
    ok(!pkce_verify(CHALLENGE, VERIFIER "A"), "a verifier with something behind it");
    for (size_t i = 0; i < sizeof(lenient) / sizeof(lenient[0]); i++) {
        ok(pkce_verify(challenge_of(p, lenient[i]), lenient[i]), "a verifier of printable ASCII beyond the RFC's alphabet");
    }
    for (size_t i = 0; i < sizeof(charset) / sizeof(charset[0]); i++) {
        ok(!pkce_verify(challenge_of(p, charset[i]), charset[i]), "case 80: verifier %d holds what it must not", (int)i);
    }
    for (apr_size_t size = 42; size <= 129; size++) {
        const char *verifier = repeat(p, 'v', size);
        int wanted = size >= 43 && size <= 128;

        if (size <= 43 || size >= 128) {
            ok(pkce_verify(challenge_of(p, verifier), verifier) == wanted, "a verifier of %d characters", (int)size);
        }
    }
    ok(!pkce_verify(challenge_of(p, ""), ""), "case 77: an empty verifier, though its hash is the challenge");
    ok(!pkce_verify(CHALLENGE, repeat(p, 'v', 1024 * 1024)), "a verifier of a megabyte");
}
