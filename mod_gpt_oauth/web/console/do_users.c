/*
 * What the console does with users. In the table of actions.c.
 */
#include <apr_strings.h>

#include "admin/users.h"
#include "base/fold.h"
#include "private.h"
#include "web/console/actions.h"
#include "web/console/fields.h"
#include "web/console/page.h"
#include "web/http/hashing.h"
#include "web/http/request.h"

/* The user that the form is about; not where whoever acts would shut himself out, in whatever spelling. */
static const char *find_other(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user_of_form(c, line, "user", back, problem);
    apr_pool_t *p = c->visit.r->pool;

    if (name && strcmp(name_fold(p, name), name_fold(p, c->owner.username)) == 0) {
        *problem = "That is you. Somebody else has to do this.";
        return NULL;
    }
    return name;
}

typedef store_status_t set_one_time_fn(store_t *store, const char *name, const char *by, const char **password,
                                       const char **problem);

/* Hashing takes a processor for a while, and waits for its turn as at a sign-in. */
static store_status_t set_one_time(console_t *c, set_one_time_fn *set, const char *name, const char **problem)
{
    const char *password = NULL;
    store_status_t status;

    if (!c->owner.session) {
        *problem = "httpd signs users in here: there is no page on which a one-time password would be changed.";
        return STORE_REFUSED;
    }
    if (!hashing_enter(c->visit.r)) {
        *problem = "Too many passwords are being checked just now. Try again in a moment.";
        return STORE_REFUSED;
    }
    status = set(&c->visit.store, name, c->owner.username, &password, problem);
    hashing_leave(c->visit.r);
    if (status == STORE_OK) {
        console_begin(c, "A one-time password", "users");
        console_fact(c, "User", name);
        console_secret(c, "One-time password (shown only once)", password);
        console_text(c, "Give it to the user in person or by telephone. It is good for one day, and for nothing but choosing "
                        "another password on the sign-in page.");
        if (admin_user_is_disabled(&c->visit.store, name)) {
            console_warn(c, "The user is disabled, and stays so until somebody enables the user.");
        }
    }
    return status;
}

store_status_t do_user_add(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user_of_form(c, line, "user", back, problem);

    return name ? set_one_time(c, admin_user_add_one_time, name, problem) : STORE_REFUSED;
}

store_status_t do_user_one_time(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = find_other(c, line, back, problem);

    return name ? set_one_time(c, admin_user_set_one_time, name, problem) : STORE_REFUSED;
}

store_status_t do_user_disable(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = find_other(c, line, back, problem);

    return name ? admin_user_set_disabled(&c->visit.store, name, 1, problem) : STORE_REFUSED;
}

store_status_t do_user_enable(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = field_user_of_form(c, line, "user", back, problem);

    return name ? admin_user_set_disabled(&c->visit.store, name, 0, problem) : STORE_REFUSED;
}

store_status_t do_user_remove(console_t *c, audit_t *line, const char **back, const char **problem)
{
    const char *name = find_other(c, line, back, problem);

    *back = console_url(c, "users", "", NULL, NULL);
    return name ? admin_user_remove(&c->visit.store, name, problem) : STORE_REFUSED;
}
