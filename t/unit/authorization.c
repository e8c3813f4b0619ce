#include "tap.h"
#include "base/authorization.h"
#include "base/array.h"

/* What the callers differ in rests on this: that "Bearer" alone has no text, and that a Basic without colon has no secret. */
void test_authorization(apr_pool_t *p)
{
    static const struct {
        const char *header;
        int scheme;
        const char *text, *id, *secret;
    } cases[] = {
        { NULL, AUTHORIZATION_NONE, NULL, NULL, NULL },
        { "", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { " Bearer a", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { "Digest username=\"x\"", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { "Bear a", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { "Bearers a", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { "Bearer:a", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { "Bearer\ta", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { "Bearer", AUTHORIZATION_BEARER, NULL, NULL, NULL },
        { "Bearer ", AUTHORIZATION_BEARER, "", NULL, NULL },
        { "Bearer a", AUTHORIZATION_BEARER, "a", NULL, NULL },
        { "bEARER   a", AUTHORIZATION_BEARER, "a", NULL, NULL },
        { "Bearer \ta", AUTHORIZATION_BEARER, "\ta", NULL, NULL },
        { "Bearer a b ", AUTHORIZATION_BEARER, "a b ", NULL, NULL },
        { "Bearer a, Basic YTpi", AUTHORIZATION_BEARER, "a, Basic YTpi", NULL, NULL },
        { "Basic", AUTHORIZATION_BASIC, NULL, "", NULL },
        { "Basic ", AUTHORIZATION_BASIC, "", "", NULL },
        { "Basically YTpi", AUTHORIZATION_OTHER, NULL, NULL, NULL },
        { "basic  YTpi", AUTHORIZATION_BASIC, "YTpi", "a", "b" },
        { "Basic YTpiOmM=", AUTHORIZATION_BASIC, "YTpiOmM=", "a", "b:c" },
        { "Basic YTo=", AUTHORIZATION_BASIC, "YTo=", "a", "" },
        { "Basic OmI=", AUTHORIZATION_BASIC, "OmI=", "", "b" },
        { "Basic Og==", AUTHORIZATION_BASIC, "Og==", "", "" },
        { "Basic YWI=", AUTHORIZATION_BASIC, "YWI=", "ab", NULL },
        { "Basic YSUzQWI6YysvZA==", AUTHORIZATION_BASIC, "YSUzQWI6YysvZA==", "a%3Ab", "c+/d" }, /* its encoding stays */
        { "Basic w6k6YQ==", AUTHORIZATION_BASIC, "w6k6YQ==", "\xc3\xa9", "a" },
        { "Basic AGE6Yg==", AUTHORIZATION_BASIC, "AGE6Yg==", NULL, NULL }, /* a NUL */
        { "Basic YTpiAA==", AUTHORIZATION_BASIC, "YTpiAA==", NULL, NULL },
        { "Basic a:b", AUTHORIZATION_BASIC, "a:b", NULL, NULL },
        { "Basic gsk.a", AUTHORIZATION_BASIC, "gsk.a", NULL, NULL },
        { "Basic Pj4-OmI", AUTHORIZATION_BASIC, "Pj4-OmI", ">>>", "b" }, /* base64url will do */
        { "Basic YTpi YTpi", AUTHORIZATION_BASIC, "YTpi YTpi", NULL, NULL },
    };

    for (int i = 0; i < COUNT(cases); i++) {
        const authorization_t got = authorization_parse(p, cases[i].header);
        const char *header = cases[i].header ? cases[i].header : "none";

        ok((int)got.scheme == cases[i].scheme, "the scheme of \"%s\"", header);
        is_str(got.text, cases[i].text, "its text, of \"%s\"", header);
        is_str(got.id, cases[i].id, "its id, of \"%s\"", header);
        is_str(got.secret, cases[i].secret, "its secret, of \"%s\"", header);
    }
}
