/*
 * A new row of oauth_access_token, for the operations that issue tokens; internal to store/. Their first six arguments are
 * TOKEN_ARGS, and $2 and $5 serve the rest of them as the issuer and the present time.
 */
#ifndef GPT_OAUTH_STORE_TOKEN_ROW_H
#define GPT_OAUTH_STORE_TOKEN_ROW_H

#include "store/db.h"

/* grant_id: an argument or a column. FROM or WHERE may follow. */
#define INSERT_TOKEN(grant_id)                                                                                                   \
    "INSERT INTO oauth_access_token (token_hash, issuer, scope, resource, created_at, expires_at, grant_id)"                     \
    " SELECT $1, $2, $3, $4, $5, $6, " grant_id

/* Finds what INSERT_TOKEN has written. */
#define SELECT_TOKEN(what) "SELECT " what " FROM oauth_access_token WHERE token_hash = $1 AND issuer = $2"

#define TOKEN_ARGS(store, token)                                                                                                 \
    v_digest(&(token)->hash), v_text((store)->issuer), v_text((token)->scope), v_text((token)->resource),                        \
        v_number((store)->now), v_number((token)->expires_at)

#endif
