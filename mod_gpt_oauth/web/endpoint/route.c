/*
 * Which URL is which endpoint of the table in web/endpoint/endpoints.c: claimed before mod_rewrite, mod_alias and mod_proxy can
 * take it, and kept out of the guard's way. mod_gpt_oauth.c registers the hooks.
 */
#include "web/endpoint/route.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>

#include "base/well_known.h"
#include "private.h"
#include "web/config/config.h"
#include "web/config/section.h"
#include "web/http/reply.h"
#include "web/http/request.h"

/* Set before the first request, and never again. */
static const endpoint_t *endpoints;

/* The module's own and nothing there: answered here, whatever a catch-all proxy or rewrite would make of it. */
static const endpoint_t reserved = { .handler = "gpt-oauth-reserved",
                                     .flags = ENDPOINT_STATIC | ENDPOINT_GUARD,
                                     .meter = ENDPOINT_METER_OTHER };

void route_register(const endpoint_t *table)
{
    endpoints = table;
}

int route_is_served(const server_conf_t *conf, const endpoint_t *endpoint)
{
    return (!conf->is_guard || endpoint->flags & ENDPOINT_GUARD) && (!endpoint->is_on || endpoint->is_on(conf));
}

/* One slash at the end is as good as none: many a framework calls its endpoints so, and many a form is filled in so. */
static int has_path(const endpoint_t *endpoint, const char *uri)
{
    const char *rest;

    if (!path_is_within(uri, endpoint->path)) {
        return 0;
    }
    rest = uri + strlen(endpoint->path);
    return endpoint->flags & ENDPOINT_TREE || !rest[0] || !rest[1];
}

static const endpoint_t *endpoint_of(const server_conf_t *conf, const char *uri)
{
    apr_size_t size = strlen(conf->path);
    int is_below = path_is_within(uri, conf->path);
    int is_own = is_below && !conf->is_guard; /* of what stands there a guard claims what it has, and nothing else */
    const char *name = is_below && uri[size] == '/' ? uri + size + 1 : NULL;

    for (const endpoint_t *endpoint = endpoints; endpoint->handler; endpoint++) {
        const char *path = endpoint->path && *endpoint->path == '/' ? uri : name;

        if (path && endpoint->path && has_path(endpoint, path) && route_is_served(conf, endpoint)) {
            return endpoint;
        }
    }
    return is_own || path_is_within(uri, WELL_KNOWN_METADATA) ? &reserved : NULL;
}

/* Asked of the handlers of all others, too, some times for each request. */
static const endpoint_t *endpoint_by_handler(const char *handler)
{
    if (strncmp(handler, HANDLER_PREFIX, strlen(HANDLER_PREFIX)) != 0) {
        return NULL;
    }
    for (const endpoint_t *endpoint = endpoints; endpoint->handler; endpoint++) {
        if (strcmp(endpoint->handler, handler) == 0) {
            return endpoint;
        }
    }
    return NULL;
}

int route_is_own(const server_conf_t *conf, const char *path)
{
    return endpoint_of(conf, path) != NULL;
}

int route_is_reserved(const server_conf_t *conf, const char *path)
{
    return endpoint_of(conf, path) == &reserved;
}

int route_is_public(const char *handler)
{
    const endpoint_t *endpoint = endpoint_by_handler(handler);

    return endpoint && endpoint->flags & ENDPOINT_PUBLIC;
}

const char *route_url(apr_pool_t *p, const server_conf_t *conf, const char *handler)
{
    const endpoint_t *endpoint = endpoint_by_handler(handler);

    if (!endpoint || !endpoint->path || !route_is_served(conf, endpoint)) {
        return NULL;
    }
    return *endpoint->path == '/' ? apr_pstrcat(p, conf->origin, endpoint->path, NULL)
                                  : apr_pstrcat(p, conf->origin, conf->path, "/", endpoint->path, NULL);
}

/* The endpoint that SetHandler puts here. */
static const endpoint_t *endpoint_set(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *handler = core->handler, *problem = NULL;

    if (core->expr_handler) {
        handler = ap_expr_str_exec(r, core->expr_handler, &problem);
    }
    return handler && !problem ? endpoint_by_handler(handler) : NULL;
}

/*
 * Sections are looked through once more after this hook: whatever is said of an endpoint, by LocationMatch or If too, holds for
 * all of its spellings.
 */
static char *canonical(apr_pool_t *p, const server_conf_t *conf, const endpoint_t *endpoint, char *uri)
{
    const endpoint_t *first = endpoint_by_handler(endpoint->handler); /* of several names */
    const char *path = first ? first->path : NULL;

    if (!path || endpoint->flags & ENDPOINT_TREE) {
        return uri;
    }
    return *path == '/' ? apr_pstrdup(p, path) : apr_pstrcat(p, conf->path, "/", path, NULL);
}

int route_translate(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    const endpoint_t *endpoint;

    if (!conf->issuer || !r->uri || !(endpoint = endpoint_of(conf, r->uri)) || (endpoint == &reserved && endpoint_set(r))) {
        return DECLINED;
    }
    request_record(r)->endpoint = endpoint;
    r->handler = endpoint->handler;
    r->uri = canonical(r->pool, conf, endpoint, r->uri);
    r->filename = apr_pstrcat(r->pool, "gpt-oauth:", r->uri, NULL);
    r->proxyreq = PROXYREQ_NONE; /* an early ProxyPass may have claimed it already */
    return OK;
}

int route_map_to_storage(request_rec *r)
{
    if (!request_record(r)->endpoint) {
        return DECLINED;
    }
    /* Nothing of it lies on disk: no directory walk, so no <Directory> and no .htaccess. */
    r->handler = request_record(r)->endpoint->handler;
    return OK;
}

const endpoint_t *route_target(request_rec *r)
{
    const endpoint_t *endpoint = request_record(r)->endpoint;

    return endpoint || !r->handler ? endpoint : endpoint_by_handler(r->handler);
}

const endpoint_t *route_endpoint(request_rec *r)
{
    const endpoint_t *endpoint = request_record(r)->endpoint;

    if (!endpoint && !(endpoint = endpoint_set(r))) {
        endpoint = route_target(r); /* AddHandler, RewriteRule [H=…] */
    }
    return endpoint;
}

cors_rule_t route_cors(request_rec *r)
{
    const endpoint_t *endpoint = route_endpoint(r);

    if (!endpoint || endpoint->flags & ENDPOINT_PUBLIC) {
        return CORS_BY_LOCATION;
    }
    return endpoint->flags & ENDPOINT_CORS ? CORS_ANYBODY : CORS_NOBODY;
}

int route_access(request_rec *r)
{
    request_t *record = request_record(r);
    const endpoint_t *endpoint;
    int rc;

    if (record->is_inner || !request_is_guarded(r)) {
        return DECLINED;
    }
    /* Noted, so that who passes here without a token is answered by the endpoint and by nothing else. */
    if (!record->endpoint && (endpoint = endpoint_set(r)) && !(endpoint->flags & ENDPOINT_PUBLIC)) {
        record->endpoint = endpoint;
    }
    if (!record->endpoint) {
        r->user = NULL; /* a user of somebody else's making (SSLUserName) is not what AuthType GPTOAuth asks for */
        return DECLINED;
    }
    record->is_inner = 1;
    rc = ap_run_access_checker_ex(r);
    record->is_inner = 0;
    /* A Require that wants a user is not in force here. One that refuses without looking at the user (an address) is. */
    return rc == DECLINED ? OK : rc;
}

int route_no_openid(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    apr_size_t size;

    if (!conf->issuer || r->finfo.filetype != APR_NOFILE || ap_is_HTTP_ERROR(r->status)) {
        return DECLINED;
    }
    /* Before the path of the issuer as RFC 8414 has it, or behind it as in OpenID Connect Discovery. */
    size = strlen(conf->issuer_path);
    if (!path_is_within(r->uri, WELL_KNOWN_OPENID) &&
        (strncmp(r->uri, conf->issuer_path, size) != 0 || strcmp(r->uri + size, WELL_KNOWN_OPENID) != 0)) {
        return DECLINED;
    }
    return reply_nothing(r);
}
