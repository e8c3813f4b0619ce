#include "tap.h"
#include "base/crypto.h"

#include <apr_strings.h>

#include <string.h>

static const char *hex(apr_pool_t *p, const digest_t *digest)
{
    const char *text = "";

    for (int i = 0; i < DIGEST_SIZE; i++) {
        text = apr_psprintf(p, "%s%02x", text, digest->byte[i]);
    }
    return text;
}

static void test_hashes(apr_pool_t *p)
{
    unsigned char long_key[131];
    digest_t digest;

    crypto_sha256(NULL, 0, &digest);
    is_str(hex(p, &digest), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "SHA-256 of nothing");
    crypto_sha256("abc", 3, &digest);
    is_str(hex(p, &digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256 of abc");

    crypto_hmac("Jefe", 4, "what do ya want for nothing?", 28, &digest);
    is_str(hex(p, &digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231, section 4.3");
    memset(long_key, 0xaa, sizeof(long_key));
    crypto_hmac(long_key, sizeof(long_key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, &digest);
    is_str(hex(p, &digest), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "RFC 4231, section 4.7");
    ok(crypto_init() == APR_SUCCESS, "crypto_init may be called again");
}

static void test_base64url(apr_pool_t *p)
{
    const struct {
        const char *bytes, *text;
    } rows[] = {
        { "", "" },           { "f", "Zg" },          { "fo", "Zm8" },          { "foo", "Zm9v" },
        { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }, { "\xff\xef\xfe", "_-_-" },
    };
    const struct {
        const char *text;
        apr_size_t size;
        const char *why;
    } refused[] = {
        { "Zh", 1, "spare bits, four of them" },
        { "Zm9", 2, "spare bits, two of them" },
        { "Zg==", 1, "padding" },
        { "Zg=", 1, "half a padding" },
        { "Z", 1, "a text too short" },
        { "Zg", 2, "a text too short for the bytes wanted" },
        { "Zm9v", 2, "a text too long for the bytes wanted" },
        { "Zm9vA", 3, "a character too many" },
        { "A", 0, "a character where nothing is wanted" },
        { "__+_", 3, "the other alphabet's +" },
        { "__/_", 3, "the other alphabet's /" },
        { "Zm 9", 3, "a space" },
        { "Zm9\n", 3, "a newline" },
        { "Zm9\xe9", 3, "a byte above 127" },
        { "Zm9\0v", 3, "a NUL" },
    };
    unsigned char in[70], out[70];
    int round_trips = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_size_t size = strlen(rows[i].bytes);

        is_str(crypto_base64url(p, rows[i].bytes, size), rows[i].text, "encoding %s", rows[i].text);
        ok(crypto_base64url_decode(rows[i].text, strlen(rows[i].text), out, size) && !memcmp(out, rows[i].bytes, size),
           "decoding %s", rows[i].text);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        apr_size_t size = strlen(refused[i].text);

        ok(!crypto_base64url_decode(refused[i].text, size, out, refused[i].size), "not decoded: %s", refused[i].why);
    }
    ok(!crypto_base64url_decode("Zm\0v", 4, out, 3), "not decoded: a NUL within the text");
    for (apr_size_t size = 0; size < sizeof(in); size++) {
        const char *text;

        crypto_random(in, size);
        text = crypto_base64url(p, in, size);
        memset(out, 0, sizeof(out));
        round_trips += crypto_base64url_decode(text, strlen(text), out, size) && !memcmp(in, out, size);
    }
    ok(round_trips == sizeof(in), "random bytes of every length come back");
}

static void test_keys(apr_pool_t *p)
{
    const char *key = crypto_random_key(p);

    ok(strlen(key) == CRYPTO_KEY_SIZE && crypto_is_key(key), "a random key is one");
    ok(strcmp(key, crypto_random_key(p)) != 0, "no two are the same");
    ok(!crypto_is_key(NULL) && !crypto_is_key(""), "nothing is none");
    ok(!crypto_is_key(key + 1) && !crypto_is_key(apr_pstrcat(p, key, "A", NULL)), "nor is what is shorter or longer");
    ok(!crypto_is_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"), "nor a second spelling of the same bits");
}

void test_crypto(apr_pool_t *p)
{
    const char *id = crypto_random_id(p), *other = crypto_random_id(p);
    unsigned char bytes[16];

    test_hashes(p);
    test_base64url(p);
    ok(strlen(id) == 22 && crypto_base64url_decode(id, 22, bytes, sizeof(bytes)), "an id is 16 bytes of base64url");
    ok(strcmp(id, other) != 0, "two ids differ");
    for (int i = 0; i < 2000 && *id != '-'; i++) {
        id = crypto_random_id(p);
    }
    ok(*id != '-', "no id looks like an option");
    ok(crypto_equal("same", "same", 4) && !crypto_equal("same", "samE", 4) && !crypto_equal("same", "Same", 4),
       "equal bytes, and bytes that differ at either end");
    ok(crypto_equal("a\0b", "a\0b", 3) && !crypto_equal("a\0b", "a\0c", 3), "comparison does not stop at a NUL");
    ok(crypto_equal("a", "b", 0), "nothing equals nothing");
    test_keys(p);
}
