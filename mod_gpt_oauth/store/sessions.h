/*
 * Sessions of people who have signed in, one for each browser.
 */
#ifndef GPT_OAUTH_STORE_SESSIONS_H
#define GPT_OAUTH_STORE_SESSIONS_H

#include "store/store.h"

typedef struct user_session_t {
    const char *public_id; /* by which its user names it: random, and nothing of the cookie */
    const char *issuer;
    const char *username;
    const char *browser;    /* its family, "" unknown */
    apr_int64_t created_at; /* when the password was checked */
    apr_int64_t seen_at;    /* exact to TOUCH_INTERVAL */
    apr_int64_t expires_at;
} user_session_t;

/*
 * password_hash is what the password was checked against, NULL where another sign-in checked it: it must still be the user's,
 * as a reset or removal may have come while it was being checked. Begins now, at store->issuer. STORE_REFUSED: it is not, or the
 * user is disabled.
 */
store_status_t store_session_add(store_t *store, const digest_t *hash, const user_session_t *session, const char *password_hash);
/* The session, when it lives and the user is not disabled; else STORE_REFUSED. */
store_status_t store_session_get(store_t *store, const digest_t *hash, user_session_t **session);
/* Notes store->now as the time when it was seen last where the stored one is more than TOUCH_INTERVAL old. */
store_status_t store_session_touch(store_t *store, const digest_t *hash);
/* A page of a user's living ones, array of user_session_t *, the latest first: LISTING_PAGE at store->issuer, else LIST_PAGE. */
store_status_t store_session_list(store_t *store, const char *username, const user_session_t *after,
                                  apr_array_header_t **sessions);
/* Ends the session. STORE_REFUSED: there is none. */
store_status_t store_session_end(store_t *store, const digest_t *hash);
/* Ends one of this user's, at any issuer when store->issuer is NULL; STORE_REFUSED: he has none of that id. */
store_status_t store_session_end_of(store_t *store, const char *username, const char *public_id);
/* Ends all of this user's but one (NULL: all), at all issuers when store->issuer is NULL; *count says how many. */
store_status_t store_session_end_all(store_t *store, const char *username, const char *but, apr_int64_t *count);

#endif
