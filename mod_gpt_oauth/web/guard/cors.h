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

/* Which other origins may read the answer to a request. */
typedef enum {
    CORS_BY_LOCATION, /* those of GPTOAuthAllowOrigin */
    CORS_ANYBODY,     /* every one: an endpoint that browser clients call */
    CORS_NOBODY       /* none, whatever the Location says */
} cors_rule_t;

/*
 * A filter writes the headers, of answers and errors alike, in place of what a backend said; mod_headers comes after it.
 * A handler answers preflights ahead of all others. rule says what holds for the module's own endpoints; it is called by both.
 */
void cors_register(apr_pool_t *p, cors_rule_t (*rule)(request_rec *r));

#endif
