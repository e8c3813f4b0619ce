/*
 * The authorization endpoint's rules (RFC 6749 section 4.1.1, 7636, 8707, 9207), without a browser: is this request
 * sound, where do its errors go, and the code at the end.
 */
#ifndef GPT_OAUTH_GRANT_AUTHORIZE_H
#define GPT_OAUTH_GRANT_AUTHORIZE_H

#include "base/failure.h"
#include "base/params.h"
#include "grant/client_document.h"
#include "grant/policy.h"
#include "grant/prompt.h"
#include "store/store.h"

/* Seconds for which consent is remembered. */
#define CONSENT_LIFETIME (365 * 86400)

/* A request that passed, or one whose redirect URI did. */
typedef struct authorization_t {
    client_t *client;
    const char *redirect_uri; /* NULL: the client is a document that has to be fetched first */
    int redirect_given;       /* the request named it */
    const char *state;        /* NULL: none was sent, none is echoed */
    const char *scope;        /* normalised, what is asked of the user */
    const char *resource;     /* set, "" when unbound */
    const char *challenge;    /* "" when none */
    prompt_t prompt;
} authorization_t;

/*
 * Judges a request. NULL and *request when it is sound. On failure *request tells where the error goes: NULL means a page of
 * our own, because client or redirect URI are not certain (nothing is ever sent to a URI that is not registered); else the
 * failure is for request->redirect_uri.
 *
 * fetcher is NULL until the user has signed in. Where it is wanted before, only *request's client is there, and that without
 * redirect URIs: let the user sign in, and judge again.
 */
const failure_t *authorize_check(store_t *store, const policy_t *policy, const params_t *params,
                                 const client_document_fetcher_t *fetcher, authorization_t **request);

/*
 * 1 when the redirect URI is a stranger's word: of a client that registered itself, or whose document was fetched. To such a one
 * nobody is sent before he has signed in, or this server were anybody's redirector (RFC 9700 section 4.11.2).
 */
int authorize_is_stranger(const authorization_t *request);

/*
 * May this user's consent be taken as given? NULL and *given: what he gave of request->scope when he was asked for just that, or
 * *given NULL: he has to be asked. Else the database's failure.
 */
const failure_t *authorize_remembered(store_t *store, const policy_t *policy, const authorization_t *request,
                                      const char *username, const char **given);

/*
 * May consent to this client be remembered at all? Never for public clients, GPTs that are not pinned, and those who registered
 * themselves.
 */
int authorize_may_remember(const authorization_t *request);

/*
 * The user said yes to given, which is request->scope or part of it: writes the grant and its code. transaction_id makes it
 * unique. NULL and *code: the code, or *code NULL when this transaction was decided before (the second press). Else the failure.
 */
const failure_t *authorize_issue(store_t *store, const policy_t *policy, const authorization_t *request, const char *username,
                                 const char *transaction_id, const char *given, int remember, const char **code);

/* The redirect URI with code, state and iss. */
const char *authorize_success_uri(apr_pool_t *p, const policy_t *policy, const authorization_t *request, const char *code);

/* The redirect URI with error, error_description, state and iss. */
const char *authorize_failure_uri(apr_pool_t *p, const policy_t *policy, const authorization_t *request,
                                  const failure_t *failure);

#endif
