/*
 * Revokes and has it forgotten, whatever the database said: where an answer was lost, the change may have been made all the same.
 * Called by grant/.
 */
#include "cache/endings.h"

#include <string.h>

#include "cache/cache.h"

store_status_t end_grant(store_t *store, const char *grant_id)
{
    store_status_t status = store_grant_revoke(store, grant_id);

    cache_kill(store->cache, KILL_GRANT, grant_id, strlen(grant_id));
    return status;
}

store_status_t end_access(store_t *store, const digest_t *hash, const char *client_id, const char **grant_id)
{
    store_status_t status = store_access_delete(store, hash, client_id, grant_id);

    cache_kill(store->cache, KILL_TOKEN, hash->byte, sizeof(hash->byte));
    return status;
}
