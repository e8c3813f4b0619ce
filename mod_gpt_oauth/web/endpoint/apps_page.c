/*
 * What stands on the page of a user's apps: three lists by two statements, and forms to end what is in them. Called by
 * apps.c.
 */
#include "web/endpoint/apps_page.h"

#include <httpd.h>
#include <apr_strings.h>

#include "base/scope.h"
#include "base/times.h"
#include "base/uri.h"
#include "grant/client.h"
#include "private.h"
#include "store/apps.h"
#include "web/endpoint/forms.h"
#include "web/endpoint/person.h"
#include "web/page/page.h"

static void set_time(apr_pool_t *p, json_t *data, const char *name, apr_int64_t seconds, const char *format)
{
    if (seconds) {
        page_set(data, name, times_text(p, seconds, format));
    }
}

#define DAY  "%Y-%m-%d"
#define HOUR "%Y-%m-%d %H:00 UTC"

/* Of a client that nobody here has named: the host that its document is at, or its users are sent to. */
static const char *host_of(apr_pool_t *p, const app_t *app)
{
    const char *first;
    uri_t uri;

    if (strcmp(app->source, CLIENT_DOCUMENT) == 0) {
        return client_document_host(p, app->client_id);
    }
    if (strcmp(app->source, CLIENT_REGISTERED) != 0) {
        return NULL;
    }
    first = apr_pstrmemdup(p, app->redirect_uris, strcspn(app->redirect_uris, "\n"));
    return uri_parse(p, first, &uri) && uri.host ? uri_origin(p, &uri) : first;
}

static const char *kind_of(const app_t *app)
{
    if (app->is_gpt) {
        return "kind_gpt";
    }
    return strcmp(app->source, CLIENT_REGISTERED) == 0 ? "kind_registered"
           : strcmp(app->source, CLIENT_DOCUMENT) == 0 ? "kind_document"
                                                       : "kind_admin";
}

static json_t *scopes_of(request_rec *r, const policy_t *policy, const char *scope)
{
    const char *lines = policy_lines(r->pool, policy, scope);
    json_t *list = json_array();

    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (scope_contains(lines, def->name)) {
            json_array_append_new(list, forms_scope_words(r, def));
        }
    }
    return list;
}

static json_t *app_data(visit_t *visit, json_t *data, const app_t *app)
{
    request_rec *r = visit->r;
    const char *name = app->name && utf8_valid(app->name, strlen(app->name)) ? text_clean(r->pool, app->name) : "";
    json_t *entry = json_object();

    page_set(entry, "client_id", app->client_id);
    page_set(entry, "app", name[strspn(name, " ")] ? name : page_say(r, "app_unnamed", data));
    if (app->source) {
        page_set(entry, "host", host_of(r->pool, app));
        page_set(entry, "kind", page_say(r, kind_of(app), data));
    }
    json_object_set_new(entry, "scopes", scopes_of(r, visit->conf->policy, app->scope));
    set_time(r->pool, entry, "since", app->since, DAY);
    set_time(r->pool, entry, "used", app->used_at, HOUR);
    set_time(r->pool, entry, "until", app->until, DAY);
    set_time(r->pool, entry, "not_asked", app->not_asked, DAY);
    return entry;
}

/* The link to what comes after a full page of one of the lists. */
static void set_more(request_rec *r, json_t *data, const char *list, const char *after)
{
    const char *url =
        apr_pstrcat(r->pool, ap_os_escape_path(r->pool, r->uri, 1), "?", list, "=", params_encode(r->pool, after), NULL);

    page_set_link(data, apr_pstrcat(r->pool, "more_", list, NULL), url, page_say(r, "more", data));
}

static void set_apps(visit_t *visit, json_t *data, const char *list, const apr_array_header_t *apps)
{
    json_t *entries = json_array();

    for (int i = 0; i < apps->nelts; i++) {
        json_array_append_new(entries, app_data(visit, data, APR_ARRAY_IDX(apps, i, const app_t *)));
    }
    if (apps->nelts == APPS_PAGE) {
        set_more(visit->r, data, list, APR_ARRAY_IDX(apps, apps->nelts - 1, const app_t *)->client_id);
    }
    json_object_set_new(data, list, entries);
}

static void set_sessions(visit_t *visit, json_t *data, const owner_t *owner, const apr_array_header_t *sessions)
{
    request_rec *r = visit->r;
    json_t *entries = json_array();

    for (int i = 0; i < sessions->nelts; i++) {
        const user_session_t *session = APR_ARRAY_IDX(sessions, i, const user_session_t *);
        json_t *entry = json_object();

        page_set(entry, "session_id", session->public_id);
        page_set(entry, "browser", *session->browser ? session->browser : page_say(r, "browser_unknown", data));
        set_time(r->pool, entry, "since", session->created_at, DAY);
        set_time(r->pool, entry, "seen", session->seen_at, HOUR);
        json_object_set_new(entry, "is_this", json_boolean(strcmp(session->public_id, owner->session->public_id) == 0));
        json_array_append_new(entries, entry);
    }
    if (sessions->nelts == LISTING_PAGE) {
        const user_session_t *last = APR_ARRAY_IDX(sessions, sessions->nelts - 1, const user_session_t *);

        set_more(r, data, "sessions", apr_psprintf(r->pool, "%" APR_INT64_T_FMT ".%s", last->created_at, last->public_id));
    }
    json_object_set_new(data, "sessions", entries);
}

/* As set_more wrote it: anybody may write what he likes in its place, and sees sessions of his own. */
static const user_session_t *read_after(apr_pool_t *p, const char *text, user_session_t *session)
{
    char *end;

    if (!text) {
        return NULL;
    }
    session->created_at = apr_strtoi64(text, &end, 10);
    session->public_id = *end ? apr_pstrdup(p, end + 1) : "";
    return session;
}

int apps_page_show(visit_t *visit, const owner_t *owner, const params_t *query)
{
    transaction_t form = visit_new_form(visit, TRANSACTION_APPS, owner->username);
    json_t *data = forms_data(visit->r, NULL, &form, NULL);
    const char *apps_after = params_get(query, "apps"), *consents_after = params_get(query, "consents");
    apr_array_header_t *apps, *consents, *sessions;
    store_t *store = &visit->store;
    user_session_t after;

    if (store_app_list(store, owner->username, apps_after ? apps_after : "", consents_after ? consents_after : "", &apps,
                       &consents) == STORE_DOWN ||
        (owner->session &&
         store_session_list(store, owner->username, read_after(visit->r->pool, params_get(query, "sessions"), &after),
                            &sessions) == STORE_DOWN)) {
        return visit_refuse(visit, owner->username, store_failure(store));
    }
    page_set(data, "user", person_display_name(visit->r, owner->username));
    /* What comes after some entry says nothing of what stands before it, and anybody can make such a link. */
    if (apps_after || consents_after || params_get(query, "sessions")) {
        page_set_link(data, "first_page", ap_os_escape_path(visit->r->pool, visit->r->uri, 1),
                      page_say(visit->r, "back_to_apps", data));
    }
    set_apps(visit, data, "apps", apps);
    set_apps(visit, data, "consents", consents);
    if (owner->session) {
        json_object_set_new(data, "has_sessions", json_true());
        set_sessions(visit, data, owner, sessions);
    }
    if (owner->session && owner->has_own_provider) {
        page_set_link(data, "change_password",
                      apr_pstrcat(visit->r->pool, ap_os_escape_path(visit->r->pool, visit->r->uri, 1), "?password=", NULL),
                      page_say(visit->r, "change_password", data));
    }
    return page_send(visit->r, HTTP_OK, "apps", "apps_title", data);
}

int apps_page_password(visit_t *visit, const owner_t *owner, int status, const char *problem)
{
    transaction_t form = visit_new_form(visit, TRANSACTION_APPS, owner->username);
    json_t *data = forms_data(visit->r, NULL, &form, problem);

    page_set(data, "username", owner->username);
    page_set_link(data, "back", ap_os_escape_path(visit->r->pool, visit->r->uri, 1), page_say(visit->r, "back_to_apps", data));
    return page_send(visit->r, status, "password", "password_title", data);
}
