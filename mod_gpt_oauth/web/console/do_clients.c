/*
 * What the console does with clients and registered apps. In the table of actions.c.
 */
#include <apr_strings.h>

#include "admin/access.h"
#include "admin/clients.h"
#include "private.h"
#include "web/console/actions.h"
#include "web/console/fields.h"
#include "web/console/page.h"
#include "web/http/request.h"

/* The client that the form is about, and the page to go back to. */
static store_status_t find(console_t *c, audit_t *line, const char **back, client_t **client, const char **problem)
{
    const char *id = params_get(c->params, "client");
    store_status_t status = id ? store_client_get(&c->visit.store, id, client) : STORE_REFUSED;

    *problem = "There is no such client, or no more.";
    if (status == STORE_OK) {
        line->client = (*client)->id;
        *back = console_url(c, "client", (*client)->id, NULL, NULL);
    }
    return status;
}

/* 1, or 0 when there is no such kind. */
static int read_kind(const char *text, client_kind_t *kind)
{
    static const char *const kinds[] = { [CLIENT_KIND_CONFIDENTIAL] = "confidential",
                                         [CLIENT_KIND_PUBLIC] = "public",
                                         [CLIENT_KIND_GPT] = "gpt",
                                         [CLIENT_KIND_SERVICE] = "service",
                                         [CLIENT_KIND_RESOURCE_SERVER] = "resource_server" };

    for (apr_size_t i = 0; text && i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i], text) == 0) {
            *kind = (client_kind_t)i;
            return 1;
        }
    }
    return 0;
}

/* The page that shows a secret is of the client, with all that has to be pasted. */
static void show_secret(console_t *c, const client_t *client, const char *heading, const char *secret)
{
    console_begin(c, heading, "clients");
    console_fact(c, "Client", client->name);
    console_secret(c, "Client ID", client->id);
    if (secret) {
        console_secret(c, "Client secret (shown only once)", secret);
    }
}

store_status_t do_client_add(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_text(c, "name"), *secret = NULL;
    new_client_t wanted = { .name = name ? name : "",
                            .redirect_uris = field_texts(c, "redirect"),
                            .scope = field_text(c, "scope"),
                            .resource = field_text(c, "resource"),
                            .links = { field_text(c, "website"), field_text(c, "privacy"), field_text(c, "terms") } };
    client_t *client = NULL;
    store_status_t status;

    if (!read_kind(params_get(c->params, "kind"), &wanted.kind)) {
        *problem = "Choose what kind of client it is.";
        return STORE_REFUSED;
    }
    status = admin_client_add(&c->visit.store, &wanted, &client, &secret, problem);
    if (status == STORE_OK) {
        line->client = client->id;
        line->scope = client->scope;
        line->resource = client->resource;
        *back = console_url(c, "client", client->id, NULL, NULL);
        show_secret(c, client, "Add a client", secret);
    }
    return status;
}

store_status_t do_client_secret(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *secret = NULL;
    client_t *client;
    store_status_t status = find(c, line, back, &client, problem);

    if (status == STORE_OK && (status = admin_client_new_secret(&c->visit.store, client, &secret, problem)) == STORE_OK) {
        show_secret(c, client, "Make a new secret", secret);
        console_text(c, "The old secret goes on until the new one is used, for a day at most.");
    }
    return status;
}

store_status_t do_client_redirects(console_t *c, audit_t *line, const char **back, const char **problem)
{
    client_t *client;
    store_status_t status = find(c, line, back, &client, problem);

    return status == STORE_OK ? admin_client_set_redirects(&c->visit.store, client, field_texts(c, "redirect"), problem) : status;
}

store_status_t do_client_links(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *const links[CLIENT_LINKS] = { field_text(c, "website"), field_text(c, "privacy"), field_text(c, "terms") };
    client_t *client;
    store_status_t status = find(c, line, back, &client, problem);

    return status == STORE_OK ? admin_client_set_links(&c->visit.store, client, links, problem) : status;
}

store_status_t do_client_repin(console_t *c, audit_t *line, const char **back, const char **problem)
{
    client_t *client;
    store_status_t status = find(c, line, back, &client, problem);

    return status == STORE_OK ? admin_client_repin(&c->visit.store, client, problem) : status;
}

static store_status_t set_disabled(console_t *c, audit_t *line, const char **back, const char **problem, int is_disabled)
{
    client_t *client;
    store_status_t status = find(c, line, back, &client, problem);

    return status == STORE_OK ? admin_client_set_disabled(&c->visit.store, client, is_disabled, problem) : status;
}

store_status_t do_client_disable(console_t *c, audit_t *line, const char **back, const char **problem)
{
    return set_disabled(c, line, back, problem, 1);
}

store_status_t do_client_enable(console_t *c, audit_t *line, const char **back, const char **problem)
{
    return set_disabled(c, line, back, problem, 0);
}

store_status_t do_client_remove(console_t *c, audit_t *line, const char **back, const char **problem)
{
    client_t *client;
    store_status_t status = find(c, line, back, &client, problem);

    if (status == STORE_OK) {
        *back = console_url(c, strcmp(client->source, CLIENT_ADMIN) == 0 ? "clients" : "apps", "", NULL, NULL);
        status = admin_client_remove(&c->visit.store, client, problem);
    }
    return status;
}

store_status_t do_apps_clean_up(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *text = params_get(c->params, "days");
    apr_int64_t days = text && *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 5 ? apr_atoi64(text) : 0;

    if (days < 1) {
        *problem = "Write for how many days an app must not have been used: 1 to 9999.";
        return STORE_REFUSED;
    }
    *back = console_url(c, "apps", "", NULL, NULL);
    return admin_registrations_clean_up(&c->visit.store, days * 86400, &line->count, problem);
}
