/*
 * Cross-origin requests (Fetch, "HTTP-CORS protocol"): GPTOAuthAllowOrigin of a Location, and `*` on the endpoints that browser
 * clients call. Never with credentials: tokens travel in a header that only the caller's own code can set, and no cookie counts.
 */
#ifndef GPT_OAUTH_WEB_CORS_H
#define GPT_OAUTH_WEB_CORS_H

#include <httpd.h>
#include <http_config.h>

/* GPTOAuthAllowOrigin, once for each origin. */
const char *cors_add_origin(cmd_parms *cmd, void *dir, const char *origin);

/* 1 for the question that a browser asks ahead of a request; it never carries credentials. */
int cors_is_preflight(const request_rec *r);

/* 1 for a preflight where other origins may be let in, GPTOAuthAllowOrigin or an endpoint says which. */
int cors_has_answer(request_rec *r);

/* A filter writes the headers, of answers and errors alike, in place of what a backend said; mod_headers comes after it. */
void cors_register(apr_pool_t *p);

#endif
