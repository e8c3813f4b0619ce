/*
 * What stands on a page of the console, for the one template that they all have (conf/pages/console.html). Text may be anything,
 * and lives as long as it is needed; URLs are made by page_url.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_PAGE_H
#define GPT_OAUTH_WEB_CONSOLE_PAGE_H

#include "web/console/console.h"

/* Begins the page: its heading, and the name of the view that it belongs to. */
void console_begin(console_t *c, const char *heading, const char *view);
/* Sends it. */
int console_send(console_t *c, int status);

/* /oauth/console?view=value, and where more is not NULL, &more=more_value. */
const char *console_url(const console_t *c, const char *view, const char *value, const char *more, const char *more_value);

/* The help desk has no business with who may use the console: 0 for such a user, and where it may be one. */
int console_may_touch(const console_t *c, const char *username);

/* Answers: no such thing, 404 with a sentence; or that the database gave no answer. */
int console_nothing(console_t *c, const char *text);
int console_down(console_t *c);

/* What went well or wrong, above all the rest; and what should be known. */
void console_notice(console_t *c, const char *text);
void console_problem(console_t *c, const char *text);
void console_warn(console_t *c, const char *text);
/* A sentence below the heading. */
void console_text(console_t *c, const char *text);
/* A secret that is shown once, with what it is. */
void console_secret(console_t *c, const char *label, const char *secret);

/* A line of what is known about something; empty text is left out. */
void console_fact(console_t *c, const char *name, const char *text);
/* The same in a block of its own, of things to be pasted elsewhere. Values are shown as they are to be copied. */
json_t *console_block(console_t *c, const char *heading, const char *text);
void console_paste(json_t *block, const char *name, const char *value);

/* A table, cell by cell; url NULL: plain text. */
typedef struct console_table_t {
    const console_t *c;
    const char *const *header; /* stands in each cell once more, for screens too narrow for columns */
    json_t *rows, *row;
    int columns;
} console_table_t;
console_table_t console_table(console_t *c, const char *heading, const char *const *header, int columns, const char *none);
void console_cell(console_table_t *table, const char *text, const char *url);
/* The form in a row's cell: one button, of an action with one hidden field, or two. */
void console_button(console_t *c, console_table_t *table, const char *action, const char *button, const char *const *fields);
/* The link to the next page of what the table shows. */
void console_more(console_t *c, const char *url);
/* Search by the beginning of a name, and the two orders. */
void console_search(console_t *c, const char *view, const char *label, const char *prefix, int is_by_use);

/* A form that goes to another view, by a name that is typed. */
void console_ask(console_t *c, const char *view, const char *label, const char *button);

/* The link that leads on to something, as to a form of its own. */
void console_link(console_t *c, const char *url, const char *text);

/* A form for an action. What it ends is said in text. */
json_t *console_form(console_t *c, const char *action, const char *heading, const char *text, const char *button);
void console_hidden(json_t *form, const char *name, const char *value);
/* value NULL: empty; hint NULL: none. */
void console_input(json_t *form, const char *name, const char *label, const char *value, const char *hint);
/* A box, to be ticked. */
void console_box(json_t *form, const char *name, const char *value, const char *label, int is_ticked);
/* One of several: the form's own, with options. */
json_t *console_choice(json_t *form, const char *legend);
void console_option(json_t *choice, const char *name, const char *value, const char *label, int is_chosen);

/* "2026-08-08 14:05 UTC", or otherwise when it is 0. */
const char *console_time(const console_t *c, apr_int64_t seconds, const char *otherwise);

#endif
