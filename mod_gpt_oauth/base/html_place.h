/*
 * Where in an HTML page one is, while it is read from the beginning: in text, in an attribute and in which, or where nothing that
 * is filled in may stand. Only as much of HTML's tokeniser as that takes; what it does not know is INNER_TAG, which is no place
 * for anything. What browsers would read otherwise, or only together with what comes behind a {{}}, is refused. Called by
 * template_parse.c.
 */
#ifndef GPT_OAUTH_BASE_HTML_PLACE_H
#define GPT_OAUTH_BASE_HTML_PLACE_H

#include <apr.h>

typedef enum {
    HTML_TEXT,
    HTML_PLAIN,     /* in <title> or <textarea>: text without elements */
    HTML_ATTRIBUTE, /* in the double quotes of an attribute's value */
    HTML_INNER_TAG, /* elsewhere in a tag */
    HTML_RAW        /* in <style> */
} html_where_t;

typedef struct html_place_t {
    html_where_t where;
    int step;           /* of the tokeniser, within a tag */
    int is_end;         /* of an end tag */
    char quote;         /* around the value of an attribute, 0: none */
    char element[16];   /* the name of the tag, in lower case, cut */
    char attribute[24]; /* the same of the attribute */
    int has_form;       /* in a <form>: 1, with its hidden fields: 2 */
} html_place_t;

/* In the text before the first byte. */
html_place_t html_place_begin(void);

/* Reads on. NULL, or what a page must not hold, as a sentence; then *size is how far that is from text. */
const char *html_place_read(html_place_t *place, const char *text, apr_size_t *size);

/* What comes next may be left out or stand there again and again: no = in it belongs to the attribute before it. */
void html_place_part(html_place_t *place);

/* 1 when what follows may follow either place alike, which *place is from then on. */
int html_place_join(html_place_t *place, const html_place_t *other);

/* NULL when the value of that name may be filled in here, else why not, as a sentence: of addresses only a form's own action. */
const char *html_place_problem(const html_place_t *place, const char *name);

#endif
