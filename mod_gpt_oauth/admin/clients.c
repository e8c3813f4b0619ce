/*
 * The administrator's clients: which ones may be made, and how they are changed. Called by `gptoauth client`, `gptoauth gpt` and
 * the console.
 */
#include "admin/clients.h"

#include <string.h>

#include <apr_strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/uri.h"
#include "grant/client.h"

#define CLIENT_NAME_MAX     255
#define OLD_SECRET_LIFETIME (24 * 60 * 60)

static const char *name_problem(const char *name)
{
    size_t size = strlen(name);

    if (!size || size > CLIENT_NAME_MAX || !utf8_valid(name, size)) {
        return "a client's name is 1 to 255 bytes of UTF-8";
    }
    return text_has_control(name, size) ? "a client's name has no control characters" : NULL;
}

static const char *redirects_problem(apr_pool_t *p, const apr_array_header_t *uris, int is_public)
{
    for (int i = 0; i < uris->nelts; i++) {
        const char *uri = APR_ARRAY_IDX(uris, i, const char *);
        const char *problem = uri_redirect_problem(p, uri, is_public);

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

static int has_links(const char *const links[CLIENT_LINKS])
{
    for (int i = 0; i < CLIENT_LINKS; i++) {
        if (links[i]) {
            return 1;
        }
    }
    return 0;
}

/* What goes with no user, or with no resource server, or with nothing else. */
static const char *kind_problem(const new_client_t *wanted)
{
    int is_server = wanted->kind == CLIENT_KIND_RESOURCE_SERVER;
    int has_users = !is_server && wanted->kind != CLIENT_KIND_SERVICE;

    if (!has_users && wanted->redirect_uris->nelts) {
        return "no user signs in to a service account or a resource server";
    }
    if (!has_users && has_links(wanted->links)) {
        return "no user is asked about a service account or a resource server";
    }
    if (wanted->resource && !is_server) {
        return "only a resource server has a resource: it is what that server guards";
    }
    return wanted->scope && is_server ? "a resource server gets no tokens" : NULL;
}

static const char *new_problem(apr_pool_t *p, const new_client_t *wanted, const client_t *client)
{
    const char *problem = name_problem(wanted->name);

    if (!problem) {
        problem = kind_problem(wanted);
    }
    if (!problem && !client->scope) {
        problem = SCOPE_UNREADABLE;
    }
    if (!problem && !client->resource) {
        problem =
            apr_pstrcat(p, wanted->resource, " is not a resource: write an absolute http or https URI without a fragment", NULL);
    }
    if (!problem && !client->redirect_uris->nelts && client_allows_grant_type(client, "authorization_code") && !client->is_gpt) {
        problem = "name the address at which the client receives its codes";
    }
    if (!problem) {
        problem = redirects_problem(p, client->redirect_uris, client->is_public);
    }
    return problem ? problem : links_problem(p, client->links);
}

static client_t *make(store_t *store, const new_client_t *wanted)
{
    static const char *const grant_types[] = {
        [CLIENT_KIND_CONFIDENTIAL] = "authorization_code refresh_token",
        [CLIENT_KIND_PUBLIC] = "authorization_code refresh_token",
        [CLIENT_KIND_GPT] = "authorization_code refresh_token",
        [CLIENT_KIND_SERVICE] = "client_credentials",
        [CLIENT_KIND_RESOURCE_SERVER] = "",
    };
    client_t *client = apr_pcalloc(store->pool, sizeof(*client));

    client->id = crypto_random_id(store->pool);
    client->name = wanted->name;
    client->is_public = wanted->kind == CLIENT_KIND_PUBLIC;
    client->is_gpt = wanted->kind == CLIENT_KIND_GPT;
    /* The builder shows the callback only after it was given the client id. */
    client->gpt_open = client->is_gpt && !wanted->redirect_uris->nelts;
    client->has_secret = !client->is_public;
    client->auth_method = client->is_public ? "none" : NULL;
    client->redirect_uris = apr_array_copy(store->pool, wanted->redirect_uris);
    client->scope = wanted->scope ? scope_normalise(store->pool, wanted->scope) : "";
    client->grant_types = grant_types[wanted->kind];
    client->is_resource_server = wanted->kind == CLIENT_KIND_RESOURCE_SERVER;
    client->resource = wanted->resource ? uri_normalise_resource(store->pool, wanted->resource) : "";
    client->source = CLIENT_ADMIN;
    memcpy(client->links, wanted->links, sizeof(client->links));
    client->created_at = store->now;
    return client;
}

store_status_t admin_client_add(store_t *store, const new_client_t *wanted, client_t **client, const char **secret,
                                const char **problem)
{
    client_t *made = make(store, wanted);
    store_status_t status;

    *secret = NULL;
    *problem = new_problem(store->pool, wanted, made);
    if (*problem) {
        return STORE_REFUSED;
    }
    if (made->has_secret && !(*secret = client_new_secret(store, &made->secret_hash))) {
        return STORE_DOWN;
    }
    *client = made;
    status = store_client_add(store, made);
    if (status == STORE_REFUSED) {
        *problem = apr_psprintf(store->pool, "there is already a client \"%s\"; choose another name", made->name);
    }
    return status;
}

/* Of a change of a client that was there a moment ago. */
static store_status_t outcome(store_status_t status, const char **problem)
{
    if (status == STORE_REFUSED) {
        *problem = "the client was removed in the meantime";
    }
    return status;
}

store_status_t admin_client_new_secret(store_t *store, client_t *client, const char **secret, const char **problem)
{
    digest_t hash;
    apr_int64_t old_until = store->now + OLD_SECRET_LIFETIME;
    const char *made;
    store_status_t status;

    if (client->is_public) {
        *problem = apr_psprintf(store->pool, "\"%s\" is a public client: it has no secret", client->name);
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

    *problem = NULL;
    if (!client_allows_grant_type(client, "authorization_code")) {
        *problem = apr_psprintf(store->pool, "no user signs in to \"%s\": it has no redirect URIs", client->name);
    } else if (strcmp(client->source, CLIENT_ADMIN) != 0) {
        *problem = apr_psprintf(store->pool, "\"%s\" says for itself where it receives its codes", client->name);
    } else if (!uris->nelts) {
        *problem = "give the redirect URIs that replace the present ones";
    } else {
        *problem = redirects_problem(store->pool, uris, client->is_public);
    }
    if (*problem) {
        return STORE_REFUSED;
    }
    status = outcome(store_client_set_redirects(store, client->id, uris), problem);
    if (status == STORE_OK) {
        client->redirect_uris = uris;
    }
    return status;
}

const char *admin_client_gpt_problem(apr_pool_t *p, const client_t *client)
{
    return client->is_gpt ? NULL : apr_psprintf(p, "\"%s\" was not made for a GPT", client->name);
}

store_status_t admin_client_repin(store_t *store, client_t *client, const char **problem)
{
    store_status_t status;

    *problem = admin_client_gpt_problem(store->pool, client);
    if (*problem) {
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
        *problem = apr_psprintf(store->pool, "no user is asked about \"%s\": it has no links", client->name);
    } else if (strcmp(client->source, CLIENT_ADMIN) != 0) {
        *problem = apr_psprintf(store->pool, "\"%s\" says for itself what it has on the web", client->name);
    } else {
        *problem = links_problem(store->pool, links);
    }
    if (*problem) {
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
