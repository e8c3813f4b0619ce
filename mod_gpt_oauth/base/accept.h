/*
 * The Accept headers (RFC 9110 section 12.5), as far as this project asks: does a person with a browser want a page, or a program
 * JSON, and in which language?
 */
#ifndef GPT_OAUTH_BASE_ACCEPT_H
#define GPT_OAUTH_BASE_ACCEPT_H

#include <apr_pools.h>
#include <apr_tables.h>

/*
 * 1 when text/html has a higher quality than application/json. Whoever says nothing (NULL), takes anything or likes both alike
 * is a program: browsers always name text/html. Takes time that grows with the header's length.
 */
int accept_prefers_html(apr_pool_t *p, const char *accept);

/*
 * Of the languages that are offered (const char *, tags of RFC 5646 such as "de") the one that Accept-Language likes best: de is
 * there for who wants de-AT too. NULL when it names none of them.
 */
const char *accept_language(apr_pool_t *p, const char *accept, const apr_array_header_t *offered);

#endif
