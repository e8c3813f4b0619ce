/*
 * The step of the authorization endpoint where the user proves who he is by our own page. authorize.c comes here, whence who has
 * signed in goes on to consent.c; and apps.c.
 */
#include "web/endpoint/sign_in.h"

#include <httpd.h>
#include <apr_strings.h>

#include "base/meter.h"
#include "base/times.h"
#include "private.h"
#include "web/endpoint/choose_password.h"
#include "web/endpoint/consent.h"
#include "web/endpoint/forms.h"
#include "web/endpoint/person.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

static const char *delay_text(request_rec *r, int seconds)
{
    json_t *data = page_data(r);

    /* The minute that begins after it. */
    page_set(data, "until", times_text(r->pool, apr_time_sec(r->request_time) + seconds + 59, "%H:%M UTC"));
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

/* The form of the page behind the sign-in page. */
static int is_choice(const params_t *params)
{
    return params_find(params, "new_password") != NULL;
}

const char *sign_in_form_problem(const visit_t *visit, const params_t *params, const transaction_t *form)
{
    const char *username = params_get(params, "username");

    return is_choice(params) ? visit_form_problem(visit, TRANSACTION_CHOOSE, username ? username : "", form)
                             : visit_form_problem(visit, TRANSACTION_SIGN_IN, "", form);
}

int sign_in_try(visit_t *visit, const params_t *params, const char **username)
{
    static const sign_in_meter_t meters[] = {
        [SIGN_IN_GRANTED] = SIGN_IN_METER_SUCCESS, [SIGN_IN_ONE_TIME] = SIGN_IN_METER_ONE_TIME,
        [SIGN_IN_DENIED] = SIGN_IN_METER_WRONG,    [SIGN_IN_DELAYED] = SIGN_IN_METER_THROTTLED,
        [SIGN_IN_BUSY] = SIGN_IN_METER_BUSY,       [SIGN_IN_DOWN] = SIGN_IN_METER_FAILED,
    };
    const char *typed = text_trim(visit->r->pool, params_get(params, "username")), *password = params_get(params, "password");
    const failure_t *failure;
    sign_in_t outcome;
    int wait = 0;

    if (is_choice(params)) {
        return choose_password_answer(visit, params, username);
    }
    *username = typed;
    if (!typed || !*typed || !password) {
        return visit_show_sign_in(visit, HTTP_OK, problem_text(visit->r, "problem_empty"), typed ? typed : "");
    }
    outcome = person_sign_in(visit->r, username, password, 1, &wait);
    meter_add(visit->conf->meter, METER_SIGN_INS + (int)meters[outcome], 1);
    if (outcome == SIGN_IN_ONE_TIME) {
        return choose_password_ask(visit, request_record(visit->r)->one_time);
    }
    if (outcome != SIGN_IN_GRANTED) {
        return refuse(visit, outcome, *username, wait);
    }
    visit->has_acted = 1;
    failure = visit_let_in(visit, *username, typed, request_record(visit->r)->password_hash, "");
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
    if ((reason = sign_in_form_problem(visit, params, &form))) {
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
