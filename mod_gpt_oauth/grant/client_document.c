/*
 * Finds the client behind a URL: built in, in the database, or fetched now, and judges its document. Called by authorize.c with a
 * fetcher of web/http/fetch.c, once the user has signed in and not before.
 */
#include "grant/client_document.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "base/uri.h"
#include "grant/built_in.h"
#include "grant/client.h"
#include "grant/client_metadata.h"

#define WITHDRAWN 1 /* fresh_until of what was withdrawn */

/*
 * What was fetched last is good for so long after its time while its server does not answer. One that answers has the say: a
 * document that was withdrawn or spoilt is in force no more.
 */
#define STALE_MAX 86400
/* Of those that nobody has let in as many go, where they are too many, whenever one is fetched. */
#define TRIMMED_FOR_EACH 10

int client_document_is_url(const char *client_id)
{
    return strchr(client_id, ':') != NULL;
}

/* 1 for ".", ".." and their percent-encoded spellings. */
static int is_dot_segment(const char *segment, apr_size_t size)
{
    int dots = 0;

    while (size > 0) {
        apr_size_t one = *segment == '.' ? 1 : 3;

        if (one > size || (one == 3 && apr_cstr_casecmpn(segment, "%2e", 3) != 0)) {
            return 0;
        }
        segment += one;
        size -= one;
        dots++;
    }
    return dots == 1 || dots == 2;
}

static int has_dot_segment(const char *path)
{
    while (*path) {
        apr_size_t size = strcspn(path, "/");

        if (is_dot_segment(path, size)) {
            return 1;
        }
        path += size;
        path += *path == '/';
    }
    return 0;
}

/* A name with a dot in it, in its one spelling; no address in whatever notation, as the last label would begin with a digit. */
static int is_host_name(const char *host)
{
    const char *dot = strrchr(host, '.');

    return dot && dot[1] && strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(host) &&
           !strchr("0123456789-", dot[1]) && host[0] != '.' && !strstr(host, "..");
}

const char *client_document_url_problem(apr_pool_t *p, const char *url)
{
    uri_t uri;

    if (!uri_parse(p, url, &uri) || strcmp(uri.scheme, "https") != 0) {
        return "a client id that is a URL begins with https://, and has no user name or control characters in it";
    }
    if (uri.has_fragment || !*uri.path || has_dot_segment(uri.path)) {
        return "a client id that is a URL has a path, without . and .. in it, and no fragment";
    }
    if (!is_host_name(uri.host)) {
        return "a client id that is a URL names its host in lower case, with a dot in the name, and not by an address";
    }
    return NULL;
}

const char *client_document_host(apr_pool_t *p, const char *url)
{
    uri_t uri;

    return uri_parse(p, url, &uri) && uri.host ? apr_pstrcat(p, uri.host, uri.port ? ":" : NULL, uri.port, NULL) : url;
}

static const failure_t *invalid(apr_pool_t *p, const char *problem)
{
    return failure_make(p, OAUTH_INVALID_CLIENT_METADATA,
                        apr_pstrcat(p, "The document in which this app describes itself cannot be used: ", problem, NULL), NULL);
}

/*
 * Such a client can keep no secret with us. It tells the methods that it knows in one field, or in the list of another draft; it
 * works when `none` is among them.
 */
static const failure_t *check_methods(apr_pool_t *p, const json_t *document)
{
    static const char *const shared[] = { "client_secret_basic", "client_secret_post", "client_secret_jwt" };
    const char *method;
    const json_t *methods;
    const failure_t *failure;

    if ((failure = client_metadata_text(p, document, "token_endpoint_auth_method", &method)) ||
        (failure = client_metadata_list(p, document, "token_endpoint_auth_methods_supported", &methods))) {
        return invalid(p, failure->description);
    }
    if (json_object_get(document, "client_secret") || json_object_get(document, "client_secret_expires_at")) {
        return invalid(p, "it holds a client secret.");
    }
    for (int i = 0; i < COUNT(shared); i++) {
        if ((method && strcmp(method, shared[i]) == 0) || client_metadata_list_has(methods, shared[i])) {
            return invalid(p, "it asks to authenticate with a client secret.");
        }
    }
    if ((method || methods) && !(method && strcmp(method, "none") == 0) && !client_metadata_list_has(methods, "none")) {
        return invalid(p, "this server supports none of its authentication methods.");
    }
    return NULL;
}

const failure_t *client_document_read(apr_pool_t *p, const char *url, const char *text, apr_size_t size, client_t **client)
{
    const json_t *document = size <= CLIENT_DOCUMENT_MAX ? json_parse_object(p, text, size) : NULL;
    const char *id = json_string_value(json_object_get(document, "client_id"));
    client_t *found = apr_pcalloc(p, sizeof(*found));
    const failure_t *failure;

    if (!document) {
        return invalid(p, "it is not a JSON object of at most 16 KB, without repeated names.");
    }
    if (!id || strcmp(id, url) != 0) {
        return invalid(p, "its client_id is not the URL under which it was found.");
    }
    if ((failure = check_methods(p, document))) {
        return failure;
    }
    if ((failure = client_metadata_read(p, document, found))) {
        return invalid(p, failure->description);
    }
    found->id = apr_pstrdup(p, url);
    found->is_public = 1;
    found->auth_method = "none";
    found->scope = "";
    found->source = CLIENT_DOCUMENT;
    *client = found;
    return NULL;
}

/* Nobody has vouched for a name: the app is called by the host of its document. The line that is to be written stands in full. */
static const failure_t *unknown(apr_pool_t *p, const policy_t *policy, const char *url)
{
    const char *host = client_document_host(p, url), *others = "";
    const char *description =
        apr_psprintf(p, "This server does not know this app from %s. The server's administrator has to allow it.", host);

    if (policy->documents == CLIENT_DOCUMENTS_OFF && built_in_text(p, url)) {
        return failure_make(
            p, OAUTH_INVALID_CLIENT, description,
            "the app from %s is built in, but GPTOAuthClientMetadata is off; write GPTOAuthClientMetadata pinned to "
            "let in all that are",
            log_quote(p, url, 200));
    }
    if (policy->documents == CLIENT_DOCUMENTS_FETCH) {
        others = apr_pstrcat(p, apr_array_pstrcat(p, policy->document_hosts, ' '), " ", NULL);
    }
    return failure_make(
        p, OAUTH_INVALID_CLIENT, description,
        "no document from %s is built in; to let this app in, write GPTOAuthClientMetadata fetch %s%s, or register it "
        "by hand (`gptoauth client add`)",
        log_quote(p, url, 200), others, log_quote(p, host, 200));
}

/* Keeps what was fetched, and gives the client as it is in the store then. */
static const failure_t *keep(store_t *store, client_t *fetched, apr_int64_t lifetime, client_t **client)
{
    fetched->fresh_until = store->now + lifetime;
    if (store_document_put(store, fetched) != STORE_OK || store_client_get(store, fetched->id, client) != STORE_OK) {
        return store_failure(store);
    }
    store_document_trim(store, TRIMMED_FOR_EACH); /* housekeeping: if it fails, the next one does it */
    return NULL;
}

static const failure_t *read_built_in(apr_pool_t *p, const char *url, const char *text, client_t **client)
{
    return client_document_read(p, url, text, strlen(text), client);
}

static const failure_t *fetch(store_t *store, const char *url, const client_document_fetcher_t *fetcher, client_t **client,
                              fetched_t *fetched)
{
    const char *problem = fetcher->fetch(fetcher->baton, url, fetched);
    const failure_t *failure;

    if (problem) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT,
                            "The document in which this app describes itself could not be fetched. Try again in a minute.",
                            "%s could not be fetched: %s", log_quote(store->pool, url, 200), problem);
    }
    failure = client_document_read(store->pool, url, fetched->text, fetched->size, client);
    if (failure) {
        fetched->is_withdrawn = 1;
        fetcher->blame(fetcher->baton, url, failure->reason);
        return failure;
    }
    return keep(store, *client, fetched->lifetime, client);
}

/* NULL when the store has a fresh document now, fetched by this request or by one that it waited for. */
static const failure_t *refresh(store_t *store, const char *url, const client_document_fetcher_t *fetcher, client_t **client,
                                fetched_t *fetched)
{
    const failure_t *failure = NULL;

    memset(fetched, 0, sizeof(*fetched));
    if (!fetcher->enter(fetcher->baton, url)) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT, "The server is busy with other apps. Try again in a moment.",
                            "too many requests want documents from one host, or come from one address, at the same time");
    }
    if (store_client_get(store, url, client) != STORE_OK || (*client)->fresh_until <= store->now) {
        failure = fetch(store, url, fetcher, client, fetched);
    }
    fetcher->leave(fetcher->baton, url);
    return failure;
}

/* Where nobody answers, what was fetched before stands for a while, or what is built in. */
static const failure_t *find_fetched(store_t *store, const char *url, const client_document_fetcher_t *fetcher, client_t *row,
                                     client_t **client)
{
    const char *text = built_in_text(store->pool, url);
    fetched_t fetched;
    const failure_t *failure = refresh(store, url, fetcher, client, &fetched);

    if (failure && fetched.is_withdrawn && row) {
        row->fresh_until = WITHDRAWN; /* for good: a server that is silent later brings it back no more */
        (void)store_document_put(store, row);
    }
    if (!failure || !fetched.is_silent) {
        return failure;
    }
    if (row && row->fresh_until > store->now - STALE_MAX) {
        *client = row;
        return NULL;
    }
    return text ? read_built_in(store->pool, url, text, client) : failure;
}

/* Somebody who may be fetched, as far as he is known before. */
static client_t *stranger(apr_pool_t *p, const char *url)
{
    client_t *client = apr_pcalloc(p, sizeof(*client));

    client->id = url;
    client->name = client_document_host(p, url);
    client->is_public = 1;
    client->source = CLIENT_DOCUMENT;
    return client;
}

const failure_t *client_document_find(store_t *store, const policy_t *policy, const char *url,
                                      const client_document_fetcher_t *fetcher, client_t **client)
{
    const char *problem = client_document_url_problem(store->pool, url);
    const char *text = built_in_text(store->pool, url);
    client_t *row = NULL;

    if (problem) {
        return failure_make(store->pool, OAUTH_INVALID_CLIENT, "The client id is not a URL that an app may have.",
                            "client id %s: %s", log_quote(store->pool, url, 200), problem);
    }
    if (policy->documents == CLIENT_DOCUMENTS_OFF) {
        return unknown(store->pool, policy, url);
    }
    if (store_client_get(store, url, &row) == STORE_DOWN) {
        return store_failure(store);
    }
    if (row && row->disabled_at) {
        *client = row;
        return NULL;
    }
    if (policy->documents == CLIENT_DOCUMENTS_FETCH && policy_fetches_documents(policy, client_document_host(store->pool, url))) {
        if (row && row->fresh_until > store->now) {
            *client = row;
            return NULL;
        }
        if (!fetcher) {
            *client = stranger(store->pool, url);
            return NULL;
        }
        return find_fetched(store, url, fetcher, row, client);
    }
    return text ? read_built_in(store->pool, url, text, client) : unknown(store->pool, policy, url);
}
