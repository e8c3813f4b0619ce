#include "web/endpoint/page.h"

#include <httpd.h>
#include <apr_encode.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "base/crypto.h"
#include "base/scope.h"
#include "base/text.h"
#include "base/uri.h"
#include "private.h"
#include "web/http/reply.h"

static const char style[] =
    ":root{color-scheme:light dark}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#f4f5f7;color:#1b1f24;font:1rem/1.5 system-ui,sans-serif}"
    "main{max-width:26rem;margin:8vh auto;padding:2rem;overflow-wrap:anywhere}"
    "main{background:#fff;border:1px solid #d8dce2;border-radius:.75rem}"
    "h1{margin:0 0 1rem;font-size:1.35rem;line-height:1.3}"
    "a{color:#1f5fbf}"
    "label{display:block;margin-top:1rem;font-weight:600}"
    "input{display:block;width:100%;margin-top:.25rem;padding:.6rem;font:inherit;border:1px solid #848d99;border-radius:.4rem}"
    "button{padding:.65rem 1.4rem;font:inherit;font-weight:600;border:1px solid #1f5fbf;border-radius:.4rem;"
    "background:#1f5fbf;color:#fff;cursor:pointer}"
    "button.second{background:#fff;color:#1f5fbf}"
    ":focus-visible{outline:3px solid #e09f1f;outline-offset:2px}"
    ".buttons{display:flex;gap:.75rem;margin:1.5rem 0 0}"
    ".problem{padding:.6rem .8rem;border-left:4px solid #b3261e;background:#fdeeed}"
    ".warning{padding:.6rem .8rem;border-left:4px solid #a86b00;background:#fff6e3}"
    ".small{color:#535c68;font-size:.9rem}"
    ".mark{padding:.1rem .4rem;border-radius:.3rem;background:#fff6e3;color:#7a4d00;font-size:.85rem;font-weight:600}"
    "main>:last-child{margin-bottom:0}"
    "@media(max-width:30rem){main{margin:1rem;padding:1.25rem}}"
    "@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e8eb}main{background:#1d2126;border-color:#3a414a}"
    "a{color:#8ab4f8}input{background:#15181c;color:inherit}button.second{background:none;color:#8ab4f8;border-color:#8ab4f8}"
    ".problem{background:#3a1b19}.warning,.mark{background:#352a12}.mark{color:#f2c879}"
    ".small{color:#a7b0bb}}";

/* Text from anywhere, fit for HTML text and double-quoted attributes: escaped, without control and deceptive characters. */
static const char *page_text(apr_pool_t *p, const char *text)
{
    return utf8_valid(text, strlen(text)) ? ap_escape_html(p, text_clean(p, text)) : "(unreadable)";
}

/* A name may be made of nothing but what is left out. */
static const char *app_name(apr_pool_t *p, const client_t *client)
{
    const char *name = page_text(p, client->name);

    return name[strspn(name, " ")] ? name : "An app without a name";
}

static const char *content_security_policy(apr_pool_t *p)
{
    digest_t hash;

    /* No form-action: Chromium applies it to the redirect after Allow, and the app would never hear. */
    crypto_sha256(style, sizeof(style) - 1, &hash);
    return apr_pstrcat(p, "default-src 'none'; style-src 'sha256-",
                       apr_pencode_base64_binary(p, hash.byte, DIGEST_SIZE, APR_ENCODE_NONE, NULL),
                       "'; base-uri 'none'; frame-ancestors 'none'", NULL);
}

/* Sets the headers of a page, and returns its text. */
static const char *make_page(request_rec *r, const char *title, const char *body)
{
    const char *heading = page_text(r->pool, title);

    reply_no_store(r);
    apr_table_setn(r->err_headers_out, "X-Frame-Options", "DENY");
    apr_table_setn(r->err_headers_out, "Content-Security-Policy", content_security_policy(r->pool));
    return apr_pstrcat(r->pool,
                       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
                       heading, "</title>\n<style>", style, "</style>\n</head>\n<body>\n<main>\n<h1>", heading, "</h1>\n", body,
                       "</main>\n</body>\n</html>\n", NULL);
}

static int send_page(request_rec *r, int status, const char *title, const char *body)
{
    const char *text = make_page(r, title, body);

    if (status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER_DOWN);
    }
    r->status = status;
    ap_set_content_type(r, "text/html;charset=UTF-8");
    ap_rputs(text, r);
    return OK;
}

static const char *what_failed(apr_pool_t *p, const failure_t *failure)
{
    return apr_pstrcat(p, "<p>", page_text(p, failure->description),
                       "</p>\n<p class=\"small\">Error: ", oauth_error_name(failure->error), "</p>\n", NULL);
}

int page_failure(request_rec *r, int status, const char *title, const failure_t *failure)
{
    return send_page(r, status, title, what_failed(r->pool, failure));
}

const char *page_failure_text(request_rec *r, const char *title, const failure_t *failure)
{
    return make_page(r, title, what_failed(r->pool, failure));
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

int page_detour(request_rec *r, const char *title, const authorization_t *request, const failure_t *failure, const char *uri)
{
    apr_pool_t *p = r->pool;
    const char *where = place(p, request->redirect_uri);
    /* Who registered before today's rules may have a scheme that they do not know. */
    int may_go = !uri_redirect_problem(p, request->redirect_uri, 1);
    const char *body = apr_pstrcat(p, what_failed(p, failure), "<p>This app wants to send you to <strong>", where,
                                   "</strong>. Nobody here has checked that address: go there only if you have just come from "
                                   "that app.</p>\n",
                                   may_go ? link_to(p, uri, where) : "", NULL);

    return send_page(r, HTTP_BAD_REQUEST, title, body);
}

int page_message(request_rec *r, const char *title, const char *sentence)
{
    return send_page(r, HTTP_OK, title, apr_pstrcat(r->pool, "<p>", page_text(r->pool, sentence), "</p>\n", NULL));
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
    if (strcmp(client->source, CLIENT_DOCUMENT) == 0 && strcmp(client->name, document_host(p, client->id)) != 0) {
        return apr_pstrcat(p, name, " of <strong>", page_text(p, document_host(p, client->id)), "</strong>", NULL);
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
        sentence = "Go by the address that you will be sent to.";
    }
    return sentence ? apr_pstrcat(p, "<p class=\"warning\">",
                                  is_unverified ? "This app chose its name itself, and nobody has checked it. " : "", sentence,
                                  "</p>\n", NULL)
                    : "";
}

int page_sign_in(request_rec *r, int status, const authorization_t *request, const transaction_t *form, const char *problem,
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

    return send_page(r, status, "Sign in", body);
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

int page_consent(request_rec *r, const policy_t *policy, const authorization_t *request, const transaction_t *form,
                 const char *display_name)
{
    apr_pool_t *p = r->pool;
    const char *body = apr_pstrcat(
        p, "<p>", app(p, request->client), " wants to:</p>\n", scope_list(p, policy, request->scope),
        "<p>You will be sent to <strong>", place(p, request->redirect_uri), "</strong>.</p>\n", warning(p, request),
        form_start(r, form),
        "<p class=\"buttons\"><button type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>\n"
        "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"second\">Deny</button></p>\n</form>\n"
        "<p class=\"small\">Signed in as ",
        page_text(p, display_name), ".",
        authorize_may_remember(request) ? " If you allow it, you will not be asked for the same again." : "", "</p>\n", NULL);

    return send_page(r, HTTP_OK, apr_pstrcat(p, "Connect ", request->client->name, "?", NULL), body);
}
