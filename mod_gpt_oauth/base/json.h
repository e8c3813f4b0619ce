/*
 * jansson, bound to pools. Objects are reference counted by jansson; json_own ties one reference to a pool.
 */
#ifndef GPT_OAUTH_BASE_JSON_H
#define GPT_OAUTH_BASE_JSON_H

#include <apr_pools.h>
#include <jansson.h>

/* The pool takes over the caller's reference. Returns object; aborts when NULL (memory exhausted), as APR does. */
json_t *json_own(apr_pool_t *p, json_t *object);

/*
 * Parses one JSON object of at most 64 KB and 512 values, without duplicate names, NUL or nesting beyond 8. NULL when it is
 * anything else. Brackets and commas in strings count as values.
 */
json_t *json_parse_object(apr_pool_t *p, const char *data, apr_size_t size);

/* The words of text, one space apart, as a new array. */
json_t *json_words(apr_pool_t *p, const char *text);

/* Compact, ASCII only, '/' kept; in p. */
const char *json_print(apr_pool_t *p, const json_t *object);

#endif
