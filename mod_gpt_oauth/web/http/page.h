/*
 * HTML: the frame every page shares, and the pages that say one thing. They work without JavaScript and load nothing.
 */
#ifndef GPT_OAUTH_WEB_PAGE_H
#define GPT_OAUTH_WEB_PAGE_H

#include <httpd.h>

#include "base/failure.h"

/* Text from anywhere, fit for HTML text and double-quoted attributes: escaped, without control and deceptive characters. */
const char *page_text(apr_pool_t *p, const char *text);

/* Sends a page of that title around body, which is HTML. */
int page_send(request_rec *r, int status, const char *title, const char *body);

/* A page that says what went wrong and what to do; nothing on it links anywhere. */
int page_failure(request_rec *r, int status, const char *title, const failure_t *failure);

/* What stands on it, in HTML. */
const char *page_what_failed(apr_pool_t *p, const failure_t *failure);

/*
 * The text of the same page, for an answer that httpd writes (ap_custom_response); sets the headers that belong to it, but not
 * status or type.
 */
const char *page_failure_text(request_rec *r, const char *title, const failure_t *failure);

/* A page with one sentence, status 200. */
int page_message(request_rec *r, const char *title, const char *sentence);

#endif
