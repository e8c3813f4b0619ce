/*
 * Sends what `gptoauth try` asks and shows both sides of it, with every secret taken out. Called by the steps in cli/try/.
 */
#include "cli/client/dialog.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/array.h"
#include "base/text.h"
#include "base/token.h"
#include "cli/client/html.h"
#include "cli/output.h"

#define BODY_SHOWN  600
#define VALUE_SHOWN 300
/* A word of five letters as password would blot out half of the text. */
#define SECRET_MIN 6

dialog_t *dialog_make(const command_t *c, report_t *report, http_t *http)
{
    dialog_t *dialog = apr_pcalloc(c->pool, sizeof(*dialog));

    dialog->pool = c->pool;
    dialog->report = report;
    dialog->http = http;
    dialog->secrets = apr_array_make(c->pool, 8, sizeof(const char *));
    dialog->steps = json_own(c->pool, json_array());
    dialog->exchanges = json_own(c->pool, json_array());
    return dialog;
}

void dialog_hide(dialog_t *dialog, const char *secret)
{
    if (secret && strlen(secret) >= SECRET_MIN) {
        APR_ARRAY_PUSH(dialog->secrets, const char *) = secret;
    }
}

static const char *replace(apr_pool_t *p, const char *text, const char *secret)
{
    const char *result = "", *found;

    while ((found = strstr(text, secret))) {
        result = apr_pstrcat(p, result, apr_pstrmemdup(p, text, (apr_size_t)(found - text)), "********", NULL);
        text = found + strlen(secret);
    }
    return *result ? apr_pstrcat(p, result, text, NULL) : text;
}

const char *dialog_mask(const dialog_t *dialog, const char *text)
{
    apr_pool_t *p = dialog->pool;
    char *copy, *out;

    for (int i = 0; i < dialog->secrets->nelts; i++) {
        text = replace(p, text, APR_ARRAY_IDX(dialog->secrets, i, const char *));
    }
    /* gpta_… and its like: the prefix says what it is. */
    copy = apr_pstrdup(p, text);
    out = copy;
    for (const char *in = copy; *in;) {
        size_t size = 5;
        size_t shown;

        while (token_describe(in) && (apr_isalnum(in[size]) || in[size] == '-' || in[size] == '_')) {
            size++;
        }
        shown = token_describe(in) && size > 12 ? 5 : 1;
        memmove(out, in, shown);
        out += shown;
        in += shown;
        if (shown == 5) {
            in += size - 5;
            memcpy(out, "****", 4);
            out += 4;
        }
    }
    *out = '\0';
    return terminal_text(p, copy);
}

void dialog_step(dialog_t *dialog, const char *title)
{
    json_t *step;

    if (!dialog->report->json) {
        printf("\n%s\n", title);
        return;
    }
    step = json_object();
    json_object_set_new(step, "step", json_string(title));
    json_object_set_new(step, "exchanges", dialog->exchanges = json_array());
    json_object_set_new(step, "findings", dialog->report->findings = json_array());
    json_array_append_new(dialog->steps, step);
}

static void say(const dialog_t *dialog, char direction, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(const dialog_t *dialog, char direction, const char *format, ...)
{
    const char *line;
    va_list args;

    va_start(args, format);
    line = apr_pvsprintf(dialog->pool, format, args);
    va_end(args);
    if (!dialog->report->json) {
        printf("  %c %s\n", direction, dialog_mask(dialog, line));
    }
}

void dialog_note(dialog_t *dialog, const char *format, ...)
{
    const char *line;
    va_list args;

    va_start(args, format);
    line = apr_pvsprintf(dialog->pool, format, args);
    va_end(args);
    say(dialog, '<', "%s", line);
}

static int is_secret_name(const char *name)
{
    static const char *const names[] = { "password", "client_secret", "code_verifier", "code", "token", "refresh_token" };
    for (int i = 0; i < COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *field_value(const dialog_t *dialog, const char *name, const char *value)
{
    if (is_secret_name(name)) {
        return token_describe(value) ? dialog_mask(dialog, value) : "********";
    }
    return text_cut(dialog->pool, value, VALUE_SHOWN);
}

static json_t *show_request(dialog_t *dialog, const http_request_t *request, int hidden)
{
    json_t *object = json_object(), *form = json_object();
    const char *method = request->method ? request->method : request->form ? "POST" : "GET";

    json_object_set_new(object, "method", json_string(method));
    json_object_set_new(object, "url", json_string(dialog_mask(dialog, request->url)));
    say(dialog, '>', "%s %s", method, request->url);
    if (request->basic_user) {
        say(dialog, '>', "    Authorization: Basic (%s and ********)", request->basic_user);
        json_object_set_new(object, "authorization", json_string("Basic"));
    } else if (request->bearer) {
        say(dialog, '>', "    Authorization: Bearer %s", request->bearer);
        json_object_set_new(object, "authorization", json_string("Bearer"));
    }
    for (int i = 0; request->form && i + 1 < request->form->nelts; i += 2) {
        const char *name = APR_ARRAY_IDX(request->form, i, const char *);
        const char *value = field_value(dialog, name, APR_ARRAY_IDX(request->form, i + 1, const char *));

        if (i >= hidden) {
            say(dialog, '>', "    %s=%s", name, value);
            json_object_set_new(form, name, json_string(dialog_mask(dialog, value)));
        }
    }
    if (hidden) {
        say(dialog, '>', "    and %d hidden fields of the page", hidden / 2);
    }
    if (request->form) {
        json_object_set_new(object, "form", form);
    } else {
        json_decref(form);
    }
    return object;
}

/* What of the body a person wants to see. */
static const char *body_text(const dialog_t *dialog, const http_answer_t *answer)
{
    const char *text = strcmp(answer->type, "text/html") == 0 ? html_text(dialog->pool, answer->body, BODY_SHOWN) : answer->body;

    return text_cut(dialog->pool, text, BODY_SHOWN);
}

static json_t *show_answer(dialog_t *dialog, const http_answer_t *answer)
{
    static const char *const names[] = { "Location", "WWW-Authenticate", "Retry-After" };
    json_t *object = json_object();
    const char *text;

    if (answer->problem) {
        json_object_set_new(object, "problem", json_string(answer->problem));
        say(dialog, '<', "nothing: %s", answer->problem);
        return object;
    }
    say(dialog, '<', "%s%s%s, %d ms", http_status_text(dialog->pool, answer->status), *answer->type ? ", " : "", answer->type,
        answer->elapsed);
    json_object_set_new(object, "status", json_integer(answer->status));
    json_object_set_new(object, "type", json_string(answer->type));
    for (int i = 0; i < COUNT(names); i++) {
        const char *value = apr_table_get(answer->headers, names[i]);

        if (value) {
            say(dialog, '<', "    %s: %s", names[i], value);
            json_object_set_new(object, names[i], json_string(dialog_mask(dialog, value)));
        }
    }
    text = dialog_mask(dialog, body_text(dialog, answer));
    if (*text) {
        say(dialog, '<', "    %s", text);
    }
    json_object_set_new(object, "body", json_string(text));
    return object;
}

http_answer_t *dialog_send(dialog_t *dialog, const http_request_t *request, int hidden)
{
    json_t *exchange = json_object();
    http_answer_t *answer;

    json_object_set_new(exchange, "request", show_request(dialog, request, hidden));
    answer = http_send(dialog->http, dialog->pool, request);
    json_object_set_new(exchange, "answer", show_answer(dialog, answer));
    json_array_append_new(dialog->exchanges, exchange);
    return answer;
}
