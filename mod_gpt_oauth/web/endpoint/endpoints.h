/*
 * The content handlers behind the routes. Called with an issuer configured, the scheme checked and the store at hand.
 */
#ifndef GPT_OAUTH_WEB_ENDPOINTS_H
#define GPT_OAUTH_WEB_ENDPOINTS_H

#include <httpd.h>
#include <jansson.h>

struct server_conf_t;

#define WELL_KNOWN_METADATA "/.well-known/oauth-authorization-server"

int endpoint_authorize(request_rec *r);
int endpoint_token(request_rec *r);
int endpoint_revoke(request_rec *r);
int endpoint_introspect(request_rec *r);
int endpoint_hello(request_rec *r);
int endpoint_metadata(request_rec *r);
int endpoint_resource(request_rec *r);
int endpoint_manifest(request_rec *r);
int endpoint_openapi(request_rec *r);
int endpoint_register(request_rec *r);

/* GPTOAuthRegistration says so. */
int endpoint_register_is_on(const struct server_conf_t *conf);

/* The values of grant_type that the token endpoint knows: a new array. */
json_t *endpoint_token_grants(void);

#endif
