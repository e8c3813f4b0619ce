/*
 * What `try` says to the server and hears from it, shown as it goes: every request and every answer, without the secrets in them.
 */
#ifndef GPT_OAUTH_CLI_DIALOG_H
#define GPT_OAUTH_CLI_DIALOG_H

#include "cli/client/http.h"
#include "cli/report.h"

typedef struct dialog_t {
    apr_pool_t *pool;
    report_t *report;
    http_t *http;
    apr_array_header_t *secrets; /* const char *: never shown */
    json_t *steps, *exchanges;   /* of JSON; exchanges of the present step */
} dialog_t;

dialog_t *dialog_make(const command_t *c, report_t *report, http_t *http);

/* A value that nobody shall see. Credentials of the module itself are known by their shape. NULL and "" are passed over. */
void dialog_hide(dialog_t *dialog, const char *secret);

/* The next step begins. */
void dialog_step(dialog_t *dialog, const char *title);

/* Sends, and shows both. The first `hidden` fields of the form are only counted: the page's own. */
http_answer_t *dialog_send(dialog_t *dialog, const http_request_t *request, int hidden);

/* text without secrets, fit for a terminal. */
const char *dialog_mask(const dialog_t *dialog, const char *text);

/* One line of what was heard otherwise. */
void dialog_note(dialog_t *dialog, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
