/*
 * The token endpoint's grants: authorization_code (redeem), refresh_token (refresh) and client_credentials (service_account),
 * RFC 6749 sections 4.1.3, 6 and 4.4. The client is authenticated by then. A failed check never burns a code or a refresh token;
 * a replay by its proven owner kills the grant.
 *
 * Nearly every request is the usual one, of a client that is what it was and asks for what was granted. redeem_at_once and
 * refresh_at_once serve it in one statement, client authentication included, and say of all others no more than STORE_REFUSED:
 * then nothing has changed, the client has to be authenticated, and redeem_code or refresh_grant serves it or says why not.
 */
#ifndef GPT_OAUTH_GRANT_TOKENS_H
#define GPT_OAUTH_GRANT_TOKENS_H

#include "base/failure.h"
#include "grant/client.h"
#include "grant/policy.h"
#include "store/at_once.h"

/* The answer of the token endpoint, and what the log line says. */
typedef struct tokens_t {
    const char *access_token;
    const char *refresh_token; /* NULL: none */
    apr_int64_t expires_in;
    const char *scope;
    const char *username; /* NULL: a service account */
    const char *grant_id;
    const char *note; /* what is remarkable about it, for the log; NULL: nothing */
} tokens_t;

typedef struct redeem_t {
    const char *code;
    const char *redirect_uri;            /* NULL: not sent */
    const char *verifier;                /* NULL: not sent */
    const apr_array_header_t *resources; /* values of `resource` */
} redeem_t;

const failure_t *redeem_code(store_t *store, const policy_t *policy, const client_t *client, const redeem_t *request,
                             tokens_t *tokens);
store_status_t redeem_at_once(store_t *store, const policy_t *policy, const credentials_t *credentials, const redeem_t *request,
                              tokens_t *tokens);

typedef struct refresh_request_t {
    const char *refresh_token;
    const char *scope; /* NULL: as granted */
    const apr_array_header_t *resources;
} refresh_request_t;

const failure_t *refresh_grant(store_t *store, const policy_t *policy, const client_t *client, const refresh_request_t *request,
                               tokens_t *tokens);
store_status_t refresh_at_once(store_t *store, const policy_t *policy, const credentials_t *credentials,
                               const refresh_request_t *request, tokens_t *tokens);

typedef struct service_account_request_t {
    const char *scope; /* NULL: the default scopes */
    const apr_array_header_t *resources;
} service_account_request_t;

/*
 * A token for the client itself, without a refresh token. All of them hang on one grant without a user, made on first use: who
 * revokes it ends the tokens issued so far, who disables the client ends those to come, too.
 */
const failure_t *service_account_token(store_t *store, const policy_t *policy, const client_t *client,
                                       const service_account_request_t *request, tokens_t *tokens);

/*
 * Shared: the resources of this token, no more than the grant's. NULL and *resource, or invalid_target. An unbound
 * grant stays unbound.
 */
const failure_t *tokens_narrow_resource(apr_pool_t *p, const policy_t *policy, const char *granted,
                                        const apr_array_header_t *asked, const char **resource);

/*
 * What the usual request asks for: access->scope and resource are what must have been granted just so, NULL for whatever was.
 * 0: it asks for what never is.
 */
int tokens_as_granted(store_t *store, const policy_t *policy, const char *scope, const apr_array_header_t *resources,
                      access_token_t *access);
void tokens_issued(const store_t *store, const issued_t *issued, tokens_t *tokens);

/* When an access token made now ends: after its lifetime, and never after its grant. */
apr_int64_t tokens_expiry(const store_t *store, const policy_t *policy, apr_int64_t grant_end);

/* The refusal that redeem and refresh end in; reason is for the log. */
const failure_t *invalid_grant(apr_pool_t *p, const char *description, const char *reason);

#endif
