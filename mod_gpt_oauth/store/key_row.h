/*
 * Rows of oauth_service_key, for the operations on service keys; internal to store/.
 */
#ifndef GPT_OAUTH_STORE_KEY_ROW_H
#define GPT_OAUTH_STORE_KEY_ROW_H

#include "store/db.h"

#define KEY_COLUMNS "name, issuer, scope, introspect, register, created_at, expires_at, revoked_at, used_at"

/* Runs op, whose rows have KEY_COLUMNS: an array of service_key_t *, which may be empty. */
store_status_t read_keys(store_t *store, const op_t *op, const value_t *args, int nargs, apr_array_header_t **keys);

#endif
