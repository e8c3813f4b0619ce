/*
 * Reads an OpenAPI document and fills in servers, security schemes and security. Called by web/endpoint/openapi.c, and by
 * `gptoauth doctor` for the one that is served. What the GPT builder thinks of it is in openapi_review.c.
 */
#include "base/openapi.h"

#include <apr_strings.h>

#include <string.h>

#include "base/json.h"
#include "base/text.h"

json_t *openapi_parse(apr_pool_t *p, const char *data, apr_size_t size, const char **problem)
{
    static const char blanks[] = " \t\r\n";
    json_error_t error;
    json_t *document;
    const char *version;
    apr_size_t start = 0;

    *problem = NULL;
    while (start < size && data[start] && strchr(blanks, data[start])) {
        start++;
    }
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        *problem = "this file begins with a byte order mark (BOM), which JSON may not have: save it without one";
        return NULL;
    }
    if (start == size || data[start] != '{') {
        *problem = "this is not a JSON object; YAML has to be converted, for example by `yq -o json FILE`";
        return NULL;
    }
    document = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
    if (!document) {
        *problem = apr_psprintf(p, "line %d, column %d is not JSON: %s", error.line, error.column, terminal_text(p, error.text));
        return NULL;
    }
    json_own(p, document);
    version = json_string_value(json_object_get(document, "openapi"));
    if (!version || (strncmp(version, "3.0.", 4) != 0 && strncmp(version, "3.1.", 4) != 0)) {
        *problem = "this is not an OpenAPI document of version 3.0 or 3.1: its member openapi has to be \"3.1.0\" or the like";
    } else if (!json_is_object(json_object_get(document, "paths"))) {
        *problem = "this OpenAPI document has no paths object";
    }
    return *problem ? NULL : document;
}

/* The member of an object that is an object itself, made where it is not. */
static json_t *object_of(json_t *parent, const char *name)
{
    json_t *member = json_object_get(parent, name);

    if (!json_is_object(member)) {
        member = json_object();
        json_object_set_new(parent, name, member);
    }
    return member;
}

static void complete_servers(apr_pool_t *p, json_t *document, const char *origin)
{
    json_t *servers = json_object_get(document, "servers"), *server;
    size_t index;

    if (!json_array_size(servers)) {
        json_object_set_new(document, "servers", json_pack("[{s:s}]", "url", origin));
        return;
    }
    json_array_foreach(servers, index, server)
    {
        const char *url = json_string_value(json_object_get(server, "url"));

        if (url && url[0] == '/') {
            json_object_set_new(server, "url", json_string(apr_pstrcat(p, origin, url[1] ? url : "", NULL)));
        }
    }
}

static int has_type(const json_t *object, const char *type)
{
    const char *given = json_string_value(json_object_get(object, "type"));

    return given && type && strcmp(given, type) == 0;
}

int openapi_complete(apr_pool_t *p, json_t *document, const char *origin, const openapi_security_t *security)
{
    json_t *schemes = object_of(object_of(document, "components"), "securitySchemes"), *scheme;
    const char *type = json_string_value(json_object_get(security->scheme, "type")), *name, *used = NULL;

    complete_servers(p, document, origin);
    (void)object_of(json_object_get(document, "components"), "schemas"); /* the GPT builder refuses components without */
    if (!json_object_size(schemes)) {
        json_object_set(schemes, security->name, security->scheme);
    }
    json_object_foreach(schemes, name, scheme)
    {
        if (has_type(scheme, type)) {
            used = name;
            /* Bearer and Basic are both of type http, and a key may be sent as either. */
            if (strcmp(type, "http") == 0) {
                json_object_update_missing(scheme, security->scheme);
            } else {
                json_object_update(scheme, security->scheme);
            }
        }
    }
    if (used && !json_object_get(document, "security")) {
        json_object_set_new(document, "security", json_pack("[{s:O}]", used, security->scopes));
    }
    return used != NULL;
}
