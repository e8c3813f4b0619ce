/*
 * The consent form without server-side state: between the request and Allow nothing is written. The request travels in the
 * form with a random id and an HMAC whose key is a cookie of this browser, so a form works only in the browser it was made for,
 * for the user it was made for, unaltered, for an hour. That the id is used once is the database's doing (oauth_code).
 */
#ifndef GPT_OAUTH_GRANT_TRANSACTION_H
#define GPT_OAUTH_GRANT_TRANSACTION_H

#include <apr_pools.h>

#define TRANSACTION_LIFETIME 3600 /* seconds from the first page to Allow */

/* What a form is for: a sign-in form can never pass as a consent form. */
typedef enum {
    TRANSACTION_SIGN_IN,
    TRANSACTION_CONSENT,
    TRANSACTION_APPS,
    TRANSACTION_CONSOLE,
    TRANSACTION_CHOOSE
} transaction_stage_t;

typedef struct transaction_t {
    const char *id;      /* random id '.' seconds of the first page */
    const char *request; /* the authorization request as a query string */
    const char *shown;   /* what the page said would be allowed, "" on the sign-in page */
    const char *mac;
} transaction_t;

/* A fresh cookie value. */
const char *transaction_new_key(apr_pool_t *p);
/* 1 when a cookie's value can be one. */
int transaction_key_valid(const char *key);

/* A new id at time now. */
const char *transaction_new_id(apr_pool_t *p, apr_int64_t now);

/* The MAC over stage, issuer, username ("" before sign-in), and the form's id, request and what was shown. */
const char *transaction_mac(apr_pool_t *p, const char *key, transaction_stage_t stage, const char *issuer, const char *username,
                            const transaction_t *form);

/* When it began, by the id of a form that is genuine. */
apr_int64_t transaction_began(const transaction_t *form);

/* NULL when the form is genuine and in time; else the reason, for the log. */
const char *transaction_problem(apr_pool_t *p, const char *key, transaction_stage_t stage, const char *issuer,
                                const char *username, const transaction_t *form, apr_int64_t now);

#endif
