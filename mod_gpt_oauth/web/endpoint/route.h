/*
 * Which URL is which endpoint. With an issuer the module answers its own URLs before mod_rewrite, mod_alias, mod_proxy and
 * .htaccess can take them; by SetHandler an endpoint may stand at any other Location besides.
 */
#ifndef GPT_OAUTH_WEB_ROUTE_H
#define GPT_OAUTH_WEB_ROUTE_H

#include <httpd.h>

#include "base/audit.h"
#include "base/meter_list.h"
#include "web/guard/cors.h"

struct server_conf_t;

enum {
    ENDPOINT_IDENTIFIES = 1, /* finds out who a person is: never where a .htaccess took part */
    ENDPOINT_PUBLIC = 2,     /* needs no issuer, and belongs to its Location like any application */
    ENDPOINT_STATIC = 4,     /* needs no database */
    ENDPOINT_TREE = 8,       /* has the paths below its own too */
    ENDPOINT_GUARD = 16,     /* is served where the issuer is only guarded for, too */
    ENDPOINT_CORS = 32,      /* pages of every origin may call it */
    ENDPOINT_PLAIN = 128,    /* may be called over plain http, whatever the issuer says */
    ENDPOINT_FORMS = 64      /* others' pages may post forms to it; those of its own pages it tells apart itself */
};

/* With this every handler's name begins. */
#define HANDLER_PREFIX "gpt-oauth-"

typedef struct endpoint_t {
    const char *path; /* on the host when it begins with a slash, else below GPTOAuthPath; NULL: by SetHandler only */
    const char *handler;
    unsigned flags;
    int (*is_on)(const struct server_conf_t *conf); /* NULL: always; where it is off, a path on the host is anybody's */
    int (*get)(request_rec *r);                     /* HEAD too; NULL: 405 */
    int (*post)(request_rec *r);                    /* NULL: 405 */
    const char *allow;   /* the header; NULL: get answers every method itself, and may say 404 to each */
    audit_event_t event; /* what a refusal is to the audit log; AUDIT_NONE: nothing */
    endpoint_meter_t meter;
} endpoint_t;

/* Before any of the others: the table, which ends with one that has no handler, and lives as long as the process. */
void route_register(const endpoint_t *table);

/* The endpoint that answers r, by its URL or as a handler, from early on; NULL: r is somebody else's. */
const endpoint_t *route_endpoint(request_rec *r);
/*
 * The same for the hook handler, when r->handler is what it will be. Not by that, if the URL is the module's own: SetHandler and
 * RewriteRule in a <Location> have had a go at it since.
 */
const endpoint_t *route_target(request_rec *r);

/* 1 where the host has it: not switched off, and not for an issuer while the host only guards. */
int route_is_served(const struct server_conf_t *conf, const endpoint_t *endpoint);

/* For cors_register. Where a person signs in, that is for the user's eyes alone. */
cors_rule_t route_cors(request_rec *r);

int route_translate(request_rec *r);
int route_map_to_storage(request_rec *r);
/* Ahead of mod_authz_core: AuthType GPTOAuth is never in force on the module's own URLs. */
int route_access(request_rec *r);
/* After everybody else: OpenID Connect is not spoken here, which clients that look for it must be told in JSON. */
int route_no_openid(request_rec *r);

/* 1 when the module itself answers at this path, and no AuthType GPTOAuth is in force there. */
int route_is_own(const struct server_conf_t *conf, const char *path);
/* 1 when it answers there that there is nothing, unless a SetHandler puts an endpoint there. */
int route_is_reserved(const struct server_conf_t *conf, const char *path);
/* 1 when this is the handler of an endpoint that belongs to its Location, and to the guard there, like any application. */
int route_is_public(const char *handler);

/* The URL of an endpoint by its handler's name; NULL where it is not served. What is not served must not be advertised. */
const char *route_url(apr_pool_t *p, const struct server_conf_t *conf, const char *handler);

#endif
