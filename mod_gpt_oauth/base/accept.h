/*
 * The Accept header (RFC 9110 section 12.5.1), as far as this project asks: does a person with a browser want a page, or a
 * program JSON?
 */
#ifndef GPT_OAUTH_BASE_ACCEPT_H
#define GPT_OAUTH_BASE_ACCEPT_H

#include <apr_pools.h>

/*
 * 1 when text/html has a higher quality than application/json. Whoever says nothing (NULL), takes anything or likes both alike
 * is a program: browsers always name text/html. Takes time that grows with the header's length.
 */
int accept_prefers_html(apr_pool_t *p, const char *accept);

#endif
