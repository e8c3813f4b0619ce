/*
 * Finds out what a token is and revokes it (RFC 7009 section 2.1), saying the same to the client whatever it was. Called by
 * web/endpoint/revoke.c.
 */
#include "grant/revoke.h"

#include <apr_strings.h>
#include <string.h>

#include "base/token.h"
#include "cache/endings.h"
#include "grant/chain.h"
#include "grant/client.h"

static const failure_t *revoke_access(store_t *store, const client_t *client, const char *token, const char **outcome,
                                      const char **grant_id)
{
    digest_t hash;

    token_hash(token, &hash);
    switch (end_access(store, &hash, client->id, grant_id)) {
    case STORE_OK: *outcome = apr_psprintf(store->pool, "an access token of grant %s", *grant_id); return NULL;
    case STORE_REFUSED: *outcome = "nothing: the access token is unknown or another client's"; return NULL;
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

static const failure_t *revoke_family(store_t *store, const client_t *client, const refresh_parts_t *parts, const char **outcome,
                                      const char **grant_id)
{
    grant_t *grant;

    switch (chain_find(store, parts, &grant)) {
    case STORE_OK: break;
    case STORE_REFUSED: *outcome = "nothing: the refresh token's family is not in the database"; return NULL;
    case STORE_DOWN:
    default: return store_failure(store);
    }
    if (strcmp(grant->client_id, client->id) != 0) {
        *outcome = "nothing: the refresh token belongs to another client";
        return NULL;
    }
    if (chain_place(parts, grant, store->now, 0) == CHAIN_STRANGER) {
        *outcome = "nothing: the refresh token is nowhere in its family's chain";
        return NULL;
    }
    switch (end_grant(store, grant->id)) {
    case STORE_OK:
        *grant_id = grant->id;
        *outcome = apr_psprintf(store->pool, "grant %s of user %s, with all its tokens", grant->id,
                                log_quote(store->pool, grant->username, 64));
        return NULL;
    case STORE_REFUSED: *outcome = "nothing: the grant was revoked before"; return NULL;
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

const failure_t *revoke_token(store_t *store, const client_t *client, const char *token, const char **outcome,
                              const char **grant_id)
{
    refresh_parts_t parts;
    digest_t tag_key;

    *grant_id = NULL;
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return store_failure(store);
    }
    /* A token says by itself what it is: token_type_hint can only be wrong. */
    if (token_check(token, TOKEN_ACCESS, &tag_key)) {
        return revoke_access(store, client, token, outcome, grant_id);
    }
    if (token_parse_refresh(token, &tag_key, &parts)) {
        return revoke_family(store, client, &parts, outcome, grant_id);
    }
    *outcome = "nothing: what was sent is not a token of this server";
    return NULL;
}
