/*
 * What a request brings: body, parameters, cookies, credentials; and the record that a request keeps over its sub-requests
 * and internal redirects.
 */
#ifndef GPT_OAUTH_WEB_REQUEST_H
#define GPT_OAUTH_WEB_REQUEST_H

#include <httpd.h>

#include "base/failure.h"
#include "base/params.h"
#include "store/store.h"

#define REQUEST_BODY_MAX 65536

struct endpoint_t;

/* Hangs on every request_rec of this module's interest. */
typedef struct request_t {
    const struct endpoint_t *endpoint; /* the URL is one of the module's own */
    const char *password_hash;         /* what the module's own provider checked the password against */
    int is_inner;                      /* a hook of ours runs the other modules' of its kind */
    const char *need_scope;            /* what the Require lines here ask for, for the challenge */
    int is_preflight;                  /* let in without a token: answered by the module, whatever handler stands here */
    int lacks_scope;                   /* a Require oauth-scope refused for want of a scope */

    /* On the initial request only: the token is taken from the header and verified once. */
    int is_parsed;
    const char *token;        /* NULL: none was sent */
    const failure_t *failure; /* it is malformed, invalid, or could not be verified */
    access_t *access;         /* it is good (the resource apart) */
} request_t;

/* The record of r itself, made on first use. */
request_t *request_record(request_rec *r);
/* The request that came over the wire, behind sub-requests and internal redirects. */
request_rec *request_initial(request_rec *r);

/* Compares the media type of Content-Type, parameters apart. */
int request_has_type(const request_rec *r, const char *type);

/*
 * Reads the body to its end. OK, or the HTTP status to answer: 413 over REQUEST_BODY_MAX (the connection is closed behind
 * the answer), or what the input filters say.
 */
int request_read_body(request_rec *r, const char **body, apr_size_t *size);

/* The value of a cookie; NULL when there is none, or more than one of that name. */
const char *request_cookie(request_rec *r, const char *name);

/* 1 when the issuer is https and the request is not: httpd's own notion of the scheme (ServerName https://… behind a proxy). */
int request_is_insecure(const request_rec *r);

/* The client's address for throttles (mod_remoteip's view). */
const char *request_address(const request_rec *r);

#endif
