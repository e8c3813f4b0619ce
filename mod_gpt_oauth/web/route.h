/*
 * Which URL is which endpoint. With an issuer the module answers its own URLs before mod_rewrite, mod_alias, mod_proxy and
 * .htaccess can take them; by SetHandler an endpoint may stand at any other Location besides.
 */
#ifndef GPT_OAUTH_WEB_ROUTE_H
#define GPT_OAUTH_WEB_ROUTE_H

#include <httpd.h>

typedef struct endpoint_t {
    const char *name; /* the last segment below GPTOAuthPath; NULL: by SetHandler only */
    const char *handler;
    int (*answer)(request_rec *r); /* NULL: not offered, its URL is 404 */
    int identifies;                /* it finds out who a person is: never where a .htaccess took part */
    int is_public;                 /* it needs no issuer */
} endpoint_t;

int route_translate(request_rec *r);
int route_map_to_storage(request_rec *r);
/* Ahead of mod_authz_core: AuthType GPTOAuth is never in force on the module's own URLs. */
int route_access(request_rec *r);
int route_handler(request_rec *r);

#endif
