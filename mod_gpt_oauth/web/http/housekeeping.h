/*
 * Deletes what is long dead (store/purge.h) from each database whose issuer is served here, on a thread, once for all processes.
 */
#ifndef GPT_OAUTH_WEB_HOUSEKEEPING_H
#define GPT_OAUTH_WEB_HOUSEKEEPING_H

#include <httpd.h>

/* post_config: what the children share, or what the system says. */
apr_status_t housekeeping_post_config(apr_pool_t *pconf, server_rec *main_server);

/* child_init, after db_child_init. */
void housekeeping_child_init(apr_pool_t *pchild, server_rec *main_server);

#endif
