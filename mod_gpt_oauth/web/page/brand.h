/*
 * Whose service the pages are of: GPTOAuthBrand and GPTOAuthLink.
 */
#ifndef GPT_OAUTH_WEB_BRAND_H
#define GPT_OAUTH_WEB_BRAND_H

#include <apr_pools.h>
#include <apr_tables.h>

#define LOGO_MAX (64 * 1024)

typedef struct brand_t {
    const char *name;
    const char *logo; /* the bytes of the file; NULL: none */
    apr_size_t logo_size;
    const char *logo_type;    /* image/png or image/svg+xml */
    const char *light, *dark; /* "#rrggbb"; NULL: ours, or derived */
} brand_t;

/* A line of GPTOAuthLink. */
typedef struct brand_link_t {
    const char *kind; /* privacy, terms, help, password, signout */
    const char *url;
} brand_link_t;

/* The lines of the stylesheet that set the colours; brand may be NULL. */
const char *brand_colours(apr_pool_t *p, const brand_t *brand);

/* What is wrong with a colour of the brand, for a warning, with the nearest one that people can see; NULL: nothing. */
const char *brand_colour_problem(apr_pool_t *p, const brand_t *brand);

/* Takes the bytes of a logo: NULL, or what is wrong with them. */
const char *brand_take_logo(brand_t *brand, const char *bytes, apr_size_t size);

#endif
