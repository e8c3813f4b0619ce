/*
 * What the console takes back: sessions, grants, throttles. In the table of actions.c.
 */
#include "admin/access.h"
#include "admin/users.h"
#include "private.h"
#include "web/console/actions.h"
#include "web/console/fields.h"
#include "web/console/page.h"

store_status_t do_session_end(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user_of_form(c, line, "sessions", back, problem), *session = params_get(c->params, "session");

    *problem = "There is no such session, or no more.";
    return name && session ? admin_session_end(&c->visit.store, name, session, problem) : STORE_REFUSED;
}

store_status_t do_sessions_end(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user_of_form(c, line, "user", back, problem);

    return name ? admin_user_sign_out(&c->visit.store, name, &line->count) : STORE_REFUSED;
}

store_status_t do_grant_revoke(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user_of_form(c, line, "grants", back, problem);

    line->grant = params_get(c->params, "grant");
    *problem = "There is no such grant, or no more.";
    return name && line->grant ? admin_grant_revoke(&c->visit.store, name, line->grant, problem) : STORE_REFUSED;
}

store_status_t do_grants_revoke(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user_of_form(c, line, "user", back, problem);

    return name ? admin_grants_revoke(&c->visit.store, name, NULL, &line->count, problem) : STORE_REFUSED;
}

store_status_t do_throttle_lift(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user(c), *address = params_get(c->params, "address");

    *back = console_url(c, "throttles", "", NULL, NULL);
    *problem = "The form names neither a user nor an address.";
    line->user = name;
    line->address = address;
    /* What is empty is that very thing: of an address alone, not of whoever came from there as well. */
    return name || address ? admin_throttle_lift(&c->visit.store, name ? name : "", address ? address : "", &line->count, problem)
                           : STORE_REFUSED;
}
