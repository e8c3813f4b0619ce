/*
 * The scopes and resources of an issuer (grant/policy): what includes what, and which resource a client may name (RFC 8707).
 */
#include "tap.h"
#include "base/array.h"
#include "fixture.h"
#include "base/scope.h"

#include <apr_strings.h>

#include <string.h>

static void test_sets(apr_pool_t *p)
{
    static const scope_def_t scopes[] = {
        { .name = "zeta", .includes = "" },
        { .name = "basics", .includes = "", .is_required = 1 },
        { .name = "alpha", .includes = "", .is_default = 1 },
    };
    policy_t *policy = fixture_policy_of(p, scopes, COUNT(scopes));

    is_str(policy_finish_scopes(p, policy), NULL, "scopes without includes");
    is_str(policy->known_scopes, "alpha basics " SCOPE_OFFLINE " zeta", "all are known, and offline_access");
    is_str(policy->default_scopes, "alpha basics", "a required scope is a default one");
    is_str(policy->required_scopes, "basics", "the required ones");
    ok(policy_scope(policy, "zeta") && !policy_scope(policy, "zet") && !policy_scope(policy, SCOPE_OFFLINE),
       "the definition of a scope");
    policy = fixture_policy_of(p, NULL, 0);
    is_str(policy_finish_scopes(p, policy), NULL, "a server without scopes");
    is_str(policy->known_scopes, SCOPE_OFFLINE, "... knows offline_access");
    is_str(policy->default_scopes, "", "... and has no default");
}

static void test_includes(apr_pool_t *p)
{
    static const scope_def_t unknown[] = { { .name = "a", .includes = "b" } };
    static const scope_def_t prefix[] = { { .name = "notes", .includes = "note" }, { .name = "not", .includes = "" } };
    static const scope_def_t offline[] = { { .name = "a", .includes = SCOPE_OFFLINE } };
    static const scope_def_t self[] = { { .name = "a", .includes = "a" } };
    static const scope_def_t two[] = { { .name = "a", .includes = "b" }, { .name = "b", .includes = "a" } };
    static const scope_def_t three[] = {
        { .name = "x", .includes = "a" },
        { .name = "a", .includes = "b" },
        { .name = "b", .includes = "c" },
        { .name = "c", .includes = "a" },
    };
    static const scope_def_t diamond[] = {
        { .name = "top", .includes = "left right" },
        { .name = "left", .includes = "base" },
        { .name = "right", .includes = "base" },
        { .name = "base", .includes = "" },
    };
    const struct {
        const char *what;
        const scope_def_t *scopes;
        int count;
        const char *named; /* in the sentence; NULL: it is right */
    } rows[] = {
        { "a scope that is not defined", unknown, 1, "b" },
        { "the beginning of a scope's name", prefix, 2, "note" },
        { "offline_access, which no one defines", offline, 1, SCOPE_OFFLINE },
        { "a scope in itself", self, 1, "a includes itself" },
        { "two in each other", two, 2, "includes itself" },
        { "a circle of three, seen from outside", three, 4, "includes itself" },
        { "one by two ways, which is no circle", diamond, 4, NULL },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        policy_t *policy = fixture_policy_of(p, rows[i].scopes, rows[i].count);
        const char *problem = policy_finish_scopes(p, policy);

        ok(rows[i].named ? problem && strstr(problem, rows[i].named) : !problem, "includes: %s", rows[i].what);
        problem = policy_finish_scopes(p, policy);
        ok(!rows[i].named == !problem, "... and the same when another host finishes them: %s", rows[i].what);
        if (!rows[i].named) {
            is_str(policy_scope(policy, "top")->covers, "base left right top", "... covers what each covers");
        }
    }
}

static void test_held(apr_pool_t *p)
{
    const struct {
        const char *granted, *held;
    } rows[] = {
        { "", "" },
        { "read", "read" },
        { "write", "read write" },
        { "admin", "admin read write" },
        { "admin " SCOPE_OFFLINE, "admin " SCOPE_OFFLINE " read write" },
        { "read write", "read write" },
        { "removed", "removed" },
        { "administrator writer", "administrator writer" },
    };
    const policy_t *policy = fixture_policy(p);

    for (int i = 0; i < COUNT(rows); i++) {
        is_str(policy_held(p, policy, rows[i].granted), rows[i].held, "'%s' is good for '%s'", rows[i].granted, rows[i].held);
    }
}

/* What the user may leave out of what is asked, and what is left then. */
static void test_choices(apr_pool_t *p)
{
    static const scope_def_t scopes[] = {
        { .name = "id", .includes = "", .is_required = 1 },    { .name = "read", .includes = "", .is_default = 1 },
        { .name = "write", .includes = "", .is_optional = 1 }, { .name = "send", .includes = "", .is_optional = 1 },
        { .name = "both", .includes = "read write" },          { .name = "admin", .includes = "read write", .is_optional = 1 },
    };
    const struct {
        const char *asked, *lines, *choices, *chosen, *left;
    } rows[] = {
        { "read", "read", "", "", "read" },
        { "id read write", "id read write", "write", "write", "id read write" },
        { "id read write", "id read write", "write", "", "id read" },
        { "send write", "send write", "send write", "", "" },
        { "send write", "send write", "send write", "send", "send" },
        { "write " SCOPE_OFFLINE, "write", "write", "", SCOPE_OFFLINE },
        /* case 86: what was not asked, or has no box, cannot be chosen */
        { "read write", "read write", "write", "admin both id send", "read" },
        { "read", "read", "", "read write", "read" },
        /* what another one includes has no box, and comes with it or not at all */
        { "both write", "both", "", "", "both write" },
        { "admin write", "admin", "admin", "admin", "admin write" },
        { "admin write", "admin", "admin", "write", "" },
        { "admin both write", "admin both", "admin", "", "both write" },
        /* what is not optional stays, also without the optional one that includes it, and so it has a line */
        { "admin read", "admin read", "admin", "", "read" },
        { "admin read", "admin read", "admin", "admin", "admin read" },
        { "", "", "", "write", "" },
    };
    policy_t *policy = fixture_policy_of(p, scopes, COUNT(scopes));

    is_str(policy_finish_scopes(p, policy), NULL, "scopes that may be left out");
    for (int i = 0; i < COUNT(rows); i++) {
        is_str(policy_lines(p, policy, rows[i].asked), rows[i].lines, "of '%s' these have lines", rows[i].asked);
        is_str(policy_choices(p, policy, rows[i].asked), rows[i].choices, "... and these boxes");
        is_str(policy_narrow(p, policy, rows[i].asked, rows[i].chosen), rows[i].left, "case 86: ... and with '%s' this is left",
               rows[i].chosen);
    }
}

#define API "https://h.example/api"
#define MCP "https://h.example/mcp"

static void test_resources(apr_pool_t *p)
{
    const struct {
        const char *what, *values, *wanted;
    } rows[] = {
        { "case 257: none is named", "", "" },
        { "case 253: one", API, API },
        { "case 253: two, in order", MCP " " API, API " " MCP },
        { "the same twice", API " " API, API },
        { "case 258: one in two spellings", API " HTTPS://H.Example:443/api/", API },
        { "case 258: another case of scheme and host", "HTTPS://H.EXAMPLE/mcp", MCP },
        { "case 258: the default port", "https://h.example:443/mcp", MCP },
        { "case 258: a slash behind", "https://h.example/mcp/", MCP },
        { "case 258: another case of the path", "https://h.example/MCP", NULL },
        { "a query, which names no resource", API "?tenant=1", API },
        { "a slash before the query", API "/?tenant=1", API },
        { "an empty query", API "?", API },
        { "a query where the path is unknown", "https://h.example/?x=/api", NULL },
        { "two slashes behind", API "//", NULL },
        { "case 254: an unknown one", "https://h.example/other", NULL },
        { "case 254: a known one and an unknown one", API " https://other.example/api", NULL },
        { "case 254: no URI", "foo", NULL },
        { "case 254: relative", "/api", NULL },
        { "case 254: a fragment", API "#x", NULL },
        { "case 254: a fragment behind a query", API "?x#y", NULL },
        { "case 254: an empty fragment", API "#", NULL },
        { "a path below", API "/admin", NULL },
        { "a path above", "https://h.example/ap", NULL },
        { "no path", "https://h.example", NULL },
        { "http", "http://h.example/api", NULL },
        { "another port", "https://h.example:8443/api", NULL },
        { "user information", "https://h.example@evil.example/api", NULL },
        { "a dot segment", "https://h.example/x/../api", NULL },
        { "an encoded letter", "https://h.example/%61pi", NULL },
    };
    const policy_t *policy = fixture_policy(p);

    is_str(policy_resources(p, policy, NULL), "", "case 257: no list at all");
    for (int i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *values = apr_array_make(p, 2, sizeof(const char *));
        char *rest, *value;

        for (value = apr_strtok(apr_pstrdup(p, rows[i].values), " ", &rest); value; value = apr_strtok(NULL, " ", &rest)) {
            APR_ARRAY_PUSH(values, const char *) = value;
        }
        is_str(policy_resources(p, policy, values), rows[i].wanted, "resource: %s", rows[i].what);
    }
}

static void test_resource_sets(apr_pool_t *p)
{
    const struct {
        const char *what, *inner, *outer;
        int wanted;
    } rows[] = {
        { "nothing is in nothing", "", "", 1 },
        { "nothing is in all", "", API, 1 },
        { "one in itself", API, API, 1 },
        { "one in two", MCP, API " " MCP, 1 },
        { "case 256: another", MCP, API, 0 },
        { "case 256: two in one", API " " MCP, MCP, 0 },
        { "something in nothing", API, "", 0 },
        { "the beginning of one", "https://h.example/a", API, 0 },
        { "one that goes on", API "/x", API, 0 },
        { "the end of one", "/api", API, 0 },
        { "a comma is part of a URI", "https://h.example/b", "https://h.example/a,https://h.example/b", 0 },
        { "... of the whole of it", "https://h.example/a,b", "https://h.example/a,b", 1 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        ok(resource_subset(p, rows[i].inner, rows[i].outer) == rows[i].wanted, "sets of resources: %s", rows[i].what);
    }
    ok(!resource_contains("", "") && !resource_contains(API, "") && !resource_contains(API " " MCP, API " " MCP),
       "sets of resources: nothing, and two at once, are no resource");
}

static void test_document_hosts(apr_pool_t *p)
{
    policy_t *policy = fixture_policy(p);

    ok(policy_fetches_documents(policy, "app.example"), "documents of anywhere");
    policy->document_hosts = apr_array_make(p, 1, sizeof(const char *));
    ok(!policy_fetches_documents(policy, "app.example"), "documents of nowhere");
    APR_ARRAY_PUSH(policy->document_hosts, const char *) = "app.example";
    ok(policy_fetches_documents(policy, "app.example"), "documents of a host");
    ok(!policy_fetches_documents(policy, "x.app.example") && !policy_fetches_documents(policy, "app.example.evil") &&
           !policy_fetches_documents(policy, "app.example:8443") && !policy_fetches_documents(policy, "app") &&
           !policy_fetches_documents(policy, ""),
       "... and of no other, nor of another port");
}

void test_policy(apr_pool_t *p)
{
    test_sets(p);
    test_includes(p);
    test_held(p);
    test_choices(p);
    test_resources(p);
    test_resource_sets(p);
    test_document_hosts(p);
}
