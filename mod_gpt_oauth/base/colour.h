/*
 * Colours of pages, and whether people can tell them apart: contrast by WCAG 2.2.
 */
#ifndef GPT_OAUTH_BASE_COLOUR_H
#define GPT_OAUTH_BASE_COLOUR_H

#include <apr_pools.h>

/* In sRGB. */
typedef struct colour_t {
    unsigned char red, green, blue;
} colour_t;

/* "#rrggbb". 0 when text is anything else. */
int colour_parse(const char *text, colour_t *colour);
const char *colour_print(apr_pool_t *p, colour_t colour);

/* From 1 to 21. */
double colour_contrast(colour_t a, colour_t b);

/* The same colour, or the nearest one towards white or black, whichever is further from ground, that has this contrast to it. */
colour_t colour_readable(colour_t colour, colour_t ground, double contrast);

/* Black or white, whichever is better to read on it. */
colour_t colour_of_text(colour_t ground);

#endif
