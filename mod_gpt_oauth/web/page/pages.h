/*
 * What pages are made of: templates, the stylesheet and the messages of each language; those that are built in, and those of
 * GPTOAuthPages in place of them.
 */
#ifndef GPT_OAUTH_WEB_PAGES_H
#define GPT_OAUTH_WEB_PAGES_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/template.h"

/* A file of conf/pages/, such as consent.html or messages/de.json. */
typedef struct built_in_page_t {
    const char *file;
    const char *text;
} built_in_page_t;

/* Ends with file NULL. Generated from conf/pages/. */
extern const built_in_page_t built_in_pages[];

typedef struct pages_t {
    apr_pool_t *p;
    const char *dir;               /* GPTOAuthPages, or NULL */
    const char *colours;           /* what begins the stylesheet: the colours of the brand */
    const char *policy;            /* Content-Security-Policy, whose hash is that of the whole stylesheet */
    apr_array_header_t *languages; /* const char *: tags, English first */
    apr_array_header_t *messages;  /* json_t *: of each language */
    apr_array_header_t *templates; /* of the pages that can be sent */
} pages_t;

/*
 * Reads all of it, when the server starts. dir may be NULL. NULL and *problem: a sentence that names file, line and what to do.
 * What is returned lives in p, is never changed, and may be read by any thread.
 */
const pages_t *pages_load(apr_pool_t *p, const char *dir, const char *colours, const char **problem);

/* The template of a page, by a name that pages.c lists. */
const template_t *pages_template(const pages_t *pages, const char *name);

/* The message in that language (an index of languages), else in English; never NULL for a name in conf/pages/messages/en.json. */
const char *pages_message(const pages_t *pages, int language, const char *name);

/* The icon of pages without a logo: an SVG. */
const char *pages_icon(void);

#endif
