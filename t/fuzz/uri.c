/*
 * URIs (base/uri): what is taken for one is plain ASCII and can be put together again from its parts, and what may be registered
 * matches itself and nothing that goes elsewhere.
 */
#include "fuzz.h"
#include "base/scheme.h"
#include "base/uri.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define CB "https://rp.example/cb"

static void look_at_parts(apr_pool_t *p, const char *text, const uri_t *uri)
{
    const char *again =
        apr_pstrcat(p, uri->scheme, ":", uri->host ? "//" : "", uri->host ? uri->host : "", uri->port ? ":" : "",
                    uri->port ? uri->port : "", uri->path, uri->query ? "?" : "", uri->query ? uri->query : "", NULL);

    HOLDS(strlen(text) <= URI_MAX);
    for (const char *c = text; *c; c++) {
        HOLDS(*c > ' ' && *c < 0x7f && *c != '\\' && *c != '"' && *c != '<');
    }
    HOLDS(strncmp(text, again, strlen(again)) == 0);
    HOLDS(text[strlen(again)] == (uri->has_fragment ? '#' : '\0'));
    HOLDS(!uri->host || (*uri->host && !strpbrk(uri->host, "@/?#%")));
    HOLDS(!uri->port || (atoi(uri->port) >= 1 && atoi(uri->port) <= 65535));
    HOLDS(!uri->host || !*uri->path || *uri->path == '/');
    if (uri->host) {
        HOLDS(strncmp(text, uri_origin(p, uri), strlen(uri_origin(p, uri))) == 0);
        HOLDS(uri_same_root(uri->host, uri->host));
    }
}

static void look_at_redirect(apr_pool_t *p, const char *text)
{
    uri_t uri;
    int is_uri = uri_parse(p, text, &uri);

    HOLDS(is_uri || (uri_redirect_problem(p, text, 1) && !uri_is_loopback_redirect(p, text)));
    if (!uri_redirect_problem(p, text, 1)) {
        const char *elsewhere = uri_without_loopback_port(p, text);

        HOLDS(!uri.has_fragment && !strchr(text, '*'));
        HOLDS(!strcmp(uri.scheme, "https") || (!strcmp(uri.scheme, "http") && uri_host_is_loopback(uri.host)) ||
              !scheme_is_taken(uri.scheme));
        HOLDS(uri_redirect_match(p, text, text));
        HOLDS(uri_redirect_match(p, text, elsewhere) && !uri_redirect_problem(p, elsewhere, 1));
    }
    HOLDS(!uri_redirect_match(p, CB, text) || strcmp(text, CB) == 0);
    if (uri_redirect_match(p, "http://127.0.0.1/cb", text)) {
        HOLDS(uri_is_loopback_redirect(p, text) && !strcmp(uri_without_loopback_port(p, text), "http://127.0.0.1/cb"));
    }
}

static void look_at_kinds(apr_pool_t *p, const char *text)
{
    const char *resource = uri_normalise_resource(p, text), *again;
    uri_t uri;

    if (resource) {
        again = uri_normalise_resource(p, resource);
        HOLDS(strlen(resource) <= strlen(text) && again && uri_parse(p, resource, &uri));
        /* Of several slashes at the end one is dropped each time. */
        HOLDS(strcmp(again, resource) == 0 || strstr(resource, "/"));
        HOLDS(!strcmp(uri.scheme, "https") || !strcmp(uri.scheme, "http"));
        HOLDS(!uri.has_fragment);
    }
    if (!uri_issuer_problem(p, text)) {
        HOLDS(resource && strcmp(resource, text) == 0);
        HOLDS(uri_parse(p, text, &uri) && !uri.query && text[strlen(text) - 1] != '/');
    }
    if (!uri_origin_problem(p, text)) {
        HOLDS(uri_parse(p, text, &uri) && !*uri.path && !uri.query && !uri.has_fragment);
        HOLDS(strcmp(uri_origin(p, &uri), text) == 0);
    }
}

static void look_at_query(apr_pool_t *p, const char *text)
{
    const char *const pairs[][2] = { { "code", text }, { "state", NULL }, { "iss", "https://auth.example" } };
    const char *made = uri_append_query(p, CB, pairs, 3), *tail = "&iss=https%3A%2F%2Fauth.example";

    HOLDS(strncmp(made, CB "?code=", sizeof(CB "?code=") - 1) == 0 && !strchr(made, '#') && !strpbrk(made, " \r\n"));
    HOLDS(strcmp(made + strlen(made) - strlen(tail), tail) == 0);
    made = uri_append_query(p, text, pairs + 2, 1);
    HOLDS(strncmp(made, text, strlen(text)) == 0);
}

void fuzz_uri(apr_pool_t *p, const char *data, apr_size_t size)
{
    const char *text = apr_pstrmemdup(p, data, size);
    uri_t uri;

    if (uri_parse(p, text, &uri)) {
        look_at_parts(p, text, &uri);
    }
    look_at_redirect(p, text);
    look_at_kinds(p, text);
    look_at_query(p, text);
}
