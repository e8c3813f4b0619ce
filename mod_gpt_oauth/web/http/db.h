/*
 * mod_dbd's pools as a source of connections for store/, and the store as a request sees it.
 */
#ifndef GPT_OAUTH_WEB_DB_H
#define GPT_OAUTH_WEB_DB_H

#include <httpd.h>

#include "base/failure.h"
#include "store/store.h"
#include "web/config/config.h"

/* post_config: one cache (cache/cache.h) for each database that a virtual host with an issuer uses, or what the system says. */
apr_status_t db_post_config(apr_pool_t *pconf, server_rec *main_server);

/* child_init: one source (and gate) for each of mod_dbd's pools that a virtual host with an issuer uses. */
void db_child_init(apr_pool_t *pchild, server_rec *main_server);

/* Whether two virtual hosts with an issuer use the same database. */
int db_is_same(const server_conf_t *one, const server_conf_t *other);

/* The store for this request; its pool is r's. */
store_t db_store(request_rec *r);

/* What to say where that store has no source, so that it cannot be asked. */
const failure_t *db_failure(apr_pool_t *p);

#endif
