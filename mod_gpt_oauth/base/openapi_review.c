/*
 * Goes through the operations of an OpenAPI document, their parameters, bodies and answers, and notes what the GPT builder
 * refuses or leaves out. Called at configtest (web/endpoint/openapi.c) and by `gptoauth doctor`; schemas are left to
 * openapi_schema.c.
 */
#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "base/array.h"
#include "base/openapi.h"
#include "base/openapi_schema.h"
#include "base/text.h"
#include "base/uri.h"

#define MAX_OPERATIONS      30
#define MAX_OPERATION_TEXT  300
#define MAX_PARAMETER_TEXT  700
#define MAX_DOCUMENT_BYTES  1000000
#define MAX_EXCHANGED_CHARS 100000
#define MAX_OPERATION_ID    64

static void review_text(review_t *review, const char *where, const json_t *object, const char *member, apr_size_t limit)
{
    const char *text = json_string_value(json_object_get(object, member));

    if (text && text_length(text) > limit) {
        review_find(review, where, "its %s has %" APR_SIZE_T_FMT " characters, and the GPT builder accepts %" APR_SIZE_T_FMT,
                    member, text_length(text), limit);
    }
}

static int is_json(const char *type)
{
    return strncasecmp(type, "application/json", 16) == 0 && (!type[16] || type[16] == ';' || type[16] == ' ');
}

static void review_body(review_t *review, const char *where, json_t *body)
{
    json_t *content = json_object_get(review_resolve(review, where, body), "content"), *media;
    const char *type;
    int has_json = 0;

    json_object_foreach(content, type, media)
    {
        if (is_json(type)) {
            has_json = 1;
            review_body_schema(review, where, json_object_get(media, "schema"));
        }
    }
    if (json_object_size(content) && !has_json) {
        review_find(review, where, "it is not application/json, and the GPT builder accepts nothing else");
    }
}

static void review_answer(review_t *review, const char *where, json_t *answer)
{
    const char *type;
    json_t *media;

    json_object_foreach(json_object_get(review_resolve(review, where, answer), "content"), type, media)
    {
        review_answer_schema(review, where, json_object_get(media, "schema"));
    }
}

static void review_parameter(review_t *review, const char *where, json_t *parameter, const char *name)
{
    const char *here = apr_pstrcat(review->p, where, ", parameter ", name, NULL);
    const char *in = json_string_value(json_object_get(parameter, "in"));

    if (in && (strcmp(in, "header") == 0 || strcmp(in, "cookie") == 0)) {
        review_find(review, here, "it is sent as a %s, and the GPT builder leaves such parameters out", in);
    }
    review_text(review, here, parameter, "description", MAX_PARAMETER_TEXT);
    review_schema(review, here, json_object_get(parameter, "schema"));
}

/* Answers the names, each with where it is sent. outer: those of the path, which an operation may describe anew. */
static apr_hash_t *review_parameters(review_t *review, const char *where, const json_t *parameters, apr_hash_t *outer)
{
    apr_hash_t *names = apr_hash_make(review->p);
    json_t *parameter;
    size_t index;

    json_array_foreach(parameters, index, parameter)
    {
        const char *name = json_string_value(json_object_get(parameter, "name"));
        const char *in = json_string_value(json_object_get(parameter, "in")), *other;

        if (json_object_get(parameter, "$ref")) {
            review_find(review, where, "parameter %d is a $ref, which the GPT builder leaves out; write the parameter itself",
                        (int)index + 1);
            continue;
        }
        if (!name || !*name) {
            review_find(review, where, "parameter %d has no name, and the GPT builder leaves it out", (int)index + 1);
            continue;
        }
        in = in ? in : "";
        other = outer ? apr_hash_get(outer, name, APR_HASH_KEY_STRING) : NULL;
        if (apr_hash_get(names, name, APR_HASH_KEY_STRING) || (other && strcmp(other, in) != 0)) {
            review_find(review, where, "there are two parameters %s, and a GPT knows them only by their names", name);
        }
        apr_hash_set(names, name, APR_HASH_KEY_STRING, in);
        review_parameter(review, where, parameter, name);
    }
    return names;
}

/* As it was written: what parses URLs may have folded it already. */
static int has_odd_host(const char *url)
{
    const char *host = strstr(url, "//");

    for (host = host ? host + 2 : ""; *host && *host != '/'; host++) {
        if (apr_isupper(*host) || *host == ':') {
            return 1;
        }
    }
    return 0;
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
            review_find(
                review, where,
                "server %d is not an https URL, so the GPT builder finds no valid one; leave servers out to have it filled in",
                (int)index + 1);
        } else if (!uri_host_is_loopback(uri.host) && has_odd_host(url)) {
            review_find(review, where,
                        "its server %s has a host with capital letters or a port, and the GPT builder finds no valid URL in it",
                        url);
        } else if (!uri_same_root(uri.host, review->host)) {
            review_find(review, where,
                        "its server %s has another root domain than the issuer's %s, and the GPT builder wants one for both",
                        uri.host, review->host);
        }
    }
}

static void review_operation_id(review_t *review, const char *where, const char *id)
{
    static const char id_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const char *other;

    if (!id || !*id) {
        review_find(review, where, "there is no operationId, by which a GPT knows the operation; write one");
        return;
    }
    if (strlen(id) > MAX_OPERATION_ID || strspn(id, id_characters) != strlen(id)) {
        review_find(review, where, "the GPT builder accepts letters, digits, _ and - in an operationId, 64 of them at most");
    }
    other = apr_hash_get(review->ids, id, APR_HASH_KEY_STRING);
    if (other) {
        review_find(review, where, "the operationId is that of %s too; each needs one of its own", other);
    }
    apr_hash_set(review->ids, id, APR_HASH_KEY_STRING, where);
}

static void review_operation(review_t *review, const char *method, const char *path, json_t *operation, apr_hash_t *names)
{
    const char *id = json_string_value(json_object_get(operation, "operationId")), *status, *where;
    json_t *response;

    where = id ? apr_psprintf(review->p, "%s %s (%s)", method, path, id) : apr_psprintf(review->p, "%s %s", method, path);
    review->operations++;
    review_operation_id(review, where, id);
    review_text(review, where, operation, "summary", MAX_OPERATION_TEXT);
    review_text(review, where, operation, "description", MAX_OPERATION_TEXT);
    review_servers(review, where, json_object_get(operation, "servers"));
    review_parameters(review, where, json_object_get(operation, "parameters"), names);
    review_body(review, apr_pstrcat(review->p, where, ", request body", NULL), json_object_get(operation, "requestBody"));
    json_object_foreach(json_object_get(operation, "responses"), status, response)
    {
        review_answer(review, apr_pstrcat(review->p, where, ", response ", status, NULL), response);
    }
}

static void review_path(review_t *review, const char *path, json_t *item)
{
    static const struct {
        const char *member, *method;
        int is_skipped;
    } methods[] = { { "get", "GET", 0 },         { "put", "PUT", 0 },   { "post", "POST", 0 },   { "delete", "DELETE", 0 },
                    { "options", "OPTIONS", 1 }, { "head", "HEAD", 1 }, { "patch", "PATCH", 0 }, { "trace", "TRACE", 1 } };
    apr_hash_t *names = review_parameters(review, path, json_object_get(item, "parameters"), NULL);

    review_servers(review, path, json_object_get(item, "servers"));
    for (int i = 0; i < COUNT(methods); i++) {
        json_t *operation = json_object_get(item, methods[i].member);

        if (json_is_object(operation) && methods[i].is_skipped) {
            review_find(review, path, "the GPT builder leaves %s out", methods[i].method);
        } else if (json_is_object(operation)) {
            review_operation(review, methods[i].method, path, operation, names);
        }
    }
}

static void review_components(review_t *review, json_t *components)
{
    const char *name;
    json_t *part;

    json_object_foreach(json_object_get(components, "schemas"), name, part)
    {
        review_schema(review, apr_pstrcat(review->p, "components.schemas.", name, NULL), part);
    }
    json_object_foreach(json_object_get(components, "requestBodies"), name, part)
    {
        review_body(review, apr_pstrcat(review->p, "components.requestBodies.", name, NULL), part);
    }
    json_object_foreach(json_object_get(components, "responses"), name, part)
    {
        review_answer(review, apr_pstrcat(review->p, "components.responses.", name, NULL), part);
    }
    if (json_object_size(json_object_get(components, "securitySchemes")) > 1) {
        review_find(review, "components.securitySchemes", "the GPT builder accepts one security scheme for all operations");
    }
}

static void review_version(review_t *review)
{
    const char *version = json_string_value(json_object_get(review->document, "openapi"));

    if (version && strcmp(version, "3.1.0") != 0 && strcmp(version, "3.1.1") != 0) {
        review_find(
            review, "openapi",
            "version %s, and the GPT builder accepts only 3.1.0 and 3.1.1; convert the document, as more differs than the "
            "number (nullable: true becomes type: [..., \"null\"])",
            version);
    }
}

apr_array_header_t *openapi_review(apr_pool_t *p, json_t *document, apr_size_t size, const char *origin)
{
    review_t review = { .p = p,
                        .document = document,
                        .findings = apr_array_make(p, 4, sizeof(const char *)),
                        .ids = apr_hash_make(p),
                        .refs = apr_hash_make(p) };
    const char *path;
    json_t *item;
    uri_t uri;

    review.host = uri_parse(p, origin, &uri) && uri.host ? uri.host : "";
    review_version(&review);
    review_servers(&review, "servers", json_object_get(document, "servers"));
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        review_path(&review, path, item);
    }
    review_components(&review, json_object_get(document, "components"));
    review_circles(&review);
    if (!review.operations) {
        review_find(&review, "paths", "there is no operation");
    }
    if (review.operations > MAX_OPERATIONS) {
        review_find(&review, "paths", "%d operations, and the GPT builder accepts %d", review.operations, MAX_OPERATIONS);
    }
    if (size > MAX_DOCUMENT_BYTES) {
        review_find(&review, "the document", "%" APR_SIZE_T_FMT " bytes, and the GPT builder accepts 1 MB", size);
    } else if (size > MAX_EXCHANGED_CHARS) {
        review_find(&review, "the document",
                    "%" APR_SIZE_T_FMT " characters; where ChatGPT fetches it the way it fetches answers, it reads %d", size,
                    MAX_EXCHANGED_CHARS);
    }
    return review.findings;
}
