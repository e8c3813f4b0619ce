#include "tap.h"
#include "base/uri.h"

#include <string.h>

static void test_origin(apr_pool_t *p)
{
    static const char *const fine[] = { "https://app.example", "http://localhost:6274", "https://app.example:8443",
                                        "https://[::1]:80", "chrome-extension://abcdefghijklmnop" };
    static const char *const odd[] = { "https://app.example/",    "https://APP.example",   "HTTPS://app.example",
                                       "https://app.example:443", "http://app.example:80", "https://app.example?x",
                                       "https://app.example#",    "https://app.example/x" };
    static const char *const none[] = {
        "null", "app.example", "https://", "https:app.example", "https://*.example", "https://b\xfc.example", ""
    };

    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        ok(!uri_origin_problem(p, fine[i]), "an origin: %s", fine[i]);
    }
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        const char *problem = uri_origin_problem(p, odd[i]);

        ok(problem && strstr(problem, ": write ") && !uri_origin_problem(p, strstr(problem, ": write ") + 8),
           "no origin, but what is to be written is: %s", odd[i]);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        const char *problem = uri_origin_problem(p, none[i]);

        ok(problem && strstr(problem, "such as https://app.example.com"), "no origin: %d", (int)i);
    }
}

static void test_same_root(apr_pool_t *p)
{
    static const char *const same[][2] = {
        { "api.example.com", "auth.example.com" }, { "Example.com", "a.b.example.COM" }, { "localhost", "localhost" },
        { "a.example.co.uk", "example.co.uk" },    { "127.0.0.1", "127.0.0.1" },         { "[::1]", "[::1]" },
    };
    static const char *const other[][2] = {
        { "example.com", "example.org" },
        { "example.com", "badexample.com" },
        { "a.co.uk", "b.co.uk" },
        { "localhost", "x.localhost" },
        { "10.1.0.1", "10.2.0.1" },
        { "[2001:db8::1]", "[2001:db8::2]" },
        { "example.com", "" },
        { "com", "example.com" },
    };

    (void)p;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        ok(uri_same_root(same[i][0], same[i][1]), "%s and %s have one root domain", same[i][0], same[i][1]);
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        ok(!uri_same_root(other[i][0], other[i][1]), "%s and %s have not", other[i][0], other[i][1]);
    }
}

void test_origins(apr_pool_t *p)
{
    test_origin(p);
    test_same_root(p);
}
