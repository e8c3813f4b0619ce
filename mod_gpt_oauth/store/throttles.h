/*
 * Sign-ins that are refused for too many wrong passwords, and browsers that are counted apart from strangers. Part of the store's
 * interface, as store.h.
 */
#ifndef GPT_OAUTH_STORE_THROTTLES_H
#define GPT_OAUTH_STORE_THROTTLES_H

#include "store/store.h"

/*
 * A throttle that refuses sign-ins. Names are folded. One that nobody has may be a password that was typed into the wrong field:
 * in its place stands "(unknown 1a2b)", of a hash that all hosts have in common, and too little of it to try passwords against.
 */
typedef struct throttled_t {
    const char *issuer;
    const char *kind; /* THROTTLED_USER and so on */
    const char *name; /* "" where it is about an address alone, as address where it is about a user alone */
    const char *address;
    apr_int64_t until_at;
    const char *host; /* that recorded it */
    int is_known;     /* for store_throttle_note: the name is somebody's, as far as this host has learnt */
} throttled_t;

#define THROTTLED_HIDDEN "(unknown "

#define THROTTLED_USER    "user"
#define THROTTLED_ADDRESS "address"
#define THROTTLED_BOTH    "user+address"

/* It has just begun to refuse. The issuer is the store's. */
store_status_t store_throttle_note(store_t *store, const throttled_t *throttled);
/* STORE_OK when the administrator lifted it later than since, by whichever name it was noted. */
store_status_t store_throttle_lifted(store_t *store, const throttled_t *throttled, apr_int64_t since, apr_int64_t *lifted_at);
/* A page of those in force, array of throttled_t *: LISTING_PAGE at store->issuer, else LIST_PAGE. */
store_status_t store_throttle_list(store_t *store, const throttled_t *after, apr_array_header_t **throttles);
/* How many are in force at store->issuer: LIST_PAGE at most. */
store_status_t store_throttle_count(store_t *store, apr_int64_t *count);
/* Lifts those of a user (by the name, or by what stands in its place) or address (NULL: of all); *count says how many. */
store_status_t store_throttle_lift(store_t *store, const char *name, const char *address, apr_int64_t *count);

/* A browser in which the user has signed in before. STORE_REFUSED: it is none of this user's. */
store_status_t store_browser_add(store_t *store, const digest_t *hash, const char *name, apr_int64_t expires_at);
store_status_t store_browser_get(store_t *store, const digest_t *hash, const char *name);

#endif
