/*
 * A row of oauth_client, for the operations on clients; internal to store/. The lists here and the two functions of client_row.c
 * have one order: who adds a column adds it to each.
 */
#ifndef GPT_OAUTH_STORE_CLIENT_ROW_H
#define GPT_OAUTH_STORE_CLIENT_ROW_H

#include "store/db.h"

/* What each new row has: $1 to $17, by bind_client. */
#define CLIENT_NEW                                                                                                               \
    "id, name, is_public, is_gpt, auth_method, secret_hash, redirect_uris, scope, grant_types, gpt_open, is_resource_server,"    \
    " resource, source, created_at, client_uri, policy_uri, tos_uri"
#define CLIENT_ARGS 17

/* What read_client reads. */
#define CLIENT_COLUMNS CLIENT_NEW ", old_secret_hash, old_secret_until, gpt_id, disabled_at, fresh_until, application_type"

/* columns and values: those beyond CLIENT_NEW, each with a comma before it; arguments of their own go on with $18. */
#define INSERT_CLIENT(columns, values)                                                                                           \
    "INSERT INTO oauth_client (" CLIENT_NEW columns ")"                                                                          \
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17" values ")"

/* Fills the first CLIENT_ARGS arguments of an INSERT_CLIENT; created_at is store->now. */
void bind_client(const store_t *store, const client_t *client, value_t args[CLIENT_ARGS]);

/* Of a row with CLIENT_COLUMNS, in p. */
client_t *read_client(apr_pool_t *p, const cell_t *cell);

#endif
