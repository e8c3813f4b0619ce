/*
 * Users at the console: the list of those with a row here, and one user of whatever sign-in, with sessions and grants. In the
 * table of views.c.
 */
#include <apr_strings.h>

#include "base/array.h"
#include "grant/user.h"
#include "private.h"
#include "store/grant_list.h"
#include "store/listing.h"
#include "store/sessions.h"
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
    if (users->nelts == LISTING_PAGE) {
        const listed_user_t *last = APR_ARRAY_IDX(users, users->nelts - 1, const listed_user_t *);

        search_more(c, &listing, "users", last->name, last->name, last->used_at);
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

static void add_button(console_t *c, console_table_t *table, const char *action, const char *button, const char *const *fields)
{
    if (console_may_touch(c, fields[1])) {
        console_button(c, table, action, button, fields);
    } else {
        console_cell(table, "", NULL);
    }
}

static void show_sessions(console_t *c, const char *name, const apr_array_header_t *sessions)
{
    static const char *const header[] = { "Browser", "Since", "Last seen", "" };
    console_table_t table = console_table(c, "Sessions", header, (int)COUNT(header), "The user is not signed in anywhere.");

    for (int i = 0; i < sessions->nelts; i++) {
        const user_session_t *session = APR_ARRAY_IDX(sessions, i, const user_session_t *);
        const char *const fields[] = { "user", name, "session", session->public_id, NULL };

        console_cell(&table, *session->browser ? session->browser : "unknown", NULL);
        console_cell(&table, console_time(c, session->created_at, "-"), NULL);
        console_cell(&table, console_time(c, session->seen_at, "-"), NULL);
        add_button(c, &table, "session_end", "Sign out", fields);
    }
}

static void show_grants(console_t *c, const char *name, const apr_array_header_t *grants)
{
    static const char *const header[] = { "App", "Scope", "Since", "Last used", "" };
    console_table_t table = console_table(c, "Grants", header, (int)COUNT(header), "No app has access in this name.");

    for (int i = 0; i < grants->nelts && i < LISTING_PAGE; i++) {
        const listed_grant_t *grant = APR_ARRAY_IDX(grants, i, const listed_grant_t *);
        const char *const fields[] = { "user", name, "grant", grant->id, NULL };

        console_cell(&table, grant->client_name ? grant->client_name : grant->client_id,
                     c->role == ROLE_ADMIN ? console_url(c, "client", grant->client_id, NULL, NULL) : NULL);
        console_cell(&table, grant->scope, NULL);
        console_cell(&table, console_time(c, grant->created_at, "-"), NULL);
        console_cell(&table, console_time(c, grant->used_at, "never"), NULL);
        add_button(c, &table, "grant_revoke", "Take back", fields);
    }
    if (grants->nelts > LISTING_PAGE) {
        console_warn(c, "There are more grants than are shown here.");
    }
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
    store_t *store = &c->visit.store;
    const char *name = text_trim(c->visit.r->pool, params_get(c->params, "user"));
    apr_array_header_t *sessions, *grants;
    user_t *user = NULL;

    if (!name || !*name || user_name_problem(name)) {
        return console_nothing(c, "That is no user's name.");
    }
    if (store_user_get(store, name, &user) == STORE_DOWN || store_session_list(store, name, NULL, &sessions) == STORE_DOWN ||
        store_grant_list(store, name, NULL, NULL, &grants) == STORE_DOWN) {
        return console_down(c);
    }
    console_begin(c, apr_pstrcat(c->visit.r->pool, "User ", name, NULL), "users");
    show_facts(c, user);
    show_sessions(c, name, sessions);
    show_grants(c, name, grants);
    if (console_may_touch(c, name)) {
        add_forms(c, name, user);
    } else {
        console_warn(c, "This user may use the console: only an administrator acts here.");
    }
    return console_send(c, HTTP_OK);
}
