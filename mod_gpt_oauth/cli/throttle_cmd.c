/*
 * The commands `throttle list` and `throttle clear`. Called by main.c.
 */
#include <stdio.h>

#include "admin/access.h"
#include "base/array.h"
#include "cli/command.h"
#include "cli/output.h"
#include "store/throttles.h"

static json_t *throttle_json(const command_t *c, const void *item)
{
    const throttled_t *throttled = item;
    json_t *object = json_object();

    (void)c;
    json_object_set_new(object, "kind", json_string(throttled->kind));
    json_object_set_new(object, "username", *throttled->name ? json_string(throttled->name) : json_null());
    json_object_set_new(object, "address", *throttled->address ? json_string(throttled->address) : json_null());
    json_object_set_new(object, "issuer", json_string(throttled->issuer));
    json_object_set_new(object, "host", *throttled->host ? json_string(throttled->host) : json_null());
    json_object_set_new(object, "until", time_json(throttled->until_at));
    return object;
}

static void add_row(const command_t *c, const void *item, table_t *table)
{
    const throttled_t *throttled = item;

    table_add(table, *throttled->name ? throttled->name : "(anybody)");
    table_add(table, *throttled->address ? throttled->address : "(anywhere)");
    table_add(table, throttled->issuer);
    table_add(table, *throttled->host ? throttled->host : "-");
    table_add(table, time_text(c->pool, throttled->until_at, "-"));
}

static store_status_t next_page(const command_t *c, const void *after, apr_array_header_t **throttles)
{
    return store_throttle_list(c->store, after, throttles);
}

int throttle_list(command_t *c)
{
    static const char *const header[] = { "USER", "ADDRESS", "ISSUER", "HOST", "UNTIL" };
    static const list_t list = { next_page, throttle_json, add_row,
                                 header,    COUNT(header), "No sign-in is refused for too many wrong passwords." };

    return command_list(c, &list);
}

int throttle_clear(command_t *c)
{
    const char *user = c->args->user, *address = c->args->address, *problem = NULL;
    apr_int64_t count;
    store_status_t status;

    if ((user != NULL) + (address != NULL) + ((c->args->given & ARG_ALL) != 0) != 1) {
        return fail("specify which: --user NAME, --address ADDRESS (as `gptoauth throttle list` shows it), or --all");
    }
    status = admin_throttle_lift(c->store, user, address, &count, &problem);
    if (status == STORE_DOWN || (status == STORE_REFUSED && !c->json)) {
        return fail_admin(c, status, problem);
    }
    c->audit->count = count;
    if (c->json) {
        print_json(c->pool, json_pack("{sI}", "lifted", (json_int_t)count));
        return DONE;
    }
    printf("%" APR_INT64_T_FMT " throttle%s lifted.\n", count, count == 1 ? "" : "s");
    return DONE;
}
