/*
 * Compares ServerName with the host by which clients come to an issuer or a guard. Called by check.c, for each of them.
 */
#include <httpd.h>
#include <apr_strings.h>

#include "base/uri.h"
#include "private.h"
#include "web/setup/check.h"
#include "web/http/log.h"

static int has_name(const apr_array_header_t *names, const char *host, int (*differ)(const char *, const char *))
{
    for (int i = 0; names && i < names->nelts; i++) {
        if (differ(host, APR_ARRAY_IDX(names, i, const char *)) == 0) {
            return 1;
        }
    }
    return 0;
}

/* As httpd compares the host of a request with names, which stay as they are written: with a dot at their end too. */
static int is_called(const server_rec *s, const char *host)
{
    return strcasecmp(s->server_hostname, host) == 0 || has_name(s->names, host, strcasecmp) ||
           has_name(s->wild_names, host, ap_strcasecmp_match);
}

/* The host that httpd finds in a request to origin; NULL: an IPv6 address, which ServerName cannot say. */
static const char *host_of(apr_pool_t *p, const uri_t *origin)
{
    apr_size_t size = strlen(origin->host);

    return origin->host[0] == '[' ? NULL : apr_pstrmemdup(p, origin->host, size - (origin->host[size - 1] == '.'));
}

static int is_loopback(apr_pool_t *p, const char *name)
{
    char *host = apr_pstrdup(p, name);

    ap_str_tolower(host);
    return uri_host_is_loopback(host);
}

void check_server_name(apr_pool_t *p, const server_rec *s, const server_conf_t *conf)
{
    const ap_directive_t *at = conf->server_name;
    const char *host, *wanted, *harm;
    uri_t origin;

    if (!at || !uri_parse(p, conf->origin, &origin) || !(host = host_of(p, &origin)) || is_called(s, host) ||
        (uri_host_is_loopback(host) && is_loopback(p, s->server_hostname))) {
        return;
    }
    wanted = apr_pstrcat(p, host, origin.port ? ":" : NULL, origin.port, NULL);
    if (s->server_scheme) {
        wanted = apr_pstrcat(p, origin.scheme, "://", wanted, NULL);
    }
    harm = apr_psprintf(p, "redirects that httpd makes may lead away from %s", host);
    if (s->is_virtual || s->next) {
        harm = apr_psprintf(p, "requests that name %s may reach another virtual host, and %s", host, harm);
    }
    log_config(s, LOG_SERVER_NAME, "%s:%d: ServerName %s is not the host of %s %s: %s; write ServerName %s%s%s", at->filename,
               at->line_num, at->args, conf->is_guard ? "GPTOAuthResource" : "GPTOAuthIssuer",
               conf->is_guard ? conf->origin : conf->issuer, harm, wanted, s->is_virtual ? ", or beside it ServerAlias " : "",
               s->is_virtual ? host : "");
}
