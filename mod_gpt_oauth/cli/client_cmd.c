/*
 * The commands `client …` and `gpt`: each finds the client, has admin/ change it and hands over to client_print.c. Called by
 * main.c.
 */
#include "admin/clients.h"
#include "cli/client_print.h"
#include "cli/command.h"
#include "cli/output.h"

static int client_of_operand(const command_t *c, client_t **client)
{
    return command_find_client(c, c->operands[0], client);
}

/* DONE, or there are two of them. */
static int read_kind(const command_t *c, client_kind_t *kind)
{
    unsigned kinds = c->args->given & (ARG_PUBLIC | ARG_GPT | ARG_SERVICE | ARG_RESOURCE_SERVER);

    switch (kinds) {
    case 0: *kind = CLIENT_KIND_CONFIDENTIAL; return DONE;
    case ARG_PUBLIC: *kind = CLIENT_KIND_PUBLIC; return DONE;
    case ARG_GPT: *kind = CLIENT_KIND_GPT; return DONE;
    case ARG_SERVICE: *kind = CLIENT_KIND_SERVICE; return DONE;
    case ARG_RESOURCE_SERVER: *kind = CLIENT_KIND_RESOURCE_SERVER; return DONE;
    default: return fail("--public, --gpt, --service and --resource-server exclude each other");
    }
}

int client_add(command_t *c)
{
    const args_t *args = c->args;
    new_client_t wanted = {
        .name = c->operands[0],
        .redirect_uris = args->redirects,
        .scope = args->scope,
        .resource = args->resource,
        .links = { args->website, args->privacy, args->terms },
    };
    client_t *client = NULL;
    const char *secret, *problem = NULL;
    store_status_t status;

    if (read_kind(c, &wanted.kind)) {
        return FAILED;
    }
    status = admin_client_add(c->store, &wanted, &client, &secret, &problem);
    if (client) {
        c->audit->client = client->id;
        c->audit->scope = client->scope;
        c->audit->resource = client->resource;
    }
    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    client_print_added(c, client, secret);
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

/* DONE and *secret, or a sentence was said. */
static int renew_secret(const command_t *c, client_t *client, const char **secret)
{
    const char *problem = NULL;
    store_status_t status = admin_client_new_secret(c->store, client, secret, &problem);

    return status == STORE_OK ? DONE : fail_admin(c, status, problem);
}

int client_secret(command_t *c)
{
    client_t *client;
    const char *secret;

    if (client_of_operand(c, &client) || renew_secret(c, client, &secret)) {
        return FAILED;
    }
    client_print_secret(c, client, secret);
    return DONE;
}

int gpt(command_t *c)
{
    client_t *client;
    const char *problem, *secret = NULL;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    if ((problem = admin_client_gpt_problem(c->pool, client))) {
        return fail_admin(c, STORE_REFUSED, problem);
    }
    if ((c->args->given & ARG_NEW_SECRET) && renew_secret(c, client, &secret)) {
        return FAILED;
    }
    client_print_builder(c, client, secret);
    return DONE;
}

/* What the change was, or why there was none. */
static int report(const command_t *c, const client_t *client, store_status_t status, const char *problem, const char *did)
{
    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    client_print_done(c, client, did);
    return DONE;
}

static int repin(const command_t *c, client_t *client)
{
    const char *problem = NULL;
    store_status_t status;

    if (c->count > 1) {
        return fail("--repin takes no redirect URIs");
    }
    status = admin_client_repin(c->store, client, &problem);
    return report(c, client, status, problem,
                  "accepts any GPT now, until the first one that knows the secret is connected: that one is pinned");
}

int client_redirect(command_t *c)
{
    client_t *client;
    apr_array_header_t *uris = apr_array_make(c->pool, c->count, sizeof(const char *));
    const char *problem = NULL;
    store_status_t status;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    if (c->args->given & ARG_REPIN) {
        return repin(c, client);
    }
    for (int i = 1; i < c->count; i++) {
        APR_ARRAY_PUSH(uris, const char *) = c->operands[i];
    }
    status = admin_client_set_redirects(c->store, client, uris, &problem);
    return report(c, client, status, problem, uris->nelts == 1 ? "has a new redirect URI" : "has new redirect URIs");
}

int client_links(command_t *c)
{
    const args_t *args = c->args;
    const char *const links[CLIENT_LINKS] = { args->website, args->privacy, args->terms };
    client_t *client;
    const char *problem = NULL;
    store_status_t status;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    status = admin_client_set_links(c->store, client, links, &problem);
    return report(c, client, status, problem,
                  args->given & ARG_LINKS ? "has these links now, and no others" : "has no links any more");
}

static int set_disabled(command_t *c, int is_disabled, const char *did)
{
    client_t *client;
    const char *problem = NULL;
    store_status_t status;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    status = admin_client_set_disabled(c->store, client, is_disabled, &problem);
    return report(c, client, status, problem, did);
}

int client_disable(command_t *c)
{
    return set_disabled(c, 1, "is disabled: it gets no tokens, and those it has are refused");
}

int client_enable(command_t *c)
{
    return set_disabled(c, 0, "is enabled");
}

int client_remove(command_t *c)
{
    client_t *client;
    const char *problem = NULL;
    store_status_t status;

    if (client_of_operand(c, &client)) {
        return FAILED;
    }
    status = admin_client_remove(c->store, client, &problem);
    return report(c, client, status, problem, "is removed, with all that users had granted to it");
}
