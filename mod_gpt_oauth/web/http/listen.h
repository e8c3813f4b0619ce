/*
 * Listens for revocations (cache/listener.h), once for each database whose answers are cached.
 */
#ifndef GPT_OAUTH_WEB_LISTEN_H
#define GPT_OAUTH_WEB_LISTEN_H

#include <httpd.h>

/* post_config, after db_post_config: what the children share, or what the system says. */
apr_status_t listen_post_config(apr_pool_t *pconf, server_rec *main_server);

/* child_init, after db_child_init. */
void listen_child_init(apr_pool_t *pchild, server_rec *main_server);

#endif
