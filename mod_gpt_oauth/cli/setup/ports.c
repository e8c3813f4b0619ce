/*
 * Looks whether the port is free at which a site that is not switched on yet would have httpd listen: `httpd -t` binds none, and
 * a reload that cannot bind one ends httpd, with all the sites that it serves. Called by files.c.
 */
#include <string.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_strings.h>

#include "cli/output.h"
#include "cli/setup/parts.h"

/* Binds as httpd would; what httpd itself listens at already is taken, too, and must not be named twice. */
static apr_status_t try_address(apr_pool_t *p, const char *host, apr_port_t port)
{
    apr_sockaddr_t *address;
    apr_socket_t *socket;
    apr_status_t rv = apr_sockaddr_info_get(&address, host, APR_UNSPEC, port, 0, p);

    if (rv == APR_SUCCESS) {
        rv = apr_socket_create(&socket, address->family, SOCK_STREAM, APR_PROTO_TCP, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_socket_opt_set(socket, APR_SO_REUSEADDR, 1);
    rv = apr_socket_bind(socket, address);
    apr_socket_close(socket);
    return rv;
}

static int judge(setup_t *s, const char *words)
{
    char *host, *scope;
    char reason[120];
    apr_port_t port = 0;
    apr_status_t rv = apr_parse_addr_port(&host, &scope, &port, words, s->pool);

    if (rv == APR_SUCCESS && port && (rv = try_address(s->pool, host, port)) == APR_SUCCESS) {
        return DONE;
    }
    return fail(
        "httpd could not listen at %s, and would end on being reloaded: %s. End what listens there, or name another port. "
        "Nothing was changed",
        words, apr_strerror(rv, reason, sizeof(reason)));
}

int ports_judge(setup_t *s, const char *site)
{
    char **listen = words_of_directive(s->pool, site, "Listen", NULL);

    if (listen && listen[0]) {
        return judge(s, listen[0]);
    }
    /* Debian's ports.conf listens there once mod_ssl is switched on. */
    return s->layout->has_a2 && access("/etc/apache2/mods-enabled/ssl.load", F_OK) != 0 ? judge(s, "443") : DONE;
}
