/*
 * The module's own revocations: in the database, and then in this httpd's memory, so that nothing is accepted any more when the
 * client hears of it. Other hosts are told by the database.
 */
#ifndef GPT_OAUTH_CACHE_ENDINGS_H
#define GPT_OAUTH_CACHE_ENDINGS_H

#include "store/store.h"

/* As store_grant_revoke. */
store_status_t end_grant(store_t *store, const char *grant_id);

/* As store_access_delete. */
store_status_t end_access(store_t *store, const digest_t *hash, const char *client_id, const char **grant_id);

#endif
