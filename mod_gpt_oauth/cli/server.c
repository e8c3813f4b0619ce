#include "server.h"

#include <string.h>

#include <apr_strings.h>

#include "base/uri.h"

#define PATH_DEFAULT "/oauth"

const char *server_find(apr_pool_t *p, const args_t *args, const db_conf_t *conf, server_t *server)
{
    const char *problem = args->issuer ? uri_issuer_problem(p, args->issuer) : NULL;
    const char *path = conf->path ? conf->path : PATH_DEFAULT;
    uri_t uri;

    memset(server, 0, sizeof(*server));
    if (problem) {
        return apr_psprintf(p, "--issuer %s: %s", args->issuer, problem);
    }
    server->issuer = args->issuer ? args->issuer : conf->issuer;
    if (server->issuer && uri_parse(p, server->issuer, &uri)) {
        /* The endpoints lie on the host, whatever the issuer's path. */
        server->origin = uri_origin(p, &uri);
        server->authorize = apr_pstrcat(p, server->origin, path, "/authorize", NULL);
        server->token = apr_pstrcat(p, server->origin, path, "/token", NULL);
        server->revoke = apr_pstrcat(p, server->origin, path, "/revoke", NULL);
        server->schema = apr_pstrcat(p, server->origin, "/openapi.json", NULL);
    }
    return NULL;
}
