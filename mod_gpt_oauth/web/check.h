/*
 * Everything configtest can find: runs in the check_config hook, which `apachectl configtest` reaches (post_config it does
 * not).
 */
#ifndef GPT_OAUTH_WEB_CHECK_H
#define GPT_OAUTH_WEB_CHECK_H

#include <httpd.h>

int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

#endif
