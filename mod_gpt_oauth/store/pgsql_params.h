/*
 * What must be right in PostgreSQL's DBDParams; internal to the backend of PostgreSQL.
 */
#ifndef GPT_OAUTH_STORE_PGSQL_PARAMS_H
#define GPT_OAUTH_STORE_PGSQL_PARAMS_H

#include <apr_pools.h>

/* See store_params_problem. *usable is 0 before. */
const char *pgsql_params_problem(apr_pool_t *p, const char *params, int *usable);

#endif
