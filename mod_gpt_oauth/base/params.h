/*
 * Request parameters (application/x-www-form-urlencoded, RFC 6749 appendix B), parsed strictly and kept in order. Neither
 * apr_table (case-insensitive) nor httpd's parsers (lax) will do.
 */
#ifndef GPT_OAUTH_BASE_PARAMS_H
#define GPT_OAUTH_BASE_PARAMS_H

#include <apr_pools.h>
#include <apr_tables.h>

#define PARAMS_MAX_COUNT 128

typedef enum {
    PARAM_FINE,
    PARAM_BAD_ENCODING, /* % not followed by two hex digits */
    PARAM_NUL,          /* %00 or a raw NUL */
    PARAM_NOT_UTF8
} param_fault_t;

typedef struct param_t {
    const char *name;
    const char *value; /* decoded; "" where fault is not PARAM_FINE */
    param_fault_t fault;
} param_t;

typedef struct params_t {
    apr_array_header_t *list; /* of param_t, in order of appearance; a name that cannot be decoded is not in it */
    const char *malformed;    /* a sentence when the whole cannot be trusted (a bad name, too many, not JSON), else NULL */
} params_t;

/* Parses size bytes of a query or a form body. Pieces without a name (`&&`, `=`, `=b`) are passed over. Never NULL. */
params_t *params_parse_form(apr_pool_t *p, const char *data, apr_size_t size);

/*
 * Parses a JSON object into the same shape. null is as good as absent. Those of `known` (NULL ends it) are strings, and
 * malformed if they are not, but for `resource`, which may be a list of strings; other members may be anything, and what is no
 * string is left out. What json_parse_object refuses, duplicate names and NUL among it, is malformed.
 */
params_t *params_parse_json(apr_pool_t *p, const char *data, apr_size_t size, const char *const *known);

/* How often name occurs (names are case-sensitive). */
int params_count(const params_t *params, const char *name);

/* The first parameter of that name, or NULL. */
const param_t *params_find(const params_t *params, const char *name);

/*
 * The value of name, or NULL when it is absent or empty (RFC 6749 section 3.1: without a value means omitted) or has a
 * fault: check faults first.
 */
const char *params_get(const params_t *params, const char *name);

/* All values of name (array of const char *), empty ones left out; for `resource` (RFC 8707). */
apr_array_header_t *params_get_all(apr_pool_t *p, const params_t *params, const char *name);

/*
 * The first name that occurs twice, or whose value has a fault, with a sentence about it (fit for error_description) in
 * *problem; NULL when there is none. `repeatable` (or NULL) is a name that may occur often.
 */
const char *params_first_fault(apr_pool_t *p, const params_t *params, const char *repeatable, const char **problem);

/* application/x-www-form-urlencoded of one name or value: unreserved characters stay, space is %20. */
const char *params_encode(apr_pool_t *p, const char *value);

/* Strict decoding of one component ('+' is a space). Sets *fault, and is NULL unless that is PARAM_FINE. */
char *params_decode(apr_pool_t *p, const char *data, apr_size_t size, param_fault_t *fault);

#endif
