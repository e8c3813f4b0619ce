/*
 * The protected resources of a virtual host (RFC 8707, RFC 9728): worked out once from what AuthType GPTOAuth, GPTOAuthResource
 * and Require said, and where.
 */
#ifndef GPT_OAUTH_WEB_RESOURCE_H
#define GPT_OAUTH_WEB_RESOURCE_H

#include <httpd.h>

#include "web/config/config.h"

typedef struct resource_t {
    const char *uri;      /* normalised */
    const char *section;  /* the path of the Location that has no other name; NULL: GPTOAuthResource has named it */
    const char *path;     /* where it lies on this host, without a slash at the end; NULL: nowhere that is known */
    const char *scopes;   /* what its Require lines ask for, or else the default ones; normalised */
    const char *metadata; /* the URL of its document */
} resource_t;

/*
 * After config_finish, where there is an issuer: fills conf->guarded, and policy->resources with what the parameter `resource`
 * may name.
 */
void resource_finish(apr_pool_t *p, server_conf_t *conf);

/* The resource of the Location that serves r; NULL when it has none. */
const resource_t *resource_of(const request_rec *r);

/*
 * The resource at a path of this host, a slash at the end apart; NULL: there is none. What lies below is no answer to who asked
 * for it: the resource of the document has to be identical to that (RFC 9728 section 3.3).
 */
const resource_t *resource_at(apr_pool_t *p, const server_conf_t *conf, const char *path);

#endif
