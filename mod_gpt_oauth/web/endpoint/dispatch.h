/*
 * Lets the endpoint that a request is for answer it.
 */
#ifndef GPT_OAUTH_WEB_DISPATCH_H
#define GPT_OAUTH_WEB_DISPATCH_H

#include <httpd.h>

/* The handler hook: answers what web/endpoint/route.h finds to be an endpoint, and declines the rest. */
int dispatch_handler(request_rec *r);

#endif
