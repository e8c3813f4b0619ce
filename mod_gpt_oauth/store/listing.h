/*
 * Lists as the console shows them: 50 a page by key, by the beginning of a name, in the order of names or of the last use. Part
 * of the store's interface, as store.h. Each is one statement, by index.
 */
#ifndef GPT_OAUTH_STORE_LISTING_H
#define GPT_OAUTH_STORE_LISTING_H

#include "store/store.h"

/* Of more whose names begin so, those are sorted by use that are the first by name. */
#define LISTING_SORTED 10000

typedef struct listing_t {
    const char *prefix;     /* how names begin, in any case; "": all */
    int is_by_use;          /* the last used first, those never used at the end; else by name */
    const char *after;      /* the key of the last row of the page before: name or, of clients, id; NULL: from the beginning */
    const char *after_name; /* its name, by which it stands where it does */
    apr_int64_t after_used; /* its last use; 0: never */
} listing_t;

typedef struct listed_client_t {
    const char *id, *name, *source;
    int is_public, is_gpt, is_resource_server;
    const char *grant_types;
    apr_int64_t created_at, used_at, disabled_at; /* used_at: when a user last let it in, or it was seen; 0: never */
} listed_client_t;

typedef struct listed_user_t {
    const char *name;
    int has_password;
    apr_int64_t created_at, used_at, disabled_at, one_time_until; /* used_at: the last sign-in by our page */
} listed_user_t;

/*
 * Up to LISTING_PAGE, arrays of pointers. are_admins: those that the administrator made, else the documents and those that
 * registered at store->issuer.
 */
store_status_t store_listing_clients(store_t *store, const listing_t *listing, int are_admins, apr_array_header_t **clients);
store_status_t store_listing_users(store_t *store, const listing_t *listing, apr_array_header_t **users);
/* service_key_t *, without their hashes, of store->issuer and of all issuers. after is the name. */
store_status_t store_listing_keys(store_t *store, const listing_t *listing, apr_array_header_t **keys);

#endif
