/*
 * The step of the authorization endpoint where the user proves who he is by our own page. authorize.c comes here, whence who has
 * signed in goes on to consent.c; and apps.c.
 */
#include "web/endpoint/sign_in.h"

#include <httpd.h>
#include <apr_strings.h>

#include "grant/user.h"
#include "private.h"
#include "web/endpoint/consent.h"
#include "web/endpoint/forms.h"
#include "web/endpoint/person.h"
#include "web/http/audit.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

static const char *delay_text(request_rec *r, int seconds)
{
    json_t *data = page_data(r);
    apr_time_exp_t time;
    apr_size_t size;
    char text[32];

    /* The minute that begins after it. */
    apr_time_exp_gmt(&time, r->request_time + apr_time_from_sec(seconds + 59));
    apr_strftime(text, &size, sizeof(text), "%H:%M UTC", &time);
    page_set(data, "until", text);
    return page_say(r, "problem_later", data);
}

static const char *problem_text(request_rec *r, const char *name)
{
    return page_say(r, name, page_data(r));
}

/* The outcome is not SIGN_IN_GRANTED. */
static int refuse(visit_t *visit, sign_in_t outcome, const char *username, int wait)
{
    apr_pool_t *p = visit->r->pool;

    switch (outcome) {
    case SIGN_IN_DELAYED:
        return visit_show_sign_in(visit, reply_later(visit->r, HTTP_TOO_MANY_REQUESTS, wait), delay_text(visit->r, wait),
                                  username);
    case SIGN_IN_BUSY:
        return visit_show_sign_in(visit, HTTP_SERVICE_UNAVAILABLE, problem_text(visit->r, "problem_busy"), username);
    case SIGN_IN_DOWN:
        return visit_refuse(visit, NULL,
                            failure_make(p, OAUTH_UNAVAILABLE, "Signing in is not possible at the moment. Try again later.",
                                         "no provider could check the password"));
    default: return visit_show_sign_in(visit, HTTP_OK, problem_text(visit->r, "problem_wrong"), username);
    }
}

/* The cookies of a user who typed his name so, and has proven to be it. */
static const failure_t *let_in(visit_t *visit, const char *username, const char *typed)
{
    const failure_t *failure;
    const char *cookie;

    /* The session that this browser had before is nobody's any more. */
    if ((failure = user_check_enabled(&visit->store, username)) ||
        (failure = session_end(&visit->store, request_cookie(visit->r, visit->conf->session_cookie))) ||
        (failure = session_begin(&visit->store, visit->conf->policy, username, request_record(visit->r)->password_hash,
                                 apr_table_get(visit->r->headers_in, "User-Agent"), &cookie))) {
        return failure;
    }
    person_set_cookie(visit->r, visit->conf->session_cookie, cookie, visit->conf->policy->session_lifetime);
    log_request(visit->r, LOG_SIGNED_IN, "user %s signed in from %s", log_quote(visit->r->pool, username, 64),
                request_address(visit->r));
    audit(visit->r, .event = AUDIT_SIGN_IN, .code = log_code_name(LOG_SIGNED_IN), .user = username);
    return person_remember_browser(visit->r, &visit->store, typed);
}

int sign_in_try(visit_t *visit, const params_t *params, const char **username)
{
    const char *typed = text_trim(visit->r->pool, params_get(params, "username")), *password = params_get(params, "password");
    const failure_t *failure;
    sign_in_t outcome;
    int wait = 0;

    *username = typed;
    if (!typed || !*typed || !password) {
        return visit_show_sign_in(visit, HTTP_OK, problem_text(visit->r, "problem_empty"), typed ? typed : "");
    }
    outcome = person_sign_in(visit->r, username, password, &wait);
    if (outcome != SIGN_IN_GRANTED) {
        return refuse(visit, outcome, *username, wait);
    }
    visit->has_acted = 1;
    failure = let_in(visit, *username, typed);
    return failure ? visit_refuse(visit, *username, failure) : DECLINED;
}

/* Back to the app, which learns that it gets nothing: at once, or by a link where nobody vouches for the address. */
static int cancel(visit_t *visit)
{
    const failure_t *failure = failure_make(visit->r->pool, OAUTH_ACCESS_DENIED, "The user did not sign in.", NULL);
    json_t *data;

    if (!visit_is_undecided(visit) && !authorize_is_stranger(visit->request)) {
        return visit_refuse(visit, NULL, failure);
    }
    log_failure(visit->r, "authorization refused", visit->request->client->id, NULL, failure);
    data = page_data(visit->r);
    if (!visit_is_undecided(visit)) {
        forms_add_back(visit->r, data, visit->request,
                       authorize_failure_uri(visit->r->pool, visit->conf->policy, visit->request, failure));
    }
    return page_message(visit->r, "cancelled", data);
}

int sign_in_answer(visit_t *visit, const params_t *params)
{
    const char *username, *reason;
    transaction_t form = visit_read_form(params);
    const failure_t *failure;
    int status;

    if (person_is_given(visit->r)) {
        return visit_stale_form(visit, &form, "httpd itself has signed a user in, so the module's sign-in page is not used");
    }
    if ((reason = visit_form_problem(visit, TRANSACTION_SIGN_IN, "", &form))) {
        return visit_stale_form(visit, &form, reason);
    }
    if ((failure = visit_resume(visit, &form, NULL))) {
        return visit_refuse(visit, NULL, failure);
    }
    if (params_get(params, "cancel")) {
        return cancel(visit);
    }
    if ((status = sign_in_try(visit, params, &username)) != DECLINED) {
        return status;
    }
    if (visit_is_undecided(visit) && (failure = visit_resume(visit, &form, username))) {
        return visit_refuse(visit, username, failure);
    }
    return consent_decide(visit, username);
}
