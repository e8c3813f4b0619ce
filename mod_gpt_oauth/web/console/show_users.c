/*
 * Users at the console: the list of those with a row here, and one user of whatever sign-in. In the table of views.c.
 */
#include <apr_strings.h>

#include "base/array.h"
#include "grant/user.h"
#include "private.h"
#include "store/listing.h"
#include "web/console/fields.h"
#include "web/console/page.h"
#include "web/console/search.h"
#include "web/console/views.h"

static const char *state_of(int is_disabled, apr_int64_t one_time_until, apr_int64_t now)
{
    return is_disabled            ? "disabled"
           : one_time_until > now ? "one-time password"
           : one_time_until       ? "one-time password, over"
                                  : "active";
}

int view_users(console_t *c)
{
    static const char *const header[] = { "Name", "Signs in", "Since", "Last sign-in", "State" };
    listing_t listing = search_read(c);
    const listed_user_t *last;
    apr_array_header_t *users;
    console_table_t table;

    if (store_listing_users(&c->visit.store, &listing, &users) == STORE_DOWN) {
        return console_down(c);
    }
    console_begin(c, "Users", "users");
    search_show(c, &listing, "users", "Name begins with");
    if (c->role == ROLE_ADMIN && c->owner.session) {
        console_link(c, console_url(c, "new_user", "", NULL, NULL), "Add a user");
    }
    console_text(c, "The module's own users. Anybody else who signs in is found by the whole name:");
    console_ask(c, "user", "Name", "Show");
    table = console_table(c, NULL, header, (int)COUNT(header), "There are no such users.");
    for (int i = 0; i < users->nelts; i++) {
        const listed_user_t *user = APR_ARRAY_IDX(users, i, const listed_user_t *);

        console_cell(&table, user->name, console_url(c, "user", user->name, NULL, NULL));
        console_cell(&table, user->has_password ? "here" : "elsewhere", NULL);
        console_cell(&table, console_time(c, user->created_at, "-"), NULL);
        console_cell(&table, console_time(c, user->used_at, "never"), NULL);
        console_cell(&table, state_of(user->disabled_at != 0, user->one_time_until, c->visit.store.now), NULL);
    }
    if ((last = search_last(users))) {
        search_more(c, &listing, console_url(c, "users", "", NULL, NULL), last->name, last->name, last->used_at);
    }
    return console_send(c, HTTP_OK);
}

int view_new_user(console_t *c)
{
    json_t *form;

    console_begin(c, "Add a user", "users");
    console_text(c, "The user gets a one-time password, which you hand over. At the first sign-in he chooses one of his own.");
    form = console_form(c, "user_add", NULL, NULL, "Add the user");
    console_input(form, "user", "Name", params_get(c->params, "user"), NULL);
    return console_send(c, HTTP_OK);
}

static void add_form(console_t *c, const char *name, const char *action, const char *text, const char *button)
{
    console_hidden(console_form(c, action, NULL, text, button), "user", name);
}

/* user NULL: somebody of another sign-in, whom nothing is known of here. */
static void add_forms(console_t *c, const char *name, const user_t *user)
{
    add_form(c, name, "sessions_end", "Ends all sessions. Apps go on.", "Sign out everywhere");
    add_form(c, name, "grants_revoke", "Ends the access of all apps.", "Take back all grants");
    if (user && user->password_hash && c->owner.session && (c->role == ROLE_ADMIN || !role_has_expression(c->visit.r))) {
        add_form(c, name, "user_one_time",
                 "In place of the password, good for a day. Ends all sessions and the access of all apps.",
                 "Set a one-time password");
    }
    if (c->role < ROLE_ADMIN) {
        return;
    }
    if (user && user->disabled_at) {
        add_form(c, name, "user_enable", "Lets the user sign in again, and tokens work again.", "Enable");
    } else {
        add_form(c, name, "user_disable", "Ends all sessions, and refuses all tokens while it lasts.", "Disable");
    }
    add_form(c, name, "user_remove", "Deletes the user, with all that was granted in this name.", "Remove");
}

static void show_facts(console_t *c, const user_t *user)
{
    apr_pool_t *p = c->visit.r->pool;

    if (!user) {
        console_text(c, "Not one of the module's own users: signs in elsewhere, or not at all.");
        return;
    }
    console_fact(c, "Signs in", user->password_hash ? "here" : "elsewhere");
    console_fact(c, "Since", console_time(c, user->created_at, "-"));
    console_fact(c, "State", state_of(user->disabled_at != 0, user->one_time_until, c->visit.store.now));
    if (user->one_time_until) {
        console_fact(c, "One-time password",
                     apr_psprintf(p, "set by %s at %s, good until %s", user->one_time_by ? user->one_time_by : "?",
                                  console_time(c, user->one_time_at, "?"), console_time(c, user->one_time_until, "?")));
    }
}

int view_user(console_t *c)
{
    const char *name = field_user(c);
    user_t *user = NULL;

    if (!name || user_name_problem(name)) {
        return console_nothing(c, "That is no user's name.");
    }
    if (store_user_get(&c->visit.store, name, &user) == STORE_DOWN) {
        return console_down(c);
    }
    console_begin(c, apr_pstrcat(c->visit.r->pool, "User ", name, NULL), "users");
    show_facts(c, user);
    console_link(c, console_url(c, "sessions", name, NULL, NULL), "Sessions");
    console_link(c, console_url(c, "grants", name, NULL, NULL), "Grants");
    if (console_may_touch(c, name)) {
        add_forms(c, name, user);
    } else {
        console_warn(c, "This user may use the console: only an administrator acts here.");
    }
    return console_send(c, HTTP_OK);
}
