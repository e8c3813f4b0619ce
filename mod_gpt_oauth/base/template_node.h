/*
 * What a template is read into; internal to template.c and template_parse.c.
 */
#ifndef GPT_OAUTH_BASE_TEMPLATE_NODE_H
#define GPT_OAUTH_BASE_TEMPLATE_NODE_H

#include <apr_tables.h>

typedef enum { NODE_TEXT, NODE_VALUE, NODE_MESSAGE, NODE_SECTION, NODE_INVERTED, NODE_END } node_kind_t;

typedef struct template_node_t {
    node_kind_t kind;
    const char *text; /* or the name; not terminated where it is text */
    apr_size_t size;  /* of text */
    int is_plain;     /* in an attribute or title: no elements */
    int other;        /* of a section its end, of an end its section: indexes */
} template_node_t;

struct template_t {
    apr_array_header_t *nodes; /* template_node_t */
};

/* Sections in sections. */
#define TEMPLATE_DEPTH 16

#endif
