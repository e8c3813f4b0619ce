/*
 * What was typed into a form of the console. No action reads a field in another way.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_FIELDS_H
#define GPT_OAUTH_WEB_CONSOLE_FIELDS_H

#include "base/audit.h"
#include "web/console/console.h"

/* Without blanks around it; NULL: nothing. */
const char *field_text(const console_t *c, const char *name);
/* The user whom the form is about, by the same rule: those whom the help desk may not touch are known by it. */
const char *field_user(const console_t *c);
/* The same, for the log line; the user's page of this view is where to go on. NULL and *problem: the form names nobody. */
const char *field_user_of_form(const console_t *c, audit_t *line, const char *view, const char **back, const char **problem);
/* All fields of a name that have something in them, const char *. */
apr_array_header_t *field_texts(const console_t *c, const char *name);

#endif
