/*
 * Service keys at the console: those of its issuer, and those for every issuer. In the table of views.c.
 */
#include <apr_strings.h>

#include "admin/keys.h"
#include "base/array.h"
#include "grant/key.h"
#include "private.h"
#include "store/listing.h"
#include "web/console/page.h"
#include "web/console/search.h"
#include "web/console/views.h"

static const char *may(const service_key_t *key)
{
    return key->may_register        ? "register apps"
           : key_opens_nothing(key) ? "ask about tokens"
           : key->may_introspect    ? "call, ask about tokens"
                                    : "call";
}

static const char *state_of(const service_key_t *key, apr_int64_t now)
{
    return key->revoked_at                             ? "revoked"
           : key->expires_at && key->expires_at <= now ? "expired"
           : admin_key_ends_soon(key, now)             ? "active, ends soon"
                                                       : "active";
}

static void add_row(console_t *c, console_table_t *table, const service_key_t *key)
{
    const char *const fields[] = { "key", key->name, NULL };

    console_cell(table, key->name, NULL);
    console_cell(table, may(key), NULL);
    console_cell(table, *key->scope ? key->scope : key_opens_nothing(key) ? "none" : "all", NULL);
    console_cell(table, console_time(c, key->expires_at, "never"), NULL);
    console_cell(table, console_time(c, key->used_at, "never"), NULL);
    console_cell(table, state_of(key, c->visit.store.now), NULL);
    if (key->revoked_at) {
        console_cell(table, "", NULL);
    } else {
        console_button(c, table, "key_revoke", "Revoke", fields);
    }
}

int view_keys(console_t *c)
{
    static const char *const header[] = { "Name", "May", "Scope", "Ends", "Last used", "State", "" };
    listing_t listing = search_read(c);
    const service_key_t *last;
    apr_array_header_t *keys;
    console_table_t table;

    if (store_listing_keys(&c->visit.store, &listing, &keys) == STORE_DOWN) {
        return console_down(c);
    }
    console_begin(c, "Service keys", "keys");
    search_show(c, &listing, "keys", "Name begins with");
    console_link(c, console_url(c, "new_key", "", NULL, NULL), "Add a service key");
    table = console_table(c, NULL, header, (int)COUNT(header), "There are no service keys.");
    for (int i = 0; i < keys->nelts; i++) {
        const service_key_t *key = APR_ARRAY_IDX(keys, i, const service_key_t *);

        add_row(c, &table, key);
        if (!key->revoked_at && admin_key_ends_soon(key, c->visit.store.now)) {
            console_warn(c, apr_psprintf(c->visit.r->pool,
                                         "The key %s ends at %s: add another, and give it to whoever uses this one.", key->name,
                                         console_time(c, key->expires_at, "")));
        }
    }
    if ((last = search_last(keys))) {
        search_more(c, &listing, console_url(c, "keys", "", NULL, NULL), last->name, last->name, last->used_at);
    }
    return console_send(c, HTTP_OK);
}

int view_new_key(console_t *c)
{
    json_t *form;

    console_begin(c, "Add a service key", "keys");
    console_text(c, "One secret for a service that calls, standing for no user.");
    form = console_form(c, "key_add", NULL, NULL, "Add the key");
    console_input(form, "name", "Name", params_get(c->params, "name"), "By which the logs know it: letters, digits, . _ and -");
    console_input(form, "scope", "Scope", params_get(c->params, "scope"), "Names with blanks between; empty: all scopes");
    console_input(form, "expires", "Ends", params_get(c->params, "expires"),
                  "As 90d or 1y, or the last day as 2030-12-31; empty: never");
    console_box(form, "introspect", "yes", "May ask about tokens (introspection)", params_find(c->params, "introspect") != NULL);
    console_box(form, "register", "yes", "May register apps, and nothing else", params_find(c->params, "register") != NULL);
    return console_send(c, HTTP_OK);
}
