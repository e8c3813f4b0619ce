/*
 * Client metadata (grant/metadata, RFC 7591 section 2): what an app may say of itself, by registration or in a document.
 */
#include "tap.h"
#include "base/array.h"
#include "base/json.h"
#include "grant/client_metadata.h"

#include <apr_strings.h>

#include <string.h>

#define CB "\"redirect_uris\":[\"https://rp.example/cb\"]"

/* "NAME | URI… | GRANT TYPES", with " | NAME=LINK" for each link that is kept, or the error and, where it is told, the member that its description speaks of. */
static const char *judge(apr_pool_t *p, const char *text, const char *member)
{
    const json_t *metadata = json_parse_object(p, text, strlen(text));
    client_t client = { 0 };
    const failure_t *failure;
    const char *links = "";

    if (!metadata) {
        return "no JSON";
    }
    failure = client_metadata_read(p, metadata, &client);
    if (failure) {
        return apr_pstrcat(p, oauth_error_name(failure->error), strstr(failure->description, member) ? "" : " of something else",
                           NULL);
    }
    for (int i = 0; i < CLIENT_LINKS; i++) {
        links = client.links[i] ? apr_pstrcat(p, links, " | ", client_link_names[i], "=", client.links[i], NULL) : links;
    }
    return apr_pstrcat(p, client.name, " | ", apr_array_pstrcat(p, client.redirect_uris, ' '), " | ", client.grant_types, links,
                       NULL);
}

static void test_redirects(apr_pool_t *p)
{
    static const struct {
        const char *what, *list, *wanted; /* NULL: refused */
    } rows[] = {
        { "one", "[\"https://rp.example/cb\"]", "https://rp.example/cb" },
        { "two, in their order", "[\"https://b.example/\",\"https://a.example/\"]", "https://b.example/ https://a.example/" },
        { "the same twice", "[\"https://a.example/\",\"https://a.example/\"]", "https://a.example/" },
        { "case 60: a loopback host", "[\"http://localhost:1234/cb\",\"http://[::1]/cb\"]",
          "http://localhost:1234/cb http://[::1]/cb" },
        { "case 321: a scheme of an app's own, in a list", "[\"https://a.example/\",\"cursor://x/cb\"]",
          "https://a.example/ cursor://x/cb" },
        { "none", "[]", NULL },
        { "case 282: null", "null", NULL },
        { "case 282: text", "\"https://rp.example/cb\"", NULL },
        { "case 282: an object", "{\"0\":\"https://rp.example/cb\"}", NULL },
        { "case 282: null in it", "[null]", NULL },
        { "case 282: a list in it", "[[\"https://rp.example/cb\"]]", NULL },
        { "an empty one", "[\"\"]", NULL },
        { "case 58: http", "[\"http://rp.example/cb\"]", NULL },
        { "case 62: http on what only looks like loopback", "[\"http://localhost.evil.example/cb\"]", NULL },
        { "case 57: javascript", "[\"javascript:alert(1)\"]", NULL },
        { "case 320: JaVaScRiPt behind a good one", "[\"https://a.example/\",\"JaVaScRiPt:x\"]", NULL },
        { "case 320: ms-word", "[\"ms-word:x\"]", NULL },
        { "case 65: a wildcard", "[\"https://*.example/cb\"]", NULL },
        { "case 52: a fragment", "[\"https://rp.example/cb#\"]", NULL },
        { "case 26: a state of its own", "[\"https://rp.example/cb?state=x\"]", NULL },
        { "relative", "[\"/cb\"]", NULL },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        const char *text = apr_pstrcat(p, "{\"client_name\":\"n\",\"redirect_uris\":", rows[i].list, "}", NULL);
        const char *wanted = rows[i].wanted ? apr_pstrcat(p, "n | ", rows[i].wanted, " | authorization_code refresh_token", NULL)
                                            : "invalid_redirect_uri";

        is_str(judge(p, text, "redirect_uris"), wanted, "redirect_uris: %s", rows[i].what);
    }
    is_str(judge(p, "{\"client_name\":\"n\"}", "redirect_uris"), "invalid_redirect_uri", "redirect_uris: absent");
    is_str(judge(p, "{\"redirect_uris\":[\"https://a.example/\",\"http://rp.example/cb\"]}", "redirect_uris[1], http://rp"),
           "invalid_redirect_uri", "redirect_uris: which one it is");
    is_str(judge(p, "{\"redirect_uris\":[\"https://a.example/\\u202e\"]}", "redirect_uris[0]: "), "invalid_redirect_uri",
           "case 313: redirect_uris: what is no URI is not shown");
}

/* As many URIs, of size bytes each. */
static const char *many(apr_pool_t *p, int count, int size)
{
    const char *list = "";

    for (int i = 0; i < count; i++) {
        char *uri = apr_palloc(p, (apr_size_t)size + 1);

        memset(uri, 'x', (apr_size_t)size);
        memcpy(uri, "https://a.example/", 18);
        uri[size] = '\0';
        uri[size - 1] = (char)('a' + i);
        list = apr_pstrcat(p, list, i ? "\",\"" : "", uri, NULL);
    }
    return apr_pstrcat(p, "{\"client_name\":\"n\",\"redirect_uris\":[\"", list, "\"]}", NULL);
}

static void test_amounts(apr_pool_t *p)
{
    ok(*judge(p, many(p, CLIENT_METADATA_REDIRECTS_MAX, 20), "") == 'n', "case 310: as many redirect_uris as allowed");
    is_str(judge(p, many(p, CLIENT_METADATA_REDIRECTS_MAX + 1, 20), "16"), "invalid_redirect_uri", "case 310: one more");
    ok(*judge(p, many(p, 4, CLIENT_METADATA_REDIRECTS_SIZE / 4), "") == 'n', "case 310: as many bytes of them as allowed");
    is_str(judge(p, many(p, 4, CLIENT_METADATA_REDIRECTS_SIZE / 4 + 1), "4096"), "invalid_redirect_uri", "case 310: a few more");
}

static void test_names(apr_pool_t *p)
{
    static const struct {
        const char *what, *name, *wanted; /* NULL: refused */
    } rows[] = {
        { "plain", "\"Notes\"", "Notes" },
        { "not ASCII", "\"Not\xc3\xb6s\"", "Not\xc3\xb6s" },
        { "markup is text", "\"<b>\\\"x\\\"</b>\"", "<b>\"x\"</b>" },
        { "empty", "\"\"", "Unnamed app" },
        { "blank", "\"   \"", "Unnamed app" },
        { "null", "null", "Unnamed app" },
        { "case 282: a number", "1", NULL },
        { "case 282: a list", "[\"x\"]", NULL },
        { "case 40: a line feed", "\"a\\nb\"", NULL },
        { "case 40: an escape", "\"a\\u001b[31mb\"", NULL },
        { "case 40: DEL", "\"a\\u007f\"", NULL },
    };
    char *name = apr_palloc(p, CLIENT_METADATA_NAME_MAX + 2);

    for (int i = 0; i < COUNT(rows); i++) {
        const char *text = apr_pstrcat(p, "{" CB ",\"client_name\":", rows[i].name, "}", NULL);
        const char *wanted = rows[i].wanted ? apr_pstrcat(p, rows[i].wanted,
                                                          " | https://rp.example/cb | authorization_code"
                                                          " refresh_token",
                                                          NULL)
                                            : "invalid_client_metadata";

        is_str(judge(p, text, "client_name"), wanted, "client_name: %s", rows[i].what);
    }
    memset(name, 'x', CLIENT_METADATA_NAME_MAX + 1);
    name[CLIENT_METADATA_NAME_MAX + 1] = '\0';
    is_str(judge(p, apr_pstrcat(p, "{" CB ",\"client_name\":\"", name, "\"}", NULL), "client_name"), "invalid_client_metadata",
           "client_name: 256 bytes");
    name[CLIENT_METADATA_NAME_MAX] = '\0';
    ok(*judge(p, apr_pstrcat(p, "{" CB ",\"client_name\":\"", name, "\"}", NULL), "") == 'x', "client_name: 255 bytes");
}

static void test_long_links(apr_pool_t *p)
{
    char *url = apr_palloc(p, CLIENT_METADATA_LINK_MAX + 2);

    memset(url, 'x', CLIENT_METADATA_LINK_MAX + 1);
    memcpy(url, "https://a.example/", 18);
    url[CLIENT_METADATA_LINK_MAX + 1] = '\0';
    ok(!strstr(judge(p, apr_pstrcat(p, "{" CB ",\"tos_uri\":\"", url, "\"}", NULL), ""), "tos_uri"),
       "case 310: a link of 513 bytes is not kept");
    url[CLIENT_METADATA_LINK_MAX] = '\0';
    ok(strstr(judge(p, apr_pstrcat(p, "{" CB ",\"tos_uri\":\"", url, "\"}", NULL), ""), "tos_uri=https://a") != NULL,
       "case 310: one of 512 bytes is");
}

static void test_members(apr_pool_t *p)
{
#define BOTH "Unnamed app | https://rp.example/cb | authorization_code refresh_token"
#define ONE  "Unnamed app | https://rp.example/cb | authorization_code"
    static const struct {
        const char *what, *members, *member, *wanted;
    } rows[] = {
        { "grant types that this server lacks", "\"grant_types\":[\"implicit\",\"x\"]", "", BOTH },
        { "no grant types", "\"grant_types\":[]", "", BOTH },
        { "grant types are null", "\"grant_types\":null", "", BOTH },
        { "codes alone", "\"grant_types\":[\"authorization_code\"]", "", ONE },
        { "codes and others", "\"grant_types\":[\"implicit\",\"authorization_code\"]", "", ONE },
        { "refresh tokens alone", "\"grant_types\":[\"refresh_token\"]", "", BOTH },
        { "both", "\"grant_types\":[\"refresh_token\",\"authorization_code\"]", "", BOTH },
        { "a client may not make itself a service account", "\"grant_types\":[\"client_credentials\"]", "", BOTH },
        { "case 282: grant types as text", "\"grant_types\":\"authorization_code\"", "grant_types", "invalid_client_metadata" },
        { "case 282: a number among grant types", "\"grant_types\":[1]", "grant_types", "invalid_client_metadata" },
        { "response types that this server lacks", "\"response_types\":[\"token\"]", "", BOTH },
        { "case 282: response types as text", "\"response_types\":\"code\"", "response_types", "invalid_client_metadata" },
        { "an https logo", "\"logo_uri\":\"https://rp.example/logo.png\"", "", BOTH },
        { "an empty logo", "\"logo_uri\":\"\"", "", BOTH },
        { "a logo on the own computer", "\"logo_uri\":\"http://localhost:3000/logo.png\"", "", BOTH },
        { "a logo by http", "\"logo_uri\":\"http://rp.example/logo.png\"", "logo_uri", "invalid_client_metadata" },
        { "a logo by javascript", "\"logo_uri\":\"javascript:x\"", "logo_uri", "invalid_client_metadata" },
        { "case 282: a logo as list", "\"logo_uri\":[]", "logo_uri", "invalid_client_metadata" },
        { "a page by data", "\"client_uri\":\"data:text/html,x\"", "client_uri", "invalid_client_metadata" },
        { "a page", "\"client_uri\":\"https://rp.example\"", "", BOTH " | client_uri=https://rp.example" },
        { "all pages",
          "\"tos_uri\":\"https://c.example/#3\",\"policy_uri\":\"https://b.example/\",\"client_uri\":\"https://a.example/\"", "",
          BOTH " | client_uri=https://a.example/ | policy_uri=https://b.example/ | tos_uri=https://c.example/#3" },
        { "case 200: a page on the own computer is not kept", "\"client_uri\":\"http://localhost:3000/\"", "", BOTH },
        { "an empty page", "\"client_uri\":\"\"", "", BOTH },
        { "a page in a language", "\"client_uri#de\":\"https://rp.example/\"", "", BOTH },
        { "case 200: a page with a user name", "\"client_uri\":\"https://bank.example@evil.example/\"", "client_uri",
          "invalid_client_metadata" },
        { "case 282: a page as list", "\"client_uri\":[\"https://rp.example/\"]", "client_uri", "invalid_client_metadata" },
        { "terms by file", "\"tos_uri\":\"file:///etc/passwd\"", "tos_uri", "invalid_client_metadata" },
        { "a policy by http", "\"policy_uri\":\"http://169.254.169.254/\"", "policy_uri", "invalid_client_metadata" },
        { "keys by http", "\"jwks_uri\":\"http://rp.example/jwks\"", "jwks_uri", "invalid_client_metadata" },
        { "keys", "\"jwks\":{\"keys\":[]}", "", BOTH },
        { "keys and where they are", "\"jwks\":{\"keys\":[]},\"jwks_uri\":\"https://rp.example/jwks\"", "jwks",
          "invalid_client_metadata" },
        { "case 282: keys as list", "\"jwks\":[]", "jwks", "invalid_client_metadata" },
        { "unknown members", "\"software_id\":1,\"client_name#fr\":[],\"is_public\":false", "", BOTH },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        is_str(judge(p, apr_pstrcat(p, "{" CB ",", rows[i].members, "}", NULL), rows[i].member), rows[i].wanted, "metadata: %s",
               rows[i].what);
    }
}

void test_metadata(apr_pool_t *p)
{
    test_redirects(p);
    test_amounts(p);
    test_names(p);
    test_members(p);
    test_long_links(p);
}
