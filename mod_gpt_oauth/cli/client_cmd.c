/*
 * The commands `client …` and `gpt`: each finds the client, judges, changes it in the store and hands over to client_print.c.
 * Called by main.c.
 */
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/uri.h"
#include "cli/client_print.h"
#include "cli/command.h"
#include "cli/output.h"
#include "grant/client.h"

#define CLIENT_NAME_MAX     255
#define OLD_SECRET_LIFETIME (24 * 60 * 60)

static int client_of_operand(const command_t *c, client_t **client)
{
    return command_find_client(c, c->operands[0], client);
}

/* How a change of the client that was found ended: DONE, or a sentence was said. */
static int outcome(const command_t *c, store_status_t status)
{
    switch (status) {
    case STORE_OK: return DONE;
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    return fail("the client was removed in the meantime");
}

static const char *name_problem(const char *name)
{
    size_t size = strlen(name);

    if (!size || size > CLIENT_NAME_MAX || !utf8_valid(name, size)) {
        return "a client's name is 1 to 255 bytes of UTF-8";
    }
    return text_has_control(name, size) ? "a client's name has no control characters" : NULL;
}

static int judge_redirects(const command_t *c, const apr_array_header_t *uris, int is_public)
{
    for (int i = 0; i < uris->nelts; i++) {
        const char *uri = APR_ARRAY_IDX(uris, i, const char *);
        const char *problem = uri_redirect_problem(c->pool, uri, is_public);

        if (problem) {
            return fail("%s: %s", uri, problem);
        }
    }
    return DONE;
}

static int judge_links(const command_t *c, const char *const links[CLIENT_LINKS])
{
    for (int i = 0; i < CLIENT_LINKS; i++) {
        if (links[i] && !uri_page_host(c->pool, links[i])) {
            return fail("%s: a link is an https URL in plain ASCII, of at most 2048 bytes and without user name", links[i]);
        }
    }
    return DONE;
}

/* NULL when that failed, and the reason was said. */
static const char *new_secret(const command_t *c, digest_t *hash)
{
    const char *secret = client_new_secret(c->store, hash);

    if (!secret) {
        fail_down(c);
    }
    return secret;
}

static int judge_new(const command_t *c, const client_t *client)
{
    const char *problem = name_problem(client->name);
    unsigned given = c->args->given, kinds = given & (ARG_PUBLIC | ARG_GPT | ARG_SERVICE | ARG_RESOURCE_SERVER);

    if (problem) {
        return fail("%s", problem);
    }
    if (kinds & (kinds - 1)) {
        return fail("--public, --gpt, --service and --resource-server exclude each other");
    }
    if ((kinds & (ARG_SERVICE | ARG_RESOURCE_SERVER)) && (given & ARG_REDIRECT)) {
        return fail("no user signs in to a service account or a resource server: leave out --redirect");
    }
    if ((kinds & (ARG_SERVICE | ARG_RESOURCE_SERVER)) && (given & ARG_LINKS)) {
        return fail("no user is asked about a service account or a resource server: leave out --website, --privacy and --terms");
    }
    if ((given & ARG_RESOURCE) && !(given & ARG_RESOURCE_SERVER)) {
        return fail("--resource needs --resource-server: it is what that server guards");
    }
    if ((given & ARG_SCOPE) && (given & ARG_RESOURCE_SERVER)) {
        return fail("a resource server gets no tokens: leave out --scope");
    }
    if (!client->scope) {
        return fail(SCOPE_UNREADABLE);
    }
    if (!client->resource) {
        return fail("%s is not a resource: write an absolute http or https URI without a fragment", c->args->resource);
    }
    if (client->redirect_uris->nelts == 0 && client_allows_grant_type(client, "authorization_code") && !client->is_gpt) {
        return fail(
            "name the address at which the client receives its codes with --redirect URI (only with --gpt can this come later)");
    }
    return judge_redirects(c, client->redirect_uris, client->is_public) || judge_links(c, client->links);
}

int client_add(command_t *c)
{
    const args_t *args = c->args;
    const char *secret = NULL;
    client_t client = {
        .id = crypto_random_id(c->pool),
        .name = c->operands[0],
        .is_public = (args->given & ARG_PUBLIC) != 0,
        .is_gpt = (args->given & ARG_GPT) != 0,
        /* The builder shows the callback only after it was given the client id. */
        .gpt_open = (args->given & ARG_GPT) && args->redirects->nelts == 0,
        .has_secret = !(args->given & ARG_PUBLIC),
        .auth_method = args->given & ARG_PUBLIC ? "none" : NULL,
        .redirect_uris = args->redirects,
        .scope = args->scope ? scope_normalise(c->pool, args->scope) : "",
        .grant_types = args->given & ARG_SERVICE           ? "client_credentials"
                       : args->given & ARG_RESOURCE_SERVER ? ""
                                                           : "authorization_code refresh_token",
        .is_resource_server = (args->given & ARG_RESOURCE_SERVER) != 0,
        .resource = args->resource ? uri_normalise_resource(c->pool, args->resource) : "",
        .source = "admin",
        .links = { args->website, args->privacy, args->terms },
        .created_at = c->store->now,
    };
    if (judge_new(c, &client) || (client.has_secret && !(secret = new_secret(c, &client.secret_hash)))) {
        return FAILED;
    }
    c->audit->client = client.id;
    c->audit->scope = client.scope;
    c->audit->resource = client.resource;
    switch (store_client_add(c->store, &client)) {
    case STORE_OK: break;
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: return fail("there is already a client \"%s\"; choose another name", client.name);
    }
    client_print_added(c, &client, secret);
    return DONE;
}

int client_list(command_t *c)
{
    return client_print_list(c);
}

int client_show(command_t *c)
{
    client_t *client;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    client_print(c, client);
    return DONE;
}

/* NULL when that failed, and the reason was said. */
static const char *renew_secret(const command_t *c, client_t *client)
{
    digest_t hash;
    apr_int64_t old_until = c->store->now + OLD_SECRET_LIFETIME;
    const char *secret = new_secret(c, &hash);

    if (!secret || outcome(c, store_client_set_secret(c->store, client->id, &hash, old_until))) {
        return NULL;
    }
    client->has_old_secret = 1;
    client->old_secret_until = old_until;
    client->gpt_open |= client->gpt_id != NULL;
    return secret;
}

int client_secret(command_t *c)
{
    client_t *client;
    const char *secret;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    if (client->is_public) {
        return fail("\"%s\" is a public client: it has no secret", client->name);
    }
    if (!(secret = renew_secret(c, client))) {
        return FAILED;
    }
    client_print_secret(c, client, secret);
    return DONE;
}

static int judge_gpt(const client_t *client)
{
    if (!client->is_gpt) {
        return fail("\"%s\" was not made with --gpt; `gptoauth client add NAME --gpt` makes a client for a GPT", client->name);
    }
    return DONE;
}

int gpt(command_t *c)
{
    client_t *client;
    const char *secret = NULL;

    if (client_of_operand(c, &client) || judge_gpt(client) ||
        ((c->args->given & ARG_NEW_SECRET) && !(secret = renew_secret(c, client)))) {
        return FAILED;
    }
    client_print_builder(c, client, secret);
    return DONE;
}

static int repin(const command_t *c, client_t *client)
{
    if (c->count > 1) {
        return fail("--repin takes no redirect URIs");
    }
    if (judge_gpt(client) || outcome(c, store_client_open_pin(c->store, client->id))) {
        return FAILED;
    }
    client->gpt_open = 1;
    client_print_done(c, client,
                      "accepts any GPT now, until the first one that knows the secret is connected: that one is pinned");
    return DONE;
}

int client_redirect(command_t *c)
{
    client_t *client;
    apr_array_header_t *uris;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    if (c->args->given & ARG_REPIN) {
        return repin(c, client);
    }
    if (!client_allows_grant_type(client, "authorization_code")) {
        return fail("no user signs in to \"%s\": it has no redirect URIs", client->name);
    }
    if (strcmp(client->source, CLIENT_ADMIN) != 0) {
        return fail("\"%s\" says for itself where it receives its codes; `gptoauth client disable` keeps it out", client->name);
    }
    if (c->count < 2) {
        return fail("give the redirect URIs that replace the present ones, or --repin");
    }
    uris = apr_array_make(c->pool, c->count, sizeof(const char *));
    for (int i = 1; i < c->count; i++) {
        APR_ARRAY_PUSH(uris, const char *) = c->operands[i];
    }
    if (judge_redirects(c, uris, client->is_public) || outcome(c, store_client_set_redirects(c->store, client->id, uris))) {
        return FAILED;
    }
    client->redirect_uris = uris;
    client_print_done(c, client, uris->nelts == 1 ? "has a new redirect URI" : "has new redirect URIs");
    return DONE;
}

int client_links(command_t *c)
{
    const args_t *args = c->args;
    const char *links[CLIENT_LINKS] = { args->website, args->privacy, args->terms };
    client_t *client;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    if (!client_allows_grant_type(client, "authorization_code")) {
        return fail("no user is asked about \"%s\": it has no links", client->name);
    }
    if (strcmp(client->source, CLIENT_ADMIN) != 0) {
        return fail("\"%s\" says for itself what it has on the web", client->name);
    }
    if (judge_links(c, links) || outcome(c, store_client_set_links(c->store, client->id, links))) {
        return FAILED;
    }
    memcpy(client->links, links, sizeof(links));
    client_print_done(c, client, args->given & ARG_LINKS ? "has these links now, and no others" : "has no links any more");
    return DONE;
}

static int set_disabled(command_t *c, apr_int64_t disabled_at, const char *did)
{
    client_t *client;

    if (client_of_operand(c, &client) || outcome(c, store_client_set_disabled(c->store, client->id, disabled_at))) {
        return FAILED;
    }
    client->disabled_at = disabled_at;
    client_print_done(c, client, did);
    return DONE;
}

int client_disable(command_t *c)
{
    return set_disabled(c, c->store->now, "is disabled: it gets no tokens, and those it has are refused");
}

int client_enable(command_t *c)
{
    return set_disabled(c, 0, "is enabled");
}

int client_remove(command_t *c)
{
    client_t *client;

    if (client_of_operand(c, &client) || outcome(c, store_client_remove(c->store, client->id))) {
        return FAILED;
    }
    client_print_done(c, client, "is removed, with all that users had granted to it");
    return DONE;
}
