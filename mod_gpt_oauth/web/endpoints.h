/*
 * The content handlers behind the routes. Called with an issuer configured, the scheme checked and the store at hand.
 */
#ifndef GPT_OAUTH_WEB_ENDPOINTS_H
#define GPT_OAUTH_WEB_ENDPOINTS_H

#include <httpd.h>

int endpoint_authorize(request_rec *r);
int endpoint_token(request_rec *r);
int endpoint_hello(request_rec *r);

#endif
