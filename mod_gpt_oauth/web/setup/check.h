/*
 * Everything configtest can find: runs in the check_config hook, which `apachectl configtest` reaches (post_config it does
 * not).
 */
#ifndef GPT_OAUTH_WEB_CHECK_H
#define GPT_OAUTH_WEB_CHECK_H

#include <httpd.h>

#include "web/config/config.h"

int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/* check_name.c: warns of a ServerName that was written and is not the host by which clients come to an issuer or a guard. */
void check_server_name(apr_pool_t *p, const server_rec *s, const server_conf_t *conf);

#endif
