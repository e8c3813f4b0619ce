/*
 * The user that httpd's own authentication gives to a request, which is not whatever stands in r->user: mod_ssl names one
 * (SSLUserName) by every certificate that it lets in, and with optional_no_ca everybody makes one for himself.
 */
#ifndef GPT_OAUTH_WEB_GIVEN_H
#define GPT_OAUTH_WEB_GIVEN_H

#include <httpd.h>

/*
 * r->user when an AuthType or a certificate that mod_ssl verified vouches for it, else NULL, and what stood there is taken away,
 * with a line in the log. A bearer token is never a sign-in.
 */
const char *given_user(request_rec *r);

void given_register(apr_pool_t *p);

#endif
