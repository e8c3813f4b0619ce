/*
 * What must be right in DBDParams before a server may lean on it.
 */
#ifndef GPT_OAUTH_STORE_CONNINFO_H
#define GPT_OAUTH_STORE_CONNINFO_H

#include <apr_pools.h>

/*
 * NULL when driver and params (DBDriver, DBDParams) will do, else a sentence that says what to write. Connects nowhere. *usable
 * (NULL: of no interest) tells whether they lead to a database all the same. Where they do not, nobody may try: libpq's message
 * would repeat a part of them, which may be the password.
 */
const char *store_params_problem(apr_pool_t *p, const char *driver, const char *params, int *usable);

/* The same for where to listen instead (GPTOAuthListen). driver is one that will do. */
const char *store_listen_problem(apr_pool_t *p, const char *driver, const char *conninfo);

#endif
