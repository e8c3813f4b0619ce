#include "tap.h"
#include "base/array.h"
#include "base/uri.h"

#include <apr_strings.h>

#include <string.h>

static char *long_uri(apr_pool_t *p, apr_size_t size)
{
    char *text = apr_palloc(p, size + 1);

    memset(text, 'a', size);
    memcpy(text, "https://rp.example/", 19);
    text[size] = '\0';
    return text;
}

static void test_parse(apr_pool_t *p)
{
    const char *const refused[] = {
        "",
        ":",
        "/cb",
        "//rp.example/cb",
        "rp.example/cb",
        "1https://rp.example",
        "+a:b",
        "https:",
        "https:/rp.example",
        "https:rp.example",
        "https://",
        "https:///cb",
        "https://:443/cb",
        "https://rp.example:/cb",
        "https://rp.example:0/cb",
        "https://rp.example:0443/cb",
        "https://rp.example:65536/cb",
        "https://rp.example:4294967739/cb",
        "https://rp.example:99999999999999999999/cb",
        "https://rp.example:-1/cb",
        "https://rp.example:+1/cb",
        "https://rp.example:80a/cb",
        "https://rp.example:80:80/cb",
        "https://u@rp.example/",
        "https://u:p@rp.example/",
        "https://@rp.example/",
        "https://*.example/",
        "https://rp%2eexample/",
        "https://r\xc3\xa9.example/",
        "https://rp.example/ cb",
        " https://rp.example/cb",
        "https://rp.example/cb\n",
        "https://rp.example/\x7f",
        "https://rp.example/%",
        "https://rp.example/%4",
        "https://rp.example/%4g",
        "https://rp.example/%u0041",
        "https://rp.example/%00",
        "https://rp.example/%0d%0a",
        "https://rp.example/%1F",
        "https://rp.example/%7f",
        "https://rp.example/?a=%zz",
        "https://rp.example/<",
        "https://rp.example/\"",
        "https://rp.example/{a}",
        "https://rp.example/a|b",
        "https://rp.example/`",
        "https://rp.example/^",
        "https://[::1",
        "https://[]/",
        "https://[::1]x/",
        "https://[::g]/",
        "https://[127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]:/",
        "https://::1/",
    };
    uri_t uri;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(!uri_parse(p, refused[i], &uri), "cases 49, 50, 56 and 62: no URI: refusal %d", (int)i);
    }
    ok(uri_parse(p, "HTTPS://Rp.Example:8443/a/b;c?d=e?f&g=/#frag", &uri), "a URI with everything");
    is_str(uri.scheme, "HTTPS", "its scheme as written");
    is_str(uri.host, "Rp.Example", "its host as written");
    is_str(uri.port, "8443", "its port");
    is_str(uri.path, "/a/b;c", "its path");
    is_str(uri.query, "d=e?f&g=/", "its query");
    ok(uri.has_fragment, "its fragment");
    is_str(uri_origin(p, &uri), "HTTPS://Rp.Example:8443", "its origin");

    ok(uri_parse(p, "http://[2001:db8::1]:80?", &uri), "a URI with hardly anything");
    is_str(uri.host, "[2001:db8::1]", "an IPv6 host with its brackets");
    is_str(uri.path, "", "no path");
    is_str(uri.query, "", "an empty query is a query");
    ok(!uri.has_fragment, "no fragment");
    ok(uri_parse(p, "https://h", &uri) && !uri.port && !uri.query, "neither port nor query");
    is_str(uri_origin(p, &uri), "https://h", "an origin without a port");
    ok(uri_parse(p, "https://h?a/b:c@d", &uri) && !strcmp(uri.host, "h"), "the authority ends at the query");
    ok(uri_parse(p, "https://h#", &uri) && uri.has_fragment, "case 52: a bare # is a fragment");

    ok(uri_parse(p, "com.example.app:/cb?a", &uri) && !uri.host && !strcmp(uri.path, "/cb") && !strcmp(uri.query, "a"),
       "a private-use URI without an authority");
    ok(uri_parse(p, "com.example.app://host/cb", &uri) && !strcmp(uri.host, "host"), "a private-use URI with an authority");
    ok(uri_parse(p, "urn:ietf:wg:oauth:2.0:oob", &uri) && !strcmp(uri.path, "ietf:wg:oauth:2.0:oob"),
       "a URI with nothing but a rest");

    ok(uri_parse(p, long_uri(p, URI_MAX), &uri), "case 66: as long as allowed");
    ok(!uri_parse(p, long_uri(p, URI_MAX + 1), &uri), "case 66: a byte longer");
    ok(!uri_parse(p, long_uri(p, 64 * 1024), &uri), "case 66: 64 KB");
}

static void test_loopback(apr_pool_t *p)
{
    const char *const others[] = { "",          "LOCALHOST",  "localhost.",    "localhost.evil", "127.1",
                                   "127.0.0.2", "0x7f000001", "2130706433",    "[::]",           "[0:0:0:0:0:0:0:1]",
                                   "::1",       "0.0.0.0",    "127.0.0.1.evil" };

    ok(uri_host_is_loopback("localhost") && uri_host_is_loopback("127.0.0.1") && uri_host_is_loopback("[::1]"), "loopback hosts");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ok(!uri_host_is_loopback(others[i]), "case 62: no loopback host: '%s'", others[i]);
    }
    ok(uri_is_loopback_redirect(p, "http://127.0.0.1:40421") && uri_is_loopback_redirect(p, "http://[::1]/cb"),
       "loopback redirects are recognised");
    ok(!uri_is_loopback_redirect(p, "https://localhost/cb") && !uri_is_loopback_redirect(p, "http://localhost.evil/cb") &&
           !uri_is_loopback_redirect(p, "com.example.app:/cb") && !uri_is_loopback_redirect(p, "com.example.app://localhost/") &&
           !uri_is_loopback_redirect(p, "no uri"),
       "case 62: others are not");
}

static void test_redirect_registration(apr_pool_t *p)
{
    const char *const fine[] = {
        "https://rp.example/cb",
        "https://rp.example",
        "https://rp.example:8443/cb?tenant=1",
        "https://chat.openai.com/aip/g-1bc9e788468a358cb5138906b5c6d706d0ecb2cc/oauth/callback",
        "http://localhost/callback",
        "http://127.0.0.1",
        "http://127.0.0.1:40421/cb?x",
        "http://[::1]/cb",
        "https://rp.example/cb?statement=1&Code=2",
    };
    const struct {
        const char *text, *name;
    } refused[] = {
        { "javascript:alert(1)", "case 57: javascript" },
        { "JaVaScRiPt:alert(1)", "case 57: JaVaScRiPt" },
        { "java\tscript:alert(1)", "case 57: javascript with a tab" },
        { "javascript://rp.example/%0aalert(1)", "case 57: javascript with an authority" },
        { "data:text/html,x", "case 57: data" },
        { "vbscript:x", "case 57: vbscript" },
        { "file:///etc/passwd", "case 57: file" },
        { "blob:https://rp.example/x", "case 57: blob" },
        { "about:blank", "case 57: about" },
        { "http://rp.example/cb", "case 58: http beyond loopback" },
        { "http://localhost.evil/cb", "cases 58 and 62: http to localhost.evil" },
        { "http://127.1/cb", "case 62: http to 127.1" },
        { "http://0x7f000001/cb", "case 62: http to 0x7f000001" },
        { "HTTPS://rp.example/cb", "a scheme in upper case" },
        { "https://*.x/cb", "case 65: a wildcard host" },
        { "https://*/cb", "case 65: nothing but a wildcard" },
        { "https://rp.example/*", "case 65: a wildcard in the path" },
        { "https://rp.example/cb?x=*", "case 65: a wildcard in the query" },
        { "https://rp.example/cb#x", "case 52: a fragment" },
        { "https://rp.example/cb#", "case 52: a bare fragment" },
        { "https://u@rp.example/cb", "case 49: a user name" },
        { "https://rp.example\\@evil/cb", "case 50: a backslash" },
        { "https:\\\\evil", "case 50: backslashes for slashes" },
        { "https://rp.example/cb?code=x", "case 45: a code of its own" },
        { "https://rp.example/cb?state=x", "case 26: a state of its own" },
        { "https://rp.example/cb?a=1&iss=x", "case 26: an iss of its own" },
        { "https://rp.example/cb?error", "case 26: an error of its own" },
        { "https://rp.example/cb?c%6Fde=x", "case 45: a code in disguise" },
        { "https://rp.example/cb?%ff=x", "a query that cannot be read" },
        { "https://rp.example/cb%00", "case 56: an encoded NUL" },
        { "https://rp.example/cb%0d%0aSet-Cookie:x", "case 56: an encoded line end" },
        { "/cb", "a relative URI" },
        { "", "nothing" },
    };

    static const char *const taken[] = {
        "javascript",    "JavaScript",       "data",          "vbscript",    "file",    "blob",    "filesystem", "about",
        "view-source",   "intent",           "mailto",        "tel",         "sms",     "ftp",     "ws",         "WSS",
        "chrome",        "chrome-extension", "moz-extension", "ms-settings", "MS-msdt", "ms-word", "search-ms",  "shell",
        "itms-services", "microsoft-edge",   "ssh",           "smb",         "market"
    };
    static const char *const apps[] = { "vscode://vscode.github-authentication/did-authenticate",
                                        "vscode-insiders:/x",
                                        "warp://mcp/oauth2callback",
                                        "raycast://oauth?package_name=x",
                                        "windsurf:/cb",
                                        "cursor://anysphere.cursor-mcp/oauth/callback",
                                        "myapp:/cb",
                                        "com.example.app:/cb" };

    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        is_str(uri_redirect_problem(p, fine[i], 0), NULL, "may be registered: %s", fine[i]);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(uri_redirect_problem(p, refused[i].text, 0) && uri_redirect_problem(p, refused[i].text, 1),
           "may not be registered: %s", refused[i].name);
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        const char *problem = uri_redirect_problem(p, apr_pstrcat(p, taken[i], ":x", NULL), 1);

        ok(problem && strstr(problem, "scheme"), "case 320: %s: is no app's", taken[i]);
        ok(uri_redirect_problem(p, apr_pstrcat(p, taken[i], "://rp.example/cb", NULL), 1), "case 320: %s:// neither", taken[i]);
    }
    for (size_t i = 0; i < sizeof(apps) / sizeof(apps[0]); i++) {
        is_str(uri_redirect_problem(p, apps[i], 1), NULL, "case 321: %s may be registered", apps[i]);
        ok(uri_redirect_problem(p, apps[i], 0), "... where private-use schemes may be");
    }
    is_str(uri_redirect_problem(p, "com.example.app:/cb", 1), NULL, "a private-use scheme where allowed");
    is_str(uri_redirect_problem(p, "com.example.app://oauth/cb", 1), NULL, "the same with an authority");
    ok(uri_redirect_problem(p, "com.example.app:/cb", 0), "a private-use scheme where not allowed");
    ok(uri_redirect_problem(p, "com.example.app:/cb#x", 1), "case 52: a private-use scheme with a fragment");
    ok(uri_redirect_problem(p, long_uri(p, 64 * 1024), 0), "case 66: a URI of 64 KB");
}

static void test_redirect_match(apr_pool_t *p)
{
    const struct {
        const char *registered, *given;
        int match;
        const char *name;
    } rows[] = {
        { "https://rp.example/cb", "https://rp.example/cb", 1, "the same" },
        { "https://rp.example/cb", "https://rp.example/cb/extra", 0, "case 42: a sub-path" },
        { "https://rp.example/cb", "https://rp.example/cb/", 0, "case 42: a trailing slash" },
        { "https://rp.example/cb", "https://rp.example/cb/../cb", 0, "case 42: dot segments" },
        { "https://rp.example/cb", "https://rp.example/c", 0, "case 42: a shorter path" },
        { "https://rp.example/cb", "https://rp.example/%63b", 0, "case 42: an encoded letter" },
        { "https://rp.example/cb", "https://rp.example/cb?x=1", 0, "case 44: a query" },
        { "https://rp.example/cb", "https://rp.example/cb?", 0, "case 44: an empty query" },
        { "https://rp.example/cb?a=1", "https://rp.example/cb", 0, "case 44: a query left out" },
        { "https://rp.example/cb?a=1", "https://rp.example/cb?a=1&b=2", 0, "case 44: a query grown" },
        { "https://rp.example/cb", "https://rp.example/cb?code=attackercode", 0, "case 45: a code" },
        { "https://rp.example/cb", "https://rp.example/cb;x=1", 0, "case 46: a matrix parameter" },
        { "https://rp.example/cb", "https://RP.example/cb", 0, "case 48: the host in another case" },
        { "https://rp.example/cb", "https://rp.example/CB", 0, "case 48: the path in another case" },
        { "https://rp.example/cb", "HTTPS://rp.example/cb", 0, "case 48: the scheme in another case" },
        { "https://rp.example/cb", "https://rp.example@evil/cb", 0, "case 49: the host as user name" },
        { "https://rp.example/cb", "https://evil@rp.example/cb", 0, "case 49: a user name" },
        { "https://rp.example/cb", "https://rp.example\\@evil/cb", 0, "case 50: a backslash" },
        { "https://rp.example/cb", "https:\\\\evil", 0, "case 50: backslashes for slashes" },
        { "https://rp.example/cb", "https://rp.example/cb#x", 0, "case 52: a fragment" },
        { "https://rp.example/cb", "https://rp.example/cb#", 0, "case 52: a bare fragment" },
        { "https://rp.example/cb", "#", 0, "case 52: nothing but a fragment" },
        { "https://rp.example/cb", "https://rp.example:443/cb", 0, "case 53: the default port" },
        { "https://rp.example/cb", "https://rp.example:8443/cb", 0, "case 53: another port" },
        { "https://rp.example:8443/cb", "https://rp.example/cb", 0, "case 53: the port left out" },
        { "https://rp.example/cb", "https://rp.example.evil/cb", 0, "case 54: a suffix" },
        { "https://rp.example/cb", "https://evilrp.example/cb", 0, "case 54: a prefix" },
        { "https://rp.example/cb", "https://a.rp.example/cb", 0, "case 54: a sub-domain" },
        { "https://rp.example/cb", "https://rp.example./cb", 0, "case 54: a trailing dot" },
        { "https://rp.example/cb", "https://rp.example/cb%00", 0, "case 56: an encoded NUL" },
        { "https://rp.example/cb", "https://rp.example/cb%0d%0aSet-Cookie:x", 0, "case 56: an encoded line end" },
        { "https://rp.example/cb", "https://rp.example/cb\r\nSet-Cookie:x", 0, "case 56: a line end" },
        { "https://rp.example/cb", "h\tttps://rp.example/cb", 0, "case 56: a tab in the scheme" },
        { "https://rp.example/cb", " https://rp.example/cb", 0, "case 56: a space in front" },
        { "https://rp.example/cb", "http://rp.example/cb", 0, "case 58: http" },
        { "https://rp.example/cb", "", 0, "case 17: nothing" },
        { "https://rp.example/cb", "/cb", 0, "a relative URI" },
        { "http://localhost/callback", "http://localhost:33418/callback", 1, "case 60: any port on localhost" },
        { "http://127.0.0.1/callback", "http://127.0.0.1:1/callback", 1, "case 60: any port on 127.0.0.1" },
        { "http://[::1]/callback", "http://[::1]:65535/callback", 1, "case 60: any port on [::1]" },
        { "http://127.0.0.1:9999/callback", "http://127.0.0.1:40421/callback", 1,
          "case 60: another port than the registered one" },
        { "http://127.0.0.1:9999/callback", "http://127.0.0.1/callback", 1, "case 60: the registered port left out" },
        { "http://127.0.0.1", "http://127.0.0.1:40421", 1, "case 60: no path" },
        { "http://localhost/cb?a=1", "http://localhost:5/cb?a=1", 1, "case 60: the same query" },
        { "http://localhost/callback", "http://localhost:33418/other", 0, "case 61: another path" },
        { "http://127.0.0.1", "http://127.0.0.1:40421/", 0, "case 61: a path where there was none" },
        { "http://localhost/callback", "http://localhost:33418/callback?x=1", 0, "case 61: a query" },
        { "http://localhost/callback", "http://localhost:33418/callback?", 0, "case 61: an empty query" },
        { "http://localhost/cb?a=1", "http://localhost:5/cb", 0, "case 61: the query left out" },
        { "http://localhost/callback", "http://localhost:33418/callback#", 0, "case 61: a fragment" },
        { "http://localhost/callback", "http://u@localhost:33418/callback", 0, "case 61: a user name" },
        { "http://localhost/callback", "http://localhost:80@evil/callback", 0, "case 61: the port as password" },
        { "http://localhost/callback", "http://127.0.0.1:33418/callback", 0, "case 61: 127.0.0.1 for localhost" },
        { "http://127.0.0.1/callback", "http://localhost:33418/callback", 0, "case 61: localhost for 127.0.0.1" },
        { "http://127.0.0.1/callback", "http://[::1]:33418/callback", 0, "case 61: [::1] for 127.0.0.1" },
        { "http://localhost/callback", "https://localhost:33418/callback", 0, "case 61: https" },
        { "http://localhost/callback", "HTTP://localhost:33418/callback", 0, "case 61: the scheme in another case" },
        { "https://localhost/callback", "https://localhost:33418/callback", 0, "case 61: any port is for http only" },
        { "http://localhost/callback", "http://localhost.evil:1/callback", 0, "case 62: localhost.evil" },
        { "http://127.0.0.1/callback", "http://127.0.0.1.evil/callback", 0, "case 62: 127.0.0.1.evil" },
        { "http://127.0.0.1/callback", "http://0x7f000001/callback", 0, "case 62: 0x7f000001" },
        { "http://127.0.0.1/callback", "http://127.1/callback", 0, "case 62: 127.1" },
        { "http://127.0.0.1/callback", "http://2130706433/callback", 0, "case 62: 2130706433" },
        { "http://localhost/callback", "http://localhost:0/callback", 0, "case 62: port 0" },
        { "http://localhost/callback", "http://localhost:080/callback", 0, "case 62: a port with a zero in front" },
        { "http://localhost/callback", "http://localhost:65536/callback", 0, "case 62: a port too large" },
        { "http://localhost/callback", "http://localhost:/callback", 0, "case 62: an empty port" },
        { "com.example.app:/cb", "com.example.app:/cb", 1, "a private-use URI" },
        { "com.example.app:/cb", "com.example.app:/cb/", 0, "a private-use URI with a slash more" },
        { "com.example.app://localhost/cb", "com.example.app://localhost:5/cb", 0, "a private-use URI with a port" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ok(uri_redirect_match(p, rows[i].registered, rows[i].given) == rows[i].match, "%s %s", rows[i].name,
           rows[i].match ? "matches" : "does not match");
    }
    ok(!uri_redirect_match(p, "https://rp.example/cb", long_uri(p, 64 * 1024)), "case 66: 64 KB do not match");
}

static void test_append(apr_pool_t *p)
{
    const char *const pairs[][2] = {
        { "code", "gptc_a-b" },
        { "state", "+ &=\xc3\xa9\r\n#" },
        { "scope", NULL },
        { "iss", "https://h/t" },
    };
    const char *appended = "code=gptc_a-b&state=%2B%20%26%3D%C3%A9%0D%0A%23&iss=https%3A%2F%2Fh%2Ft";

    is_str(uri_append_query(p, "https://rp/cb", pairs, 4), apr_pstrcat(p, "https://rp/cb?", appended, NULL),
           "cases 24 and 30: a new query");
    is_str(uri_append_query(p, "https://rp/cb?x=1", pairs, 4), apr_pstrcat(p, "https://rp/cb?x=1&", appended, NULL),
           "case 26: a longer query");
    is_str(uri_append_query(p, "https://rp/cb?", pairs, 4), apr_pstrcat(p, "https://rp/cb?", appended, NULL), "an empty query");
    is_str(uri_append_query(p, "com.example.app:/cb", pairs, 1), "com.example.app:/cb?code=gptc_a-b", "a private-use URI");
    is_str(uri_append_query(p, "https://rp/cb", pairs + 2, 1), "https://rp/cb", "case 25: nothing to append");
}

static void test_page_host(apr_pool_t *p)
{
    static const struct {
        const char *text, *host; /* NULL: no link to a page */
    } rows[] = {
        { "https://notes.example", "notes.example" },
        { "https://notes.example/terms?v=2#top", "notes.example" },
        { "https://BankI.Example:443/", "banki.example" },
        { "https://notes.example:8443/", "notes.example:8443" },
        { "https://xn--nts-sna.example/", "xn--nts-sna.example" },
        { "https://[2001:DB8::1]/", "[2001:db8::1]" },
        { "https://evil.example/https://bank.example/", "evil.example" },
        { "https://bank.example@evil.example/", NULL },
        { "https://bank.example%40evil.example/", NULL },
        { "https://bank.example\\@evil.example/", NULL },
        { "https://n\xc3\xb6tes.example/", NULL },
        { "https://notes.example/\xe2\x80\xae", NULL },
        { "https://notes.example/%0d%0a", NULL },
        { "https://notes.example/\"onclick=", NULL },
        { " https://notes.example/", NULL },
        { "https:///x", NULL },
        { "https:notes.example", NULL },
        { "//notes.example/", NULL },
        { "http://notes.example/", NULL },
        { "http://localhost/", NULL },
        { "HTTPS://notes.example/", NULL },
        { "javascript:alert(1)", NULL },
        { "javascript://notes.example/%0aalert(1)", NULL },
        { "data:text/html,x", NULL },
        { "com.example.app:/", NULL },
        { "mailto:help@notes.example", NULL },
        { "", NULL },
    };
    char host[255];

    for (int i = 0; i < COUNT(rows); i++) {
        is_str(uri_page_host(p, rows[i].text), rows[i].host, "case 200: whose page is %s", rows[i].text);
    }
    memset(host, 'a', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    ok(!uri_page_host(p, apr_pstrcat(p, "https://", host, "/", NULL)), "case 200: no page is on a host of 254 bytes");
    is_str(uri_page_host(p, apr_pstrcat(p, "https://", host + 1, "/", NULL)), host + 1, "case 200: it may be on one of 253");
    ok(uri_page_host(p, long_uri(p, URI_MAX)) && !uri_page_host(p, long_uri(p, URI_MAX + 1)), "case 200: 2 KB at most");
}

void test_uri(apr_pool_t *p)
{
    test_parse(p);
    test_loopback(p);
    test_redirect_registration(p);
    test_redirect_match(p);
    test_append(p);
    test_page_host(p);
}
