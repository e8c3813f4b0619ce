/*
 * What to do about a refusal, found out with the help of the database; and what is wrong with an answer that no endpoint of the
 * module gives. Called by the other steps.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/failure.h"
#include "base/gpt.h"
#include "base/password.h"
#include "base/token.h"
#include "cli/output.h"
#include "cli/try/steps.h"
#include "grant/client.h"

static const char *other_database(const try_t *try)
{
    return apr_psprintf(try->c->pool, "the database of %s says otherwise: the server uses another one, look at its DBDParams",
                        try->c->database->conf.file);
}

const char *try_log_remedy(const try_t *try, const char *error)
{
    oauth_error_t known;

    if (!oauth_error_named(error, &known)) {
        return "httpd's error log says more";
    }
    return apr_psprintf(try->c->pool, "httpd's error log says more (%s: %s)", log_code_name(oauth_error_code(known)),
                        log_code_cause(oauth_error_code(known)));
}

const char *try_secret_remedy(const try_t *try, const client_t *client, const char *secret)
{
    apr_pool_t *p = try->c->pool;
    digest_t hash;

    if (client->disabled_at) {
        return apr_psprintf(p, "the client is disabled: `gptoauth client enable %s` lets it in again", client->id);
    }
    if (!secret) {
        return other_database(try);
    }
    token_hash(secret, &hash);
    if (client->has_secret && crypto_equal(&hash, &client->secret_hash, DIGEST_SIZE)) {
        return other_database(try);
    }
    if (client->has_old_secret && crypto_equal(&hash, &client->old_secret_hash, DIGEST_SIZE)) {
        return apr_psprintf(p, "this is the previous secret%s",
                            client->old_secret_until > try->c->store->now
                                ? "; it is still good, so the server uses another database"
                                : ", and it has expired: paste the new one");
    }
    return apr_psprintf(p, "the secret is not this client's: copy it again, or make a new one with `gptoauth client secret %s`",
                        client->id);
}

const char *try_page_remedy(const try_t *try, const client_t *client, const char *redirect_uri)
{
    apr_pool_t *p = try->c->pool;

    if (client->disabled_at) {
        return apr_psprintf(p, "the client is disabled: `gptoauth client enable %s` lets it in again", client->id);
    }
    if (client_allows_redirect(p, client, redirect_uri)) {
        return apr_psprintf(
            p, "httpd's error log says more (%s or %s); if it says that the client is unknown, the server uses another database",
            log_code_name(LOG_INVALID_REQUEST), log_code_name(LOG_INVALID_CLIENT));
    }
    if (client->is_gpt && gpt_id_of(p, redirect_uri)) {
        return apr_psprintf(p, "%s; if this one is yours, `gptoauth client redirect %s --repin` accepts it",
                            client->gpt_id ? apr_psprintf(p, "the client is pinned to GPT %s", client->gpt_id)
                                           : "the client accepts only its registered URIs",
                            client->id);
    }
    return apr_psprintf(
        p,
        "this redirect URI is not registered: `gptoauth client show %s` lists those that are, and `gptoauth client "
        "redirect` replaces them",
        client->id);
}

const char *try_user_remedy(const try_t *try)
{
    apr_pool_t *p = try->c->pool;
    const char *name = terminal_text(p, try->username);
    user_t *user;

    switch (store_user_get(try->c->store, try->username, &user)) {
    case STORE_DOWN: return NULL;
    case STORE_REFUSED:
        return apr_psprintf(
            p,
            "the module has no user %s: `gptoauth user add %s` makes one; users of another GPTOAuthLoginProvider are not its own",
            name, name);
    case STORE_OK:
    default: break;
    }
    if (user->disabled_at) {
        return apr_psprintf(p, "the user is disabled: `gptoauth user enable %s` lets the user in again", name);
    }
    if (user->password_hash && password_verify(user->password_hash, try->password)) {
        return other_database(try);
    }
    return apr_psprintf(p, "the password is not %s's: `gptoauth user passwd %s` sets a new one", name, name);
}

/* "Basic realm" of httpd's own sign-in; the module asks for Basic too, with its issuer as the realm. */
static const char *foreign_challenge(const try_t *try, const http_answer_t *answer)
{
    const char *challenge = apr_table_get(answer->headers, "WWW-Authenticate");

    return challenge && !strstr(challenge, try->c->server.issuer) && strncasecmp(challenge, "Bearer", 6) != 0 ? challenge : NULL;
}

int try_judge_endpoint(try_t *try, const char *what, const http_answer_t *answer)
{
    report_t *report = try->dialog->report;
    const char *location = apr_table_get(answer->headers, "Location");

    if (answer->problem) {
        report_add(report, PROBLEM, NULL, answer->remedy, "%s: %s", what, answer->problem);
    } else if (answer->status >= 300 && answer->status < 400) {
        report_add(
            report, PROBLEM, NULL,
            "no client follows a redirect here: let no Redirect, RewriteRule or proxy in front touch the endpoints; clients "
            "must be given the final URL",
            "%s redirects to %s", what, dialog_mask(try->dialog, location ? location : "nowhere"));
    } else if (answer->status == 401 && foreign_challenge(try, answer)) {
        report_add(report, PROBLEM, NULL,
                   "take it out of httpd's own sign-in: `AuthType None` and `Require all granted` in a <Location> of this path",
                   "%s is covered by another sign-in: %s", what, foreign_challenge(try, answer));
    } else if (answer->status == 404) {
        report_add(report, PROBLEM, NULL,
                   "is GPTOAuthIssuer set in this very <VirtualHost>, and is GPTOAuthPath the one in the file of --db-conf?",
                   "%s is not there", what);
    } else if (answer->status == 503) {
        report_add(
            report, PROBLEM, NULL,
            apr_psprintf(try->c->pool,
                         "run `gptoauth doctor`, and look for %s or %s in httpd's error log: it says what the database lacks",
                         log_code_name(LOG_UNAVAILABLE), log_code_name(LOG_NO_DATABASE)),
            "%s is out of order: the server cannot work with its database", what);
    } else if (answer->status >= 500) {
        report_add(report, PROBLEM, NULL, "look into httpd's error log", "%s fails", what);
    } else if (answer->status == 429) {
        report_add(report, PROBLEM, NULL, "wait a few minutes; a correct secret is never refused for this reason",
                   "%s has seen too many failed attempts", what);
    } else {
        return 1;
    }
    return 0;
}
