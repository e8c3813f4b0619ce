/*
 * The URIs OAuth lives by: issuer, redirect URI, resource. Strict: at most URI_MAX bytes of ASCII without controls (nor
 * percent-encoded ones), spaces, '\', '"', '<', '>', '^', '`', '{', '|', '}' or userinfo; percent signs only before two hex
 * digits; hosts of letters, digits, '-', '.', '_', or an IPv6 address in brackets. What is not certain is refused.
 */
#ifndef GPT_OAUTH_BASE_URI_H
#define GPT_OAUTH_BASE_URI_H

#include <apr_pools.h>

#define URI_MAX 2048

typedef struct uri_t {
    const char *scheme; /* as written */
    const char *host;   /* as written, [..] included; NULL without an authority (private-use schemes) */
    const char *port;   /* digits, NULL when absent */
    const char *path;   /* from the first '/' on, "" when absent; for scheme:rest the rest */
    const char *query;  /* after '?', NULL when absent */
    int has_fragment;   /* a '#', even a bare one */
} uri_t;

/*
 * Takes text apart into p. 0 when it is not an absolute URI by the rules above, or http(s) without a host. Ports must be 1 to
 * 65535 without leading zeros.
 */
int uri_parse(apr_pool_t *p, const char *text, uri_t *uri);

/* 1 for the literal hosts localhost, 127.0.0.1 and [::1]: lower case, nothing else (no 127.1, no 0x7f000001, no NULL). */
int uri_host_is_loopback(const char *host);

/*
 * 1 when two hosts have one root domain, as ChatGPT wants of an API and its OAuth URLs: the last two labels, or three below
 * such as co.uk. There is no list of public suffixes here, so it may say 1 too often. Addresses and single labels must be equal.
 */
int uri_same_root(const char *a, const char *b);

/*
 * NULL when text may be an issuer: https (http for loopback hosts only), lower-case scheme and host, no query, fragment or
 * trailing slash, no default port spelled out, and a path without empty or dot segments and percent signs; else a sentence that
 * says what is wrong and what to write.
 */
const char *uri_issuer_problem(apr_pool_t *p, const char *text);

/*
 * NULL when text is an origin as browsers write it in the header Origin (RFC 6454 section 6.2): scheme://host[:port] in lower
 * case, no default port, nothing behind it; else a sentence that says what is wrong and what to write.
 */
const char *uri_origin_problem(apr_pool_t *p, const char *text);

/*
 * NULL when text may be registered as a redirect URI: https; http for loopback hosts; a private-use scheme (RFC 8252 section
 * 7.1, see scheme.h) when allow_private. Never a fragment, a '*' (which would match nothing but itself), or a
 * query that holds code, state, iss or error. Else a sentence for the admin or the registering client.
 */
const char *uri_redirect_problem(apr_pool_t *p, const char *text, int allow_private);

/*
 * Does the redirect URI of a request match the registered one? Simple string comparison (RFC 3986 section 6.2.1), except that of
 * a registered http loopback URI the port may be any (RFC 8252 section 7.3), compared component by component otherwise.
 */
int uri_redirect_match(apr_pool_t *p, const char *registered, const char *given);

/* 1 when given is http on a loopback host, whatever the port: what the consent page warns about. */
int uri_is_loopback_redirect(apr_pool_t *p, const char *given);

/*
 * Whose page that is: the host of an https URL in lower case, with its port where that is not the default one. NULL for every
 * other text, which is no link to a page. International names are as in the URL, where they are ASCII.
 */
const char *uri_page_host(apr_pool_t *p, const char *text);

/*
 * Scheme and host in lower case, default port dropped, one trailing slash of the path dropped; NULL when text cannot be a
 * resource (RFC 8707: absolute, no fragment) or is not http(s).
 */
const char *uri_normalise_resource(apr_pool_t *p, const char *text);

/*
 * Appends name=value pairs to a URI with or without a query, but without a fragment. Values get encoded, names do not; pairs
 * with NULL value are left out.
 */
const char *uri_append_query(apr_pool_t *p, const char *uri, const char *const pairs[][2], int count);

/* An http loopback URI without its port, in p: what uri_redirect_match makes equal. Any other URI as it is. */
const char *uri_without_loopback_port(apr_pool_t *p, const char *text);

/* scheme://host[:port] of a parsed http(s) URI, as written. */
const char *uri_origin(apr_pool_t *p, const uri_t *uri);

#endif
