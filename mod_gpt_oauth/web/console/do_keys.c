/*
 * What the console does with service keys: those of its issuer. In the table of actions.c.
 */
#include "admin/keys.h"
#include "private.h"
#include "web/console/actions.h"
#include "web/console/fields.h"
#include "web/console/page.h"

store_status_t do_key_add(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_text(c, "name"), *text = NULL;
    new_key_t wanted = { .name = name ? name : "",
                         .issuer = c->visit.conf->issuer,
                         .scope = field_text(c, "scope"),
                         .may_introspect = params_get(c->params, "introspect") != NULL,
                         .may_register = params_get(c->params, "register") != NULL,
                         .expires = field_text(c, "expires") };
    service_key_t *key = NULL;
    store_status_t status = admin_key_add(&c->visit.store, &wanted, &key, &text, problem);

    line->user = name;
    line->scope = key ? key->scope : NULL;
    *back = console_url(c, "keys", "", NULL, NULL);
    if (status == STORE_OK) {
        console_begin(c, "Add a service key", "keys");
        console_fact(c, "Name", key->name);
        console_fact(c, "Ends", console_time(c, key->expires_at, "never"));
        console_secret(c, "Service key (shown only once)", text);
    }
    return status;
}

store_status_t do_key_revoke(console_t *c, audit_t *line, const char **back, const char **problem)
{
    service_key_t *key = NULL;

    line->user = params_get(c->params, "key");
    *back = console_url(c, "keys", "", NULL, NULL);
    *problem = "The form names no key.";
    return line->user ? admin_key_revoke(&c->visit.store, line->user, &key, problem) : STORE_REFUSED;
}
