/*
 * What a token is, for the administrator who has found one.
 */
#ifndef GPT_OAUTH_STORE_TOKEN_FIND_H
#define GPT_OAUTH_STORE_TOKEN_FIND_H

#include "base/token.h"
#include "store/store.h"

typedef struct found_token_t {
    const char *issuer;   /* NULL: of a service key that is good at all issuers */
    const char *grant_id; /* NULL, as all of the client: a service key */
    const char *client_id, *client_name;
    const char *username; /* NULL: a service account, or a service key */
    const char *scope, *resource;
    const char *name; /* of a service key */
    apr_int64_t created_at;
    apr_int64_t ends_at;    /* of a refresh token: unless it is used before; 0: never */
    apr_int64_t revoked_at; /* of its grant, or of the key; 0: not */
    apr_int64_t spent_at;   /* of a code; 0: not */
    int client_disabled, user_disabled;
    apr_uint32_t generation; /* of the refresh token that is good at present */
    digest_t secret_hash;    /* of that */
} found_token_t;

/*
 * By its hash, whatever has become of it, at all issuers; of a refresh token by that of its selector, which all of its grant
 * have. STORE_REFUSED: there is none, or it was deleted, or it is a client's secret, by which nothing is found.
 */
store_status_t store_token_find(store_t *store, token_kind_t kind, const digest_t *hash, found_token_t **found);

#endif
