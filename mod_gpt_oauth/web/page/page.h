/*
 * HTML for people: a page from a template (pages.h) in the language of the browser, with the headers that every page has. Pages
 * work without JavaScript and load nothing but the logo.
 */
#ifndef GPT_OAUTH_WEB_PAGE_H
#define GPT_OAUTH_WEB_PAGE_H

#include <httpd.h>
#include <jansson.h>

#include "base/failure.h"

/* An object for page_send with what all pages say, which lives as long as the request. */
json_t *page_data(request_rec *r);
/* Members of it; NULL is left out. Text from anywhere, UTF-8 or not. */
void page_set(json_t *data, const char *name, const char *text);
/* A link (the template link): url is of a scheme that is safe to go to, text what it says. */
void page_set_link(json_t *data, const char *name, const char *url, const char *text);

/* The tag of the language of the page, as "de". */
const char *page_language(request_rec *r);

/* A message in the language of the page, with the values of data, as plain text. */
const char *page_say(request_rec *r, const char *message, json_t *data);

/* Sends a page; title is the name of a message. */
int page_send(request_rec *r, int status, const char *name, const char *title, json_t *data);

/*
 * A page that says what went wrong and what to do: title is the name of a message, and with _text behind it that of another. data
 * may hold links back and retry; NULL: none.
 */
int page_failure(request_rec *r, int status, const char *title, const failure_t *failure, json_t *data);

/*
 * The text of the same page, for an answer that httpd writes (ap_custom_response); sets the headers that belong to it, but not
 * status or type.
 */
const char *page_failure_text(request_rec *r, const char *title, const failure_t *failure);

/* A page with a title and one sentence, status 200: messages as of page_failure. data may hold the link back; NULL: none. */
int page_message(request_rec *r, const char *title, json_t *data);

#endif
