/*
 * The endpoints, and the functions that answer there: called with an issuer configured, the scheme checked and the store at hand.
 */
#ifndef GPT_OAUTH_WEB_ENDPOINTS_H
#define GPT_OAUTH_WEB_ENDPOINTS_H

#include <httpd.h>
#include <jansson.h>

#include "web/endpoint/route.h"

/* For route_register. */
extern const endpoint_t endpoints[];

/* For GET and HEAD. That of the token endpoint says 405, and what a browser is doing there. */
int endpoint_authorize_get(request_rec *r);
int endpoint_apps_get(request_rec *r);
int endpoint_console_get(request_rec *r); /* web/console/ */
int endpoint_token_get(request_rec *r);
int endpoint_hello_get(request_rec *r);

/* For POST. */
int endpoint_authorize_post(request_rec *r);
int endpoint_apps_post(request_rec *r);
int endpoint_console_post(request_rec *r);
int endpoint_token_post(request_rec *r);
int endpoint_hello_post(request_rec *r);
int endpoint_revoke(request_rec *r);
int endpoint_introspect(request_rec *r);
int endpoint_register(request_rec *r);

/* Documents, for every method. */
int endpoint_server_metadata(request_rec *r);
int endpoint_resource(request_rec *r);
int endpoint_manifest(request_rec *r);
int endpoint_openapi(request_rec *r);

/* For GET and HEAD. */
int endpoint_logo(request_rec *r);
int endpoint_status(request_rec *r); /* web/status/ */
int endpoint_health(request_rec *r); /* the same */

/* The values of grant_type that the token endpoint knows: a new array. */
json_t *endpoint_token_grants(void);

#endif
