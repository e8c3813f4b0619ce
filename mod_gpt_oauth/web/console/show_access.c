/*
 * What can be taken back at the console: sessions and grants of a user, and throttles, whose sign-ins are refused for too many
 * wrong passwords. In the table of views.c.
 */
#include <apr_strings.h>

#include "base/array.h"
#include "grant/user.h"
#include "private.h"
#include "store/grant_list.h"
#include "store/sessions.h"
#include "store/throttles.h"
#include "web/console/fields.h"
#include "web/console/page.h"
#include "web/console/search.h"
#include "web/console/views.h"

/* Whose list it is, by the link to it or by the form that was refused; NULL: nobody's. */
static const char *user_of(const console_t *c, const char *view)
{
    const char *name = field_text(c, view);

    name = name ? name : field_user(c);
    return name && !user_name_problem(name) ? name : NULL;
}

static void begin(console_t *c, const listing_t *listing, const char *heading, const char *view, const char *user)
{
    console_begin(c, apr_pstrcat(c->visit.r->pool, heading, user, NULL), "users");
    console_link(c, console_url(c, "user", user, NULL, NULL), "Back to the user");
    search_first(c, listing, console_url(c, view, user, NULL, NULL));
}

static void add_button(console_t *c, console_table_t *table, const char *action, const char *button, const char *const *fields)
{
    if (!*fields[1] || console_may_touch(c, fields[1])) {
        console_button(c, table, action, button, fields);
    } else {
        console_cell(table, "", NULL);
    }
}

static void add_session(console_t *c, console_table_t *table, const user_session_t *session)
{
    const char *const fields[] = { "user", session->username, "session", session->public_id, NULL };

    console_cell(table, *session->browser ? session->browser : "unknown", NULL);
    console_cell(table, console_time(c, session->created_at, "-"), NULL);
    console_cell(table, console_time(c, session->seen_at, "-"), NULL);
    add_button(c, table, "session_end", "Sign out", fields);
}

int view_sessions(console_t *c)
{
    static const char *const header[] = { "Browser", "Since", "Last seen", "" };
    const char *user = user_of(c, "sessions");
    listing_t listing = search_read(c);
    const user_session_t after = { .created_at = listing.after_used, .public_id = listing.after }, *last;
    apr_array_header_t *sessions;
    console_table_t table;

    if (!user) {
        return console_nothing(c, "That is no user's name.");
    }
    if (store_session_list(&c->visit.store, user, listing.after ? &after : NULL, &sessions) == STORE_DOWN) {
        return console_down(c);
    }
    begin(c, &listing, "Sessions of ", "sessions", user);
    table = console_table(c, NULL, header, (int)COUNT(header),
                          listing.after ? "There are no more." : "The user is not signed in anywhere.");
    for (int i = 0; i < sessions->nelts; i++) {
        add_session(c, &table, APR_ARRAY_IDX(sessions, i, const user_session_t *));
    }
    if ((last = search_last(sessions))) {
        search_more(c, &listing, console_url(c, "sessions", user, NULL, NULL), last->public_id, "", last->created_at);
    }
    return console_send(c, HTTP_OK);
}

static void add_grant(console_t *c, console_table_t *table, const listed_grant_t *grant)
{
    const char *const fields[] = { "user", grant->username, "grant", grant->id, NULL };

    console_cell(table, grant->client_name ? grant->client_name : grant->client_id,
                 c->role == ROLE_ADMIN ? console_url(c, "client", grant->client_id, NULL, NULL) : NULL);
    console_cell(table, grant->scope, NULL);
    console_cell(table, console_time(c, grant->created_at, "-"), NULL);
    console_cell(table, console_time(c, grant->used_at, "never"), NULL);
    add_button(c, table, "grant_revoke", "Take back", fields);
}

int view_grants(console_t *c)
{
    static const char *const header[] = { "App", "Scope", "Since", "Last used", "" };
    const char *user = user_of(c, "grants");
    listing_t listing = search_read(c);
    const listed_grant_t after = { .created_at = listing.after_used, .id = listing.after }, *last;
    apr_array_header_t *grants;
    console_table_t table;

    if (!user) {
        return console_nothing(c, "That is no user's name.");
    }
    if (store_grant_list(&c->visit.store, user, NULL, listing.after ? &after : NULL, &grants) == STORE_DOWN) {
        return console_down(c);
    }
    begin(c, &listing, "Grants of ", "grants", user);
    table = console_table(c, NULL, header, (int)COUNT(header),
                          listing.after ? "There are no more." : "No app has access in this name.");
    for (int i = 0; i < grants->nelts; i++) {
        add_grant(c, &table, APR_ARRAY_IDX(grants, i, const listed_grant_t *));
    }
    if ((last = search_last(grants))) {
        search_more(c, &listing, console_url(c, "grants", user, NULL, NULL), last->id, "", last->created_at);
    }
    return console_send(c, HTTP_OK);
}

static void add_throttle(console_t *c, console_table_t *table, const throttled_t *throttled)
{
    const char *const fields[] = { "user", throttled->name, "address", throttled->address, NULL };

    console_cell(table, *throttled->name ? throttled->name : "(anybody)", NULL);
    console_cell(table, *throttled->address ? throttled->address : "(anywhere)", NULL);
    console_cell(table, console_time(c, throttled->until_at, "-"), NULL);
    console_cell(table, throttled->host, NULL);
    add_button(c, table, "throttle_lift", "Lift", fields);
}

/* A key is none if it is empty, as an address may be: "KIND ADDRESS". */
static const char *key_of(const console_t *c, const throttled_t *throttled)
{
    return apr_pstrcat(c->visit.r->pool, throttled->kind, " ", throttled->address, NULL);
}

static throttled_t throttle_after(const console_t *c, const listing_t *listing)
{
    const char *key = listing->after ? listing->after : "", *blank = strchr(key, ' ');

    return (throttled_t){ .issuer = c->visit.conf->issuer,
                          .kind = blank ? apr_pstrmemdup(c->visit.r->pool, key, (apr_size_t)(blank - key)) : key,
                          .name = listing->after_name,
                          .address = blank ? blank + 1 : "" };
}

int view_throttles(console_t *c)
{
    static const char *const header[] = { "User", "Address", "Until", "Recorded by", "" };
    listing_t listing = search_read(c);
    const throttled_t after = throttle_after(c, &listing), *last;
    apr_array_header_t *throttles;
    console_table_t table;

    if (store_throttle_list(&c->visit.store, listing.after ? &after : NULL, &throttles) == STORE_DOWN) {
        return console_down(c);
    }
    console_begin(c, "Throttles", "throttles");
    search_first(c, &listing, console_url(c, "throttles", "", NULL, NULL));
    console_text(c, "Sign-ins that are refused for too many wrong passwords. A throttle ends by itself.");
    table = console_table(c, NULL, header, (int)COUNT(header),
                          listing.after ? "There are no more." : "No sign-in is refused for too many wrong passwords.");
    for (int i = 0; i < throttles->nelts; i++) {
        add_throttle(c, &table, APR_ARRAY_IDX(throttles, i, const throttled_t *));
    }
    if ((last = search_last(throttles))) {
        search_more(c, &listing, console_url(c, "throttles", "", NULL, NULL), key_of(c, last), last->name, 0);
    }
    return console_send(c, HTTP_OK);
}
