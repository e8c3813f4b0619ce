/*
 * The pages that ask the user for something: to sign in, to allow or deny, to look where he goes.
 */
#ifndef GPT_OAUTH_WEB_FORMS_H
#define GPT_OAUTH_WEB_FORMS_H

#include <httpd.h>
#include <jansson.h>

#include "base/failure.h"
#include "grant/authorize.h"
#include "grant/transaction.h"

/* Adds the link back: to uri, the redirect URI with a failure in it, unless its scheme is none to go to. */
void forms_add_back(request_rec *r, json_t *data, const authorization_t *request, const char *uri);

/*
 * page_failure, of a request whose answer would go to an app that nobody has vouched for: tells where that is, and links to uri,
 * the redirect URI with the failure in it, for who wants to go there.
 */
int forms_detour(request_rec *r, const char *title, const authorization_t *request, const failure_t *failure, const char *uri);

/*
 * What a page with forms has: page_data with the app of request (NULL: none), the hidden fields, and problem (NULL: none), in the
 * page's language.
 */
json_t *forms_data(request_rec *r, const authorization_t *request, const transaction_t *form, const char *problem);

/* The hidden fields alone, into the object that the form is made from: visit_new_form's, and where it goes. */
void forms_set_fields(request_rec *r, json_t *data, const transaction_t *form);

/*
 * A scope in words: of the page's language, or those of GPTOAuthScope, which are taken for English. A new reference.
 */
json_t *forms_scope_words(request_rec *r, const scope_def_t *def);

/* The sign-in form. problem (or NULL), in the page's language, stands above the fields; username (or NULL) is filled in. */
int forms_sign_in(request_rec *r, int status, const authorization_t *request, const transaction_t *form, const char *problem,
                  const char *username);

/* The consent form for the user shown as display_name; problem (or NULL) is said above it, and then no box is ticked. */
int forms_consent(request_rec *r, const policy_t *policy, const authorization_t *request, const transaction_t *form,
                  const char *problem, const char *display_name);

#endif
