/*
 * The usual requests of the token endpoint, each in one statement: see grant/tokens.h.
 */
#ifndef GPT_OAUTH_STORE_AT_ONCE_H
#define GPT_OAUTH_STORE_AT_ONCE_H

#include "store/store.h"

/* What a client sent to prove who it is. */
typedef struct proof_t {
    const char *client_id;
    int has_secret;          /* 0: as a public client */
    digest_t secret_hash;    /* of the secret that it sent */
    const char *auth_method; /* by which it sent it */
} proof_t;

/* What a client sent along with a code. */
typedef struct redemption_t {
    digest_t code_hash;
    const char *challenge;    /* of its verifier */
    const char *redirect_uri; /* NULL: not sent */
} redemption_t;

typedef struct issued_t {
    const char *grant_id;
    const char *username;
    const char *scope;
    apr_int64_t expires_at;
} issued_t;

/*
 * All of client_authenticate, the look-up, every check and store_grant_rotate or store_code_redeem, for a client with the usual
 * grant types and neither old secret nor GPT. Scope and resource of the token, where not NULL, must be just those granted; it and
 * the link end with the grant. STORE_REFUSED: something did not hold, or is unusual; nothing has changed, and who goes the long
 * way finds out. (On PostgreSQL a code may be spent whose grant dies at this moment.)
 */
store_status_t store_refresh_at_once(store_t *store, const proof_t *proof, const refresh_t *presented, const refresh_t *next,
                                     const access_token_t *token, issued_t *issued);
store_status_t store_redeem_at_once(store_t *store, const proof_t *proof, const redemption_t *redemption, const refresh_t *link,
                                    const access_token_t *token, issued_t *issued);

#endif
