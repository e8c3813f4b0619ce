/*
 * Require oauth-scope and Require oauth-client.
 */
#ifndef GPT_OAUTH_WEB_REQUIRE_H
#define GPT_OAUTH_WEB_REQUIRE_H

#include <apr_pools.h>

void require_register(apr_pool_t *p);

#endif
