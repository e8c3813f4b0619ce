/*
 * One request to the authorization endpoint, or to the page of apps: what its steps work on, and what several of them do. What
 * is returned lives as long as the request; a function that answers returns what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_VISIT_H
#define GPT_OAUTH_WEB_VISIT_H

#include <httpd.h>

#include "base/failure.h"
#include "base/params.h"
#include "grant/authorize.h"
#include "grant/transaction.h"
#include "store/store.h"
#include "web/config/config.h"

typedef struct visit_t {
    request_rec *r;
    const server_conf_t *conf;
    store_t store;
    const char *key;          /* the transaction cookie's value */
    const params_t *asked;    /* the request as it came, while query is NULL; NULL: not known */
    const char *query;        /* the authorization request, encoded for a form */
    authorization_t *request; /* NULL on the page of apps */
    apr_int64_t began_at;     /* when its first page was shown: now, until visit_resume */
    int has_acted; /* the user has signed in at our page or pressed a button there; httpd's own sign-in may need no hand of his */
} visit_t;

visit_t visit_of(request_rec *r);

/*
 * Logs the failure and tells it: the app where its address is certain, and the user by a page where it is not, or where it is a
 * stranger's and the user has not acted. username may be NULL.
 */
int visit_refuse(visit_t *visit, const char *username, const failure_t *failure);

/* A form, or what should be one, that cannot be used: title as for page_failure, description or ""; the log says the reason. */
int visit_refuse_form(visit_t *visit, int status, const char *title, const char *description, const char *reason);
/* One that this browser cannot use any more, or never could; form is what came. */
int visit_stale_form(visit_t *visit, const transaction_t *form, const char *reason);

/*
 * Judges the request that params are, into visit->request. A document is fetched for nobody but a user who has signed in: with
 * username NULL its client may not be known (visit_is_undecided), and the request is to be judged once more.
 */
const failure_t *visit_judge(visit_t *visit, const params_t *params, const char *username);
int visit_is_undecided(const visit_t *visit);
/* Judges the request of a form again: client, redirect URI or scopes may have changed meanwhile. */
const failure_t *visit_resume(visit_t *visit, const transaction_t *form, const char *username);

/* The query as it came; a new array of parameters. */
params_t *visit_query(const request_rec *r);

/* The request as it travels in forms and links: encoded anew, so that no browser finds anything in it to normalise. */
const char *visit_encode(apr_pool_t *p, const params_t *params);

/* What the consent page says will be allowed, and what of it the user may leave out. */
const char *visit_shown(const visit_t *visit);

/* The sign-in page; problem as forms_sign_in has it. username is filled in; NULL: whom the app has hinted at; "": nobody. */
int visit_show_sign_in(visit_t *visit, int status, const char *problem, const char *username);

/*
 * The cookies of a user who typed his name so, and has proven to be it: by the password of this hash, or NULL (store/sessions.h).
 * how ends the line of the log.
 */
const failure_t *visit_let_in(visit_t *visit, const char *username, const char *typed, const char *password_hash,
                              const char *how);

/* Begins a session of this user in this browser: the store's, by the password of this hash or NULL, and its cookie. */
const failure_t *visit_begin_session(visit_t *visit, const char *username, const char *password_hash);

/* A form for a page, sealed for this browser; username "" before a user is known. */
transaction_t visit_new_form(visit_t *visit, transaction_stage_t stage, const char *username);
/* What came back, and why it is not one that this browser was given (NULL: it is). */
transaction_t visit_read_form(const params_t *params);
const char *visit_form_problem(const visit_t *visit, transaction_stage_t stage, const char *username, const transaction_t *form);

#endif
