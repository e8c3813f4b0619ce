/*
 * Registers the clients that come by themselves (RFC 7591 section 3), and clears away as many of those that nobody used. Called
 * by web/endpoint/register.c.
 */
#include "grant/registration.h"

#include <apr_strings.h>
#include <string.h>

#include "base/array.h"
#include "base/scope.h"
#include "base/uri.h"
#include "grant/client.h"
#include "grant/client_metadata.h"
#include "store/purge.h"

/* Of those unused for long, and of those too many, as many go whenever one comes. */
#define PURGED_FOR_EACH 10

/*
 * What makes two clients the same: all that users are shown of them, or somebody could register another's app first, with links
 * of his own. Not the ports of loopback URIs, which match whatever they are and are others in each run of many an app; nor the
 * scopes, which limit nothing.
 */
static void hash_metadata(apr_pool_t *p, const client_t *client, digest_t *hash)
{
    apr_array_header_t *parts = apr_array_make(p, client->redirect_uris->nelts + 2, sizeof(const char *));
    const char *text;

    for (int i = 0; i < client->redirect_uris->nelts; i++) {
        APR_ARRAY_PUSH(parts, const char *) = uri_without_loopback_port(p, APR_ARRAY_IDX(client->redirect_uris, i, const char *));
    }
    array_sort(parts);
    APR_ARRAY_PUSH(parts, const char *) = client->name;
    APR_ARRAY_PUSH(parts, const char *) = client->grant_types;
    if (client->application_type) {
        APR_ARRAY_PUSH(parts, const char *) = client->application_type;
    }
    for (int i = 0; i < CLIENT_LINKS; i++) {
        if (client->links[i]) {
            APR_ARRAY_PUSH(parts, const char *) = apr_pstrcat(p, client_link_names[i], " ", client->links[i], NULL);
        }
    }
    text = apr_array_pstrcat(p, parts, '\n');
    crypto_sha256(text, strlen(text), hash);
}

static const failure_t *read_method(apr_pool_t *p, const json_t *metadata, registration_t *registration)
{
    static const char *const known[] = { "none", "client_secret_basic", "client_secret_post" };
    client_t *client = registration->client;
    const char *method;
    const failure_t *failure = client_metadata_text(p, metadata, "token_endpoint_auth_method", &method);

    if (failure) {
        return failure;
    }
    registration->auth_method = method ? method : "client_secret_basic";
    client->auth_method = method; /* who leaves it open may use either */
    client->is_public = method && strcmp(method, "none") == 0;
    for (int i = 0; i < COUNT(known); i++) {
        if (strcmp(registration->auth_method, known[i]) == 0) {
            return NULL;
        }
    }
    return failure_make(
        p, OAUTH_INVALID_CLIENT_METADATA,
        "token_endpoint_auth_method is not one of those supported: none, client_secret_basic, client_secret_post.",
        "token_endpoint_auth_method %s is not supported", log_quote(p, method, 64));
}

/*
 * The scope of the metadata is no limit: who can register can register anew, and a client that steps up to more scopes keeps its
 * id. The user decides on each.
 */
static const failure_t *read_scope(apr_pool_t *p, const policy_t *policy, const json_t *metadata, registration_t *registration)
{
    const char *text, *scope = "";
    const failure_t *failure = client_metadata_text(p, metadata, "scope", &text);

    if (failure) {
        return failure;
    }
    if (text && !(scope = scope_normalise(p, text))) {
        return failure_make(p, OAUTH_INVALID_CLIENT_METADATA, "scope has characters that no scope may have.", NULL);
    }
    scope = scope_intersect(p, scope, policy->known_scopes);
    registration->scope = *scope ? scope : NULL;
    return NULL;
}

/* What is neither of the two is passed over like all that nobody knows. */
static const failure_t *read_application_type(apr_pool_t *p, const json_t *metadata, client_t *client)
{
    const char *type;
    const failure_t *failure = client_metadata_text(p, metadata, "application_type", &type);

    client->application_type = type && (strcmp(type, "web") == 0 || strcmp(type, "native") == 0) ? type : NULL;
    return failure;
}

const failure_t *registration_read(apr_pool_t *p, const policy_t *policy, const json_t *metadata, registration_t *registration)
{
    const failure_t *failure;
    client_t *client = apr_pcalloc(p, sizeof(*client));

    memset(registration, 0, sizeof(*registration));
    registration->client = client;
    client->scope = "";
    client->source = CLIENT_REGISTERED;
    if (!metadata) {
        return failure_make(p, OAUTH_INVALID_CLIENT_METADATA,
                            "The body is not a JSON object of at most 64 KB and 512 values, without repeated names.", NULL);
    }
    if ((failure = client_metadata_read(p, metadata, client)) || (failure = read_method(p, metadata, registration)) ||
        (failure = read_scope(p, policy, metadata, registration)) || (failure = read_application_type(p, metadata, client))) {
        return failure;
    }
    registration->redirect_uris = client->redirect_uris;
    hash_metadata(p, client, &registration->metadata_hash);
    return NULL;
}

const failure_t *registration_find(store_t *store, registration_t *registration, int *found)
{
    client_t *client;

    *found = 0;
    if (!registration->client->is_public) {
        return NULL;
    }
    switch (store_registration_get(store, &registration->metadata_hash, &client)) {
    case STORE_OK:
        registration->client = client;
        *found = 1;
        return NULL;
    case STORE_REFUSED: return NULL;
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

const failure_t *registration_add(store_t *store, registration_t *registration)
{
    client_t *client = registration->client;
    const failure_t *failure;
    apr_int64_t count;
    int found;

    client->id = crypto_random_id(store->pool);
    client->created_at = store->now;
    if (!client->is_public) {
        registration->secret = client_new_secret(store, &client->secret_hash);
        client->has_secret = 1;
        if (!registration->secret) {
            return store_failure(store);
        }
    }
    switch (store_registration_add(store, client, client->is_public ? &registration->metadata_hash : NULL)) {
    case STORE_OK: break;
    case STORE_REFUSED:
        failure = registration_find(store, registration, &found);
        return failure || found ? failure
                                : failure_make(store->pool, OAUTH_SERVER_ERROR, "The registration failed. Try again.",
                                               "a client with the same metadata came and went at the same moment");
    case STORE_DOWN:
    default: return store_failure(store);
    }
    /* Housekeeping: if it fails, the next one does it. */
    store_registration_trim(store, PURGED_FOR_EACH);
    store_registration_purge(store, PURGED_FOR_EACH, &count);
    return NULL;
}
