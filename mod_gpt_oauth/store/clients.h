/*
 * A row of oauth_client, for the operations on clients; internal to store/.
 */
#ifndef GPT_OAUTH_STORE_CLIENTS_H
#define GPT_OAUTH_STORE_CLIENTS_H

#include "store/db.h"

#define CLIENT_COLUMNS                                                                                                           \
    "id, name, is_public, is_gpt, auth_method, secret_hash, old_secret_hash, old_secret_until, redirect_uris, scope,"            \
    " grant_types, gpt_id, gpt_open, is_resource_server, resource, source, created_at, disabled_at, fresh_until,"                \
    " application_type"

/* Of a row with these columns, in p. */
client_t *read_client(apr_pool_t *p, const cell_t *cell);

#endif
