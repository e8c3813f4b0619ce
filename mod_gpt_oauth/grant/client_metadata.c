/*
 * Reads and bounds what a client says of itself (RFC 7591 section 2). Called by registration.c and client_document.c, since a
 * published document has the same members as a request for registration.
 */
#include "grant/client_metadata.h"

#include <apr_strings.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/uri.h"

const char *const client_link_names[CLIENT_LINKS] = { "client_uri", "policy_uri", "tos_uri" };

static const failure_t *invalid(apr_pool_t *p, const char *name, const char *problem)
{
    return failure_make(p, OAUTH_INVALID_CLIENT_METADATA, apr_pstrcat(p, name, " ", problem, NULL), NULL);
}

const failure_t *client_metadata_text(apr_pool_t *p, const json_t *metadata, const char *name, const char **text)
{
    const json_t *value = json_object_get(metadata, name);

    *text = NULL;
    if (value && !json_is_null(value)) {
        if (!json_is_string(value)) {
            return invalid(p, name, "is not a string.");
        }
        *text = json_string_length(value) ? json_string_value(value) : NULL;
    }
    return NULL;
}

const failure_t *client_metadata_list(apr_pool_t *p, const json_t *metadata, const char *name, const json_t **list)
{
    const json_t *value = json_object_get(metadata, name), *item;
    size_t index;

    *list = NULL;
    if (!value || json_is_null(value)) {
        return NULL;
    }
    if (!json_is_array(value)) {
        return invalid(p, name, "is not a list.");
    }
    json_array_foreach(value, index, item)
    {
        if (!json_is_string(item)) {
            return invalid(p, name, "contains something that is not a string.");
        }
    }
    *list = value;
    return NULL;
}

int client_metadata_list_has(const json_t *list, const char *text)
{
    const json_t *item;
    size_t index;

    json_array_foreach(list, index, item)
    {
        if (strcmp(json_string_value(item), text) == 0) {
            return 1;
        }
    }
    return 0;
}

static const failure_t *read_name(apr_pool_t *p, const json_t *metadata, client_t *client)
{
    const char *name;
    const failure_t *failure = client_metadata_text(p, metadata, "client_name", &name);

    if (failure) {
        return failure;
    }
    if (name && strlen(name) > CLIENT_METADATA_NAME_MAX) {
        return invalid(p, "client_name", "is longer than 255 bytes.");
    }
    if (name && text_has_control(name, strlen(name))) {
        return invalid(p, "client_name", "contains a control character.");
    }
    client->name = name && name[strspn(name, " ")] ? apr_pstrdup(p, name) : "Unnamed app";
    return NULL;
}

/* Clients register several URIs at once, and their developers read this. */
static const failure_t *refuse_redirect(apr_pool_t *p, size_t index, const char *uri, const char *problem)
{
    uri_t parsed;
    const char *shown = uri && uri_parse(p, uri, &parsed) ? uri : NULL; /* plain ASCII, then */

    return failure_make(p, OAUTH_INVALID_REDIRECT_URI,
                        apr_psprintf(p, "Not accepted: redirect_uris[%d]%s%.200s: %s.", (int)index, shown ? ", " : "",
                                     shown ? shown : "", problem),
                        "redirect URI %s: %s", log_quote(p, uri, 200), problem);
}

static const failure_t *read_redirects(apr_pool_t *p, const json_t *metadata, client_t *client)
{
    const json_t *list = json_object_get(metadata, "redirect_uris"), *item;
    size_t index, size = 0;

    client->redirect_uris = apr_array_make(p, 4, sizeof(const char *));
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > CLIENT_METADATA_REDIRECTS_MAX) {
        return failure_make(p, OAUTH_INVALID_REDIRECT_URI, "redirect_uris is not a list of 1 to 16 URIs.", NULL);
    }
    json_array_foreach(list, index, item)
    {
        const char *uri = json_string_value(item);
        const char *problem = uri ? uri_redirect_problem(p, uri, 1) : "it is not a string";

        if (problem) {
            return refuse_redirect(p, index, uri, problem);
        }
        size += strlen(uri);
        if (size > CLIENT_METADATA_REDIRECTS_SIZE) {
            return failure_make(p, OAUTH_INVALID_REDIRECT_URI, "redirect_uris are longer than 4096 bytes in all.", NULL);
        }
        if (!array_has(client->redirect_uris, uri)) {
            APR_ARRAY_PUSH(client->redirect_uris, const char *) = apr_pstrdup(p, uri);
        }
    }
    return NULL;
}

static const failure_t *read_types(apr_pool_t *p, const json_t *metadata, client_t *client)
{
    const json_t *grants, *responses;
    const failure_t *failure = client_metadata_list(p, metadata, "grant_types", &grants);

    if (failure || (failure = client_metadata_list(p, metadata, "response_types", &responses))) {
        return failure;
    }
    /* Who names neither has listed nothing that this server could give. */
    client->grant_types =
        client_metadata_list_has(grants, "authorization_code") && !client_metadata_list_has(grants, "refresh_token")
            ? "authorization_code"
            : "authorization_code refresh_token";
    return NULL;
}

/* https, or a developer's own computer. */
static int is_address(apr_pool_t *p, const char *text)
{
    uri_t uri;

    return uri_parse(p, text, &uri) && (strcmp(uri.scheme, "https") == 0 || uri_is_loopback_redirect(p, text));
}

static const failure_t *read_address(apr_pool_t *p, const json_t *metadata, const char *name, const char **text)
{
    const failure_t *failure = client_metadata_text(p, metadata, name, text);

    if (failure) {
        return failure;
    }
    return *text && !is_address(p, *text) ? invalid(p, name, "is not an https URL.") : NULL;
}

/* What cannot be shown is not kept. */
static const failure_t *read_links(apr_pool_t *p, const json_t *metadata, client_t *client)
{
    for (int i = 0; i < CLIENT_LINKS; i++) {
        const char *text;
        const failure_t *failure = read_address(p, metadata, client_link_names[i], &text);

        if (failure) {
            return failure;
        }
        client->links[i] =
            text && strlen(text) <= CLIENT_METADATA_LINK_MAX && uri_page_host(p, text) ? apr_pstrdup(p, text) : NULL;
    }
    return NULL;
}

/* Nothing is fetched from these, and nothing of them shown; but a client with such addresses means no good. */
static const failure_t *check_addresses(apr_pool_t *p, const json_t *metadata)
{
    const char *text;
    const failure_t *failure = read_address(p, metadata, "logo_uri", &text);

    return failure ? failure : read_address(p, metadata, "jwks_uri", &text);
}

static const failure_t *check_keys(apr_pool_t *p, const json_t *metadata)
{
    const json_t *keys = json_object_get(metadata, "jwks");

    if (!keys || json_is_null(keys)) {
        return NULL;
    }
    if (!json_is_object(keys)) {
        return invalid(p, "jwks", "is not an object.");
    }
    return json_is_string(json_object_get(metadata, "jwks_uri")) ? invalid(p, "jwks", "and jwks_uri exclude each other.") : NULL;
}

const failure_t *client_metadata_read(apr_pool_t *p, const json_t *metadata, client_t *client)
{
    const failure_t *failure;

    if ((failure = read_redirects(p, metadata, client)) || (failure = read_name(p, metadata, client)) ||
        (failure = read_types(p, metadata, client)) || (failure = read_links(p, metadata, client)) ||
        (failure = check_addresses(p, metadata))) {
        return failure;
    }
    return check_keys(p, metadata);
}
