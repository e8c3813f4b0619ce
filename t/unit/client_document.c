#include "tap.h"
#include "grant/built_in.h"
#include "grant/client_document.h"

#include <apr_strings.h>
#include <string.h>

#define URL "https://app.example/client.json"
#define CB  "\"redirect_uris\":[\"https://app.example/cb\"]"

static void test_urls(apr_pool_t *p)
{
    static const char *const good[] = {
        URL,
        "https://app.example/",
        "https://app.example:8443/client.json",
        "https://app.example/a/b.c/.well-known/x",
        "https://app.example/client.json?v=1",
        "https://app.example/...",
        "https://app.example/%2e%2e%2e",
        "https://a-b.app.example/x",
        "https://xn--bcher-kva.example/x",
        "https://app.example/%2Fx",
    };
    static const char *const bad[] = {
        "",
        "https:",
        "https://",
        "https://app.example",
        "https://app.example?x",
        "http://app.example/x",
        "HTTPS://app.example/x",
        "ftp://app.example/x",
        "https://App.example/x",
        "https://app.example/./x",
        "https://app.example/../x",
        "https://app.example/x/..",
        "https://app.example/x/.",
        "https://app.example/%2e/x",
        "https://app.example/%2E%2e/x",
        "https://app.example/.%2e/x",
        "https://app.example/%2e.",
        "https://app.example/x#",
        "https://app.example/x#y",
        "https://user@app.example/x",
        "https://user:x@app.example/x",
        "https://app.example./x",
        "https://.app.example/x",
        "https://app..example/x",
        "https://app/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://0x7f000001/x",
        "https://a.0x7f/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://app.example:0/x",
        "https://app.example:/x",
        "https://app_x.example/x",
        "https://app.example/%00",
        "https://app.example/a b",
        "https://app.example\\@evil.example/x",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        is_str(client_document_url_problem(p, good[i]), NULL, "case 208: %s may be a client id", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(client_document_url_problem(p, bad[i]), "case 208: %s may not", bad[i]);
    }
    ok(client_document_is_url(URL) && client_document_is_url("javascript:x") && !client_document_is_url("AbC-_123"),
       "what is meant as a URL");
    is_str(client_document_host(p, URL), "app.example", "the host of a document");
    is_str(client_document_host(p, "https://app.example:8443/x"), "app.example:8443", "... and its port");
}

static void test_texts(apr_pool_t *p)
{
    static const struct {
        const char *what, *text;
        int good;
    } rows[] = {
        { "the least", "{\"client_id\":\"" URL "\"," CB "}", 1 },
        { "none", "{\"client_id\":\"" URL "\"," CB ",\"token_endpoint_auth_method\":\"none\"}", 1 },
        { "none among others",
          "{\"client_id\":\"" URL "\"," CB ",\"token_endpoint_auth_method\":\"private_key_jwt\","
          "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\",\"none\"]}",
          1 },
        { "none, and others in the list",
          "{\"client_id\":\"" URL "\"," CB ",\"token_endpoint_auth_method\":\"none\","
          "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\"]}",
          1 },
        { "private_key_jwt alone", "{\"client_id\":\"" URL "\"," CB ",\"token_endpoint_auth_method\":\"private_key_jwt\"}", 0 },
        { "an empty list", "{\"client_id\":\"" URL "\"," CB ",\"token_endpoint_auth_methods_supported\":[]}", 0 },
        { "case 213: client_secret_post",
          "{\"client_id\":\"" URL "\"," CB ",\"token_endpoint_auth_method\":\"client_secret_post\"}", 0 },
        { "case 213: client_secret_jwt in the list",
          "{\"client_id\":\"" URL "\"," CB ",\"token_endpoint_auth_methods_supported\":[\"none\",\"client_secret_jwt\"]}", 0 },
        { "case 213: a secret", "{\"client_id\":\"" URL "\"," CB ",\"client_secret\":\"x\"}", 0 },
        { "case 213: no secret, but when it ends", "{\"client_id\":\"" URL "\"," CB ",\"client_secret_expires_at\":0}", 0 },
        { "case 212: no client_id", "{" CB "}", 0 },
        { "case 212: another client_id", "{\"client_id\":\"" URL "/\"," CB "}", 0 },
        { "case 212: the client_id in another case", "{\"client_id\":\"https://app.example/Client.json\"," CB "}", 0 },
        { "case 214: no redirect_uris", "{\"client_id\":\"" URL "\"}", 0 },
        { "case 282: client_id as list", "{\"client_id\":[\"" URL "\"]," CB "}", 0 },
        { "case 282: a list", "[{\"client_id\":\"" URL "\"," CB "}]", 0 },
        { "case 282: null", "null", 0 },
        { "case 282: nothing", "", 0 },
    };
    client_t *client;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const failure_t *failure = client_document_read(p, URL, rows[i].text, strlen(rows[i].text), &client);

        ok((failure == NULL) == rows[i].good, "%s", rows[i].what);
    }
    ok(client_document_read(p, URL, rows[0].text, CLIENT_DOCUMENT_MAX + 1, &client), "more than 16 KB are not looked at");
}

/* As a client of this id would come by it. */
static void try_built_in(apr_pool_t *p, const char *pattern, const char *id)
{
    const char *at = strstr(pattern, BUILT_IN_ID), *url = pattern, *text;
    client_t *client = NULL;

    if (at) {
        url = apr_pstrcat(p, apr_pstrmemdup(p, pattern, (apr_size_t)(at - pattern)), id, at + strlen(BUILT_IN_ID), NULL);
    }
    text = built_in_text(p, url);
    is_str(client_document_url_problem(p, url), NULL, "%s may be a client id", url);
    ok(text && !client_document_read(p, url, text, strlen(text), &client) && client->is_public,
       "the built-in document of %s can be used", url);
    ok(text && !strstr(text, BUILT_IN_ID), "... and nothing in it is left open");
}

static void test_built_in(apr_pool_t *p)
{
    static const char *const none[] = {
        "https://chatgpt.com/oauth//client.json",      "https://chatgpt.com/oauth/a/b/client.json",
        "https://chatgpt.com/oauth/a%2fb/client.json", "https://chatgpt.com/oauth/a/client.jsonx",
        "https://chatgpt.com/oauth/{id}x/client.json", "https://chatgpt.com/oauth/a"
    };
    int count = 0;

    for (const built_in_t *document = built_in_documents; document->url; document++, count++) {
        try_built_in(p, document->url, "AbC-1_2.3~");
    }
    ok(count >= 11, "those of well-known apps are built in");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        is_str(built_in_text(p, none[i]), NULL, "case 319: none at %s", none[i]);
    }
    ok(strstr(built_in_text(p, "https://chatgpt.com/oauth/codex/client.json"), "Codex"),
       "case 319: the very URL goes before a pattern");
    ok(strstr(built_in_text(p, "https://chatgpt.com/oauth/x-1/client.json"), "https://chatgpt.com/connector/oauth/x-1\""),
       "case 319: the id is that of the redirect URI");
}

void test_client_document(apr_pool_t *p)
{
    test_urls(p);
    test_texts(p);
    test_built_in(p);
}
