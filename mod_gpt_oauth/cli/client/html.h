/*
 * As much of HTML as a sign-in page has: its form, and what a person would read.
 */
#ifndef GPT_OAUTH_CLI_HTML_H
#define GPT_OAUTH_CLI_HTML_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct html_form_t {
    const char *action;         /* "" when it goes back to where it came from */
    apr_array_header_t *fields; /* const char *, name and value in turn, of the hidden inputs and ticked boxes */
    int asks_password;          /* has an input named password */
    int asks_decision;          /* has a button named decision */
} html_form_t;

/* The first form of the page; 0 when there is none. */
int html_form(apr_pool_t *p, const char *page, html_form_t *form);

/* The text of the page from its first heading on, in one line of at most max bytes. */
const char *html_text(apr_pool_t *p, const char *page, apr_size_t max);

#endif
