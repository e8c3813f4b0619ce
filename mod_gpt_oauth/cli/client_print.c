/*
 * How clients are shown, to people and as JSON, and what is to be pasted into the GPT builder. Called by client_cmd.c.
 */
#include "cli/client_print.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/array.h"
#include "cli/output.h"
#include "grant/client.h"
#include "grant/client_metadata.h"

static int is_service(const client_t *client)
{
    return client_allows_grant_type(client, "client_credentials") && !client_allows_grant_type(client, "authorization_code");
}

static const char *kind_of(const client_t *client)
{
    return client->is_public            ? "public"
           : client->is_gpt             ? "gpt"
           : client->is_resource_server ? "resource-server"
           : is_service(client)         ? "service"
                                        : "confidential";
}

/* The kind, and who made the client where it was not the administrator. */
static const char *origin_of(apr_pool_t *p, const client_t *client, const char *kind)
{
    return strcmp(client->source, CLIENT_ADMIN) == 0 ? kind : apr_pstrcat(p, kind, ", ", client->source, NULL);
}

static apr_int64_t old_secret_until(const command_t *c, const client_t *client)
{
    return client->has_old_secret && client->old_secret_until > c->store->now ? client->old_secret_until : 0;
}

static json_t *client_json(const command_t *c, const void *item)
{
    const client_t *client = item;
    json_t *uris = json_array();
    json_t *object;

    for (int i = 0; i < client->redirect_uris->nelts; i++) {
        json_array_append_new(uris, json_string(APR_ARRAY_IDX(client->redirect_uris, i, const char *)));
    }
    object = json_object();
    json_object_set_new(object, "client_id", json_string(client->id));
    json_object_set_new(object, "client_name", json_string(client->name));
    json_object_set_new(object, "kind", json_string(kind_of(client)));
    json_object_set_new(object, "source", json_string(client->source));
    json_object_set_new(object, "redirect_uris", uris);
    json_object_set_new(object, "scope", json_string(client->scope));
    json_object_set_new(object, "grant_types", json_string(client->grant_types));
    json_object_set_new(object, "resource", json_string(client->resource));
    json_object_set_new(object, "gpt_id", text_json(client->gpt_id));
    json_object_set_new(object, "gpt_open", json_boolean(client->gpt_open));
    json_object_set_new(object, "token_endpoint_auth_method", text_json(client->auth_method));
    json_object_set_new(object, "application_type", text_json(client->application_type));
    for (int i = 0; i < CLIENT_LINKS; i++) {
        json_object_set_new(object, client_link_names[i], text_json(client->links[i]));
    }
    json_object_set_new(object, "created_at", time_json(client->created_at));
    json_object_set_new(object, "disabled_at", time_json(client->disabled_at));
    json_object_set_new(object, "old_secret_until", time_json(old_secret_until(c, client)));
    return object;
}

static json_t *secret_json(const command_t *c, const client_t *client, const char *secret)
{
    json_t *object = client_json(c, client);

    if (secret) {
        json_object_set_new(object, "client_secret", json_string(secret));
    }
    return object;
}

static json_t *builder_json(const command_t *c, const client_t *client, const char *secret)
{
    json_t *object = secret_json(c, client, secret);

    json_object_set_new(object, "authorization_endpoint", text_json(c->server.authorize));
    json_object_set_new(object, "token_endpoint", text_json(c->server.token));
    json_object_set_new(object, "schema_url", text_json(c->server.schema));
    return object;
}

/* Which GPT it accepts; NULL: what is registered alone. */
static const char *pin_text(apr_pool_t *p, const client_t *client)
{
    if (client->gpt_open) {
        return client->gpt_id ? apr_psprintf(p, "pinned to %s, open for the next GPT", client->gpt_id) : "open, not pinned yet";
    }
    return client->gpt_id ? apr_pstrcat(p, "pinned to ", client->gpt_id, NULL) : NULL;
}

static const char *url(const char *known, const char *shape)
{
    return known ? known : shape;
}

static void print_builder(const command_t *c, const client_t *client, const char *secret)
{
    table_t *table;

    printf("Paste into the GPT builder, Authentication: OAuth\n\n");
    table = table_make(c->pool, NULL, 2);
    table_field(table, "Client ID", client->id);
    table_field(table, "Client Secret", secret ? secret : "not shown again; `gptoauth gpt … --new-secret` makes a new one");
    table_field(table, "Authorization URL", url(c->server.authorize, "https://SERVER/oauth/authorize"));
    table_field(table, "Token URL", url(c->server.token, "https://SERVER/oauth/token"));
    table_field(table, "Scope", *client->scope ? client->scope : "empty for the server's default scopes");
    table_field(table, "Token Exchange Method", "Default (POST request)");
    table_print(table, "    ");
    printf("\nSchema, Import from URL (where GPTOAuthOpenAPI is set)\n\n    %s\n\n"
           "A GPT that others may use also needs the URL of a privacy policy.\n",
           url(c->server.schema, "https://SERVER/openapi.json"));
    if (!c->server.issuer) {
        printf("SERVER is known once GPTOAuthIssuer is set in %s, or with --issuer.\n", c->database->conf.file);
    }
    if (secret) {
        printf("The secret is shown only once.%s\n",
               client->has_old_secret ? " The old one works until the new one is first used, for at most 24 hours." : "");
    }
    if (client->gpt_open) {
        printf("The first GPT that is connected with %s is the only one accepted from then on.\n",
               secret ? "it" : "the present secret");
    }
    if (client->gpt_open || client->gpt_id) {
        printf("After a change of its settings run\n\n    gptoauth client redirect %s --repin\n", client->id);
    } else {
        printf("It accepts only its registered redirect URIs, see `client show`. To accept any GPT until one is pinned, run\n\n"
               "    gptoauth client redirect %s --repin\n",
               client->id);
    }
}

void client_print_builder(const command_t *c, const client_t *client, const char *secret)
{
    if (c->json) {
        print_json(c->pool, builder_json(c, client, secret));
    } else {
        print_builder(c, client, secret);
    }
}

void client_print_added(const command_t *c, const client_t *client, const char *secret)
{
    table_t *table;

    if (c->json) {
        print_json(c->pool, client->is_gpt ? builder_json(c, client, secret) : secret_json(c, client, secret));
        return;
    }
    printf("Added the %s client \"%s\".\n\n", client->is_gpt ? "GPT" : kind_of(client), terminal_text(c->pool, client->name));
    if (client->is_gpt) {
        print_builder(c, client, secret);
        return;
    }
    table = table_make(c->pool, NULL, 2);
    table_field(table, "Client ID", client->id);
    if (secret) {
        table_field(table, "Client Secret", secret);
    }
    table_print(table, "    ");
    if (secret) {
        printf("\nThe secret is shown only once.\n");
    }
}

void client_print_secret(const command_t *c, const client_t *client, const char *secret)
{
    if (c->json) {
        print_json(c->pool, secret_json(c, client, secret));
        return;
    }
    printf("Client \"%s\" has a new secret:\n\n    %s\n\n", terminal_text(c->pool, client->name), secret);
    printf("It is shown only once. The old one works until the new one is first used, for at most 24 hours.\n");
    if (client->gpt_id) {
        printf("The next GPT that is connected with it is pinned in place of %s.\n", client->gpt_id);
    }
}

void client_print_done(const command_t *c, const client_t *client, const char *did)
{
    if (c->json) {
        print_json(c->pool, client_json(c, client));
    } else {
        printf("Client \"%s\" %s.\n", terminal_text(c->pool, client->name), did);
    }
}

static void add_row(const command_t *c, const void *item, table_t *table)
{
    const client_t *client = item;
    const char *pin = pin_text(c->pool, client);

    table_add(table, client->id);
    table_add(table, client->name);
    table_add(table, origin_of(c->pool, client, kind_of(client)));
    table_add(table, time_text(c->pool, client->created_at, "-"));
    table_add(table, apr_pstrcat(c->pool, client->disabled_at ? "disabled" : "active", pin ? ", " : "", pin, NULL));
}

static store_status_t next_page(const command_t *c, const void *after, apr_array_header_t **clients)
{
    return store_client_list(c->store, after, clients);
}

int client_print_list(const command_t *c)
{
    static const char *const header[] = { "CLIENT ID", "NAME", "KIND", "CREATED", "STATE" };
    static const list_t list = { next_page, client_json,   add_row,
                                 header,    COUNT(header), "There are no clients yet; `gptoauth client add NAME` makes one." };

    return command_list(c, &list);
}

void client_print(const command_t *c, const client_t *client)
{
    static const char *const links[CLIENT_LINKS] = { "Website", "Privacy", "Terms" };
    table_t *table;

    if (c->json) {
        print_json(c->pool, client_json(c, client));
        return;
    }
    table = table_make(c->pool, NULL, 2);
    table_field(table, "Client ID", client->id);
    table_field(table, "Name", client->name);
    table_field(table, "Kind",
                origin_of(c->pool, client, client->is_gpt ? "gpt (confidential, need not use PKCE)" : kind_of(client)));
    for (int i = 0; i < client->redirect_uris->nelts; i++) {
        table_field(table, i ? "" : "Redirect URIs", APR_ARRAY_IDX(client->redirect_uris, i, const char *));
    }
    if (client->redirect_uris->nelts == 0 && client_allows_grant_type(client, "authorization_code")) {
        table_field(table, "Redirect URIs",
                    client->is_gpt ? "none registered" : "none yet: `gptoauth client redirect` sets them");
    }
    if (pin_text(c->pool, client)) {
        table_field(table, "GPT", pin_text(c->pool, client));
    }
    if (client->is_resource_server) {
        table_field(table, "Resource", *client->resource ? client->resource : "any");
    } else {
        table_field(table, "Scope", *client->scope ? client->scope : "all of the server's");
    }
    for (int i = 0; i < CLIENT_LINKS; i++) {
        if (client->links[i]) {
            table_field(table, links[i], client->links[i]);
        }
    }
    table_field(table, "Created", time_text(c->pool, client->created_at, "-"));
    table_field(table, "State",
                client->disabled_at ? apr_pstrcat(c->pool, "disabled since ", time_text(c->pool, client->disabled_at, ""), NULL)
                                    : "active");
    if (old_secret_until(c, client)) {
        table_field(table, "Old secret",
                    apr_pstrcat(c->pool, "works until the new one is first used, at most until ",
                                time_text(c->pool, client->old_secret_until, ""), NULL));
    }
    table_print(table, "");
}
