/*
 * What must be right in DBDParams before a server may lean on it.
 */
#ifndef GPT_OAUTH_STORE_CONNINFO_H
#define GPT_OAUTH_STORE_CONNINFO_H

#include <apr_pools.h>

/* NULL when driver and params (DBDriver, DBDParams) will do, else a sentence that says what to write. Connects nowhere. */
const char *store_params_problem(apr_pool_t *p, const char *driver, const char *params);

#endif
