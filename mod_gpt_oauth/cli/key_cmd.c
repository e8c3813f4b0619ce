/*
 * The commands `key add`, `key list` and `key revoke`, for service keys. Called by main.c.
 */
#include <stdio.h>

#include "admin/keys.h"
#include "base/array.h"
#include "cli/command.h"
#include "cli/output.h"
#include "grant/key.h"

static const char *state_of(const command_t *c, const service_key_t *key)
{
    return key->revoked_at ? "revoked" : key->expires_at && key->expires_at <= c->store->now ? "expired" : "active";
}

static json_t *key_json(const command_t *c, const void *item)
{
    const service_key_t *key = item;
    json_t *object = json_object();

    json_object_set_new(object, "name", json_string(key->name));
    json_object_set_new(object, "issuer", text_json(*key->issuer ? key->issuer : NULL));
    json_object_set_new(object, "scope", json_string(key->scope));
    json_object_set_new(object, "introspect", json_boolean(key->may_introspect));
    json_object_set_new(object, "register", json_boolean(key->may_register));
    json_object_set_new(object, "created_at", time_json(key->created_at));
    json_object_set_new(object, "expires_at", time_json(key->expires_at));
    json_object_set_new(object, "used_at", time_json(key->used_at));
    json_object_set_new(object, "revoked_at", time_json(key->revoked_at));
    json_object_set_new(object, "state", json_string(state_of(c, key)));
    return object;
}

static void print_added(const command_t *c, const service_key_t *key, const char *text)
{
    if (c->json) {
        json_t *object = key_json(c, key);

        json_object_set_new(object, "service_key", json_string(text));
        print_json(c->pool, object);
        return;
    }
    printf("Service key \"%s\" for %s, %s %s.\n\n    %s\n\nIt is shown only once.\n", terminal_text(c->pool, key->name),
           *key->issuer ? key->issuer : "every issuer of this database", key->expires_at ? "until" : "for good",
           time_text(c->pool, key->expires_at, "(see --expires)"), text);
    if (key->may_register) {
        printf("Apps register with it as a bearer token where GPTOAuthRegistration is token. It opens nothing else.\n");
        return;
    }
    if (key->may_introspect) {
        printf("Resource servers ask about tokens with it.%s\n",
               key_opens_nothing(key) ? " It opens nothing; made with --scope as well, a key does both." : "");
    }
    if (key_opens_nothing(key)) {
        return;
    }
    printf("It opens each <Location> with GPTOAuthCredentials service, and has %s%s.\n",
           *key->scope ? "these scopes: " : "all scopes", key->scope);
}

int key_add(command_t *c)
{
    const new_key_t wanted = {
        .name = c->operands[0],
        .issuer = c->server.issuer,
        .scope = c->args->scope,
        .may_introspect = (c->args->given & ARG_INTROSPECT) != 0,
        .may_register = (c->args->given & ARG_REGISTER) != 0,
        .expires = c->args->expires,
    };
    service_key_t *key = NULL;
    const char *text, *problem = NULL;
    store_status_t status = admin_key_add(c->store, &wanted, &key, &text, &problem);

    if (key) {
        c->audit->scope = key->scope;
    }
    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    print_added(c, key, text);
    return DONE;
}

static void add_row(const command_t *c, const void *item, table_t *table)
{
    const service_key_t *key = item;

    table_add(table, key->name);
    table_add(table, *key->issuer ? key->issuer : "all");
    table_add(table, *key->scope ? key->scope : key_opens_nothing(key) ? "none" : "all");
    table_add(table, key->may_register        ? "register"
                     : key_opens_nothing(key) ? "introspect"
                     : key->may_introspect    ? "call, introspect"
                                              : "call");
    table_add(table, time_text(c->pool, key->expires_at, "never"));
    table_add(table, time_text(c->pool, key->used_at, "never"));
    table_add(table, state_of(c, key));
}

/* Those of the issuer that the command knows, and those for every issuer. */
static store_status_t next_page(const command_t *c, const void *after, apr_array_header_t **keys)
{
    c->store->issuer = c->server.issuer;
    return store_key_list(c->store, after, keys);
}

int key_list(command_t *c)
{
    static const char *const header[] = { "NAME", "ISSUER", "SCOPE", "MAY", "EXPIRES", "LAST USED", "STATE" };
    static const list_t list = { next_page, key_json,      add_row,
                                 header,    COUNT(header), "There are no service keys yet; `gptoauth key add NAME` makes one." };

    return command_list(c, &list);
}

int key_revoke(command_t *c)
{
    service_key_t *key;
    const char *problem = NULL;
    store_status_t status;

    c->store->issuer = c->server.issuer;
    status = admin_key_revoke(c->store, c->operands[0], &key, &problem);
    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    if (c->json) {
        print_json(c->pool, key_json(c, key));
    } else {
        printf("Service key \"%s\" is revoked: it opens nothing from now on.\n", terminal_text(c->pool, key->name));
    }
    return DONE;
}
