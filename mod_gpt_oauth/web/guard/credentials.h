/*
 * What a guarded request shows at the ways in that its section knows (GPTOAuthCredentials): an access token (RFC 6750) or a
 * service key, and whose it is.
 */
#ifndef GPT_OAUTH_WEB_CREDENTIALS_H
#define GPT_OAUTH_WEB_CREDENTIALS_H

#include <httpd.h>

#include "base/failure.h"
#include "store/store.h"
#include "web/config/config.h"

typedef struct credential_t {
    enum { CREDENTIAL_NONE, CREDENTIAL_TOKEN, CREDENTIAL_KEY } kind;
    const char *text;
    const char *header; /* the text as it was sent, if that is another one (Basic); else NULL */
} credential_t;

/* Finds the one credential of the request, or says what is malformed; the kind is set then too. */
const failure_t *credentials_read(request_rec *r, credential_t *credential);

/*
 * NULL and *access, or why not; invalid_token is the caller's fault. Asks the database at most once for each, however many
 * sections the request passes. Whether a token is for the resource at hand is left to the caller.
 */
const failure_t *credentials_verify(request_rec *r, const credential_t *credential, const access_t **access);

/* Takes from r what may hold a credential in a section: the headers, and the variables to which an accepted one was copied. */
void credentials_hide(request_rec *r, const dir_conf_t *dir);

#endif
