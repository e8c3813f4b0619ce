/*
 * HTML: the frame every page shares, and the pages. They work without JavaScript and load nothing.
 */
#ifndef GPT_OAUTH_WEB_PAGE_H
#define GPT_OAUTH_WEB_PAGE_H

#include <httpd.h>

#include "base/failure.h"
#include "grant/authorize.h"
#include "grant/transaction.h"

/* A page that says what went wrong and what to do; nothing on it links anywhere. */
int page_failure(request_rec *r, int status, const char *title, const failure_t *failure);

/*
 * The text of the same page, for an answer that httpd writes (ap_custom_response); sets the headers that belong to it, but not
 * status or type.
 */
const char *page_failure_text(request_rec *r, const char *title, const failure_t *failure);

/*
 * The same, of a request whose answer would go to an app that nobody has vouched for: tells where that is, and links to uri, the
 * redirect URI with the failure in it, for who wants to go there.
 */
int page_detour(request_rec *r, const char *title, const authorization_t *request, const failure_t *failure, const char *uri);

/* A page with one sentence, status 200. */
int page_message(request_rec *r, const char *title, const char *sentence);

/* The sign-in form. problem (or NULL) is said above the fields; username (or NULL) is filled in again. */
int page_sign_in(request_rec *r, int status, const authorization_t *request, const transaction_t *form, const char *problem,
                 const char *username);

/* The consent form for the user shown as display_name. */
int page_consent(request_rec *r, const policy_t *policy, const authorization_t *request, const transaction_t *form,
                 const char *display_name);

#endif
