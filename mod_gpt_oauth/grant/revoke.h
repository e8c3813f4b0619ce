/*
 * Revocation of a token by the client that it was issued to (RFC 7009).
 */
#ifndef GPT_OAUTH_GRANT_REVOKE_H
#define GPT_OAUTH_GRANT_REVOKE_H

#include "base/failure.h"
#include "store/store.h"

/*
 * An access token ends alone; a refresh token ends its grant, and with it all access tokens and the whole chain. An older link of
 * the chain does that, too: a client that lost an answer holds no other. NULL, also when there was nothing to revoke, or when it
 * is another client's, which then stays as it is; *outcome says for the log what was done, and *grant_id of which grant, NULL
 * for nothing. Or the database's failure.
 */
const failure_t *revoke_token(store_t *store, const client_t *client, const char *token, const char **outcome,
                              const char **grant_id);

#endif
