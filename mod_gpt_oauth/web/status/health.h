/*
 * /oauth/health: whether httpd serves, and with ?ready whether the database can be used.
 */
#ifndef GPT_OAUTH_WEB_HEALTH_H
#define GPT_OAUTH_WEB_HEALTH_H

#include <httpd.h>

void health_child_init(apr_pool_t *pchild, server_rec *main_server);

#endif
