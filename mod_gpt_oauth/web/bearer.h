/*
 * The Authorization header of a guarded request: parsed and verified once per request that came over the wire.
 */
#ifndef GPT_OAUTH_WEB_BEARER_H
#define GPT_OAUTH_WEB_BEARER_H

#include <httpd.h>

#include "web/request.h"

/* The record of the initial request, with is_parsed, token, failure and access filled. Asks the database at most once. */
request_t *bearer_verify(request_rec *r);

#endif
