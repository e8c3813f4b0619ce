/*
 * Clients at the console: the administrator's, apps that registered themselves or have a document, and one client with what is to
 * be pasted elsewhere. In the table of views.c.
 */
#include <apr_strings.h>

#include "base/array.h"
#include "grant/client.h"
#include "private.h"
#include "store/listing.h"
#include "web/console/page.h"
#include "web/console/search.h"
#include "web/console/views.h"
#include "web/endpoint/route.h"

static const char *kind_of(int is_gpt, int is_public, int is_resource_server, const char *grant_types)
{
    return is_gpt                                           ? "GPT"
           : is_resource_server                             ? "resource server"
           : strcmp(grant_types, "client_credentials") == 0 ? "service account"
           : is_public                                      ? "public"
                                                            : "confidential";
}

static void add_row(console_t *c, console_table_t *table, const listed_client_t *client)
{
    console_cell(table, client->name, console_url(c, "client", client->id, NULL, NULL));
    console_cell(table, kind_of(client->is_gpt, client->is_public, client->is_resource_server, client->grant_types), NULL);
    console_cell(table, console_time(c, client->created_at, "-"), NULL);
    console_cell(table, console_time(c, client->used_at, "never"), NULL);
    console_cell(table, client->disabled_at ? "disabled" : "active", NULL);
}

/* NULL, or the answer where the database gave none. */
static int list(console_t *c, const char *heading, const char *view, int are_admins, const char *none)
{
    static const char *const header[] = { "Name", "Kind", "Since", "Last connected", "State" };
    listing_t listing = search_read(c);
    const listed_client_t *last;
    apr_array_header_t *clients;
    console_table_t table;

    if (store_listing_clients(&c->visit.store, &listing, are_admins, &clients) == STORE_DOWN) {
        return console_down(c);
    }
    console_begin(c, heading, view);
    search_show(c, &listing, view, "Name begins with");
    table = console_table(c, NULL, header, (int)COUNT(header), none);
    for (int i = 0; i < clients->nelts; i++) {
        add_row(c, &table, APR_ARRAY_IDX(clients, i, const listed_client_t *));
    }
    if ((last = search_last(clients))) {
        search_more(c, &listing, console_url(c, view, "", NULL, NULL), last->id, last->name, last->used_at);
    }
    return DECLINED;
}

int view_clients(console_t *c)
{
    int status = list(c, "Clients", "clients", 1, "There are no such clients.");

    if (status != DECLINED) {
        return status;
    }
    console_link(c, console_url(c, "new_client", "", NULL, NULL), "Add a client");
    return console_send(c, HTTP_OK);
}

int view_apps(console_t *c)
{
    int status = list(c, "Registered apps", "apps", 0, "No such app has registered.");
    json_t *form;

    if (status != DECLINED) {
        return status;
    }
    console_text(c, "Apps that registered themselves or publish a document. They chose their names.");
    form = console_form(c, "apps_clean_up", "Remove unused apps",
                        "Removes up to 1000 at a time, with all that users granted to them.", "Remove");
    console_input(form, "days", "Not used for so many days", params_get(c->params, "days"), NULL);
    return console_send(c, HTTP_OK);
}

static void add_links(json_t *form, const console_t *c, const client_t *client)
{
    static const char *const names[CLIENT_LINKS] = { "website", "privacy", "terms" };
    static const char *const labels[CLIENT_LINKS] = { "Website", "Privacy policy", "Terms" };
    const char *problem = apr_table_get(c->visit.r->notes, CONSOLE_PROBLEM);

    for (int i = 0; i < CLIENT_LINKS; i++) {
        const char *typed = params_get(c->params, names[i]);

        console_input(form, names[i], labels[i], problem && typed ? typed : client ? client->links[i] : NULL, NULL);
    }
}

/* Those that there are, or were typed, and room for more. */
static void add_redirects(json_t *form, const console_t *c, const client_t *client)
{
    const apr_array_header_t *typed = params_get_all(c->visit.r->pool, c->params, "redirect");
    const apr_array_header_t *uris = typed->nelts || !client ? typed : client->redirect_uris;

    for (int i = 0; i < uris->nelts + 2; i++) {
        console_input(form, "redirect", "Redirect URI", i < uris->nelts ? APR_ARRAY_IDX(uris, i, const char *) : "", NULL);
    }
}

int view_new_client(console_t *c)
{
    static const char *const kinds[][2] = { { "gpt", "A custom GPT (its callback may be added later)" },
                                            { "confidential", "An app with a secret, such as a ChatGPT or Claude connector" },
                                            { "public", "An app without a secret, on users' machines (PKCE)" },
                                            { "service", "A service account: no user, tokens for itself" },
                                            { "resource_server", "A resource server that asks about tokens" } };
    const char *kind = params_get(c->params, "kind");
    json_t *form, *choice;

    console_begin(c, "Add a client", "clients");
    form = console_form(c, "client_add", NULL, NULL, "Add the client");
    console_input(form, "name", "Name", params_get(c->params, "name"), "Users read it on the consent page");
    choice = console_choice(form, "What it is");
    for (apr_size_t i = 0; i < COUNT(kinds); i++) {
        console_option(choice, "kind", kinds[i][0], kinds[i][1], kind ? strcmp(kind, kinds[i][0]) == 0 : i == 0);
    }
    add_redirects(form, c, NULL);
    console_input(form, "scope", "Scope", params_get(c->params, "scope"),
                  "The most it may ask for, names with blanks between; empty: all scopes of the server");
    console_input(form, "resource", "Resource", params_get(c->params, "resource"),
                  "Of a resource server alone: the URI that it guards");
    add_links(form, c, NULL);
    return console_send(c, HTTP_OK);
}

static const char *pin_text(apr_pool_t *p, const client_t *client)
{
    if (!client->is_gpt) {
        return NULL;
    }
    return client->gpt_open ? (client->gpt_id ? apr_psprintf(p, "%s, and open for the next one", client->gpt_id)
                                              : "open: the first GPT that knows the secret is pinned")
           : client->gpt_id ? client->gpt_id
                            : "none: the registered redirect URIs alone";
}

static void show_facts(console_t *c, const client_t *client)
{
    apr_pool_t *p = c->visit.r->pool;

    console_fact(c, "Client ID", client->id);
    console_fact(c, "Kind", kind_of(client->is_gpt, client->is_public, client->is_resource_server, client->grant_types));
    console_fact(c, "Made by",
                 strcmp(client->source, CLIENT_ADMIN) == 0        ? "an administrator"
                 : strcmp(client->source, CLIENT_REGISTERED) == 0 ? "itself (it registered)"
                                                                  : "its document");
    console_fact(c, "Scope", *client->scope ? client->scope : "all scopes of the server");
    console_fact(c, "Resource", client->resource);
    console_fact(c, "GPT", pin_text(p, client));
    for (int i = 0; i < client->redirect_uris->nelts; i++) {
        console_fact(c, "Redirect URI", APR_ARRAY_IDX(client->redirect_uris, i, const char *));
    }
    console_fact(c, "Since", console_time(c, client->created_at, "-"));
    console_fact(c, "State", client->disabled_at ? "disabled" : "active");
    if (client->has_old_secret && client->old_secret_until > c->visit.store.now) {
        console_fact(
            c, "Old secret",
            apr_psprintf(p, "works until %s, or until the new one is used", console_time(c, client->old_secret_until, "")));
    }
}

/* The fields of the GPT builder, and those of connectors, in their order and with their names. */
static void show_blocks(console_t *c, const client_t *client)
{
    apr_pool_t *p = c->visit.r->pool;
    const server_conf_t *conf = c->visit.conf;
    const char *authorize = route_url(p, conf, "gpt-oauth-authorize"), *token = route_url(p, conf, "gpt-oauth-token");
    const char *schema = route_url(p, conf, "gpt-oauth-openapi"), *secret = "shown once, when it was made";
    json_t *block;

    if (client->is_gpt) {
        block = console_block(c, "Paste into the GPT builder, Authentication: OAuth", NULL);
        console_paste(block, "Client ID", client->id);
        console_paste(block, "Client Secret", secret);
        console_paste(block, "Authorization URL", authorize);
        console_paste(block, "Token URL", token);
        console_paste(block, "Scope", *client->scope ? client->scope : "(empty: the server's default scopes)");
        console_paste(block, "Token Exchange Method", "Default (POST request)");
        console_paste(block, "Schema, Import from URL", schema ? schema : "(set GPTOAuthOpenAPI)");
        return;
    }
    block = console_block(c, "Type into ChatGPT's connector, or Claude's",
                          "Their redirect URI, as they show it, has to be registered "
                          "above.");
    console_paste(block, "MCP server URL", "(the address of your MCP endpoint)");
    console_paste(block, "OAuth client ID", client->id);
    console_paste(block, "OAuth client secret", client->is_public ? "(none)" : secret);
    console_paste(block, "Authorization server", conf->issuer);
}

static void add_form(console_t *c, const client_t *client, const char *action, const char *text, const char *button)
{
    console_hidden(console_form(c, action, NULL, text, button), "client", client->id);
}

static void add_changes(console_t *c, const client_t *client)
{
    json_t *form;

    form = console_form(c, "client_redirects", "Redirect URIs", NULL, "Change the redirect URIs");
    console_hidden(form, "client", client->id);
    add_redirects(form, c, client);
    form = console_form(c, "client_links", "Links on the consent page", NULL, "Change the links");
    console_hidden(form, "client", client->id);
    add_links(form, c, client);
}

static void add_forms(console_t *c, const client_t *client)
{
    int is_admins = strcmp(client->source, CLIENT_ADMIN) == 0;

    if (is_admins && client_allows_grant_type(client, "authorization_code")) {
        add_changes(c, client);
    }
    if (client->has_secret) {
        add_form(c, client, "client_secret", "The old secret goes on until the new one is used, for a day at most.",
                 "Make a new secret");
    }
    if (client->is_gpt && !client->gpt_open) {
        add_form(c, client, "client_repin", "After a change of its settings a GPT has another callback.", "Wait for another GPT");
    }
    if (client->disabled_at) {
        add_form(c, client, "client_enable", "Tokens that have not ended work again.", "Enable");
    } else {
        add_form(c, client, "client_disable", "It gets no tokens, and those it has are refused.", "Disable");
    }
    add_form(c, client, "client_remove", "Deletes the client, with all that users have granted to it.", "Remove");
}

int view_client(console_t *c)
{
    const char *id = params_get(c->params, "client");
    client_t *client;

    switch (id ? store_client_get(&c->visit.store, id, &client) : STORE_REFUSED) {
    case STORE_OK: break;
    case STORE_DOWN: return console_down(c);
    case STORE_REFUSED: return console_nothing(c, "There is no such client, or no more.");
    }
    console_begin(c, client->name, strcmp(client->source, CLIENT_ADMIN) == 0 ? "clients" : "apps");
    show_facts(c, client);
    if (strcmp(client->source, CLIENT_ADMIN) == 0 && client_allows_grant_type(client, "authorization_code")) {
        show_blocks(c, client);
    }
    add_forms(c, client);
    return console_send(c, HTTP_OK);
}
