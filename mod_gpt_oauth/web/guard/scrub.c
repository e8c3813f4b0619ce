/*
 * Takes from each request what nobody behind this httpd may be told by its caller, or see of it. mod_gpt_oauth.c runs it ahead of
 * all other hooks, and guard.c once more before it writes identity headers of its own.
 */
#include "web/guard/scrub.h"

#include <httpd.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/array.h"
#include "web/config/config.h"
#include "web/http/request.h"

static const struct {
    const char *name;
    apr_size_t size;
} identity_headers[] = { { HEADER_USER, sizeof(HEADER_USER) - 1 },
                         { HEADER_CLIENT, sizeof(HEADER_CLIENT) - 1 },
                         { HEADER_SCOPE, sizeof(HEADER_SCOPE) - 1 } };

#define IDENTITY_SIZE_MIN (sizeof(HEADER_USER) - 1)

/* As a CGI variable or a WSGI key would see it: X_OAuth-User is X-OAuth-User. */
static int same_folded(const char *name, const char *other, apr_size_t size)
{
    for (; size > 0; size--, name++, other++) {
        char x = apr_isalnum(*name) ? (char)apr_tolower(*name) : '_', y = apr_isalnum(*other) ? (char)apr_tolower(*other) : '_';

        if (x != y) {
            return 0;
        }
    }
    return 1;
}

static int names_identity(const char *name, apr_size_t size)
{
    for (int i = 0; i < COUNT(identity_headers); i++) {
        if (size == identity_headers[i].size && same_folded(name, identity_headers[i].name, size)) {
            return 1;
        }
    }
    return 0;
}

static int is_identity(const apr_table_entry_t *entry, const char *unused)
{
    (void)unused;
    /* Few headers are looked at any longer. */
    return (*entry->key == 'X' || *entry->key == 'x') && names_identity(entry->key, strlen(entry->key));
}

int scrub_identity(request_rec *r)
{
    return request_drop(r->pool, r->headers_in, is_identity, NULL);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 9110 section 5.6.2. A table, since a header of 8 KB is looked through at every URL of the host. */
static const char is_token_character[256] = {
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1,
    ['*'] = 1,         ['+'] = 1,         ['-'] = 1,         ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1,
};

/*
 * mod_proxy drops the headers that Connection names, and to it a name ends at a comma, a semicolon or white space that is not
 * within quotes. A caller may neither name there what the backend is to be told nor write what could be read in two ways: only
 * tokens stay.
 */
static void scrub_connection(request_rec *r)
{
    const char *at;
    char *kept, *o;

    if (!apr_table_get(r->headers_in, "Connection")) {
        return;
    }
    at = apr_table_getm(r->pool, r->headers_in, "Connection");
    kept = o = apr_palloc(r->pool, strlen(at) + 2);
    while (*at) {
        char *name = o;
        apr_size_t size;

        while (is_blank(*at) || *at == ',') {
            at++;
        }
        while (is_token_character[(unsigned char)*at]) {
            *o++ = *at++;
        }
        while (is_blank(*at)) {
            at++;
        }
        size = (apr_size_t)(o - name);
        if ((*at && *at != ',') || size == 0 || (size >= IDENTITY_SIZE_MIN && names_identity(name, size))) {
            o = name;
            at += strcspn(at, ",");
        } else {
            *o++ = ',';
        }
    }
    if (o > kept) {
        o[-1] = '\0';
        apr_table_setn(r->headers_in, "Connection", kept);
    } else {
        apr_table_unset(r->headers_in, "Connection");
    }
}

/*
 * Whatever an application may take for the end of a cookie: httpd joins several lines by commas, and some split at white space.
 */
static int is_separator(char c)
{
    return c == ';' || c == ',' || is_blank(c);
}

static int begins(const char **text, const char *with)
{
    apr_size_t size = strlen(with);

    if (strncmp(*text, with, size) != 0) {
        return 0;
    }
    *text += size;
    return 1;
}

/* Does one of the module's cookies begin here, of this issuer? */
static int is_own_cookie(const char *at, const char *tag)
{
    begins(&at, COOKIE_PREFIX_HOST);
    if (!begins(&at, COOKIE_PREFIX)) {
        return 0;
    }
    while (apr_islower(*at)) {
        at++;
    }
    return begins(&at, "-") && begins(&at, tag) && *at == '=';
}

/* Moves the module's cookies into the record. All others stay as they are, byte for byte. */
static void take_cookies(request_rec *r, const char *tag)
{
    const char *at;
    int is_last = 0; /* the last one was taken */
    char *kept, *taken, *k, *t;

    if (!apr_table_get(r->headers_in, "Cookie")) {
        return;
    }
    at = apr_table_getm(r->pool, r->headers_in, "Cookie");
    if (!strstr(at, COOKIE_PREFIX)) {
        return;
    }
    kept = k = apr_palloc(r->pool, strlen(at) + 1);
    taken = t = apr_palloc(r->pool, strlen(at) + 2);
    while (*at) {
        is_last = is_own_cookie(at, tag);
        while (*at && !is_separator(*at)) {
            *(is_last ? t++ : k++) = *at++;
        }
        if (is_last) {
            *t++ = ';';
        }
        for (; is_separator(*at); at++) {
            if (!is_last) {
                *k++ = *at;
            }
        }
    }
    while (is_last && k > kept && is_separator(k[-1])) {
        k--;
    }
    *k = *t = '\0';
    request_record(r)->cookies = taken;
    if (k > kept) {
        apr_table_setn(r->headers_in, "Cookie", kept);
    } else {
        apr_table_unset(r->headers_in, "Cookie");
    }
}

int scrub_request(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);

    if (conf->issuer) {
        scrub_identity(r);
        scrub_connection(r);
        take_cookies(r, conf->tag);
    }
    return DECLINED;
}
