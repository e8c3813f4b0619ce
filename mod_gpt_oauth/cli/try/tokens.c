/*
 * The steps at the token endpoint, the revocation endpoint and a protected URL (RFC 6749 sections 4.1.3 and 6, 7009, 6750).
 * Called by try.c.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/scope.h"
#include "base/token.h"
#include "cli/try/steps.h"

static http_request_t token_request(try_t *try, const client_t *client, const char *secret, int method,
                                    const char *const pairs[][2], const char *url)
{
    http_request_t request = { .url = url, .form = apr_array_make(try->c->pool, 12, sizeof(const char *)) };

    for (int i = 0; pairs[i][0]; i++) {
        if (pairs[i][1]) {
            APR_ARRAY_PUSH(request.form, const char *) = pairs[i][0];
            APR_ARRAY_PUSH(request.form, const char *) = pairs[i][1];
        }
    }
    if (secret && method == BY_BASIC) {
        request.basic_user = client->id;
        request.basic_password = secret;
        request.encode = 1;
        return request;
    }
    APR_ARRAY_PUSH(request.form, const char *) = "client_id";
    APR_ARRAY_PUSH(request.form, const char *) = client->id;
    if (secret) {
        APR_ARRAY_PUSH(request.form, const char *) = "client_secret";
        APR_ARRAY_PUSH(request.form, const char *) = secret;
    }
    return request;
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static const char *error_remedy(const try_t *try, const client_t *client, const char *secret, const char *error)
{
    if (strcmp(error, "invalid_client") == 0) {
        return client->auth_method && strcmp(client->auth_method, "none") != 0
                   ? apr_psprintf(try->c->pool, "%s (it may use %s only)", try_secret_remedy(try, client, secret),
                                  client->auth_method)
                   : try_secret_remedy(try, client, secret);
    }
    if (strcmp(error, "invalid_grant") == 0) {
        return apr_psprintf(try->c->pool, "%s; `gptoauth doctor` compares clocks and databases", try_log_remedy(try, error));
    }
    return try_log_remedy(try, error);
}

/* The answer's object when it is one of a token endpoint with status 200; else says what is wrong. */
static json_t *judge(try_t *try, const client_t *client, const char *secret, const http_answer_t *answer, const char *what)
{
    report_t *report = try->dialog->report;
    json_t *object;

    if (!try_judge_endpoint(try, what, answer)) {
        return NULL;
    }
    object = strcmp(answer->type, "application/json") == 0 ? json_parse_object(try->c->pool, answer->body, answer->size) : NULL;
    if (!object) {
        report_add(report, PROBLEM, NULL, "does something else answer at this path? ChatGPT can read nothing but JSON there",
                   "%s does not answer in JSON", what);
        return NULL;
    }
    if (answer->status != 200) {
        const char *error = member(object, "error"), *description = member(object, "error_description");

        report_add(report, PROBLEM, NULL, error_remedy(try, client, secret, error ? error : ""), "refused: %s%s%s",
                   error ? error : "no error is named", description ? ": " : "",
                   description ? dialog_mask(try->dialog, description) : "");
        return NULL;
    }
    return object;
}

static void judge_scope(try_t *try, const char *got)
{
    apr_pool_t *p = try->c->pool;
    const char *asked = scope_normalise(p, try->scope), *granted = scope_normalise(p, got), *missing = "";
    char *last, *list;

    if (!asked || !granted || scope_subset(asked, granted)) {
        return;
    }
    list = apr_pstrdup(p, asked);
    for (const char *name = apr_strtok(list, " ", &last); name; name = apr_strtok(NULL, " ", &last)) {
        if (!scope_contains(granted, name)) {
            missing = apr_pstrcat(p, missing, *missing ? " " : "", name, NULL);
        }
    }
    report_add(
        try->dialog->report, PROBLEM, NULL,
        apr_psprintf(p,
                     "name it by GPTOAuthScope in the server's configuration, and let the client ask for it: `gptoauth client "
                     "show %s`",
                     try->client->id),
        "the server did not grant what was asked for: %s", missing);
}

/* Takes the tokens out of an answer that is good. */
static int take_tokens(try_t *try, const http_answer_t *answer, const json_t *object)
{
    report_t *report = try->dialog->report;
    const char *access = member(object, "access_token"), *refresh = member(object, "refresh_token"),
               *scope = member(object, "scope");
    const char *type = member(object, "token_type"), *cache = apr_table_get(answer->headers, "Cache-Control");
    apr_int64_t lifetime = json_integer_value(json_object_get(object, "expires_in"));

    if (!access || !type || strcasecmp(type, "Bearer") != 0) {
        report_add(report, PROBLEM, NULL, "does another server answer at this path?", "the answer has no Bearer token");
        return 0;
    }
    try->access_token = access;
    try->refresh_token = refresh ? refresh : try->refresh_token;
    if (!refresh) {
        report_add(report, PROBLEM, NULL, "the client's grant types must include refresh_token",
                   "there is no refresh token: ChatGPT would ask its users to sign in again each time the token ends");
    }
    if (!cache || !strstr(cache, "no-store")) {
        report_add(report, WARNING, NULL, "let no Header directive of the server change Cache-Control here",
                   "the answer may be cached");
    }
    report_add(report, FINE, NULL, NULL, "an access token for %" APR_INT64_T_FMT " s%s, scope %s", lifetime,
               refresh ? " and a refresh token" : "", scope && *scope ? scope : "(none)");
    judge_scope(try, scope ? scope : "");
    return 1;
}

static const char *how(const try_t *try, int method)
{
    return !try->secret ? "without a secret" : method == BY_BASIC ? "by Basic authorization header" : "by POST";
}

int try_exchange(try_t *try, int method)
{
    const http_answer_t *answer;
    const json_t *object;
    const char *const pairs[][2] = { { "grant_type", "authorization_code" },
                                     { "code", try->code },
                                     { "redirect_uri", try->redirect_uri },
                                     { "code_verifier", try->uses_pkce ? try->verifier : NULL },
                                     { NULL, NULL } };
    http_request_t request = token_request(try, try->client, try->secret, method, pairs, try->c->server.token);

    dialog_step(try->dialog, apr_psprintf(try->c->pool, "The code for tokens, %s", how(try, method)));
    answer = dialog_send(try->dialog, &request, 0);
    object = judge(try, try->client, try->secret, answer, "the token endpoint");
    if (!object || !take_tokens(try, answer, object)) {
        return 0;
    }
    APR_ARRAY_PUSH(try->grants, const char *) = try->access_token;
    return 1;
}

int try_secret(try_t *try, const client_t *client, const char *secret, int method)
{
    const http_answer_t *answer;
    const json_t *object;
    const char *error;
    digest_t key;
    const char *const pairs[][2] = {
        { "grant_type", "authorization_code" },
        { "code", store_tag_key(try->c->store, &key) == STORE_OK ? token_mint(try->c->pool, TOKEN_CODE, &key) : "gptc_none" },
        { "redirect_uri", try->redirect_uri },
        { NULL, NULL },
    };
    http_request_t request = token_request(try, client, secret, method, pairs, try->c->server.token);

    dialog_step(try->dialog, apr_psprintf(try->c->pool, "Id and secret of the client itself, with a code that nobody issued, %s",
                                          how(try, method)));
    answer = dialog_send(try->dialog, &request, 0);
    object = json_parse_object(try->c->pool, answer->body, answer->size);
    error = object ? member(object, "error") : NULL;
    if (answer->status == 400 && error && strcmp(error, "invalid_grant") == 0) {
        report_add(try->dialog->report, FINE, NULL, NULL, "the secret is right: only the code is refused, as it must be");
        return 1;
    }
    if (judge(try, client, secret, answer, "the token endpoint")) {
        report_add(try->dialog->report, PROBLEM, NULL, NULL, "a code that nobody issued was accepted");
    }
    return 0;
}

int try_refresh(try_t *try, int method)
{
    const http_answer_t *answer;
    const json_t *object;
    const char *const pairs[][2] = { { "grant_type", "refresh_token" }, { "refresh_token", try->refresh_token }, { NULL, NULL } };
    http_request_t request = token_request(try, try->client, try->secret, method, pairs, try->c->server.token);

    dialog_step(try->dialog, apr_psprintf(try->c->pool, "New tokens for the refresh token, %s", how(try, method)));
    answer = dialog_send(try->dialog, &request, 0);
    object = judge(try, try->client, try->secret, answer, "the token endpoint");
    return object && take_tokens(try, answer, object);
}

int try_revoke(try_t *try)
{
    const http_answer_t *answer;
    const char *const again[][2] = { { "grant_type", "refresh_token" }, { "refresh_token", try->refresh_token }, { NULL, NULL } };
    const char *const pairs[][2] = { { "token", try->refresh_token }, { "token_type_hint", "refresh_token" }, { NULL, NULL } };
    http_request_t request = token_request(try, try->client, try->secret, BY_POST, pairs, try->c->server.revoke);
    report_t *report = try->dialog->report;

    dialog_step(try->dialog, "Revocation");
    answer = dialog_send(try->dialog, &request, 0);
    if (!try_judge_endpoint(try, "the revocation endpoint", answer)) {
        return 0;
    }
    if (answer->status != 200) {
        return judge(try, try->client, try->secret, answer, "the revocation endpoint") != NULL;
    }
    request = token_request(try, try->client, try->secret, BY_POST, again, try->c->server.token);
    answer = dialog_send(try->dialog, &request, 0);
    if (answer->status == 200) {
        report_add(report, PROBLEM, NULL, NULL, "the refresh token still works");
        return 0;
    }
    report_add(report, FINE, NULL, NULL, "revoked: the refresh token no longer works");
    return 1;
}

static const char *challenge_remedy(const try_t *try, const http_answer_t *answer)
{
    const char *challenge = apr_table_get(answer->headers, "WWW-Authenticate");

    if (challenge && strstr(challenge, "insufficient_scope")) {
        const char *scope = strstr(challenge, "scope=\"");

        return scope ? apr_psprintf(try->c->pool,
                                    "it needs the scope %.*s: ask for it with --scope, and in the builder's field Scope",
                                    (int)strcspn(scope + 7, "\""), scope + 7)
                     : "ask for more with --scope, and in the builder's field Scope";
    }
    if (answer->status == 401) {
        return "does this Location trust another issuer, or does something in front take the Authorization header away?";
    }
    if (answer->status == 403) {
        return "another Require of this Location refuses: Require oauth-client names ids, and a stand-in has one of its own";
    }
    if (answer->status == 404) {
        return "the token was accepted, but nothing is at this URL: try another --url";
    }
    return answer->status >= 500 ? "the token was accepted, but the application behind httpd fails" : NULL;
}

/* A call with the token that is at hand, or without (token NULL). */
static http_answer_t *call(try_t *try, const char *url, const char *token)
{
    http_request_t request = { .url = url, .bearer = token, .headers = { "Accept: */*" } };

    return dialog_send(try->dialog, &request, 0);
}

static int judge_refusal(try_t *try, const http_answer_t *answer, const char *praise, const char *blame)
{
    report_t *report = try->dialog->report;
    const char *challenge = apr_table_get(answer->headers, "WWW-Authenticate");

    if (answer->problem) {
        report_add(report, PROBLEM, NULL, answer->remedy, "%s", answer->problem);
    } else if (answer->status >= 200 && answer->status < 300) {
        report_add(report, PROBLEM, NULL,
                   "AuthType GPTOAuth and a Require must be in the <Location> of this URL, and no later "
                   "<Location> may undo them",
                   "%s", blame);
    } else if (answer->status == 401 && challenge && strncasecmp(challenge, "Bearer", 6) == 0) {
        report_add(report, FINE, NULL, NULL, "%s", praise);
        return 1;
    } else if (try_judge_endpoint(try, "the URL", answer)) {
        report_add(report, PROBLEM, NULL, "is this Location guarded by AuthType GPTOAuth?",
                   "the answer should be 401 with a Bearer challenge, and is %s", http_status_text(try->c->pool, answer->status));
    }
    return 0;
}

int try_guard(try_t *try, const char *url)
{
    dialog_step(try->dialog, "A protected call, without a token");
    return judge_refusal(try, call(try, url, NULL), "nobody is let in", "the URL is open to everybody");
}

int try_call(try_t *try, const char *url)
{
    report_t *report = try->dialog->report;
    const http_answer_t *answer;

    dialog_step(try->dialog, "The protected call, with the token");
    answer = call(try, url, try->access_token);
    if (answer->problem) {
        report_add(report, PROBLEM, NULL, answer->remedy, "%s", answer->problem);
    } else if (answer->status >= 300 && answer->status < 400) {
        report_add(report, PROBLEM, NULL,
                   "give the final URL in the schema: a client that follows may lose its Authorization header",
                   "the URL redirects");
    } else if (answer->status >= 400) {
        report_add(report, PROBLEM, NULL, challenge_remedy(try, answer), "the answer is %s",
                   http_status_text(try->c->pool, answer->status));
    } else {
        report_add(report, FINE, NULL, NULL, "it answers %s", http_status_text(try->c->pool, answer->status));
        return 1;
    }
    return 0;
}

int try_call_refused(try_t *try, const char *url)
{
    dialog_step(try->dialog, "The protected call, after revocation");
    return judge_refusal(try, call(try, url, try->access_token), "the access token is refused at once",
                         "the access token still works");
}
