/*
 * Pages as templates: HTML with the tags of Mustache, so far as pages need them, filled in from a JSON object. Everything that is
 * filled in is escaped, and there is no way to say otherwise.
 *
 *   {{name}}               a value; in text within <bdi>, so that it turns nothing around it
 *   {{#name}}…{{/name}}    once for each element of an array, or once where there is something; the object's members come first
 *   {{^name}}…{{/name}}    where there is nothing: no such member, null, false, "" or []
 *   {{.}}                  the element itself
 *   {{_name}}              a message in the language of the page; in it {name} is a value, and {*name} one in <strong>
 *   {{>name}}              another template, read in its place
 *   {{! words}}            nothing
 *
 * A template is read once, and where each value stands is judged then (html_place.h). Any thread may render it.
 */
#ifndef GPT_OAUTH_BASE_TEMPLATE_H
#define GPT_OAUTH_BASE_TEMPLATE_H

#include <apr_pools.h>
#include <jansson.h>

typedef struct template_t template_t;

/* The text of a template. */
typedef struct template_text_t {
    const char *text;
    const char *file; /* for sentences about it */
    int is_ours;      /* {{}} may stand in the addresses of its links: the caller answers for their values */
    int is_verbatim;  /* there are no tags in it */
} template_text_t;

/* What templates come from. */
typedef struct template_source_t {
    /* 0 when there is none of that name. */
    int (*find)(void *baton, const char *name, template_text_t *text);
    /* 1 when there is a message of that name. */
    int (*has_message)(void *baton, const char *name);
    void *baton;
} template_source_t;

/* NULL and *problem, a sentence that begins with file and line. What is returned lives in p, as does what find returned. */
template_t *template_parse(apr_pool_t *p, const template_source_t *source, const char *name, const char **problem);

/* The message of that name in the page's language; NULL: none. */
typedef const char *template_message_fn(void *baton, const char *name);

/* 1 when a value or section of that name stands in it, or a message with that value. */
int template_uses(apr_pool_t *p, const template_t *t, const char *name, template_message_fn *message, void *baton);

/* The text, in p. */
const char *template_render(apr_pool_t *p, const template_t *t, json_t *data, template_message_fn *message, void *baton);

/* A message with its values, as plain text that is not escaped; unknown values are left out. */
const char *template_say(apr_pool_t *p, const char *message, json_t *data);

#endif
