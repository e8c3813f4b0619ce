#include "tap.h"
#include "base/params.h"

#include <apr_strings.h>

#include <string.h>

static params_t *form(apr_pool_t *p, const char *text)
{
    return params_parse_form(p, text, strlen(text));
}

static params_t *json(apr_pool_t *p, const char *text)
{
    static const char *const known[] = { "code", "resource", NULL };

    return params_parse_json(p, text, strlen(text), known);
}

/* name=value pairs as "a=1|b=", a fault as its number behind '!'. */
static const char *print(apr_pool_t *p, const params_t *params)
{
    const char *text = "";

    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        text = apr_psprintf(p, "%s%s%s=%s", text, i ? "|" : "", param->name, param->value);
        if (param->fault != PARAM_FINE) {
            text = apr_psprintf(p, "%s!%d", text, (int)param->fault);
        }
    }
    return params->malformed ? "malformed" : text;
}

static void test_form(apr_pool_t *p)
{
    const struct {
        const char *text, *wanted;
    } rows[] = {
        { "", "" },
        { "&", "" },
        { "=", "" },
        { "&&=&", "" },
        { "=b", "" },
        { "=&a=1&=", "a=1" },
        { "a", "a=" },
        { "a&b", "a=|b=" },
        { "a=", "a=" },
        { "a=1&b=2", "a=1|b=2" },
        { "a=1&a=2&A=3", "a=1|a=2|A=3" },
        { "a=b=c", "a=b=c" },
        { "a=1;b=2", "a=1;b=2" },
        { "a=%2B%20%26%3D%C3%A9%0D%0A", "a=+ &=\xc3\xa9\r\n" },
        { "a=x+y%2bz", "a=x y+z" },
        { "%61=1&a+b=2", "a=1|a b=2" },
        { "a=\xc3\xa9", "a=\xc3\xa9" },
        { "a=%", "a=!1" },
        { "a=%4", "a=!1" },
        { "a=%zz", "a=!1" },
        { "a=%4g", "a=!1" },
        { "a=%g4", "a=!1" },
        { "a=%u0041", "a=!1" },
        { "a=%%41", "a=!1" },
        { "a=% 41", "a=!1" },
        { "a=%+1", "a=!1" },
        { "a=%-1", "a=!1" },
        { "a=%&b=41", "a=!1|b=41" },
        { "a=%4&1=b", "a=!1|1=b" },
        { "a=%00", "a=!2" },
        { "a=C1%00x&b=1", "a=!2|b=1" },
        { "a=%ff", "a=!3" },
        { "a=%c0%80", "a=!3" },
        { "a=%ed%a0%80", "a=!3" },
        { "a=%c3", "a=!3" },
        { "%=1", "malformed" },
        { "a=1&%00=2", "malformed" },
        { "a%00=1", "malformed" },
        { "%c3=1", "malformed" },
        { "a=1&%zz", "malformed" },
        { "%25=%2500", "%=%00" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(print(p, form(p, rows[i].text)), rows[i].wanted, "cases 272 and 281: form '%s'", rows[i].text);
    }
    is_str(print(p, params_parse_form(p, NULL, 0)), "", "case 281: no query at all");
    is_str(print(p, params_parse_form(p, "a=x\0y&b=1", 9)), "a=!2|b=1", "case 270: a raw NUL in a value");
    is_str(print(p, params_parse_form(p, "a\0=1", 4)), "malformed", "case 270: a raw NUL in a name");
    is_str(print(p, params_parse_form(p, "a=%41", 4)), "a=!1", "case 272: the text ends where size says");
    is_str(print(p, params_parse_form(p, "a=1&b=2", 3)), "a=1", "case 281: nothing is read beyond size");
}

static void test_amounts(apr_pool_t *p)
{
    char *many = apr_palloc(p, 20000);
    apr_size_t size = PARAMS_MAX_COUNT * 2;
    params_t *params;

    for (int i = 0; i < 20000; i++) {
        many[i] = i % 2 ? '&' : 'a';
    }
    params = params_parse_form(p, many, size);
    ok(!params->malformed && params->list->nelts == PARAMS_MAX_COUNT, "case 273: as many parameters as allowed");
    ok(params_count(params, "a") == PARAMS_MAX_COUNT, "case 273: and each counted");
    params = params_parse_form(p, many, size + 1);
    ok(params->malformed && params->list->nelts == PARAMS_MAX_COUNT, "case 273: one more is malformed");
    params = params_parse_form(p, many, 20000);
    ok(params->malformed && params->list->nelts == PARAMS_MAX_COUNT, "case 273: 10,000 parameters are malformed and not kept");
    memset(many, '&', 20000);
    ok(!params_parse_form(p, many, 20000)->malformed, "case 281: 20,000 separators are nothing");
}

static void test_json_body(apr_pool_t *p)
{
    const struct {
        const char *text, *wanted;
    } rows[] = {
        { "{}", "" },
        { "{\"grant_type\":\"refresh_token\",\"scope\":\"\"}", "grant_type=refresh_token|scope=" },
        { "{\"b\":\"%41+\\u00e9\",\"a\":\"1\"}", "b=%41+\xc3\xa9|a=1" },
        { "{\"resource\":[\"https://a\",\"https://b\"]}", "resource=https://a|resource=https://b" },
        { "{\"resource\":\"https://a\"}", "resource=https://a" },
        { "{\"resource\":[]}", "" },
        { "{\"\":\"x\"}", "" },
        { "{\"resource\":[1]}", "malformed" },
        { "{\"resource\":[[\"https://a\"]]}", "malformed" },
        { "{\"code\":[\"a\"]}", "malformed" },
        { "{\"code\":{}}", "malformed" },
        { "{\"code\":null,\"resource\":null}", "" },
        { "{\"resource\":[null]}", "" },
        { "{\"code\":\"a\",\"max_age\":5,\"claims\":{\"x\":[]},\"list\":[1],\"yes\":true}", "code=a" },
        { "{\"codes\":1,\"cod\":2}", "" },
        { "{\"code\":1e300}", "malformed" },
        { "{\"code\":true}", "malformed" },
        { "{\"code\":\"a\",\"code\":\"b\"}", "malformed" },
        { "{\"code\":\"a\\u0000b\"}", "malformed" },
        { "{\"code\":\"\xff\"}", "malformed" },
        { "[]", "malformed" },
        { "\"code\"", "malformed" },
        { "null", "malformed" },
        { "", "malformed" },
        { "code=a", "malformed" },
    };
    const char *many = "{\"resource\":[\"r\"";

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(print(p, json(p, rows[i].text)), rows[i].wanted, "case 282: JSON body %d", (int)i);
    }
    for (int i = 0; i < PARAMS_MAX_COUNT; i++) {
        many = apr_pstrcat(p, many, ",\"r\"", NULL);
    }
    ok(json(p, apr_pstrcat(p, many, "]}", NULL))->malformed != NULL, "case 273: a list of more than the parameters allowed");
}

static void test_lookup(apr_pool_t *p)
{
    const params_t *params = form(p, "a=1&b=&c=%&a=2&resource=x&resource=&resource=y");
    const apr_array_header_t *all = params_get_all(p, params, "resource");

    ok(params_count(params, "a") == 2 && params_count(params, "A") == 0 && params_count(params, "b") == 1, "names are counted");
    is_str(params_get(params, "a"), "1", "the first value");
    is_str(params_get(params, "b"), NULL, "cases 16 and 17: an empty value is an omitted one");
    is_str(params_get(params, "c"), NULL, "a value with a fault is not handed out");
    is_str(params_get(params, "d"), NULL, "an absent value");
    ok(params_find(params, "c")->fault == PARAM_BAD_ENCODING && !params_find(params, "d"), "parameters are found");
    ok(all->nelts == 2 && !strcmp(APR_ARRAY_IDX(all, 0, const char *), "x") && !strcmp(APR_ARRAY_IDX(all, 1, const char *), "y"),
       "all values but the empty ones");
    ok(params_get_all(p, params, "d")->nelts == 0, "all values of an absent name");
}

static void test_first_fault(apr_pool_t *p)
{
    const struct {
        const char *text, *repeatable, *name, *problem;
    } rows[] = {
        { "a=1&b=2", NULL, NULL, NULL },
        { "state=1&state=1", NULL, "state", "the parameter state is given more than once" },
        { "redirect_uri=good&b=1&redirect_uri=evil", NULL, "redirect_uri", "the parameter redirect_uri is given more than once" },
        { "client_id=a&client_id=", NULL, "client_id", "the parameter client_id is given more than once" },
        { "resource=a&resource=b", "resource", NULL, NULL },
        { "resource=a&resource=b", NULL, "resource", "the parameter resource is given more than once" },
        { "resource=a&resource=%", "resource", "resource", "the parameter resource has a % without two hex digits after it" },
        { "code=%00", NULL, "code", "the parameter code contains a NUL" },
        { "code=%ff&state=%00", NULL, "code", "the parameter code is not UTF-8" },
        { "%3Cb%3E=%00", NULL, "<b>", "a parameter contains a NUL" },
        { "%22=1&%22=2", NULL, "\"", "a parameter is given more than once" },
        { "State=1&state=1", NULL, NULL, NULL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *problem = NULL;

        is_str(params_first_fault(p, form(p, rows[i].text), rows[i].repeatable, &problem), rows[i].name,
               "cases 12, 13, 14, 114 and 270: the first fault of '%s'", rows[i].text);
        is_str(problem, rows[i].problem, "cases 41 and 133: what is said about it");
    }
}

static void test_encoding(apr_pool_t *p)
{
    char bytes[256];
    param_fault_t fault;

    for (int i = 0; i < 255; i++) {
        bytes[i] = (char)(i + 1);
    }
    bytes[127] = '\0';
    is_str(params_encode(p, "A-Za-z0-9-._~"), "A-Za-z0-9-._~", "unreserved characters stay");
    is_str(params_encode(p, "+ &=\xc3\xa9\r\n%#?/"), "%2B%20%26%3D%C3%A9%0D%0A%25%23%3F%2F", "case 24: all others are encoded");
    is_str(params_encode(p, ""), "", "nothing encodes to nothing");
    is_str(params_decode(p, params_encode(p, bytes), strlen(params_encode(p, bytes)), &fault), bytes,
           "case 24: ASCII comes back");
    is_str(params_decode(p, "p%25%2B%C3%A9%2F%3D", 19, &fault), "p%+\xc3\xa9/=", "case 117: a secret in a Basic header");
    is_str(params_decode(p, "%zz", 3, &fault), NULL, "case 118: a malformed one");
    ok(fault == PARAM_BAD_ENCODING, "case 118: and its fault");
}

void test_params(apr_pool_t *p)
{
    test_form(p);
    test_amounts(p);
    test_json_body(p);
    test_lookup(p);
    test_first_fault(p);
    test_encoding(p);
}
