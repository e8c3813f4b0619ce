/*
 * An admin's OpenAPI document (3.0 or 3.1, JSON): reading it, saying what the GPT builder would refuse in it, and filling in what
 * the server knows better.
 */
#ifndef GPT_OAUTH_BASE_OPENAPI_H
#define GPT_OAUTH_BASE_OPENAPI_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/* Larger files are not read at all. */
#define OPENAPI_FILE_MAX (16 * 1024 * 1024)

/* The document, owned by p; NULL when it is none, and *problem says why, with the line where there is one. */
json_t *openapi_parse(apr_pool_t *p, const char *data, apr_size_t size, const char **problem);

/* What stands in `components.securitySchemes` and `security` for this server. */
typedef struct openapi_security_t {
    const char *name;
    json_t *scheme; /* a security scheme object */
    json_t *scopes; /* an array: what `security` asks for */
} openapi_security_t;

/*
 * Changes document: `servers` is the origin where it was missing, and the origin stands before relative ones. A security scheme
 * of the given one's type gets its members, whatever its name; a document without any gets the given one; `security` of the
 * document, where it has none, names it. What operations say of their own stays. 0 when all its schemes are of other types.
 */
int openapi_complete(apr_pool_t *p, json_t *document, const char *origin, const openapi_security_t *security);

/*
 * What the GPT builder refuses or leaves out in a completed document that is served from origin in size bytes: an array of
 * sentences (const char *), empty for a good one.
 */
apr_array_header_t *openapi_review(apr_pool_t *p, json_t *document, apr_size_t size, const char *origin);

#endif
