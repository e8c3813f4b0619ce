/*
 * What the endpoints that clients call by POST have in common (token, revoke, introspect): the parameters of a form or JSON body,
 * client authentication (RFC 6749 section 2.3), and refusals that are logged, counted and answered alike.
 */
#ifndef GPT_OAUTH_WEB_CLIENT_REQUEST_H
#define GPT_OAUTH_WEB_CLIENT_REQUEST_H

#include <httpd.h>

#include "base/failure.h"
#include "base/params.h"
#include "grant/client.h"

typedef struct client_request_t {
    const char *refused;       /* the log line of a refusal begins so: "token request refused" */
    const params_t *params;    /* of the body; those of the URL are never looked at */
    const char *client_id;     /* that was sent, proven or not; NULL: none */
    credentials_t credentials; /* filled by client_request_credentials */
    client_t *client;          /* that has proven to be it, or is public */
} client_request_t;

/*
 * Reads the body; then proves the client. Both return 1, or 0 when the request was refused and answered: the handler then returns
 * *rc. The caller fills `refused`. Of a parameter that holds a credential (code, refresh_token, token) what cannot be decoded is
 * as a wrong value.
 */
int client_request_read(request_rec *r, client_request_t *request, int *rc);
/* For who proves the client by other means: what it sent for that. NULL, or why that cannot be read. */
const failure_t *client_request_credentials(request_rec *r, client_request_t *request);
int client_request_authenticate(request_rec *r, store_t *store, client_request_t *request, int *rc);

/* Logs and answers; counts what looks like guessing, and answers 429 above the rate. Returns what the handler returns. */
int client_request_refuse(request_rec *r, const client_request_t *request, const failure_t *failure);

/* The refusal of a request without the parameter `name`. */
const failure_t *client_request_missing(apr_pool_t *p, const char *name);

#endif
