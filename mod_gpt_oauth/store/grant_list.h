/*
 * Grants as the administrator sees them.
 */
#ifndef GPT_OAUTH_STORE_GRANT_LIST_H
#define GPT_OAUTH_STORE_GRANT_LIST_H

#include "store/store.h"

/*
 * Kills by user and client (either may be NULL, not both), at all issuers when store->issuer is NULL; *count says how many. Some
 * at a time, and what it forgot and killed before STORE_DOWN stays so.
 */
store_status_t store_grant_revoke_all(store_t *store, const char *username, const char *client_id, apr_int64_t *count);

typedef struct listed_grant_t {
    const char *id;
    const char *client_id;
    const char *client_name; /* NULL: the client is gone */
    const char *username;    /* NULL: a service account */
    const char *scope;
    const char *resource;
    apr_int64_t created_at, expires_at, used_at;
    apr_int64_t refresh_expires_at; /* of the current refresh token, unused; 0: the grant has none */
} listed_grant_t;

/*
 * A page of the living grants of a user and client (NULL: of all), array of listed_grant_t *, newest first. LISTING_PAGE
 * of a user at store->issuer, else LIST_PAGE.
 */
store_status_t store_grant_list(store_t *store, const char *username, const char *client_id, const listed_grant_t *after,
                                apr_array_header_t **grants);

#endif
