/*
 * Metadata documents and registrations (grant/document, grant/registration): a client that is made of whatever comes is public
 * or has a secret to come, has redirect URIs that may be registered, and nothing more than it may.
 */
#include "fuzz.h"
#include "base/json.h"
#include "base/params.h"
#include "base/scope.h"
#include "base/text.h"
#include "base/uri.h"
#include "grant/client_document.h"
#include "grant/client_metadata.h"
#include "grant/registration.h"

#include <apr_strings.h>

#include <string.h>

static void look_at_client(apr_pool_t *p, const client_t *client)
{
    apr_size_t size = 0;

    HOLDS(client->redirect_uris->nelts >= 1 && client->redirect_uris->nelts <= CLIENT_METADATA_REDIRECTS_MAX);
    for (int i = 0; i < client->redirect_uris->nelts; i++) {
        const char *uri = APR_ARRAY_IDX(client->redirect_uris, i, const char *);

        HOLDS(!uri_redirect_problem(p, uri, 1));
        size += strlen(uri);
    }
    HOLDS(size <= CLIENT_METADATA_REDIRECTS_SIZE);
    HOLDS(*client->name && strlen(client->name) <= CLIENT_METADATA_NAME_MAX && utf8_valid(client->name, strlen(client->name)));
    for (int i = 0; i < CLIENT_LINKS; i++) {
        HOLDS(!client->links[i] || (strlen(client->links[i]) <= CLIENT_METADATA_LINK_MAX && uri_page_host(p, client->links[i])));
    }
    for (const char *c = client->name; *c; c++) {
        HOLDS((unsigned char)*c >= ' ' && *c != 0x7f);
    }
    HOLDS(!*client->scope && scope_contains(client->grant_types, "authorization_code"));
    HOLDS(!scope_contains(client->grant_types, "client_credentials"));
    HOLDS(!client->is_gpt && !client->is_resource_server && !client->has_secret);
}

static void look_at_document(apr_pool_t *p, const char *url, const char *data, apr_size_t size)
{
    client_t *client = NULL;
    const failure_t *failure = client_document_read(p, url, data, size, &client);

    HOLDS(!failure == !!client && (failure || size <= CLIENT_DOCUMENT_MAX));
    if (client) {
        HOLDS(client->is_public && strcmp(client->id, url) == 0);
        look_at_client(p, client);
        HOLDS(client_document_read(p, "https://other.example/", data, size, &client) || !strcmp(url, "https://other.example/"));
    }
}

static void look_at_registration(apr_pool_t *p, const json_t *metadata)
{
    policy_t policy = { .known_scopes = "offline_access read write" };
    registration_t one, other;

    if (!registration_read(p, &policy, metadata, &one)) {
        look_at_client(p, one.client);
        HOLDS(!one.scope || scope_subset(one.scope, policy.known_scopes));
        HOLDS(one.client->is_public == !strcmp(one.auth_method, "none"));
        HOLDS(!registration_read(p, &policy, metadata, &other) &&
              crypto_equal(&one.metadata_hash, &other.metadata_hash, sizeof(digest_t)));
    }
}

void fuzz_documents(apr_pool_t *p, const char *data, apr_size_t size)
{
    const json_t *metadata = json_parse_object(p, data, size);
    const char *url = json_string_value(json_object_get(metadata, "client_id"));
    uri_t uri;

    look_at_document(p, url ? url : "https://app.example/client.json", data, size);
    if (metadata) {
        look_at_registration(p, metadata);
    }
    if (url && !client_document_url_problem(p, url)) {
        HOLDS(uri_parse(p, url, &uri) && !strcmp(uri.scheme, "https") && strchr(uri.host, '.') && !uri.has_fragment);
        HOLDS(strncmp(client_document_host(p, url), uri.host, strlen(uri.host)) == 0 && !uri_host_is_loopback(uri.host));
    }
}
