/*
 * Revokes and has it forgotten, whatever the database said: where an answer was lost, the change may have been made all the same.
 * Called by grant/.
 */
#include "cache/endings.h"

#include <string.h>

#include "cache/cache.h"

store_status_t end_grant(store_t *store, const char *grant_id)
{
    store_status_t status = store_grant_revoke(store, NULL, grant_id);

    cache_kill(store->cache, KILL_GRANT, grant_id, strlen(grant_id));
    return status;
}

store_status_t end_access(store_t *store, const digest_t *hash, const char *client_id, const char **grant_id)
{
    store_status_t status = store_access_delete(store, hash, client_id, grant_id);

    cache_kill(store->cache, KILL_TOKEN, hash->byte, sizeof(hash->byte));
    return status;
}

/* Whoever he let in besides is asked for anew, which costs a look-up. */
static void forget_user(store_t *store, const char *username)
{
    cache_kill(store->cache, KILL_USER, username, strlen(username));
}

store_status_t end_app(store_t *store, const char *username, const char *client_id)
{
    store_status_t status = store_app_end(store, username, client_id);

    forget_user(store, username);
    return status;
}

store_status_t end_password(store_t *store, const char *name, const char *old_hash, const char *password_hash, int ends_apps,
                            apr_int64_t *revoked)
{
    store_status_t status = store_user_change_password(store, name, old_hash, password_hash, ends_apps, revoked);

    forget_user(store, name);
    return status;
}

store_status_t end_for_code(store_t *store, const code_t *code, const consent_t *consent)
{
    apr_int64_t ended = 1;
    store_status_t status = store_code_issue(store, code, consent, &ended);

    if (ended) {
        forget_user(store, code->username);
    }
    return status;
}
