/*
 * Fills in what the template of the console shows. The views and actions call it.
 */
#include "web/console/page.h"

#include <apr_strings.h>

#include "base/text.h"
#include "base/times.h"
#include "grant/client.h"
#include "private.h"
#include "store/throttles.h"
#include "web/console/views.h"
#include "web/endpoint/forms.h"
#include "web/endpoint/route.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

const char *console_url(const console_t *c, const char *view, const char *value, const char *more, const char *more_value)
{
    apr_pool_t *p = c->visit.r->pool;
    const char *url =
        apr_pstrcat(p, ap_os_escape_path(p, c->visit.r->uri, 1), "?", view, "=", params_encode(p, value ? value : ""), NULL);

    return more ? apr_pstrcat(p, url, "&", more, "=", params_encode(p, more_value), NULL) : url;
}

/* Names come from strangers, too: what would turn a line around, or is not to be seen, is left out. */
static void set(json_t *object, const console_t *c, const char *name, const char *text)
{
    if (text && *text) {
        page_set(object, name, utf8_valid(text, strlen(text)) ? text_clean(c->visit.r->pool, text) : "(unreadable)");
    }
}

static void append(json_t *object, const char *name, json_t *item)
{
    json_t *list = json_object_get(object, name);

    if (!list) {
        json_object_set_new(object, name, json_array());
        list = json_object_get(object, name);
    }
    json_array_append_new(list, item);
}

static json_t *item_of(json_t *object, const char *list)
{
    json_t *item = json_object();

    append(object, list, item);
    return item;
}

static void add_navigation(console_t *c, const char *here)
{
    for (const view_t *view = c->views; view->name; view++) {
        if (view->nav && view->role <= c->role) {
            json_t *item = item_of(c->data, "nav");

            page_set(item, "url", console_url(c, view->name, "", NULL, NULL));
            page_set(item, "text", view->nav);
            json_object_set_new(item, "is_here", json_boolean(strcmp(view->name, here) == 0));
        }
    }
}

void console_notice(console_t *c, const char *text)
{
    set(c->data, c, "notice", text);
}

void console_problem(console_t *c, const char *text)
{
    set(c->data, c, "problem", text);
    json_object_set_new(c->data, "is_error", json_true());
}

void console_begin(console_t *c, const char *heading, const char *view)
{
    request_record(c->visit.r)->language = 1; /* English, in which the console is */
    c->data = page_data(c->visit.r);
    set(c->data, c, "heading", heading);
    set(c->data, c, "user", c->owner.username);
    page_set(c->data, "role", c->role == ROLE_ADMIN ? "administrator" : "help desk");
    add_navigation(c, view);
    page_set_link(c->data, "own", route_url(c->visit.r->pool, c->visit.conf, "gpt-oauth-apps"), "Your own page, and signing out");
    if (apr_table_get(c->visit.r->notes, CONSOLE_PROBLEM)) {
        console_problem(c, apr_table_get(c->visit.r->notes, CONSOLE_PROBLEM));
    }
    set(c->data, c, "notice", apr_table_get(c->visit.r->notes, CONSOLE_NOTICE));
}

int console_send(console_t *c, int status)
{
    return page_send(c->visit.r, status, "console", "console_title", c->data);
}

void console_warn(console_t *c, const char *text)
{
    set(item_of(c->data, "warnings"), c, "warning", text);
}

void console_text(console_t *c, const char *text)
{
    set(item_of(c->data, "texts"), c, "sentence", text);
}

void console_secret(console_t *c, const char *label, const char *secret)
{
    json_t *item = item_of(c->data, "secrets");

    page_set(item, "label", label);
    page_set(item, "secret", secret);
}

void console_fact(console_t *c, const char *name, const char *text)
{
    if (text && *text) {
        json_t *list = json_array_get(json_object_get(c->data, "facts"), 0);
        json_t *item = item_of(list ? list : item_of(c->data, "facts"), "lines");

        page_set(item, "name", name);
        set(item, c, "value", text);
    }
}

json_t *console_block(console_t *c, const char *heading, const char *text)
{
    json_t *block = item_of(c->data, "blocks");

    page_set(block, "block_heading", heading);
    page_set(block, "block_text", text);
    return block;
}

void console_paste(json_t *block, const char *name, const char *value)
{
    json_t *item = item_of(block, "lines");

    page_set(item, "name", name);
    page_set(item, "value", value);
}

console_table_t console_table(console_t *c, const char *heading, const char *const *header, int columns, const char *none)
{
    json_t *table = item_of(c->data, "tables");

    page_set(table, "table_heading", heading);
    page_set(table, "none", none);
    for (int i = 0; i < columns; i++) {
        page_set(item_of(table, "columns"), "column", header[i]);
    }
    json_object_set_new(table, "rows", json_array());
    return (console_table_t){ .c = c, .header = header, .rows = json_object_get(table, "rows"), .columns = columns };
}

static json_t *cell_of(console_table_t *table)
{
    json_t *cell = json_object();

    if (!table->row || json_array_size(json_object_get(table->row, "cells")) == (size_t)table->columns) {
        table->row = json_pack("{s[]}", "cells");
        json_array_append_new(table->rows, table->row);
    }
    page_set(cell, "label", table->header[json_array_size(json_object_get(table->row, "cells"))]);
    json_array_append_new(json_object_get(table->row, "cells"), cell);
    return cell;
}

void console_cell(console_table_t *table, const char *text, const char *url)
{
    json_t *cell = cell_of(table);

    set(cell, table->c, "text", text);
    page_set(cell, "url", url);
}

/* Its id is its own: what is pressed on one page can be pressed together. */
static void seal(console_t *c, json_t *form, const char *action)
{
    transaction_t fields;

    c->visit.query = apr_pstrcat(c->visit.r->pool, "action=", action, NULL);
    fields = visit_new_form(&c->visit, TRANSACTION_CONSOLE, c->owner.username);
    forms_set_fields(c->visit.r, form, &fields);
    page_set(form, "action_name", action);
}

void console_button(console_t *c, console_table_t *table, const char *action, const char *button, const char *const *fields)
{
    json_t *cell = cell_of(table), *form = json_object();

    json_object_set_new(cell, "form", form);
    seal(c, form, action);
    page_set(form, "button", button);
    for (; fields[0]; fields += 2) {
        console_hidden(form, fields[0], fields[1]);
    }
}

void console_more(console_t *c, const char *url)
{
    page_set_link(c->data, "more", url, "More");
}

void console_search(console_t *c, const char *view, const char *label, const char *prefix, int is_by_use)
{
    json_t *search = json_object();

    json_object_set_new(c->data, "search", search);
    page_set(search, "action", ap_os_escape_path(c->visit.r->pool, c->visit.r->uri, 1));
    page_set(search, "view", view);
    page_set(search, "search_label", label);
    page_set(search, "prefix", prefix);
    json_object_set_new(search, "is_by_use", json_boolean(is_by_use));
}

void console_ask(console_t *c, const char *view, const char *label, const char *button)
{
    json_t *ask = json_object();

    json_object_set_new(c->data, "ask", ask);
    page_set(ask, "action", ap_os_escape_path(c->visit.r->pool, c->visit.r->uri, 1));
    page_set(ask, "view", view);
    page_set(ask, "ask_name", view);
    page_set(ask, "ask_label", label);
    page_set(ask, "button", button);
}

void console_link(console_t *c, const char *url, const char *text)
{
    json_t *item = item_of(c->data, "ways");

    page_set(item, "url", url);
    page_set(item, "text", text);
}

json_t *console_form(console_t *c, const char *action, const char *heading, const char *text, const char *button)
{
    json_t *form = item_of(c->data, "forms");
    const char *sent = params_get(c->params, "action");
    int is_refused = apr_table_get(c->visit.r->notes, CONSOLE_PROBLEM) && sent && strcmp(sent, action) == 0;

    seal(c, form, action);
    json_object_set_new(form, "is_refused", json_boolean(is_refused));
    page_set(form, "form_heading", heading);
    page_set(form, "form_text", text);
    page_set(form, "button", button);
    return form;
}

void console_hidden(json_t *form, const char *name, const char *value)
{
    json_t *item = item_of(form, "hidden");

    page_set(item, "name", name);
    page_set(item, "value", value);
}

void console_input(json_t *form, const char *name, const char *label, const char *value, const char *hint)
{
    json_t *item = item_of(form, "inputs");

    page_set(item, "name", name);
    page_set(item, "label", label);
    page_set(item, "value", value ? value : "");
    page_set(item, "hint", hint);
}

static void add_box(json_t *owner, const char *list, const char *name, const char *value, const char *label, int is_ticked)
{
    json_t *item = item_of(owner, list);

    page_set(item, "name", name);
    page_set(item, "value", value);
    page_set(item, "label", label);
    json_object_set_new(item, "is_ticked", json_boolean(is_ticked));
}

void console_box(json_t *form, const char *name, const char *value, const char *label, int is_ticked)
{
    add_box(form, "boxes", name, value, label, is_ticked);
}

json_t *console_choice(json_t *form, const char *legend)
{
    json_t *choice = json_object();

    page_set(choice, "legend", legend);
    json_object_set_new(form, "choice", choice);
    return choice;
}

void console_option(json_t *choice, const char *name, const char *value, const char *label, int is_chosen)
{
    add_box(choice, "options", name, value, label, is_chosen);
}

const char *console_time(const console_t *c, apr_int64_t seconds, const char *otherwise)
{
    return seconds ? times_text(c->visit.r->pool, seconds, "%Y-%m-%d %H:%M UTC") : otherwise;
}

int console_nothing(console_t *c, const char *text)
{
    console_begin(c, "Nothing there", "");
    console_problem(c, text);
    console_link(c, ap_os_escape_path(c->visit.r->pool, c->visit.r->uri, 1), "Back to the console");
    return console_send(c, HTTP_NOT_FOUND);
}

int console_down(console_t *c)
{
    const failure_t *failure = store_failure(&c->visit.store);

    request_reference(c->visit.r);
    log_failure(c->visit.r, "console", NULL, c->owner.username, failure);
    return page_failure(c->visit.r, HTTP_SERVICE_UNAVAILABLE, "error_unavailable", failure, NULL);
}

int console_may_touch(const console_t *c, const char *username)
{
    /* A throttle's hidden name may be that of an administrator, whom the host did not know yet. */
    return c->role == ROLE_ADMIN ||
           (!role_is_named(c->visit.r, username) && strncmp(username, THROTTLED_HIDDEN, strlen(THROTTLED_HIDDEN)) != 0);
}
