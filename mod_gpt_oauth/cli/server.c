/*
 * Works out the URLs of the server from the issuer, and connects to it. Called by main.c, and by `try` and `doctor`.
 */
#include "cli/server.h"

#include <string.h>

#include <apr_strings.h>

#include "base/uri.h"
#include "base/well_known.h"

#define PATH_DEFAULT "/oauth"

/* A path is one of the issuer's host. Of another kind libcurl would make something by itself: a host of a first word, a file. */
static int is_url(apr_pool_t *p, const char *text)
{
    uri_t uri;

    text = text[0] == '/' ? apr_pstrcat(p, "https://host", text, NULL) : text;
    return uri_parse(p, text, &uri) && (strcasecmp(uri.scheme, "https") == 0 || strcasecmp(uri.scheme, "http") == 0);
}

const char *server_find(apr_pool_t *p, const args_t *args, const db_conf_t *conf, server_t *server)
{
    const char *problem = args->issuer ? uri_issuer_problem(p, args->issuer) : NULL;
    const char *path = conf->path ? conf->path : PATH_DEFAULT;
    uri_t uri;

    memset(server, 0, sizeof(*server));
    server->file = conf->file;
    if (problem) {
        return apr_psprintf(p, "--issuer %s: %s", args->issuer, problem);
    }
    if (args->url && !is_url(p, args->url)) {
        return apr_psprintf(p,
                            "--url %s: write a whole URL such as https://api.example.com/notes, or a path of the issuer's host, "
                            "which begins with a slash; what is not ASCII is percent-encoded",
                            args->url);
    }
    server->issuer = args->issuer ? args->issuer : conf->issuer;
    if (server->issuer && uri_parse(p, server->issuer, &uri)) {
        /* The endpoints lie on the host, whatever the issuer's path. */
        server->origin = uri_origin(p, &uri);
        server->authorize = apr_pstrcat(p, server->origin, path, "/authorize", NULL);
        server->token = apr_pstrcat(p, server->origin, path, "/token", NULL);
        server->revoke = apr_pstrcat(p, server->origin, path, "/revoke", NULL);
        server->metadata = apr_pstrcat(p, server->origin, WELL_KNOWN_METADATA, uri.path, NULL);
        server->schema = apr_pstrcat(p, server->origin, "/openapi.json", NULL);
    }
    server->url =
        args->url && args->url[0] == '/' && server->origin ? apr_pstrcat(p, server->origin, args->url, NULL) : args->url;
    return NULL;
}

const char *server_open(apr_pool_t *p, const server_t *server, const args_t *args, const char *name, http_t **http)
{
    if (!server->issuer) {
        return apr_psprintf(p, "specify where the server is: GPTOAuthIssuer in %s, or --issuer URL", server->file);
    }
    return http_open(p, name, server->origin, args->connect_to, args->cacert, http);
}
