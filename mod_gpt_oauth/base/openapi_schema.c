/*
 * Follows schemas and their $ref (JSON pointers, RFC 6901) as deep as they go, and finds circles, ends in nothing and objects
 * without properties. Called by openapi_review.c alone.
 */
#include <apr_escape.h>
#include <apr_strings.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/openapi_schema.h"

#include "base/array.h"

#define MAX_DEPTH 64
#define MAX_CHAIN 512 /* of one $ref that leads to another */

#define REF_SCHEMA "#/components/schemas/"

/* What is said of a schema depends on where it is used. */
typedef void visit_fn(review_t *review, const char *where, json_t *schema, int depth);

void review_find(review_t *review, const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(review->findings, const char *) =
        apr_pstrcat(review->p, where, ": ", apr_pvsprintf(review->p, format, args), NULL);
    va_end(args);
}

/* One step of a JSON pointer (RFC 6901) in the fragment of a URI. */
static json_t *step(apr_pool_t *p, json_t *from, const char *name)
{
    char *text = apr_pstrdup(p, name), *out = text;

    for (const char *in = text; *in; in++) {
        if (*in == '~' && (in[1] == '0' || in[1] == '1')) {
            *out++ = *++in == '0' ? '~' : '/';
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return json_is_array(from) ? json_array_get(from, strtoul(text, NULL, 10)) : json_object_get(from, text);
}

static json_t *target_of(const review_t *review, const char *ref)
{
    json_t *found = review->document;
    const char *path = apr_punescape_url(review->p, ref, NULL, NULL, 0);
    char *rest, *name;

    if (!path || path[0] != '#' || path[1] != '/') {
        return NULL;
    }
    for (name = apr_strtok(apr_pstrdup(review->p, path + 2), "/", &rest); name && found; name = apr_strtok(NULL, "/", &rest)) {
        found = step(review->p, found, name);
    }
    return found;
}

static const char *ref_of(const json_t *object)
{
    return json_string_value(json_object_get(object, "$ref"));
}

json_t *review_resolve(review_t *review, const char *where, json_t *object)
{
    const char *ref;

    for (int chain = 0; (ref = ref_of(object)); chain++) {
        if (chain == MAX_CHAIN) {
            return NULL; /* a circle: review_circles tells */
        }
        object = target_of(review, ref);
        if (!object) {
            review_find(review, where, "its $ref %s points to nothing in this document%s", ref,
                        ref[0] == '#' ? "" : ", and the GPT builder fetches no other");
        }
    }
    return object;
}

static void visit_inner(review_t *review, const char *where, const char *name, json_t *inner, int depth, visit_fn *visit)
{
    if (json_is_object(inner)) {
        visit(review, apr_pstrcat(review->p, where, ".", name, NULL), inner, depth - 1);
    }
}

static void each_inner(review_t *review, const char *where, json_t *schema, int depth, visit_fn *visit)
{
    static const char *const singles[] = { "items", "additionalProperties", "not" };
    static const char *const lists[] = { "allOf", "anyOf", "oneOf", "prefixItems" };
    const char *name;
    json_t *inner;
    size_t index;

    json_object_foreach(json_object_get(schema, "properties"), name, inner)
    {
        visit_inner(review, where, name, inner, depth, visit);
    }
    for (int i = 0; i < COUNT(singles); i++) {
        visit_inner(review, where, singles[i], json_object_get(schema, singles[i]), depth, visit);
    }
    for (int i = 0; i < COUNT(lists); i++) {
        json_array_foreach(json_object_get(schema, lists[i]), index, inner)
        {
            visit_inner(review, where, lists[i], inner, depth, visit);
        }
    }
}

/* "object", or in version 3.1 a list with it. */
static int has_type(const json_t *schema, const char *wanted)
{
    json_t *type = json_object_get(schema, "type"), *item;
    size_t index;

    if (json_is_string(type)) {
        return strcmp(json_string_value(type), wanted) == 0;
    }
    json_array_foreach(type, index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), wanted) == 0) {
            return 1;
        }
    }
    return 0;
}

static int lacks_properties(const json_t *schema)
{
    return has_type(schema, "object") && !json_is_object(json_object_get(schema, "properties"));
}

/* What a $ref names is looked at where it stands. */
static int goes_on(review_t *review, const char *where, json_t *schema, int depth)
{
    if (!json_is_object(schema)) {
        return 0;
    }
    if (ref_of(schema)) {
        (void)review_resolve(review, where, schema);
        return 0;
    }
    if (depth == 0) {
        review_find(review, where, "schemas within schemas within schemas: give some of them names in components.schemas");
    }
    return depth > 0;
}

static void visit_schema(review_t *review, const char *where, json_t *schema, int depth)
{
    if (goes_on(review, where, schema, depth)) {
        if (lacks_properties(schema)) {
            review_find(review, where, "an object schema without properties, which the GPT builder refuses; name what is in it");
        }
        each_inner(review, where, schema, depth, visit_schema);
    }
}

static void visit_answer(review_t *review, const char *where, json_t *schema, int depth)
{
    if (goes_on(review, where, schema, depth)) {
        if (lacks_properties(schema)) {
            review_find(review, where,
                        "an object schema without properties: the GPT builder accepts it in an answer, but the GPT "
                        "learns nothing about what is in it");
        }
        each_inner(review, where, schema, depth, visit_answer);
    }
}

void review_schema(review_t *review, const char *where, json_t *schema)
{
    visit_schema(review, where, schema, MAX_DEPTH);
}

void review_answer_schema(review_t *review, const char *where, json_t *schema)
{
    visit_answer(review, where, schema, MAX_DEPTH);
}

/* NULL: it is an object, or made of some. */
static const char *other_root(const json_t *root)
{
    static const char *const choices[] = { "oneOf", "anyOf" };

    if (!json_object_size(root)) {
        return "empty";
    }
    for (int i = 0; i < COUNT(choices); i++) {
        if (json_object_get(root, choices[i])) {
            return choices[i];
        }
    }
    if (has_type(root, "array")) {
        return "an array";
    }
    return json_object_get(root, "type") && !has_type(root, "object") ? "no object" : NULL;
}

void review_body_schema(review_t *review, const char *where, json_t *schema)
{
    json_t *root = review_resolve(review, where, schema);
    const char *other = !root && ref_of(schema) ? NULL : other_root(root);

    if (other) {
        review_find(review, where, "its schema is %s at its root, and the GPT builder accepts one object with properties there",
                    other);
    }
    if (!ref_of(schema)) {
        review_schema(review, where, schema);
    }
}

static void follow(review_t *review, const char *where, const char *ref, int chain);

/* depth is what is left of the chain. */
static void visit_refs(review_t *review, const char *where, json_t *schema, int depth)
{
    const char *ref = ref_of(schema);

    if (depth > 0 && ref) {
        follow(review, where, ref, depth);
    } else if (depth > 0) {
        each_inner(review, where, schema, depth, visit_refs);
    }
}

static void follow(review_t *review, const char *where, const char *ref, int chain)
{
    static const char on_the_way[] = "on the way", done[] = "done";
    const char *state = apr_hash_get(review->refs, ref, APR_HASH_KEY_STRING);
    json_t *schema;

    if (state == on_the_way) {
        review_find(review, where, "its $ref %s is circular, which the GPT builder refuses", ref);
    }
    if (state || !(schema = target_of(review, ref))) {
        return;
    }
    apr_hash_set(review->refs, ref, APR_HASH_KEY_STRING, on_the_way);
    visit_refs(review, where, schema, chain - 1);
    apr_hash_set(review->refs, ref, APR_HASH_KEY_STRING, done);
}

void review_circles(review_t *review)
{
    const char *name;
    json_t *schema;

    json_object_foreach(json_object_get(json_object_get(review->document, "components"), "schemas"), name, schema)
    {
        follow(review, apr_pstrcat(review->p, "components.schemas.", name, NULL), apr_pstrcat(review->p, REF_SCHEMA, name, NULL),
               MAX_CHAIN);
    }
}
