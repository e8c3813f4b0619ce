/*
 * What a caller may neither tell an application behind this httpd nor keep from it, and what no application is to see: identity
 * headers, the members of Connection that would take them away again, and the module's cookies.
 */
#ifndef GPT_OAUTH_WEB_SCRUB_H
#define GPT_OAUTH_WEB_SCRUB_H

#include <httpd.h>

#define HEADER_USER   "X-OAuth-User"
#define HEADER_CLIENT "X-OAuth-Client"
#define HEADER_SCOPE  "X-OAuth-Scope"

/* post_read_request, before anybody reads a header; for hosts with an issuer. The cookies go into the request's record. */
int scrub_request(request_rec *r);

/*
 * Removes the identity headers, in every spelling that a CGI variable or a WSGI key would not tell apart. 1 when there was one.
 */
int scrub_identity(request_rec *r);

#endif
