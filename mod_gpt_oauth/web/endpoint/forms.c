/*
 * What the pages of the authorization endpoint hold: the sign-in form, the consent form, and the link to an app that nobody has
 * vouched for. The endpoint's own files call it.
 */
#include "web/endpoint/forms.h"

#include <httpd.h>
#include <apr_strings.h>

#include "base/scope.h"
#include "base/uri.h"
#include "private.h"
#include "web/http/page.h"

/* A name may be made of nothing but what is left out. */
static const char *app_name(apr_pool_t *p, const client_t *client)
{
    const char *name = page_text(p, client->name);

    return name[strspn(name, " ")] ? name : "An app without a name";
}

/* By what the user knows where he will be sent to, in HTML. */
static const char *place(apr_pool_t *p, const char *redirect_uri)
{
    uri_t uri;

    return page_text(p, uri_parse(p, redirect_uri, &uri) && uri.host ? uri_origin(p, &uri) : redirect_uri);
}

static const char *link_to(apr_pool_t *p, const char *uri, const char *where)
{
    return apr_pstrcat(p, "<p><a rel=\"noopener noreferrer\" href=\"", ap_escape_html(p, uri), "\">Go to ", where, "</a></p>\n",
                       NULL);
}

int forms_detour(request_rec *r, const char *title, const authorization_t *request, const failure_t *failure, const char *uri)
{
    apr_pool_t *p = r->pool;
    const char *where = place(p, request->redirect_uri);
    /* Who registered before today's rules may have a scheme that they do not know. */
    int may_go = !uri_redirect_problem(p, request->redirect_uri, 1);
    const char *body = apr_pstrcat(p, page_what_failed(p, failure), "<p>This app wants to send you to <strong>", where,
                                   "</strong>. Nobody here has checked that address: go there only if you have just come from "
                                   "that app.</p>\n",
                                   may_go ? link_to(p, uri, where) : "", NULL);

    return page_send(r, HTTP_BAD_REQUEST, title, body);
}

/* The fields page_text would change (the request holds %0D%0A as such) are ASCII: escaping is enough. */
static const char *form_start(request_rec *r, const transaction_t *form)
{
    return apr_pstrcat(r->pool, "<form method=\"post\" action=\"", ap_escape_html(r->pool, ap_os_escape_path(r->pool, r->uri, 1)),
                       "\">\n<input type=\"hidden\" name=\"transaction\" value=\"", ap_escape_html(r->pool, form->id),
                       "\">\n<input type=\"hidden\" name=\"request\" value=\"", ap_escape_html(r->pool, form->request),
                       "\">\n<input type=\"hidden\" name=\"shown\" value=\"", ap_escape_html(r->pool, form->shown),
                       "\">\n<input type=\"hidden\" name=\"mac\" value=\"", ap_escape_html(r->pool, form->mac), "\">\n", NULL);
}

/* By what the user knows the app, in HTML: only the administrator's clients have a name that somebody has looked at. */
static const char *app(apr_pool_t *p, const client_t *client)
{
    const char *name = apr_pstrcat(p, "<strong>", app_name(p, client), "</strong>", NULL);

    if (strcmp(client->source, CLIENT_REGISTERED) == 0) {
        return apr_pstrcat(p, name, " <span class=\"mark\">unverified</span>", NULL);
    }
    if (strcmp(client->source, CLIENT_DOCUMENT) == 0 && strcmp(client->name, client_document_host(p, client->id)) != 0) {
        return apr_pstrcat(p, name, " of <strong>", page_text(p, client_document_host(p, client->id)), "</strong>", NULL);
    }
    return name;
}

static const char *warning(apr_pool_t *p, const authorization_t *request)
{
    int is_unverified = strcmp(request->client->source, CLIENT_REGISTERED) == 0;
    const char *sentence = NULL;

    if (uri_is_loopback_redirect(p, request->redirect_uri)) {
        sentence = "The answer goes to a program on this computer. Allow it only if you have just started it yourself.";
    } else if (is_unverified) {
        sentence = "Judge it by the address that you will be sent to.";
    }
    return sentence ? apr_pstrcat(p, "<p class=\"warning\">",
                                  is_unverified ? "This app chose its own name, and nobody has checked it. " : "", sentence,
                                  "</p>\n", NULL)
                    : "";
}

int forms_sign_in(request_rec *r, int status, const authorization_t *request, const transaction_t *form, const char *problem,
                  const char *username)
{
    apr_pool_t *p = r->pool;
    const char *body = apr_pstrcat(
        p, problem ? "<p class=\"problem\" role=\"alert\">" : "", problem ? page_text(p, problem) : "", problem ? "</p>\n" : "",
        "<p>To connect ", app(p, request->client), ", sign in first.</p>\n", form_start(r, form),
        "<label for=\"username\">User name</label>\n"
        "<input id=\"username\" name=\"username\" autocomplete=\"username\" autocapitalize=\"none\" "
        "spellcheck=\"false\" required value=\"",
        username ? page_text(p, username) : "", "\"", username ? "" : " autofocus",
        ">\n<label for=\"password\">Password</label>\n<input id=\"password\" name=\"password\" type=\"password\" "
        "autocomplete=\"current-password\" required",
        username ? " autofocus" : "", ">\n<p class=\"buttons\"><button type=\"submit\">Sign in</button></p>\n</form>\n", NULL);

    return page_send(r, status, "Sign in", body);
}

/* Does another scope of this set include the one of that name? */
static int is_included(const policy_t *policy, const char *scope, const char *name)
{
    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (scope_contains(scope, def->name) && strcmp(def->name, name) != 0 && scope_contains(def->covers, name)) {
            return 1;
        }
    }
    return 0;
}

/* What is asked for, and below each scope what it includes: nothing twice, and nothing that the user would not read. */
static const char *scope_list(apr_pool_t *p, const policy_t *policy, const char *scope)
{
    const char *list = "<ul>\n";

    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (scope_contains(scope, def->name) && !is_included(policy, scope, def->name)) {
            const char *others = scope_without(p, def->covers, def->name);

            list = apr_pstrcat(p, list, "<li>", page_text(p, def->description), *others ? "\n" : "",
                               *others ? scope_list(p, policy, others) : "", "</li>\n", NULL);
        }
    }
    return apr_pstrcat(p, list, "</ul>\n", NULL);
}

int forms_consent(request_rec *r, const policy_t *policy, const authorization_t *request, const transaction_t *form,
                  const char *display_name)
{
    apr_pool_t *p = r->pool;
    const char *body =
        apr_pstrcat(p, "<p>", app(p, request->client), " wants to:</p>\n", scope_list(p, policy, request->scope),
                    "<p>You will be sent to <strong>", place(p, request->redirect_uri), "</strong>.</p>\n", warning(p, request),
                    form_start(r, form),
                    "<p class=\"buttons\"><button type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>\n"
                    "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"second\">Deny</button></p>\n</form>\n"
                    "<p class=\"small\">Signed in as ",
                    page_text(p, display_name), ".",
                    authorize_may_remember(request) ? " If you allow it, you will not be asked for the same access again." : "",
                    "</p>\n", NULL);

    return page_send(r, HTTP_OK, apr_pstrcat(p, "Connect ", request->client->name, "?", NULL), body);
}
