/*
 * Everything configtest can find: runs in the check_config hook, which `apachectl configtest` reaches (post_config it does
 * not).
 */
#ifndef GPT_OAUTH_WEB_CHECK_H
#define GPT_OAUTH_WEB_CHECK_H

#include <httpd.h>

#include "web/config/config.h"

int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/* check_complain.c: one line to the terminal of configtest and to the error log; where may be NULL. Returns 1, for counting. */
int check_complain(const server_rec *s, log_code_t code, const char *where, const char *problem);
/* Where a line stands, for that; NULL for no line. */
const char *check_place(apr_pool_t *p, const ap_directive_t *at);

/* check_section.c: the sections written in s; has_home: there is an issuer for them. Returns the number of faults. */
int check_sections(apr_pool_t *p, const server_rec *s, const server_conf_t *conf, int has_home);
/* The same for what is in force in s, which has an issuer: what a guard needs there, and what needs a guard. */
int check_guards(apr_pool_t *p, const server_rec *s, const server_conf_t *conf);

/* check_pages.c: reads the pages of s. Returns the number of faults. */
int check_pages(apr_pool_t *pconf, const server_rec *s, server_conf_t *conf);

/* check_console.c: warns only, of virtual hosts before s with the same database and other administrators. */
void check_console(const server_rec *main_server, const server_rec *s, const server_conf_t *conf);

/* check_ldap.c: warns only. */
void check_ldap(const server_rec *s, const server_conf_t *conf);

/* check_server_name.c: warns only, of a ServerName that was written and is not the host by which clients come. */
void check_server_name(apr_pool_t *p, const server_rec *s, const server_conf_t *conf);

#endif
