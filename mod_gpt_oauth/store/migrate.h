/*
 * Brings a database up to date. Only the command does this; a server says what to run.
 */
#ifndef GPT_OAUTH_STORE_MIGRATE_H
#define GPT_OAUTH_STORE_MIGRATE_H

#include "store/migrations.h"
#include "store/store.h"

/*
 * Applies what is missing of known, each in one transaction; any number of hosts may do so at once, and as often as they
 * like. *applied: those applied now (const migration_t *). On the first run the random tag key is made. grant_to (or NULL)
 * is a role of PostgreSQL that gets the rights a server needs. On STORE_DOWN store->problem is set, and what *applied holds
 * stays applied.
 */
store_status_t store_migrate(store_t *store, const migration_t *known, const char *grant_to, apr_array_header_t **applied);

#endif
