/*
 * The command `try`: goes all the way with a client, or with a stand-in where that would change the client, and clears away what
 * it left. Called by main.c.
 */
#include "cli/try/steps.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/gpt.h"
#include "base/scope.h"
#include "base/token.h"
#include "base/uri.h"
#include "cli/output.h"
#include "cli/password_prompt.h"
#include "grant/client.h"

#define GPT_CALLBACK "https://chat.openai.com/aip/%s/oauth/callback"
/* Of no GPT: ids are "g-" and 40 hex digits. The page accepts it from an open client, and no code is ever sent there. */
#define GPT_NOBODY "g-0000000000000000000000000000000000000000"

static int judge(const command_t *c, const client_t *client)
{
    const char *name = terminal_text(c->pool, client->name);

    if (!client_allows_grant_type(client, "authorization_code")) {
        return fail("\"%s\" signs no user in, so there is nothing to try", name);
    }
    if (!c->args->user == !(c->args->given & ARG_BROWSER)) {
        return fail("specify who signs in: --user NAME (the password is asked for), or --browser (you do it yourself)");
    }
    if (c->args->redirects->nelts > 1) {
        return fail("specify one with --redirect");
    }
    if (c->args->scope && !scope_normalise(c->pool, c->args->scope)) {
        return fail(SCOPE_UNREADABLE);
    }
    return DONE;
}

/* The URI that such a client would be sent to by ChatGPT or by whoever uses it; NULL: it has none. */
static const char *usual_redirect(const command_t *c, const client_t *client)
{
    if (c->args->redirects->nelts) {
        return APR_ARRAY_IDX(c->args->redirects, 0, const char *);
    }
    if (client->gpt_id && !client->gpt_open) {
        return apr_psprintf(c->pool, GPT_CALLBACK, client->gpt_id);
    }
    if (client->redirect_uris->nelts) {
        return APR_ARRAY_IDX(client->redirect_uris, 0, const char *);
    }
    return client->gpt_open ? apr_psprintf(c->pool, GPT_CALLBACK, GPT_NOBODY) : NULL;
}

/* A registered URI at which a program on this computer may listen. */
static const char *loopback_redirect(const command_t *c, const client_t *client)
{
    for (int i = 0; i < client->redirect_uris->nelts; i++) {
        const char *uri = APR_ARRAY_IDX(client->redirect_uris, i, const char *);
        uri_t parsed;

        if (uri_is_loopback_redirect(c->pool, uri) && uri_parse(c->pool, uri, &parsed) && strcmp(parsed.host, "[::1]") != 0) {
            return uri;
        }
    }
    return NULL;
}

/* Why the client itself must not go all the way; NULL: it may, and nothing about it changes. */
static const char *reason_for_stand_in(const try_t *try, const client_t *client, const char *redirect_uri)
{
    const command_t *c = try->c;

    if (client->has_old_secret && client->old_secret_until > c->store->now) {
        return "its old secret would end with the first use of the new one";
    }
    if (client->gpt_open && client_gpt_behind(c->pool, client, redirect_uri)) {
        return "its pin is open, and the first exchange would close it";
    }
    if (!try->username && !uri_is_loopback_redirect(c->pool, redirect_uri)) {
        return "your browser can only come back to this computer, which it has no URI for";
    }
    return NULL;
}

/* In the client's place: the same but for id, name, secret and redirect URI. */
static int make_stand_in(try_t *try, const client_t *client)
{
    const command_t *c = try->c;
    client_t *made = apr_pmemdup(c->pool, client, sizeof(*client));

    if (!(try->secret = client_new_secret(c->store, &made->secret_hash))) {
        return fail_down(c);
    }
    made->id = crypto_random_id(c->pool);
    made->name = apr_psprintf(c->pool, "%.200s (try %.6s)", client->name, made->id);
    made->has_old_secret = 0;
    made->gpt_id = NULL;
    made->gpt_open = 0;
    made->redirect_uris = apr_array_make(c->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(made->redirect_uris, const char *) = try->redirect_uri;
    try_hear_signals();
    if (store_client_add(c->store, made) != STORE_OK) {
        return fail_down(c);
    }
    try->client = made;
    return DONE;
}

static const char *with_port(apr_pool_t *p, const char *redirect_uri, int port)
{
    uri_t uri;

    if (!uri_parse(p, redirect_uri, &uri)) {
        return redirect_uri;
    }
    return apr_psprintf(p, "http://%s:%d%s%s%s", uri.host, port, uri.path, uri.query ? "?" : "", uri.query ? uri.query : "");
}

/* A client that went all the way itself: no access and no remembered consent is left of it. */
static void forget(const try_t *try, apr_int64_t since)
{
    store_t *store = try->c->store;

    for (int i = 0; i < try->grants->nelts; i++) {
        digest_t hash;
        access_t *access;

        token_hash(APR_ARRAY_IDX(try->grants, i, const char *), &hash);
        if (store_access_get(store, &hash, &access) != STORE_OK) {
            continue;
        }
        store_grant_revoke(store, NULL, access->grant_id);
        if (access->username) {
            store_consent_forget(store, access->username, try->client->id, try->redirect_uri, since);
        }
    }
}

/* Which ways of authentication are open to the client. */
static int may_use(const client_t *client, int method)
{
    const char *only = client->auth_method;

    return !only || strcmp(only, method == BY_BASIC ? "client_secret_basic" : "client_secret_post") == 0;
}

/* From the page to tokens, and what can be done with them. */
static void play(try_t *try)
{
    const char *url = try->c->server.url;
    int first = may_use(try->client, BY_POST) ? BY_POST : BY_BASIC;
    int second = may_use(try->client, BY_BASIC) ? BY_BASIC : BY_POST;
    int methods = try->secret && try->username && first != second ? 2 : 1;
    int is_let_in;

    for (int i = 0; i < methods && !try_interrupted; i++) {
        if (!try_authorize(try) || try_interrupted || !try_exchange(try, i ? second : first)) {
            return;
        }
    }
    is_let_in = url && !try_interrupted && try_guard(try, url) && try_call(try, url);
    if (!try->refresh_token || try_interrupted) {
        return;
    }
    if (try_refresh(try, second) && is_let_in && !try_interrupted) {
        try_call(try, url);
    }
    if (try_revoke(try) && is_let_in) {
        try_call_refused(try, url);
    }
}

/* Read from whoever knows them, before anything is done. */
static int read_secrets(try_t *try, const client_t *client)
{
    const command_t *c = try->c;
    const char *problem = NULL;

    if (client->is_public ? c->secret != NULL : 0) {
        return fail("\"%s\" is a public client: it has no secret", client->name);
    }
    try->secret = c->secret;
    if (!client->is_public && !c->secret) {
        problem = secret_read(c->pool, apr_psprintf(c->pool, "Secret of %s", terminal_text(c->pool, client->name)), &try->secret);
    }
    if (!problem && try->username) {
        problem =
            secret_read(c->pool, apr_psprintf(c->pool, "Password of %s", terminal_text(c->pool, try->username)), &try->password);
    }
    dialog_hide(try->dialog, try->secret);
    dialog_hide(try->dialog, try->password);
    return problem ? fail("%s", problem) : DONE;
}

/* During a rotation the server must not see the new secret. */
static void compare_secret(try_t *try, const client_t *client, const char *secret)
{
    digest_t hash;

    dialog_step(try->dialog, "Id and secret of the client itself, compared with the database");
    token_hash(secret, &hash);
    if (crypto_equal(&hash, &client->secret_hash, DIGEST_SIZE) || crypto_equal(&hash, &client->old_secret_hash, DIGEST_SIZE)) {
        report_add(try->dialog->report, FINE, NULL, NULL, "the secret is right");
    } else {
        report_add(try->dialog->report, PROBLEM, NULL, try_secret_remedy(try, client, secret), "the secret is wrong");
    }
}

static int with_stand_in(try_t *try, const client_t *client, const char *redirect_uri, const char *reason)
{
    const command_t *c = try->c;
    const char *secret = try->secret, *problem;
    int port = 0, fine = try_page(try, client, redirect_uri);

    try->redirect_uri = redirect_uri;
    if (client->has_old_secret && client->old_secret_until > c->store->now) {
        compare_secret(try, client, secret);
    } else if (fine) {
        fine = !may_use(client, BY_POST) || try_secret(try, client, secret, BY_POST);
        fine = fine && (!may_use(client, BY_BASIC) || try_secret(try, client, secret, BY_BASIC));
    }
    if (!fine || try_interrupted) {
        return DONE;
    }
    if ((problem = try_listen(try, &port))) {
        return fail("%s", problem);
    }
    try->redirect_uri = apr_psprintf(c->pool, "http://127.0.0.1:%d/callback", port);
    if (make_stand_in(try, client)) {
        return FAILED;
    }
    dialog_step(try->dialog, "A stand-in for the client, with the same settings, goes through the whole exchange");
    report_add(try->dialog->report, FINE, NULL, NULL, "the client itself stays as it is: %s", reason);
    play(try);
    if (store_client_remove(c->store, try->client->id) != STORE_OK) {
        return fail("the stand-in \"%s\" could not be removed: run `gptoauth client remove %s`", try->client->name,
                    try->client->id);
    }
    return DONE;
}

static int without_stand_in(try_t *try, const client_t *client, const char *redirect_uri)
{
    apr_int64_t since = try->c->store->now;
    const char *problem;
    uri_t uri;

    try->client = client;
    try->redirect_uri = redirect_uri;
    if (!try->username && uri_parse(try->c->pool, redirect_uri, &uri)) {
        int port = uri.port ? (int)apr_strtoi64(uri.port, NULL, 10) : 0;

        if ((problem = try_listen(try, &port))) {
            return fail("%s", problem);
        }
        try->redirect_uri = with_port(try->c->pool, redirect_uri, port);
    }
    try_hear_signals();
    play(try);
    forget(try, since);
    return DONE;
}

static json_t *summary(const try_t *try, const client_t *client)
{
    json_t *object = json_object();

    json_object_set_new(object, "client_id", json_string(client->id));
    json_object_set_new(object, "issuer", json_string(try->c->server.issuer));
    json_object_set_new(object, "stand_in", json_boolean(try->client && try->client != client));
    json_object_set(object, "steps", try->dialog->steps);
    return object;
}

int try_client(command_t *c)
{
    try_t try = { .c = c, .username = c->args->user, .listener = -1 };
    report_t *report = report_make(c);
    const char *redirect_uri, *problem, *reason;
    client_t *client;
    http_t *http;
    int status;

    if ((problem = server_open(c->pool, &c->server, c->args, "gptoauth-try", &http))) {
        return fail("%s", problem);
    }
    try.dialog = dialog_make(c, report, http);
    try.grants = apr_array_make(c->pool, 2, sizeof(const char *));
    if (command_find_client(c, c->operands[0], &client) || judge(c, client) || read_secrets(&try, client)) {
        return FAILED;
    }
    c->store->issuer = c->server.issuer;
    try.scope = c->args->scope ? c->args->scope : client->scope;
    try.uses_pkce = !client->is_gpt;
    redirect_uri = try.username || c->args->redirects->nelts ? NULL : loopback_redirect(c, client);
    if (!redirect_uri && !(redirect_uri = usual_redirect(c, client))) {
        return fail("\"%s\" has no redirect URI yet: `gptoauth client redirect` sets it", client->name);
    }
    if (!c->json) {
        printf("Acting as \"%s\" at %s\n", terminal_text(c->pool, client->name), c->server.issuer);
    }
    reason = reason_for_stand_in(&try, client, redirect_uri);
    if (reason && client->is_public) {
        return fail("%s; use --user", reason);
    }
    status = reason ? with_stand_in(&try, client, redirect_uri, reason) : without_stand_in(&try, client, redirect_uri);
    if (try.listener >= 0) {
        close(try.listener);
    }
    if (try_interrupted) {
        return fail("interrupted");
    }
    return status ? status
                  : report_end(
                        report,
                        apr_psprintf(c->pool, "Everything worked%s", c->server.url ? "" : "; --url tries a protected call too"),
                        summary(&try, client));
}
