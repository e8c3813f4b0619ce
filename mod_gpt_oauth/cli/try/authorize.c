/*
 * The steps at the authorization endpoint (RFC 6749 section 4.1.1): the page, the sign-in, consent, and the code that comes back.
 * Called by try.c.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/array.h"
#include "base/crypto.h"
#include "base/log_code.h"
#include "base/params.h"
#include "base/scope.h"
#include "base/token.h"
#include "base/uri.h"
#include "cli/client/html.h"
#include "cli/try/steps.h"

/* Sign-in, consent and the way back, with some to spare for pages of others. */
#define PAGES_MAX   8
#define PAGE_SHOWN  300
#define STATE_SHAPE "%02x%02x%02x%02x-%02x%02x-4%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x"

/* ChatGPT's state is a UUID. */
static const char *new_state(apr_pool_t *p)
{
    unsigned char b[16];
    crypto_random(b, sizeof(b));
    return apr_psprintf(p, STATE_SHAPE, b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15u, b[7], b[8] & 15u, b[9], b[10], b[11],
                        b[12], b[13], b[14], b[15]);
}

/* A new verifier, and its challenge. */
static const char *new_challenge(try_t *try)
{
    apr_pool_t *p = try->c->pool;
    digest_t digest;

    try->verifier = crypto_random_key(p);
    dialog_hide(try->dialog, try->verifier);
    crypto_sha256(try->verifier, strlen(try->verifier), &digest);
    return crypto_base64url(p, digest.byte, DIGEST_SIZE);
}

const char *try_authorize_url(try_t *try, const client_t *client, const char *redirect_uri, const char **state)
{
    const char *challenge = try->uses_pkce ? new_challenge(try) : NULL;
    const char *const pairs[][2] = {
        { "response_type", "code" },
        { "client_id", client->id },
        { "redirect_uri", redirect_uri },
        { "scope", *try->scope ? try->scope : NULL },
        { "state", *state = new_state(try->c->pool) },
        { "code_challenge", challenge },
        { "code_challenge_method", challenge ? "S256" : NULL },
    };

    return uri_append_query(try->c->pool, try->c->server.authorize, pairs, COUNT(pairs));
}

static const char *error_remedy(const try_t *try, const char *error)
{
    if (strcmp(error, "invalid_scope") == 0) {
        return "ask with --scope for what GPTOAuthScope names in the server's configuration and `client show` allows; the "
               "builder's field Scope must say the same";
    }
    if (strcmp(error, "access_denied") == 0 && try->username) {
        return try_user_remedy(try);
    }
    return try_log_remedy(try, error);
}

int try_take_code(try_t *try, const char *url, const char *state)
{
    report_t *report = try->dialog->report;
    apr_pool_t *p = try->c->pool;
    const char *query = strchr(url, '?');
    const params_t *params = params_parse_form(p, query ? query + 1 : "", query ? strlen(query + 1) : 0);
    const char *error = params_get(params, "error"), *description = params_get(params, "error_description");
    const char *echoed = params_get(params, "state"), *iss = params_get(params, "iss");

    if (error) {
        report_add(report, PROBLEM, NULL, error_remedy(try, error), "the server refuses: %s%s%s", error, description ? ": " : "",
                   description ? description : "");
        return 0;
    }
    try->code = params_get(params, "code");
    if (!try->code || params_count(params, "code") != 1) {
        report_add(report, PROBLEM, NULL, "something between the server and the client has changed the URL",
                   "there is no code in it");
        return 0;
    }
    if (!echoed || strcmp(echoed, state) != 0) {
        report_add(report, PROBLEM, NULL, "ChatGPT would say \"Missing state param\": something changes the URL on its way",
                   "the state that comes back is not the one that was sent");
        return 0;
    }
    if (!iss || strcmp(iss, try->c->server.issuer) != 0) {
        report_add(report, PROBLEM, NULL,
                   "give --issuer, or the file of --db-conf, exactly what GPTOAuthIssuer says in the server",
                   "the server calls itself %s, and not %s", iss ? iss : "nothing at all", try->c->server.issuer);
    }
    report_add(report, FINE, NULL, NULL, "a code, the state as it was sent, and the issuer");
    return 1;
}

/* What stands instead of a page to go on from. */
static int judge_page(try_t *try, const client_t *client, const char *redirect_uri, const http_answer_t *answer)
{
    report_t *report = try->dialog->report;

    if (!try_judge_endpoint(try, "the authorization page", answer)) {
        return 0;
    }
    if (answer->status != 200) {
        const char *said = html_text(try->c->pool, answer->body, PAGE_SHOWN);

        report_add(report, PROBLEM, NULL, try_page_remedy(try, client, redirect_uri), "refused: %s",
                   dialog_mask(try->dialog, said));
        return 0;
    }
    return 1;
}

int try_page(try_t *try, const client_t *client, const char *redirect_uri)
{
    const char *state, *location;
    http_request_t request = { .url = try_authorize_url(try, client, redirect_uri, &state) };
    html_form_t form;
    const http_answer_t *answer;

    dialog_step(try->dialog, "The authorization page, for the client itself");
    answer = dialog_send(try->dialog, &request, 0);
    location = apr_table_get(answer->headers, "Location");
    if (location && strncmp(location, redirect_uri, strlen(redirect_uri)) == 0) {
        return try_take_code(try, location, state);
    }
    if (!judge_page(try, client, redirect_uri, answer)) {
        return 0;
    }
    if (!html_form(try->c->pool, answer->body, &form)) {
        report_add(try->dialog->report, PROBLEM, NULL, "does something else answer at this path?", "a page without a form");
        return 0;
    }
    report_add(try->dialog->report, FINE, NULL, NULL, "client, redirect URI and scope are accepted; the user would be asked now");
    return 1;
}

/* Where a form goes, seen from the page at base: anywhere but to another server. NULL: there. */
static const char *form_target(const try_t *try, const char *base, const char *action)
{
    apr_pool_t *p = try->c->pool;
    apr_size_t size = strlen(try->c->server.origin);

    if (!*action) {
        return base;
    }
    if (action[0] == '/' && action[1] != '/') {
        return apr_pstrcat(p, try->c->server.origin, action, NULL);
    }
    return strncmp(action, try->c->server.origin, size) == 0 && action[size] == '/' ? action : NULL;
}

static void add(http_request_t *request, const char *name, const char *value)
{
    APR_ARRAY_PUSH(request->form, const char *) = name;
    APR_ARRAY_PUSH(request->form, const char *) = value;
}

/* Fills in the form of a page. 0: there is nothing to fill in. */
static int fill_in(try_t *try, const http_answer_t *answer, int *signed_in, http_request_t *next, int *hidden)
{
    report_t *report = try->dialog->report;
    apr_pool_t *p = try->c->pool;
    html_form_t form;

    if (!html_form(p, answer->body, &form) || (!form.asks_password && !form.asks_decision)) {
        report_add(report, PROBLEM, NULL, "where another sign-in is in front of the page, use --browser",
                   "a page with neither a sign-in nor a question: %s",
                   dialog_mask(try->dialog, html_text(p, answer->body, PAGE_SHOWN)));
        return 0;
    }
    next->url = form_target(try, next->url, form.action);
    if (!next->url) {
        report_add(report, PROBLEM, NULL, "the password goes to nobody but the issuer", "the form goes to another server: %s",
                   form.action);
        return 0;
    }
    next->form = form.fields;
    *hidden = form.fields->nelts;
    if (form.asks_decision) {
        add(next, "decision", "allow");
        return 1;
    }
    if (*signed_in) {
        report_add(report, PROBLEM, NULL, try_user_remedy(try), "the sign-in is refused: %s",
                   dialog_mask(try->dialog, html_text(p, answer->body, PAGE_SHOWN)));
        return 0;
    }
    *signed_in = 1;
    add(next, "username", try->username);
    add(next, "password", try->password);
    return 1;
}

/* httpd's own Basic sign-in at the page: the same name and password, once. */
static int wants_basic(const http_answer_t *answer, const http_request_t *request)
{
    const char *challenge = apr_table_get(answer->headers, "WWW-Authenticate");

    return answer->status == 401 && !request->basic_user && challenge && strncasecmp(challenge, "Basic", 5) == 0;
}

static int walk(try_t *try, const char *url, const char *state)
{
    http_request_t next = { .url = url };
    int signed_in = 0, hidden = 0;

    for (int page = 0; page < PAGES_MAX; page++) {
        const http_answer_t *answer = dialog_send(try->dialog, &next, hidden);
        const char *location = apr_table_get(answer->headers, "Location");

        if (answer->status >= 300 && answer->status < 400 && location &&
            strncmp(location, try->redirect_uri, strlen(try->redirect_uri)) == 0) {
            return try_take_code(try, location, state);
        }
        if (wants_basic(answer, &next)) {
            next.basic_user = try->username;
            next.basic_password = try->password;
            continue;
        }
        if (next.basic_user && answer->status == 401) {
            report_add(try->dialog->report, PROBLEM, NULL,
                       "these users are httpd's own (AuthType Basic at the page), not the module's",
                       "httpd's own sign-in refuses the name and password");
            return 0;
        }
        if (!judge_page(try, try->client, try->redirect_uri, answer) || !fill_in(try, answer, &signed_in, &next, &hidden)) {
            return 0;
        }
    }
    report_add(try->dialog->report, PROBLEM, NULL, NULL, "the pages never come to an end");
    return 0;
}

int try_authorize(try_t *try)
{
    const char *state, *url = try_authorize_url(try, try->client, try->redirect_uri, &state);
    const char *came;

    try->code = NULL;
    dialog_step(try->dialog,
                try->username ? "Authorization: sign in, allow, and back with a code" : "Authorization, in your browser");
    if (try->username) {
        return walk(try, url, state);
    }
    came = try_await_browser(try, url);
    if (!came) {
        report_add(try->dialog->report, PROBLEM, NULL,
                   apr_psprintf(try->c->pool,
                                "what does the page in the browser say? Its reason is in httpd's error log (%s, %s, %s or %s)",
                                log_code_name(LOG_INVALID_REQUEST), log_code_name(LOG_INVALID_CLIENT),
                                log_code_name(LOG_FORM_REFUSED), log_code_name(LOG_SIGN_IN_FAILED)),
                   "the browser did not come back");
        return 0;
    }
    return try_take_code(try, came, state);
}
