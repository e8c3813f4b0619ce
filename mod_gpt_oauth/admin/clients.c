/*
 * The rules for clients that an administrator makes and changes. Called by cli/client_cmd.c and the console.
 */
#include "admin/clients.h"

#include <string.h>

#include <apr_strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/uri.h"
#include "grant/client.h"

#define NAME_MAX_BYTES      255
#define OLD_SECRET_LIFETIME (24 * 60 * 60)

/* How a change of the client that was found ended. */
static store_status_t outcome(store_status_t status, const char **problem)
{
    *problem = "the client was removed in the meantime";
    return status;
}

static const char *name_problem(const char *name)
{
    size_t size = strlen(name);

    if (!size || size > NAME_MAX_BYTES || !utf8_valid(name, size)) {
        return "a client's name is 1 to 255 bytes of UTF-8";
    }
    return text_has_control(name, size) ? "a client's name has no control characters" : NULL;
}

static const char *redirects_problem(apr_pool_t *p, const apr_array_header_t *uris, int is_public)
{
    for (int i = 0; i < uris->nelts; i++) {
        const char *uri = APR_ARRAY_IDX(uris, i, const char *), *problem = uri_redirect_problem(p, uri, is_public);

        if (problem) {
            return apr_pstrcat(p, uri, ": ", problem, NULL);
        }
    }
    return NULL;
}

static const char *links_problem(apr_pool_t *p, const char *const links[CLIENT_LINKS])
{
    for (int i = 0; i < CLIENT_LINKS; i++) {
        if (links[i] && !uri_page_host(p, links[i])) {
            return apr_pstrcat(p, links[i],
                               ": a link is an https URL in plain ASCII, of at most 2048 bytes and without user name", NULL);
        }
    }
    return NULL;
}

static int has_links(const new_client_t *wanted)
{
    return wanted->links[CLIENT_URI] || wanted->links[POLICY_URI] || wanted->links[TOS_URI];
}

/* What does not go together. */
static const char *kind_problem(const new_client_t *wanted)
{
    int is_server = wanted->kind == CLIENT_KIND_RESOURCE_SERVER, has_no_user = is_server || wanted->kind == CLIENT_KIND_SERVICE;

    if (has_no_user && wanted->redirect_uris->nelts) {
        return "no user signs in to a service account or a resource server: it has no redirect URI";
    }
    if (has_no_user && has_links(wanted)) {
        return "no user is asked about a service account or a resource server: it has no links to its website, privacy policy and "
               "terms";
    }
    if (wanted->resource && !is_server) {
        return "only a resource server has a resource: it is what that server guards";
    }
    return wanted->scope && is_server ? "a resource server gets no tokens, and so has no scope" : NULL;
}

static const char *new_problem(apr_pool_t *p, const new_client_t *wanted, const client_t *client)
{
    const char *problem = name_problem(client->name);

    if (!problem) {
        problem = kind_problem(wanted);
    }
    if (problem) {
        return problem;
    }
    if (!client->scope) {
        return SCOPE_UNREADABLE;
    }
    if (!client->resource) {
        return apr_pstrcat(p, wanted->resource, " is not a resource: write an absolute http or https URI without a fragment",
                           NULL);
    }
    if (client->redirect_uris->nelts == 0 && client_allows_grant_type(client, "authorization_code") && !client->is_gpt) {
        return "the client needs a redirect URI, the address at which it receives its codes (only that of a GPT can come later)";
    }
    problem = redirects_problem(p, client->redirect_uris, client->is_public);
    return problem ? problem : links_problem(p, client->links);
}

static client_t *make(store_t *store, const new_client_t *wanted)
{
    client_kind_t kind = wanted->kind;
    client_t *client = apr_pcalloc(store->pool, sizeof(*client));

    *client = (client_t){
        .id = crypto_random_id(store->pool),
        .name = wanted->name,
        .is_public = kind == CLIENT_KIND_PUBLIC,
        .is_gpt = kind == CLIENT_KIND_GPT,
        /* The builder shows the callback only after it was given the client id. */
        .gpt_open = kind == CLIENT_KIND_GPT && wanted->redirect_uris->nelts == 0,
        .has_secret = kind != CLIENT_KIND_PUBLIC,
        .auth_method = kind == CLIENT_KIND_PUBLIC ? "none" : NULL,
        .redirect_uris = apr_array_copy(store->pool, wanted->redirect_uris),
        .scope = wanted->scope ? scope_normalise(store->pool, wanted->scope) : "",
        .grant_types = kind == CLIENT_KIND_SERVICE           ? "client_credentials"
                       : kind == CLIENT_KIND_RESOURCE_SERVER ? ""
                                                             : "authorization_code refresh_token",
        .is_resource_server = kind == CLIENT_KIND_RESOURCE_SERVER,
        .resource = wanted->resource ? uri_normalise_resource(store->pool, wanted->resource) : "",
        .source = CLIENT_ADMIN,
        .created_at = store->now,
    };
    memcpy(client->links, wanted->links, sizeof(client->links));
    return client;
}

store_status_t admin_client_add(store_t *store, const new_client_t *wanted, client_t **client, const char **secret,
                                const char **problem)
{
    store_status_t status;

    *client = make(store, wanted);
    *secret = NULL;
    if ((*problem = new_problem(store->pool, wanted, *client))) {
        return STORE_REFUSED;
    }
    if ((*client)->has_secret && !(*secret = client_new_secret(store, &(*client)->secret_hash))) {
        return STORE_DOWN;
    }
    status = store_client_add(store, *client);
    if (status == STORE_REFUSED) {
        *problem = apr_pstrcat(store->pool, "there is already a client \"", wanted->name, "\"; choose another name", NULL);
    }
    return status;
}

store_status_t admin_client_new_secret(store_t *store, client_t *client, const char **secret, const char **problem)
{
    apr_int64_t old_until = store->now + OLD_SECRET_LIFETIME;
    const char *made;
    digest_t hash;
    store_status_t status;

    if (client->is_public) {
        *problem = apr_pstrcat(store->pool, "\"", client->name, "\" is a public client: it has no secret", NULL);
        return STORE_REFUSED;
    }
    if (!(made = client_new_secret(store, &hash))) {
        return STORE_DOWN;
    }
    status = outcome(store_client_set_secret(store, client->id, &hash, old_until), problem);
    if (status == STORE_OK) {
        client->has_old_secret = 1;
        client->old_secret_until = old_until;
        client->gpt_open |= client->gpt_id != NULL;
        *secret = made;
    }
    return status;
}

store_status_t admin_client_set_redirects(store_t *store, client_t *client, apr_array_header_t *uris, const char **problem)
{
    store_status_t status;

    if (!client_allows_grant_type(client, "authorization_code")) {
        *problem = apr_pstrcat(store->pool, "no user signs in to \"", client->name, "\": it has no redirect URIs", NULL);
        return STORE_REFUSED;
    }
    if (strcmp(client->source, CLIENT_ADMIN) != 0) {
        *problem = apr_pstrcat(store->pool, "\"", client->name, "\" says for itself where it receives its codes", NULL);
        return STORE_REFUSED;
    }
    /* A GPT's may all go, as its pin knows where its codes are received. */
    if (!uris->nelts && !client->is_gpt) {
        *problem = "give the redirect URIs that replace the present ones";
        return STORE_REFUSED;
    }
    if ((*problem = redirects_problem(store->pool, uris, client->is_public))) {
        return STORE_REFUSED;
    }
    status = outcome(store_client_set_redirects(store, client->id, uris), problem);
    if (status == STORE_OK) {
        client->redirect_uris = uris;
    }
    return status;
}

store_status_t admin_client_repin(store_t *store, client_t *client, const char **problem)
{
    store_status_t status;

    if (!client->is_gpt) {
        *problem = apr_pstrcat(store->pool, "\"", client->name, "\" was not made for a GPT", NULL);
        return STORE_REFUSED;
    }
    status = outcome(store_client_open_pin(store, client->id), problem);
    if (status == STORE_OK) {
        client->gpt_open = 1;
    }
    return status;
}

store_status_t admin_client_set_links(store_t *store, client_t *client, const char *const links[CLIENT_LINKS],
                                      const char **problem)
{
    store_status_t status;

    if (!client_allows_grant_type(client, "authorization_code")) {
        *problem = apr_pstrcat(store->pool, "no user is asked about \"", client->name, "\": it has no links", NULL);
        return STORE_REFUSED;
    }
    if (strcmp(client->source, CLIENT_ADMIN) != 0) {
        *problem = apr_pstrcat(store->pool, "\"", client->name, "\" says for itself what it has on the web", NULL);
        return STORE_REFUSED;
    }
    if ((*problem = links_problem(store->pool, links))) {
        return STORE_REFUSED;
    }
    status = outcome(store_client_set_links(store, client->id, links), problem);
    if (status == STORE_OK) {
        memcpy(client->links, links, sizeof(client->links));
    }
    return status;
}

store_status_t admin_client_set_disabled(store_t *store, client_t *client, int is_disabled, const char **problem)
{
    apr_int64_t disabled_at = is_disabled ? store->now : 0;
    store_status_t status = outcome(store_client_set_disabled(store, client->id, disabled_at), problem);

    if (status == STORE_OK) {
        client->disabled_at = disabled_at;
    }
    return status;
}

store_status_t admin_client_remove(store_t *store, client_t *client, const char **problem)
{
    return outcome(store_client_remove(store, client->id), problem);
}
