/*
 * The module's own revocations: in the database, and then in this httpd's memory, so that nothing is accepted any more when the
 * client hears of it. Other hosts are told by the database.
 */
#ifndef GPT_OAUTH_CACHE_ENDINGS_H
#define GPT_OAUTH_CACHE_ENDINGS_H

#include "store/apps.h"
#include "store/store.h"

/* As store_grant_revoke. */
store_status_t end_grant(store_t *store, const char *grant_id);

/* As store_access_delete. */
store_status_t end_access(store_t *store, const digest_t *hash, const char *client_id, const char **grant_id);

/* As store_app_end. */
store_status_t end_app(store_t *store, const char *username, const char *client_id);

/* As store_user_change_password. */
store_status_t end_password(store_t *store, const char *name, const char *old_hash, const char *password_hash, int ends_apps,
                            apr_int64_t *revoked);

/* As store_code_issue, which may end other grants. */
store_status_t end_for_code(store_t *store, const code_t *code, const consent_t *consent);

#endif
