/*
 * The rights of a server's role; internal to the backend of PostgreSQL.
 */
#ifndef GPT_OAUTH_STORE_PGSQL_RIGHTS_H
#define GPT_OAUTH_STORE_PGSQL_RIGHTS_H

#include "store/backend.h"

/* In a transaction of the caller's. */
outcome_t pgsql_grant_rights(lease_t *lease, const char *role);

#endif
