/*
 * Parses URIs strictly (RFC 3986, ASCII only), and judges by that what may be an issuer (RFC 8414 section 2), an origin, a
 * resource (RFC 8707 section 2) or a redirect URI (RFC 6749 section 3.1.2, 8252 section 7.3).
 */
#include "base/uri.h"

#include <apr_cstr.h>
#include <apr_strings.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/params.h"
#include "base/scheme.h"

#define HOST_MAX 253 /* bytes that the name of a host can have in DNS */
#define DIGITS   "0123456789"
#define ALPHAS   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Also 0 for a percent-encoded control character: no URI of ours needs one, and CR, LF and NUL have split many a parser. */
static int characters_allowed(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 0x7f || strchr("\\\"<>^`{|}", *text)) {
            return 0;
        }
        if (*text == '%') {
            static const char hex[] = DIGITS "ABCDEFabcdef";

            if (!text[1] || !strchr(hex, text[1]) || !text[2] || !strchr(hex, text[2])) {
                return 0;
            }
            if (text[1] == '0' || text[1] == '1' || (text[1] == '7' && (text[2] == 'f' || text[2] == 'F'))) {
                return 0;
            }
        }
    }
    return 1;
}

static int is_web(const char *scheme)
{
    return !apr_cstr_casecmp(scheme, "https") || !apr_cstr_casecmp(scheme, "http");
}

static int port_valid(const char *port)
{
    apr_size_t size = strspn(port, DIGITS);

    return size > 0 && size <= 5 && !port[size] && port[0] != '0' && strtol(port, NULL, 10) <= 65535;
}

/* authority is a copy, and gets cut at the colon before the port. */
static int parse_authority(apr_pool_t *p, char *authority, uri_t *uri)
{
    unsigned char address[sizeof(struct in6_addr)];
    apr_size_t size;

    if (*authority == '[') {
        size = strcspn(authority, "]");
        if (!authority[size] || inet_pton(AF_INET6, apr_pstrmemdup(p, authority + 1, size - 1), address) != 1) {
            return 0;
        }
        size++;
    } else {
        size = strspn(authority, ALPHAS DIGITS "-._");
    }
    if (size == 0 || (authority[size] && authority[size] != ':')) {
        return 0;
    }
    if (authority[size] == ':') {
        authority[size] = '\0';
        uri->port = authority + size + 1;
        if (!port_valid(uri->port)) {
            return 0;
        }
    }
    uri->host = authority;
    return 1;
}

int uri_parse(apr_pool_t *p, const char *text, uri_t *uri)
{
    apr_size_t size = strspn(text, ALPHAS DIGITS "+-.");

    memset(uri, 0, sizeof(*uri));
    if (strnlen(text, URI_MAX + 1) > URI_MAX || !characters_allowed(text)) {
        return 0;
    }
    if (size == 0 || !strchr(ALPHAS, text[0]) || text[size] != ':') {
        return 0;
    }
    uri->scheme = apr_pstrmemdup(p, text, size);
    text += size + 1;
    if (!strncmp(text, "//", 2)) {
        text += 2;
        size = strcspn(text, "/?#");
        if (!parse_authority(p, apr_pstrmemdup(p, text, size), uri)) {
            return 0;
        }
        text += size;
    } else if (is_web(uri->scheme)) {
        return 0;
    }
    size = strcspn(text, "?#");
    uri->path = apr_pstrmemdup(p, text, size);
    text += size;
    if (*text == '?') {
        text++;
        size = strcspn(text, "#");
        uri->query = apr_pstrmemdup(p, text, size);
        text += size;
    }
    uri->has_fragment = *text == '#';
    return 1;
}

int uri_host_is_loopback(const char *host)
{
    return host && (!strcmp(host, "localhost") || !strcmp(host, "127.0.0.1") || !strcmp(host, "[::1]"));
}

/* The start of the label before the one at end, and its size. */
static const char *label_before(const char *host, const char *end, apr_size_t *size)
{
    const char *start = end;

    while (start > host && start[-1] != '.') {
        start--;
    }
    *size = (apr_size_t)(end - start);
    return start;
}

/* The root domain's place in host. */
static const char *root_of(const char *host)
{
    static const char *const shared[] = { "co", "com", "org", "net", "ac", "gov", "edu" };
    apr_size_t top_size, size;
    const char *top = label_before(host, host + strlen(host), &top_size);
    const char *root;

    if (top == host || strchr(DIGITS "[", *top) || *host == '[') {
        return host;
    }
    root = label_before(host, top - 1, &size);
    for (int i = 0; top_size == 2 && root > host && i < COUNT(shared); i++) {
        if (strlen(shared[i]) == size && !apr_cstr_casecmpn(shared[i], root, size)) {
            return label_before(host, root - 1, &size);
        }
    }
    return root;
}

int uri_same_root(const char *a, const char *b)
{
    return !apr_cstr_casecmp(root_of(a), root_of(b));
}

static char *lower(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text);

    for (char *c = copy; *c; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c = (char)(*c + ('a' - 'A'));
        }
    }
    return copy;
}

static int is_default_port(const char *scheme, const char *port)
{
    return !strcmp(port, apr_cstr_casecmp(scheme, "https") ? "80" : "443");
}

const char *uri_origin(apr_pool_t *p, const uri_t *uri)
{
    return apr_pstrcat(p, uri->scheme, "://", uri->host, uri->port ? ":" : "", uri->port ? uri->port : "", NULL);
}

/* scheme://host[:port] in its one normal spelling. */
static const char *normal_origin(apr_pool_t *p, const uri_t *uri)
{
    uri_t normal = *uri;

    normal.scheme = lower(p, uri->scheme);
    normal.host = lower(p, uri->host);
    if (uri->port && is_default_port(uri->scheme, uri->port)) {
        normal.port = NULL;
    }
    return uri_origin(p, &normal);
}

const char *uri_page_host(apr_pool_t *p, const char *text)
{
    uri_t uri;
    int is_page = uri_parse(p, text, &uri) && !strcmp(uri.scheme, "https") && uri.host && strlen(uri.host) <= HOST_MAX;

    return is_page ? normal_origin(p, &uri) + strlen("https://") : NULL;
}

static const char *without_trailing_slash(apr_pool_t *p, const char *path)
{
    apr_size_t size = strlen(path);

    return size && path[size - 1] == '/' ? apr_pstrmemdup(p, path, size - 1) : path;
}

const char *uri_issuer_problem(apr_pool_t *p, const char *text)
{
    const char *normal;
    uri_t uri;

    if (!uri_parse(p, text, &uri) || !is_web(uri.scheme)) {
        return "an issuer is an https URL such as https://api.example.com";
    }
    if (uri.query || uri.has_fragment) {
        return "an issuer has no query and no fragment: leave out what begins with ? or #";
    }
    if (strstr(uri.path, "//") || strstr(uri.path, "/.") || strchr(uri.path, '%')) {
        return "the path of an issuer has no empty segment, none that begins with a dot, and no percent sign";
    }
    normal = apr_pstrcat(p, normal_origin(p, &uri), without_trailing_slash(p, uri.path), NULL);
    if (!apr_cstr_casecmp(uri.scheme, "http") && !uri_host_is_loopback(lower(p, uri.host))) {
        return "an issuer begins with https://; http:// is only for localhost, 127.0.0.1 and [::1]";
    }
    if (strcmp(normal, text) != 0) {
        return apr_psprintf(p, "an issuer has its scheme and host in lower case, no default port and no trailing slash: write %s",
                            normal);
    }
    return NULL;
}

const char *uri_origin_problem(apr_pool_t *p, const char *text)
{
    const char *normal;
    uri_t uri;

    if (!uri_parse(p, text, &uri) || !uri.host) {
        return "an origin is a scheme and a host, such as https://app.example.com";
    }
    normal = normal_origin(p, &uri);
    if (strcmp(normal, text) != 0) {
        return apr_psprintf(p, "browsers send an origin in lower case, without default port, path and trailing slash: write %s",
                            normal);
    }
    return NULL;
}

/* A response parameter in the registered query would stand twice in the answer, and the client might believe the wrong one. */
static int query_collides(apr_pool_t *p, const char *query)
{
    static const char *const names[] = { "code", "state", "iss", "error", "error_description", "error_uri" };
    const params_t *params = params_parse_form(p, query, strlen(query));

    if (params->malformed) {
        return 1;
    }
    for (int i = 0; i < COUNT(names); i++) {
        if (params_find(params, names[i])) {
            return 1;
        }
    }
    return 0;
}

const char *uri_redirect_problem(apr_pool_t *p, const char *text, int allow_private)
{
    uri_t uri;

    if (strchr(text, '*')) {
        return "redirect URIs are compared as strings, so * matches nothing: write each address in full";
    }
    if (!uri_parse(p, text, &uri)) {
        return "a redirect URI is an absolute URI in plain ASCII, without user name or control characters";
    }
    if (uri.has_fragment) {
        return "a redirect URI has no fragment: leave out the # and what follows it";
    }
    if (uri.query && query_collides(p, uri.query)) {
        return "the query of a redirect URI is well-formed and holds none of code, state, iss and error";
    }
    if (!strcmp(uri.scheme, "https")) {
        return NULL;
    }
    if (!strcmp(uri.scheme, "http")) {
        return uri_host_is_loopback(uri.host)
                   ? NULL
                   : "a redirect URI begins with https://; http:// is only for localhost, 127.0.0.1 and [::1]";
    }
    if (!allow_private) {
        return "a redirect URI begins with https://, or with http:// and localhost, 127.0.0.1 or [::1]";
    }
    /* RFC 8252 section 7.1 advises names of domains, which many apps did not take. */
    return scheme_is_taken(uri.scheme)
               ? "its scheme is one that browsers and operating systems handle themselves; an app's own looks like "
                 "com.example.app:/callback"
               : NULL;
}

int uri_is_loopback_redirect(apr_pool_t *p, const char *given)
{
    uri_t uri;

    return uri_parse(p, given, &uri) && !strcmp(uri.scheme, "http") && uri_host_is_loopback(uri.host);
}

static int same_or_both_absent(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

int uri_redirect_match(apr_pool_t *p, const char *registered, const char *given)
{
    uri_t ours, theirs;

    if (!strcmp(registered, given)) {
        return 1;
    }
    return uri_is_loopback_redirect(p, registered) && uri_parse(p, registered, &ours) && uri_parse(p, given, &theirs) &&
           !strcmp(ours.scheme, theirs.scheme) && same_or_both_absent(ours.host, theirs.host) &&
           !strcmp(ours.path, theirs.path) && same_or_both_absent(ours.query, theirs.query) && !ours.has_fragment &&
           !theirs.has_fragment;
}

const char *uri_without_loopback_port(apr_pool_t *p, const char *text)
{
    uri_t uri;

    if (!uri_is_loopback_redirect(p, text) || !uri_parse(p, text, &uri) || uri.has_fragment) {
        return text;
    }
    uri.port = NULL;
    return apr_pstrcat(p, uri_origin(p, &uri), uri.path, uri.query ? "?" : NULL, uri.query, NULL);
}

const char *uri_normalise_resource(apr_pool_t *p, const char *text)
{
    uri_t uri;

    if (!uri_parse(p, text, &uri) || !is_web(uri.scheme) || uri.has_fragment) {
        return NULL;
    }
    return apr_pstrcat(p, normal_origin(p, &uri), without_trailing_slash(p, uri.path), uri.query ? "?" : "",
                       uri.query ? uri.query : "", NULL);
}

const char *uri_append_query(apr_pool_t *p, const char *uri, const char *const pairs[][2], int count)
{
    const char *query = strchr(uri, '?');
    const char *separator = !query ? "?" : query[1] ? "&" : "";
    apr_array_header_t *parts = apr_array_make(p, 1 + 4 * count, sizeof(const char *));

    APR_ARRAY_PUSH(parts, const char *) = uri;
    for (int i = 0; i < count; i++) {
        if (pairs[i][1]) {
            APR_ARRAY_PUSH(parts, const char *) = separator;
            APR_ARRAY_PUSH(parts, const char *) = pairs[i][0];
            APR_ARRAY_PUSH(parts, const char *) = "=";
            APR_ARRAY_PUSH(parts, const char *) = params_encode(p, pairs[i][1]);
            separator = "&";
        }
    }
    return apr_array_pstrcat(p, parts, '\0');
}
