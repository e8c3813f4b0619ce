/*
 * A one-time password opens nothing but the choice of another one, which nobody else knows; then the user is signed in, and goes
 * on with what he came for. Called by sign_in.c.
 */
#include "web/endpoint/choose_password.h"

#include <httpd.h>
#include <apr_strings.h>

#include "base/password.h"
#include "base/times.h"
#include "grant/user.h"
#include "private.h"
#include "web/endpoint/forms.h"
#include "web/http/audit.h"
#include "web/http/hashing.h"
#include "web/http/log.h"
#include "web/page/page.h"

/* problem is the name of a message, or NULL. */
static int show(visit_t *visit, int status, const user_t *user, const transaction_t *form, const char *problem)
{
    request_rec *r = visit->r;
    json_t *data = forms_data(r, visit->request, form, problem ? page_say(r, problem, page_data(r)) : NULL);

    page_set(data, "username", user->name);
    page_set(data, "by", user->one_time_by);
    page_set(data, "at", times_text(r->pool, user->one_time_at, "%Y-%m-%d %H:%M UTC"));
    return page_send(r, status, "choose-password", "choose_title", data);
}

/* Of the database: as ever. Else the page is used up, and says so. */
static int refuse(visit_t *visit, const char *username, const failure_t *failure)
{
    return failure->error == OAUTH_UNAVAILABLE
               ? visit_refuse(visit, username, failure)
               : visit_refuse_form(visit, HTTP_FORBIDDEN, "error_choice_over", "", failure->reason);
}

int choose_password_ask(visit_t *visit, const user_t *user)
{
    transaction_t form = visit_new_form(visit, TRANSACTION_CHOOSE, user->name);
    const failure_t *failure = choice_begin(&visit->store, user, form.id);

    return failure ? visit_refuse(visit, user->name, failure) : show(visit, HTTP_OK, user, &form, NULL);
}

/* In one turn: *hash of the new password, or the name of what is wrong with it. */
static const char *hash_new(visit_t *visit, const user_t *user, const char *wanted, const char **hash, int *status)
{
    int is_same;

    if (!hashing_enter(visit->r)) {
        *status = HTTP_SERVICE_UNAVAILABLE;
        return "problem_busy";
    }
    is_same = hashing_verify(visit->r, user->password_hash, wanted) != 0;
    *hash = is_same ? NULL : hashing_make(visit->r, wanted);
    hashing_leave(visit->r);
    hashing_forgive(visit->r);
    return is_same ? "problem_same_password" : NULL;
}

/* The new password is his from now on, and he is signed in by it. */
static int accept_chosen(visit_t *visit, const user_t *user, const char *hash)
{
    const failure_t *failure = choice_end(&visit->store, user, hash);

    if (failure) {
        return refuse(visit, user->name, failure);
    }
    log_request(visit->r, LOG_PASSWORD_CHANGED, "user %s chose a password in place of the one-time one",
                log_quote(visit->r->pool, user->name, 64));
    audit(visit->r, .event = AUDIT_PASSWORD, .code = log_code_name(LOG_PASSWORD_CHANGED), .user = user->name);
    visit->has_acted = 1;
    failure = visit_let_in(visit, user->name, user->name, hash, ", by a one-time password");
    return failure ? visit_refuse(visit, user->name, failure) : DECLINED;
}

int choose_password_answer(visit_t *visit, const params_t *params, const char **username)
{
    const char *wanted = params_get(params, "new_password"), *name = params_get(params, "username"), *problem, *hash = NULL;
    transaction_t form = visit_read_form(params);
    const failure_t *failure;
    int status = HTTP_OK;
    user_t *user;

    failure = choice_find(&visit->store, name ? name : "", form.id, &user);
    if (failure) {
        return refuse(visit, name, failure);
    }
    *username = user->name;
    if (!wanted || password_problem(wanted)) {
        return show(visit, HTTP_OK, user, &form, "problem_new_password");
    }
    if ((problem = hash_new(visit, user, wanted, &hash, &status))) {
        return show(visit, status, user, &form, problem);
    }
    return hash ? accept_chosen(visit, user, hash)
                : visit_refuse(visit, user->name,
                               failure_make(visit->r->pool, OAUTH_UNAVAILABLE, "The password could not be changed.",
                                            "it could not be hashed"));
}
