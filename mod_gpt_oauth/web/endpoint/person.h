/*
 * Who the person at the browser is: httpd's own sign-in, the session cookie, or a user name and password of our sign-in page.
 */
#ifndef GPT_OAUTH_WEB_PERSON_H
#define GPT_OAUTH_WEB_PERSON_H

#include <httpd.h>

#include "base/failure.h"
#include "store/store.h"

/*
 * The user that httpd or the session cookie vouches for; *username NULL when nobody does. In *since when he signed in by our
 * page; httpd does not say when, and then it stays as it was. Failure: the name cannot be a person's, the user is disabled, or
 * the database's. A bearer token is never a sign-in.
 */
const failure_t *person_find(request_rec *r, store_t *store, const char **username, apr_int64_t *since);

/* 1 when httpd's own authentication names the user: then no page of ours asks for a password. */
int person_is_given(request_rec *r);

/* How the page calls the user (GPTOAuthUserName), by default the user name. */
const char *person_display_name(request_rec *r, const char *username);

typedef enum {
    SIGN_IN_GRANTED,
    SIGN_IN_ONE_TIME, /* the user may choose another password, and nothing else: see request_t.one_time */
    SIGN_IN_DENIED,   /* unknown, wrong or disabled: told apart in the log alone */
    SIGN_IN_DELAYED,  /* too many wrong passwords; *wait seconds */
    SIGN_IN_BUSY,     /* too many sign in at once, and nobody was asked: again in a few seconds */
    SIGN_IN_DOWN      /* a provider could not answer */
} sign_in_t;

/*
 * Asks the providers of GPTOAuthLoginProvider, in order. No lease is held meanwhile. A provider that knows the user by another
 * spelling (LDAP folds case) may say so in r->user: *username is then that. Without takes_one_time a one-time password is a wrong
 * one.
 */
sign_in_t person_sign_in(request_rec *r, const char **username, const char *password, int takes_one_time, int *wait);

/*
 * After a sign-in by our page: this browser is one of the user's from now on, under the name that he typed (grant/user.h). Or the
 * database's failure.
 */
const failure_t *person_remember_browser(request_rec *r, store_t *store, const char *typed);

/* Registers the provider gpt-oauth: the users of `gptoauth user add`. To other modules a one-time password is a wrong one. */
void person_register(apr_pool_t *p);

/*
 * Sets one of the module's cookies with all the attributes, and as narrow a path as its pages allow; max_age seconds, 0 for the
 * browser's session, -1 to take it away.
 */
void person_set_cookie(request_rec *r, const char *name, const char *value, apr_int64_t max_age);

#endif
