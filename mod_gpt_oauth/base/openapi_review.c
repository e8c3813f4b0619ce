#include <apr_hash.h>
#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

#include "base/openapi.h"
#include "base/uri.h"

#define MAX_OPERATIONS      30
#define MAX_OPERATION_TEXT  300
#define MAX_PARAMETER_TEXT  700
#define MAX_DOCUMENT_BYTES  1000000
#define MAX_EXCHANGED_CHARS 100000
#define MAX_DEPTH           64

typedef struct review_t {
    apr_pool_t *p;
    apr_array_header_t *findings;
    apr_hash_t *ids; /* operationId -> where it stands */
    const char *host;
    int operations;
} review_t;

__attribute__((format(printf, 3, 4))) static void find(review_t *review, const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(review->findings, const char *) =
        apr_pstrcat(review->p, where, ": ", apr_pvsprintf(review->p, format, args), NULL);
    va_end(args);
}

static apr_size_t characters(const char *text)
{
    apr_size_t count = 0;

    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80; /* every byte but those that continue a character */
    }
    return count;
}

static void review_text(review_t *review, const char *where, const json_t *object, const char *member, apr_size_t limit)
{
    const char *text = json_string_value(json_object_get(object, member));

    if (text && characters(text) > limit) {
        find(review, where, "its %s has %" APR_SIZE_T_FMT " characters, and the GPT builder takes %" APR_SIZE_T_FMT, member,
             characters(text), limit);
    }
}

static const char *inside(review_t *review, const char *where, const char *name)
{
    return apr_pstrcat(review->p, where, ".", name, NULL);
}

/* "object", or in version 3.1 a list with it. */
static int is_object_schema(const json_t *schema)
{
    json_t *type = json_object_get(schema, "type"), *item;
    size_t index;

    if (json_is_string(type)) {
        return strcmp(json_string_value(type), "object") == 0;
    }
    json_array_foreach(type, index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), "object") == 0) {
            return 1;
        }
    }
    return 0;
}

static void review_schema(review_t *review, const char *where, json_t *schema, int depth)
{
    static const char *const singles[] = { "items", "additionalProperties", "not" };
    static const char *const lists[] = { "allOf", "anyOf", "oneOf", "prefixItems" };
    json_t *properties = json_object_get(schema, "properties"), *inner;
    const char *name;
    size_t index;

    if (!json_is_object(schema) || json_object_get(schema, "$ref")) {
        return;
    }
    if (depth == 0) {
        find(review, where, "schemas within schemas within schemas: give some of them names in components.schemas");
        return;
    }
    if (is_object_schema(schema) && !json_is_object(properties)) {
        find(review, where, "an object schema without properties, which the GPT builder refuses; name what is in it");
    }
    json_object_foreach(properties, name, inner)
    {
        review_schema(review, inside(review, where, name), inner, depth - 1);
    }
    for (apr_size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        review_schema(review, inside(review, where, singles[i]), json_object_get(schema, singles[i]), depth - 1);
    }
    for (apr_size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        json_array_foreach(json_object_get(schema, lists[i]), index, inner)
        {
            review_schema(review, inside(review, where, lists[i]), inner, depth - 1);
        }
    }
}

static void review_content(review_t *review, const char *where, json_t *message)
{
    const char *type;
    json_t *media;

    json_object_foreach(json_object_get(message, "content"), type, media)
    {
        review_schema(review, where, json_object_get(media, "schema"), MAX_DEPTH);
    }
}

static void review_parameters(review_t *review, const char *where, const json_t *parameters)
{
    json_t *parameter;
    size_t index;

    json_array_foreach(parameters, index, parameter)
    {
        const char *name = json_string_value(json_object_get(parameter, "name"));

        if (json_object_get(parameter, "$ref")) {
            find(review, where, "parameter %d is a $ref, which the GPT builder leaves out; write the parameter itself",
                 (int)index + 1);
        } else if (!name || !*name) {
            find(review, where, "parameter %d has no name, and the GPT builder leaves it out", (int)index + 1);
        } else {
            const char *here = apr_pstrcat(review->p, where, ", parameter ", name, NULL);

            review_text(review, here, parameter, "description", MAX_PARAMETER_TEXT);
            review_schema(review, here, json_object_get(parameter, "schema"), MAX_DEPTH);
        }
    }
}

static void review_servers(review_t *review, const char *where, const json_t *servers)
{
    json_t *server;
    size_t index;
    uri_t uri;

    json_array_foreach(servers, index, server)
    {
        const char *url = json_string_value(json_object_get(server, "url"));

        if (!url || !uri_parse(review->p, url, &uri) || !uri.host ||
            (strcmp(uri.scheme, "https") != 0 && !(strcmp(uri.scheme, "http") == 0 && uri_host_is_loopback(uri.host)))) {
            find(review, where,
                 "server %d is no https URL, so the GPT builder finds no valid one; leave servers out to have this server's",
                 (int)index + 1);
        } else if (!uri_same_root(uri.host, review->host)) {
            find(review, where,
                 "its server %s has another root domain than the issuer's %s, and the GPT builder wants one for API and OAuth",
                 uri.host, review->host);
        }
    }
}

static void review_operation_id(review_t *review, const char *where, const char *id)
{
    const char *other;

    if (!id || !*id) {
        find(review, where, "there is no operationId, by which a GPT knows the operation; write one");
        return;
    }
    other = apr_hash_get(review->ids, id, APR_HASH_KEY_STRING);
    if (other) {
        find(review, where, "the operationId is that of %s too; each needs one of its own", other);
    }
    apr_hash_set(review->ids, id, APR_HASH_KEY_STRING, where);
}

static void review_operation(review_t *review, const char *method, const char *path, json_t *operation)
{
    const char *id = json_string_value(json_object_get(operation, "operationId")), *status, *where;
    json_t *response;

    where = id ? apr_psprintf(review->p, "%s %s (%s)", method, path, id) : apr_psprintf(review->p, "%s %s", method, path);
    review->operations++;
    review_operation_id(review, where, id);
    review_text(review, where, operation, "summary", MAX_OPERATION_TEXT);
    review_text(review, where, operation, "description", MAX_OPERATION_TEXT);
    review_servers(review, where, json_object_get(operation, "servers"));
    review_parameters(review, where, json_object_get(operation, "parameters"));
    review_content(review, apr_pstrcat(review->p, where, ", request body", NULL), json_object_get(operation, "requestBody"));
    json_object_foreach(json_object_get(operation, "responses"), status, response)
    {
        review_content(review, apr_pstrcat(review->p, where, ", response ", status, NULL), response);
    }
}

static void review_path(review_t *review, const char *path, json_t *item)
{
    static const char *const methods[][2] = { { "get", "GET" },       { "put", "PUT" },         { "post", "POST" },
                                              { "delete", "DELETE" }, { "options", "OPTIONS" }, { "head", "HEAD" },
                                              { "patch", "PATCH" },   { "trace", "TRACE" } };

    review_servers(review, path, json_object_get(item, "servers"));
    review_parameters(review, path, json_object_get(item, "parameters"));
    for (apr_size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        json_t *operation = json_object_get(item, methods[i][0]);

        if (json_is_object(operation)) {
            review_operation(review, methods[i][1], path, operation);
        }
    }
}

static void review_components(review_t *review, json_t *components)
{
    const char *name;
    json_t *part;

    json_object_foreach(json_object_get(components, "schemas"), name, part)
    {
        review_schema(review, apr_pstrcat(review->p, "components.schemas.", name, NULL), part, MAX_DEPTH);
    }
    json_object_foreach(json_object_get(components, "requestBodies"), name, part)
    {
        review_content(review, apr_pstrcat(review->p, "components.requestBodies.", name, NULL), part);
    }
    json_object_foreach(json_object_get(components, "responses"), name, part)
    {
        review_content(review, apr_pstrcat(review->p, "components.responses.", name, NULL), part);
    }
    if (json_object_size(json_object_get(components, "securitySchemes")) > 1) {
        find(review, "components.securitySchemes", "the GPT builder takes one security scheme for all operations");
    }
}

apr_array_header_t *openapi_review(apr_pool_t *p, json_t *document, apr_size_t size, const char *origin)
{
    review_t review = { .p = p, .findings = apr_array_make(p, 4, sizeof(const char *)), .ids = apr_hash_make(p) };
    const char *path;
    json_t *item;
    uri_t uri;

    review.host = uri_parse(p, origin, &uri) && uri.host ? uri.host : "";
    review_servers(&review, "servers", json_object_get(document, "servers"));
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        review_path(&review, path, item);
    }
    review_components(&review, json_object_get(document, "components"));
    if (!review.operations) {
        find(&review, "paths", "there is no operation");
    }
    if (review.operations > MAX_OPERATIONS) {
        find(&review, "paths", "%d operations, and the GPT builder takes %d", review.operations, MAX_OPERATIONS);
    }
    if (size > MAX_DOCUMENT_BYTES) {
        find(&review, "the document", "%" APR_SIZE_T_FMT " bytes, and the GPT builder takes 1 MB", size);
    } else if (size > MAX_EXCHANGED_CHARS) {
        find(&review, "the document", "%" APR_SIZE_T_FMT " characters; where ChatGPT fetches it as it does answers, it reads %d",
             size, MAX_EXCHANGED_CHARS);
    }
    return review.findings;
}
