#include "tap.h"
#include "base/uri.h"

#include <apr_strings.h>

#include <string.h>

static void test_issuers(apr_pool_t *p)
{
    const struct {
        const char *text, *advice; /* what the sentence holds; NULL where there is nothing to say */
    } rows[] = {
        { "https://api.example.com", NULL },
        { "https://api.example.com:8443", NULL },
        { "https://api.example.com/t1", NULL },
        { "https://api.example.com/a/b-c_d.e~f", NULL },
        { "http://localhost:8080", NULL },
        { "http://127.0.0.1", NULL },
        { "http://[::1]:8080", NULL },
        { "https://[2001:db8::1]", NULL },
        { "https://api.example.com/", "write https://api.example.com" },
        { "https://api.example.com/t1/", "write https://api.example.com/t1" },
        { "https://API.example.com", "write https://api.example.com" },
        { "HTTPS://api.example.com", "write https://api.example.com" },
        { "https://api.example.com:443", "write https://api.example.com" },
        { "HTTPS://Api.Example.Com:443/T1/", "write https://api.example.com/T1" },
        { "https://AZ.example", "write https://az.example" },
        { "http://localhost:80", "write http://localhost" },
        { "https://localhost:80", NULL },
        { "HTTP://LOCALHOST:8080", "write http://localhost:8080" },
        { "http://api.example.com", "begins with https://" },
        { "HTTP://api.example.com", "begins with https://" },
        { "http://127.1", "begins with https://" },
        { "http://localhost.evil", "begins with https://" },
        { "https://api.example.com?", "no query" },
        { "https://api.example.com?a=b", "no query" },
        { "https://api.example.com#", "no fragment" },
        { "https://api.example.com/#x", "no fragment" },
        { "https://api.example.com//", "empty segment" },
        { "https://api.example.com/a//b", "empty segment" },
        { "https://api.example.com/a/../b", "dot" },
        { "https://api.example.com/%74", "percent" },
        { "https://u@api.example.com", "such as https://api.example.com" },
        { "api.example.com", "such as https://api.example.com" },
        { "com.example:/x", "such as https://api.example.com" },
        { "https://", "such as https://api.example.com" },
        { "", "such as https://api.example.com" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *problem = uri_issuer_problem(p, rows[i].text);

        ok(rows[i].advice ? problem && strstr(problem, rows[i].advice) : !problem, "case 221: issuer '%s': %s", rows[i].text,
           problem ? problem : "fine");
        if (problem && strstr(problem, ": write ")) {
            ok(!uri_issuer_problem(p, strstr(problem, ": write ") + 8), "case 221: what it says to write for '%s' is fine",
               rows[i].text);
        }
    }
}

static void test_resources(apr_pool_t *p)
{
    const struct {
        const char *text, *wanted;
    } rows[] = {
        { "https://h/mcp", "https://h/mcp" },
        { "HTTPS://H/mcp", "https://h/mcp" },
        { "https://h:443/mcp", "https://h/mcp" },
        { "https://h/mcp/", "https://h/mcp" },
        { "HTTPS://H:443/mcp/", "https://h/mcp" },
        { "https://h", "https://h" },
        { "https://h/", "https://h" },
        { "https://h/MCP", "https://h/MCP" },
        { "https://h/mcp//", "https://h/mcp/" },
        { "https://h:8443/mcp", "https://h:8443/mcp" },
        { "https://h:80/mcp", "https://h:80/mcp" },
        { "http://localhost:80/", "http://localhost" },
        { "http://localhost:8080/api", "http://localhost:8080/api" },
        { "https://[2001:DB8::1]/", "https://[2001:db8::1]" },
        { "https://h/mcp?tenant=1", "https://h/mcp?tenant=1" },
        { "https://h/mcp/?", "https://h/mcp?" },
        { "foo", NULL },
        { "/mcp", NULL },
        { "", NULL },
        { "https://x#y", NULL },
        { "https://x#", NULL },
        { "urn:example:api", NULL },
        { "ftp://h/x", NULL },
        { "https://u@h/mcp", NULL },
        { "https://h/m cp", NULL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(uri_normalise_resource(p, rows[i].text), rows[i].wanted, "cases 254 and 258: resource '%s'", rows[i].text);
    }
}

void test_server_uri(apr_pool_t *p)
{
    test_issuers(p);
    test_resources(p);
}
