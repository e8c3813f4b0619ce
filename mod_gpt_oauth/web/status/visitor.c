/*
 * Tells those who may look from those who may not. A proxy on the same machine comes from loopback for everybody on earth: it
 * gives itself away by what it adds to the request, or by the host that it asks for. Called by endpoint.c.
 */
#include "web/status/visitor.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <http_ssl.h>

#include "base/uri.h"
#include "private.h"
#include "web/config/config.h"
#include "web/console/role.h"
#include "web/endpoint/owner.h"
#include "web/endpoint/person.h"
#include "web/endpoint/visit.h"
#include "web/http/request.h"

static int is_loopback_address(const apr_sockaddr_t *address)
{
#if APR_HAVE_IPV6
    if (address && address->family == APR_INET6) {
        const struct in6_addr *in = &address->sa.sin6.sin6_addr;

        return IN6_IS_ADDR_LOOPBACK(in) || (IN6_IS_ADDR_V4MAPPED(in) && in->s6_addr[12] == 127);
    }
#endif
    return address && address->family == APR_INET && ntohl(address->sa.sin.sin_addr.s_addr) >> 24 == 127;
}

/* What proxies say of whom they speak for. mod_remoteip takes such headers away, but then the address is no longer loopback. */
static int is_forwarded(const request_rec *r)
{
    static const char *const names[] = { "Forwarded", "Via", "X-Real-IP" };
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);

    for (int i = 0; i < (int)(sizeof(names) / sizeof(*names)); i++) {
        if (apr_table_get(r->headers_in, names[i])) {
            return 1;
        }
    }
    for (int i = 0; i < headers->nelts; i++) {
        if (strncasecmp(APR_ARRAY_IDX(headers, i, apr_table_entry_t).key, "X-Forwarded-", strlen("X-Forwarded-")) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Not by a name that some other site has made to lead here (DNS rebinding), nor by that of a proxy's own. */
static int asks_for_us(const request_rec *r)
{
    const char *host = r->hostname;
    uri_t origin;

    return host && (uri_host_is_loopback(host) || strcmp(host, "::1") == 0 ||
                    (uri_parse(r->pool, config_server(r->server)->origin, &origin) && strcasecmp(origin.host, host) == 0));
}

/* Where clients come by https, what comes without it may come from something in front that tells nothing of itself. */
static int is_as_clients_come(const request_rec *r)
{
    return strncmp(config_server(r->server)->issuer, "https:", strlen("https:")) != 0 || ap_ssl_conn_is_ssl(r->connection);
}

static int is_here(const request_rec *r)
{
    return is_loopback_address(r->connection->client_addr) && is_loopback_address(r->useragent_addr) && !is_forwarded(r) &&
           asks_for_us(r) && is_as_clients_come(r);
}

static int is_listed(const apr_array_header_t *addresses, const request_rec *r)
{
    for (int i = 0; addresses && i < addresses->nelts; i++) {
        if (r->useragent_addr && apr_ipsubnet_test(APR_ARRAY_IDX(addresses, i, apr_ipsubnet_t *), r->useragent_addr)) {
            return 1;
        }
    }
    return 0;
}

static int check_person(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    visit_t visit;
    owner_t owner;
    int status;

    if (conf->is_guard || !conf->admins || !conf->source || request_is_insecure(r) ||
        (!person_is_given(r) && !request_cookie(r, conf->session_cookie)) || owner_is_astray(r)) {
        return DECLINED;
    }
    visit = visit_of(r);
    status = owner_begin(&visit, "status", &owner);
    if (status != DECLINED) {
        return status == OK ? DONE : status;
    }
    return owner.username && role_of(r, owner.username) == ROLE_ADMIN ? OK : DECLINED;
}

int visitor_check(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);

    return (!conf->is_status_closed && is_here(r)) || is_listed(conf->status_addresses, r) ? OK : check_person(r);
}
