/*
 * What an administrator or the help desk takes back: sessions, grants, throttles, registered apps. Returns and *problem as in
 * admin/clients.h.
 */
#ifndef GPT_OAUTH_ADMIN_ACCESS_H
#define GPT_OAUTH_ADMIN_ACCESS_H

#include "store/store.h"

/* One session of this user, in this very spelling, by its public id: at store->issuer, or at any where that is NULL. */
store_status_t admin_session_end(store_t *store, const char *username, const char *public_id, const char **problem);
/* One grant; of this user, in this very spelling, unless username is NULL. */
store_status_t admin_grant_revoke(store_t *store, const char *username, const char *grant_id, const char **problem);
/* All grants of a user (in all spellings), to a client id, or both (one may be NULL). STORE_REFUSED: there was none. */
store_status_t admin_grants_revoke(store_t *store, const char *username, const char *client_id, apr_int64_t *count,
                                   const char **problem);
/* Throttles of a user, of an address as the list shows it, or all (both NULL). STORE_REFUSED: there was none. */
store_status_t admin_throttle_lift(store_t *store, const char *username, const char *address, apr_int64_t *count,
                                   const char **problem);
/*
 * Apps that registered themselves here or have a document, and that no user let in, nor was a grant used, for so many seconds:
 * removes them with all grants, up to CLEANUP_MAX at a time; *count says how many. Disabled ones stay, as they would come back
 * enabled. STORE_REFUSED: there was none.
 */
#define CLEANUP_MAX 1000
store_status_t admin_registrations_clean_up(store_t *store, apr_int64_t unseen_for, apr_int64_t *count, const char **problem);

#endif
