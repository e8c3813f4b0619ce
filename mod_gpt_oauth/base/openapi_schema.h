/*
 * What openapi_review finds in schemas. Internal to it: openapi_review.c goes through the operations, and leads here.
 */
#ifndef GPT_OAUTH_BASE_OPENAPI_SCHEMA_H
#define GPT_OAUTH_BASE_OPENAPI_SCHEMA_H

#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

typedef struct review_t {
    apr_pool_t *p;
    json_t *document;
    apr_array_header_t *findings;
    apr_hash_t *ids;  /* operationId -> where it stands */
    apr_hash_t *refs; /* $ref -> NULL, or whether what it names is being followed or has been */
    const char *host;
    int operations;
} review_t;

/* Notes a sentence about the part of the document that where names. */
void review_find(review_t *review, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* object itself, or what its $ref leads to; NULL when that is nothing, which is a finding. */
json_t *review_resolve(review_t *review, const char *where, json_t *object);

/* Objects without properties, a $ref to nothing, and schemas that have no end, in a schema and all that is in it. */
void review_schema(review_t *review, const char *where, json_t *schema);
/* The same of an answer, where an object without properties is taken, only not understood. */
void review_answer_schema(review_t *review, const char *where, json_t *schema);
/* The same of a request's body: its root has to be one object. */
void review_body_schema(review_t *review, const char *where, json_t *schema);

/* A schema in components that leads back to itself. */
void review_circles(review_t *review);

#endif
