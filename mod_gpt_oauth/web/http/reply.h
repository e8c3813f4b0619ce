/*
 * Answers: JSON, errors as JSON, redirects, and the log line of a refusal. Writers return what a content handler returns.
 */
#ifndef GPT_OAUTH_WEB_REPLY_H
#define GPT_OAUTH_WEB_REPLY_H

#include <httpd.h>
#include <jansson.h>

#include "base/failure.h"
#include "base/log_code.h"

#define RETRY_AFTER_DOWN 2 /* seconds: a database that restarts is back soon */

/* Cache-Control, Pragma and the headers every answer of the module carries. */
void reply_no_store(request_rec *r);

/* Retry-After for an answer of that status, 429 or 503. Returns the status. */
int reply_later(request_rec *r, int status, int seconds);

/* status and object as application/json;charset=UTF-8, no-store. Takes no reference: object belongs to r->pool. */
int reply_json(request_rec *r, int status, const json_t *object);

/* The same of an object that is text already. */
int reply_json_text(request_rec *r, int status, const char *text);

/* status and text of that type, no-store. */
int reply_text(request_rec *r, int status, const char *type, const char *text);

/* 200 without a body, no-store. */
int reply_empty(request_rec *r);

/* {"error": …, "error_description": …} as text. */
const char *reply_failure_text(apr_pool_t *p, const failure_t *failure);

/* The same with the failure's status; Retry-After when the database is down. */
int reply_failure(request_rec *r, const failure_t *failure);

/* The same under another status (405, 413, 429). */
int reply_failure_status(request_rec *r, int status, const failure_t *failure);

/* A document for everybody: JSON, kept for a few minutes and with an ETag, for GET and HEAD. */
int reply_document(request_rec *r, const char *json);

/* 404 as JSON: clients that look for metadata read the answer as such. */
int reply_nothing(request_rec *r);

/* The header Allow of what is only looked at. */
#define REPLY_BY_GET "GET, HEAD, OPTIONS"

/* For a method that nobody answers: OPTIONS as below, any other by 405 with Allow, as JSON. */
int reply_method(request_rec *r, const char *allow);

/* 204 with Allow (unless NULL), for OPTIONS. */
int reply_options(request_rec *r, const char *allow);

/* 303 after POST, 302 after GET: never a code that would send the form, and with it a password, on (RFC 9700 section 4.12). */
int reply_redirect(request_rec *r, const char *uri);

/*
 * One line about a refusal, with the code of the failure's error: client and user may be NULL. Where r is guarded, it names the
 * Location too.
 */
void log_failure(request_rec *r, const char *what, const char *client_id, const char *username, const failure_t *failure);

/* The same with another code, where the caller knows the cause better than the error tells it. */
void log_refusal(request_rec *r, log_code_t code, const char *what, const char *client_id, const char *username,
                 const failure_t *failure);

#endif
