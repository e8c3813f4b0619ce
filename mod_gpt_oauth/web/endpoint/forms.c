/*
 * What the pages of the authorization endpoint say: the sign-in form, the consent form, and the link to an app that nobody has
 * vouched for. How they say it stands in conf/pages/. The endpoint's own files call it.
 */
#include "web/endpoint/forms.h"

#include <httpd.h>
#include <apr_strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/times.h"
#include "base/uri.h"
#include "private.h"
#include "web/config/config.h"
#include "web/endpoint/person.h"
#include "web/endpoint/route.h"
#include "web/http/request.h"
#include "web/page/page.h"

/* By what the user knows where he will be sent to. */
static const char *host_of(apr_pool_t *p, const char *redirect_uri)
{
    uri_t uri;

    return uri_parse(p, redirect_uri, &uri) && uri.host ? uri_origin(p, &uri) : redirect_uri;
}

static int is_unverified(const authorization_t *request)
{
    return strcmp(request->client->source, CLIENT_REGISTERED) == 0;
}

/* By what the user knows the app: only the administrator's clients have a name that somebody has looked at. */
static void add_app(request_rec *r, json_t *data, const authorization_t *request)
{
    const client_t *client = request->client;
    const char *name = utf8_valid(client->name, strlen(client->name)) ? text_clean(r->pool, client->name) : "";

    /* A name may be made of nothing but what is left out. */
    page_set(data, "app", name[strspn(name, " ")] ? name : page_say(r, "app_unnamed", data));
    if (is_unverified(request)) {
        json_object_set_new(data, "is_unverified", json_true());
        page_set(data, "host", host_of(r->pool, request->redirect_uri));
        json_object_set_new(data, "is_loopback", json_boolean(uri_is_loopback_redirect(r->pool, request->redirect_uri)));
    }
    /* Whoever cannot prove to be the administrator's app is not vouched for. */
    json_object_set_new(data, "is_known", json_boolean(authorize_may_remember(request)));
    if (strcmp(client->source, CLIENT_DOCUMENT) == 0 && strcmp(client->name, client_document_host(r->pool, client->id)) != 0) {
        page_set(data, "app_host", client_document_host(r->pool, client->id));
    }
}

void forms_add_back(request_rec *r, json_t *data, const authorization_t *request, const char *uri)
{
    page_set(data, "host", host_of(r->pool, request->redirect_uri));
    /* Who registered before today's rules may have a scheme that they do not know. */
    if (!uri_redirect_problem(r->pool, request->redirect_uri, 1)) {
        page_set_link(data, "back", uri, page_say(r, "go_to", data));
    }
}

int forms_detour(request_rec *r, const char *title, const authorization_t *request, const failure_t *failure, const char *uri)
{
    json_t *data = page_data(r);

    json_object_set_new(data, "detour", json_true());
    forms_add_back(r, data, request, uri);
    return page_failure(r, HTTP_BAD_REQUEST, title, failure, data);
}

void forms_set_fields(request_rec *r, json_t *data, const transaction_t *form)
{
    page_set(data, "action", ap_os_escape_path(r->pool, r->uri, 1));
    page_set(data, "transaction", form->id);
    page_set(data, "request", form->request);
    page_set(data, "shown", form->shown);
    page_set(data, "mac", form->mac);
}

json_t *forms_data(request_rec *r, const authorization_t *request, const transaction_t *form, const char *problem)
{
    json_t *data = page_data(r);

    forms_set_fields(r, data, form);
    page_set(data, "problem", problem);
    if (problem) {
        json_object_set_new(data, "is_error", json_true());
    }
    if (request) {
        add_app(r, data, request);
    }
    return data;
}

int forms_sign_in(request_rec *r, int status, const authorization_t *request, const transaction_t *form, const char *problem,
                  const char *username)
{
    json_t *data = forms_data(r, request, form, problem);

    page_set(data, "username", username);
    return page_send(r, status, "sign-in", "sign_in_title", data);
}

json_t *forms_scope_words(request_rec *r, const scope_def_t *def)
{
    const char *language = page_language(r), *text = def->texts ? apr_table_get(def->texts, language) : NULL;
    json_t *words = json_object();

    page_set(words, "scope", def->name);
    page_set(words, "text", text ? text : def->description);
    page_set(words, "text_lang", !text && strcmp(language, "en") != 0 ? "en" : "");
    return words;
}

/* Below it what it includes: nothing twice, and nothing that the user would not read. */
static json_t *scope_line(request_rec *r, const policy_t *policy, const scope_def_t *line, const char *lines)
{
    json_t *words = forms_scope_words(r, line), *more = json_array();
    const char *others = scope_without(r->pool, scope_without(r->pool, line->covers, line->name), lines);

    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (scope_contains(others, def->name)) {
            json_array_append_new(more, forms_scope_words(r, def));
        }
    }
    json_object_set_new(words, "has_more", json_boolean(json_array_size(more)));
    json_object_set_new(words, "more", more);
    return words;
}

/* Of what is asked for that which changes something, or the rest. */
static void add_scopes(request_rec *r, const policy_t *policy, const char *scope, int are_ticked, int is_changes, json_t *groups)
{
    const char *lines = policy_lines(r->pool, policy, scope), *choices = policy_choices(r->pool, policy, scope);
    json_t *list = json_array(), *group = json_object();

    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (scope_contains(lines, def->name) && def->is_changes == is_changes) {
            json_t *words = scope_line(r, policy, def, lines);

            json_object_set_new(words, "is_optional", json_boolean(scope_contains(choices, def->name)));
            json_object_set_new(words, "is_ticked", json_boolean(are_ticked));
            json_array_append_new(list, words);
        }
    }
    if (!json_array_size(list)) {
        json_decref(list);
        json_decref(group);
        return;
    }
    json_object_set_new(group, "is_changing", json_boolean(is_changes));
    json_object_set_new(group, "list", list);
    json_array_append_new(groups, group);
}

/* The last day of a grant that begins now. */
static const char *last_day(request_rec *r, const policy_t *policy)
{
    return times_text(r->pool, apr_time_sec(r->request_time) + policy->refresh_total, "%Y-%m-%d");
}

/* The host of a stranger's own pages, which may claim to be anybody's, is one where the app can be told to be at home. */
static int is_at_home(apr_pool_t *p, const authorization_t *request, const char *url)
{
    const client_t *client = request->client;
    const char *home = strcmp(client->source, CLIENT_DOCUMENT) == 0 ? client->id : request->redirect_uri;
    uri_t there, here;

    return uri_parse(p, url, &there) && uri_parse(p, home, &here) && there.host && here.host &&
           uri_same_root(there.host, here.host);
}

/* Where the app's own pages are. Links are for apps that somebody here knows; of a stranger the page has nothing but the host. */
static void add_app_links(request_rec *r, json_t *data, const authorization_t *request)
{
    static const char *const words[CLIENT_LINKS] = { "app_website", "link_privacy", "link_terms" };
    int is_stranger = authorize_is_stranger(request);
    json_t *links = json_array();

    for (int i = 0; i < CLIENT_LINKS; i++) {
        const char *url = request->client->links[i], *host = url ? uri_page_host(r->pool, url) : NULL;

        if (host && (!is_stranger || is_at_home(r->pool, request, url))) {
            json_t *entry = json_object();

            page_set(entry, "words", page_say(r, words[i], data));
            page_set(entry, "page_host", host);
            if (!is_stranger) {
                page_set_link(entry, "link", url, page_say(r, words[i], data));
            }
            json_object_set_new(entry, "is_next", json_boolean(json_array_size(links)));
            json_array_append_new(links, entry);
        }
    }
    json_object_set_new(data, "has_app_links", json_boolean(json_array_size(links)));
    json_object_set_new(data, "app_links", links);
    json_object_set_new(data, "is_stranger", json_boolean(is_stranger));
}

int forms_consent(request_rec *r, const policy_t *policy, const authorization_t *request, const transaction_t *form,
                  const char *problem, const char *display_name)
{
    json_t *data = forms_data(r, request, form, problem), *scopes = json_array();
    int is_loopback = uri_is_loopback_redirect(r->pool, request->redirect_uri);

    add_app_links(r, data, request);
    add_scopes(r, policy, request->scope, !problem, 0, scopes);
    add_scopes(r, policy, request->scope, !problem, 1, scopes);
    json_object_set_new(data, "scopes", scopes);
    page_set(data, "host", host_of(r->pool, request->redirect_uri));
    json_object_set_new(data, "warning", json_boolean(is_loopback || is_unverified(request)));
    json_object_set_new(data, "is_loopback", json_boolean(is_loopback));
    page_set(data, "user", display_name);
    json_object_set_new(data, "may_switch", json_boolean(!person_is_given(r)));
    page_set(data, "until", last_day(r, policy));
    page_set_link(data, "apps", route_url(r->pool, config_server(r->server), "gpt-oauth-apps"), page_say(r, "apps_link", data));
    json_object_set_new(data, "may_remember", json_boolean(authorize_may_remember(request)));
    return page_send(r, HTTP_OK, "consent", "consent_title", data);
}
