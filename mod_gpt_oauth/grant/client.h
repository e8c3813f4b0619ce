/*
 * Client authentication (RFC 6749 section 2.3) and the rules a client must keep.
 */
#ifndef GPT_OAUTH_GRANT_CLIENT_H
#define GPT_OAUTH_GRANT_CLIENT_H

#include "base/failure.h"
#include "grant/policy.h"
#include "store/at_once.h"

/* What a client sent to prove who it is. */
typedef struct credentials_t {
    const char *basic_id, *basic_secret; /* decoded from Authorization: Basic; NULL when there was none */
    const char *body_id, *body_secret;   /* client_id, client_secret; NULL when absent or empty */
    int has_assertion;                   /* client_assertion or client_assertion_type was sent */
} credentials_t;

/* Takes down what is to be compared with the client's row. NULL, or the failure of what can be refused without it. */
const failure_t *client_proof(store_t *store, const credentials_t *credentials, proof_t *proof);

/*
 * Authenticates. Unknown client, wrong secret, missing secret and disabled client are one answer to the client; the log
 * tells them apart. The first use of a new secret ends the old one. Returns NULL and sets *client, or the failure.
 */
const failure_t *client_authenticate(store_t *store, const credentials_t *credentials, client_t **client);

/* A new client secret, which is shown once, and the hash that the database gets. NULL: the database cannot be asked. */
const char *client_new_secret(store_t *store, digest_t *hash);

/* The id the request speaks of, authenticated or not, for logs and throttles; NULL when there is none. */
const char *credentials_client_id(const credentials_t *credentials);

/*
 * 1 when given is a registered redirect URI of the client (loopback ports apart), or the callback of the GPT it is pinned to, or
 * of any while the pin is open.
 */
int client_allows_redirect(apr_pool_t *p, const client_t *client, const char *given);

/* The GPT behind a redirect URI of this client; NULL where the URI is registered or of no GPT, and so pins nothing. */
const char *client_gpt_behind(apr_pool_t *p, const client_t *client, const char *redirect_uri);

/*
 * The refusal of a GPT that is not the one client is pinned to. Its id is not told: whoever made it must not get it into a
 * command that the administrator copies.
 */
const failure_t *client_other_gpt(apr_pool_t *p, const client_t *client, oauth_error_t error);

int client_allows_grant_type(const client_t *client, const char *grant_type);

/*
 * The scope of a request (RFC 6749 section 3.3): of what it asks for that which the server knows and the client may have. Where
 * it names none (OpenID's words name none) it means the client's own scopes, or else the default ones. asked is as it came, ""
 * when absent, NULL when it cannot be read. NULL and *scope, normalised, or invalid_scope when nothing is left.
 */
const failure_t *client_scope(apr_pool_t *p, const policy_t *policy, const client_t *client, const char *asked,
                              const char **scope);

/* The failure of an operation that could not ask the database: 503, with store->problem as reason. */
const failure_t *store_failure(const store_t *store);

#endif
