/*
 * How requests are read: body, types, cookies and the client's address; and the record that the module keeps of each. The
 * guard and the endpoints call it.
 */
#include "web/http/request.h"

#include <httpd.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <arpa/inet.h>

#include "base/crypto.h"
#include "base/times.h"
#include "private.h"
#include "web/config/config.h"

request_t *request_record(request_rec *r)
{
    request_t *record = ap_get_module_config(r->request_config, &gpt_oauth_module);

    if (!record) {
        record = apr_pcalloc(r->pool, sizeof(*record));
        ap_set_module_config(r->request_config, &gpt_oauth_module, record);
    }
    return record;
}

int request_is_guarded(request_rec *r)
{
    request_t *record = request_record(r);
    const char *type;

    if (record->sections != r->per_dir_config) {
        type = ap_auth_type(r);
        record->sections = r->per_dir_config;
        record->is_guarded = type && strcasecmp(type, AUTH_TYPE) == 0;
    }
    return record->is_guarded;
}

request_rec *request_initial(request_rec *r)
{
    while (r->prev || r->main) {
        r = r->prev ? r->prev : r->main;
    }
    return r;
}

int request_has_type(const request_rec *r, const char *type)
{
    const char *sent = apr_table_get(r->headers_in, "Content-Type");
    apr_size_t size = strlen(type);

    return sent && strncasecmp(sent, type, size) == 0 &&
           (!sent[size] || sent[size] == ';' || sent[size] == ' ' || sent[size] == '\t');
}

/* What is left unread must not be read as the next request. */
static int too_large(request_rec *r)
{
    r->connection->keepalive = AP_CONN_CLOSE;
    return HTTP_REQUEST_ENTITY_TOO_LARGE;
}

int request_read_body(request_rec *r, const char **body, apr_size_t *size)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    char *buffer = apr_palloc(r->pool, REQUEST_BODY_MAX);
    apr_size_t used = 0;
    int at_end = 0;

    if (length && apr_strtoi64(length, NULL, 10) > REQUEST_BODY_MAX) {
        return too_large(r);
    }
    while (!at_end) {
        apr_status_t rv =
            ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, (apr_off_t)(REQUEST_BODY_MAX - used + 1));

        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb) && !at_end; b = APR_BUCKET_NEXT(b)) {
            const char *data;
            apr_size_t got;

            if (APR_BUCKET_IS_EOS(b)) {
                at_end = 1;
            } else if (!APR_BUCKET_IS_METADATA(b)) {
                rv = apr_bucket_read(b, &data, &got, APR_BLOCK_READ);
                if (rv != APR_SUCCESS) {
                    return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
                }
                if (got > REQUEST_BODY_MAX - used) {
                    return too_large(r);
                }
                memcpy(buffer + used, data, got);
                used += got;
            }
        }
        apr_brigade_cleanup(bb);
    }
    *body = buffer;
    *size = used;
    return OK;
}

int request_drop(apr_pool_t *p, apr_table_t *table, int (*unwanted)(const apr_table_entry_t *, const char *), const char *what)
{
    const apr_array_header_t *entries = apr_table_elts(table);
    int first = 0;

    while (first < entries->nelts && !unwanted(&APR_ARRAY_IDX(entries, first, apr_table_entry_t), what)) {
        first++;
    }
    if (first == entries->nelts) {
        return 0;
    }
    entries = apr_array_copy(p, entries);
    apr_table_clear(table);
    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);

        if (!unwanted(entry, what)) {
            apr_table_addn(table, entry->key, entry->val);
        }
    }
    return 1;
}

/* How many cookies have that name, and the value of the last of them. */
static int find_cookie(request_rec *r, const char *name, const char **value)
{
    const char *at = request_record(request_initial(r))->cookies, *end;
    apr_size_t size = strlen(name);
    int count = 0;

    for (; at && (end = strchr(at, ';')); at = end + 1) {
        if (strncmp(at, name, size) == 0 && at[size] == '=') {
            *value = at + size + 1;
            count++;
        }
    }
    return count;
}

const char *request_cookie(request_rec *r, const char *name)
{
    const char *value;

    return find_cookie(r, name, &value) == 1 ? apr_pstrmemdup(r->pool, value, strcspn(value, ";")) : NULL;
}

int request_cookie_count(request_rec *r, const char *name)
{
    const char *value;

    return find_cookie(r, name, &value);
}

int request_is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin") &&
           apr_table_get(r->headers_in, "Access-Control-Request-Method") && !apr_table_get(r->headers_in, "Authorization");
}

int request_is_insecure(const request_rec *r)
{
    return config_server(r->server)->is_secure && strcmp(ap_http_scheme(r), "https") != 0;
}

const char *request_address(const request_rec *r)
{
    return r->useragent_ip ? r->useragent_ip : "";
}

/* The address, or of IPv6 its first bits. */
static const char *prefix(const request_rec *r, int bits)
{
    const apr_sockaddr_t *address = r->useragent_addr;

#if APR_HAVE_IPV6
    if (address && address->family == APR_INET6 && !IN6_IS_ADDR_V4MAPPED(&address->sa.sin6.sin6_addr)) {
        struct in6_addr network = { 0 };
        char text[INET6_ADDRSTRLEN];

        memcpy(&network, &address->sa.sin6.sin6_addr, (apr_size_t)bits / 8);
        if (inet_ntop(AF_INET6, &network, text, sizeof(text))) {
            return apr_psprintf(r->pool, "%s/%d", text, bits);
        }
    }
#endif
    return request_address(r);
}

const char *request_reference(request_rec *r)
{
    request_t *record = request_record(r);

    if (!record->reference) {
        record->reference = apr_pstrndup(r->pool, crypto_random_id(r->pool), 10);
    }
    return record->reference;
}

const char *request_time_text(const request_rec *r)
{
    return times_text(r->pool, apr_time_sec(r->request_time), "%Y-%m-%d %H:%M:%S UTC");
}

const char *request_network(const request_rec *r)
{
    return prefix(r, 64);
}

const char *request_site(const request_rec *r)
{
    return prefix(r, 48);
}

const failure_t *request_too_large(apr_pool_t *p, oauth_error_t error)
{
    return failure_make(p, error, "The body is larger than 64 KB.", NULL);
}
