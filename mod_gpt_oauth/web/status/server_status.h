/*
 * A block in the page of mod_status, where that is loaded: its own rules say who may read it.
 */
#ifndef GPT_OAUTH_WEB_SERVER_STATUS_H
#define GPT_OAUTH_WEB_SERVER_STATUS_H

#include <apr_pools.h>

void server_status_register(apr_pool_t *p);

#endif
