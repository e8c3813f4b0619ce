#include "tap.h"
#include "base/json.h"

#include <apr_strings.h>

#include <string.h>

/* An object whose innermost value stands within depth objects and lists. */
static const char *nested(apr_pool_t *p, int depth, const char *open, const char *close)
{
    const char *text = "1";

    for (int i = 1; i < depth; i++) {
        text = apr_pstrcat(p, open, text, close, NULL);
    }
    return apr_pstrcat(p, "{\"a\":", text, "}", NULL);
}

static void test_parse(apr_pool_t *p)
{
    const char *const refused[] = {
        "",
        " ",
        "[]",
        "[{}]",
        "\"text\"",
        "null",
        "true",
        "1",
        "{",
        "}",
        "{\"a\":1,}",
        "{'a':1}",
        "{\"a\":1}{}",
        "{\"a\":1} x",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"a\":1e999}",
        "{\"a\":-1e999}",
        "{\"a\":99999999999999999999}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":\"\\u0000\"}",
        "{\"\\u0000\":1}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"line\nbreak\"}",
        "{a:1}",
        "\xef\xbb\xbf{}",
        "/**/{}",
    };
    const char *const taken[] = {
        "{}",
        " {\"a\" : 1 }\r\n",
        "{\"a\":1e300}",
        "{\"a\":null}",
        "{\"a\":[[],{}]}",
        "{\"\":\"\"}",
        "{\"a\":\"\\ud83d\\ude00\"}",
        "{\"a\":9223372036854775807}",
    };
    apr_size_t limit = 64 * 1024;
    char *large = apr_palloc(p, limit + 2);

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(!json_parse_object(p, refused[i], strlen(refused[i])), "case 282: refused JSON %d", (int)i);
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        ok(json_parse_object(p, taken[i], strlen(taken[i])), "case 282: taken JSON %d", (int)i);
    }
    ok(!json_parse_object(p, NULL, 0), "nothing at all");
    ok(!json_parse_object(p, "{\"a\":\"\0\"}", 9), "case 270: a raw NUL in a string");
    ok(!json_parse_object(p, "{}\0", 3), "case 270: a raw NUL behind the object");

    ok(json_parse_object(p, nested(p, 8, "[", "]"), strlen(nested(p, 8, "[", "]"))), "lists 8 deep");
    ok(!json_parse_object(p, nested(p, 9, "[", "]"), strlen(nested(p, 9, "[", "]"))), "case 282: lists 9 deep");
    ok(json_parse_object(p, nested(p, 8, "{\"b\":", "}"), strlen(nested(p, 8, "{\"b\":", "}"))), "objects 8 deep");
    ok(!json_parse_object(p, nested(p, 9, "{\"b\":", "}"), strlen(nested(p, 9, "{\"b\":", "}"))), "case 282: objects 9 deep");
    memset(large, '[', limit);
    memcpy(large, "{\"a\":", 5);
    ok(!json_parse_object(p, large, limit), "case 282: 64 KB of opening brackets");

    memset(large, ',', limit);
    memcpy(large, "{\"a\":\"", 6);
    memcpy(large + 6 + 511, "\"}", 2);
    ok(json_parse_object(p, large, 6 + 511 + 2), "case 304: no more than 512 values");
    memcpy(large + 6 + 511, ",\"}", 3);
    ok(!json_parse_object(p, large, 6 + 512 + 2), "case 304: one more is too many");

    memset(large, ' ', limit + 1);
    large[0] = '{';
    large[limit - 1] = '}';
    ok(json_parse_object(p, large, limit), "case 273: 64 KB are parsed");
    ok(!json_parse_object(p, large, limit + 1), "case 273: a byte more is not");
}

void test_json(apr_pool_t *p)
{
    json_t *object = json_own(p, json_object());
    const json_t *parsed;

    test_parse(p);
    is_str(json_print(p, object), "{}", "an empty object");
    json_object_set_new(object, "url", json_string("https://h/p"));
    json_object_set_new(object, "name", json_string("\"<\\\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\n"));
    json_object_set_new(object, "n", json_integer(253402300799));
    is_str(json_print(p, object),
           "{\"url\":\"https://h/p\",\"name\":\"\\\"<\\\\\\u00E9\\u2028\\uD83D\\uDE00\\n\",\"n\":253402300799}",
           "case 276: printed compact, in ASCII, in order, with / as it is");
    parsed = json_parse_object(p, "{\"a\":\"x\"}", 9);
    is_str(json_string_value(json_object_get(parsed, "a")), "x", "what was parsed can be read");
}
