/*
 * Asks for the password again, or for the name of what is to end, before an action. The form that came goes on in the question,
 * with its id: nothing that was typed is lost, and it is spent once. Called by endpoint.c.
 */
#include "web/console/question.h"

#include <apr_strings.h>

#include "base/array.h"
#include "grant/user.h"
#include "private.h"
#include "web/console/fields.h"
#include "web/console/page.h"
#include "web/endpoint/person.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

/* The fields of the question itself. */
#define PASSWORD "present_password"
#define NAME     "typed_name"

/* Of these the page has its own: carried on as well, they would come twice after a wrong answer. */
static int is_own(const char *name)
{
    return strcmp(name, PASSWORD) == 0 || strcmp(name, NAME) == 0 || strcmp(name, "username") == 0;
}

static int is_seal(const char *name)
{
    static const char *const names[] = { "transaction", "request", "shown", "mac" };

    for (int i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The page; problem NULL: nothing is wrong yet. name NULL: it is the password that is asked for. */
static int show(console_t *c, const action_t *action, int status, const char *problem, const char *name)
{
    request_rec *r = c->visit.r;
    json_t *question = json_object();

    console_begin(c, action->heading, "");
    json_object_set_new(c->data, "question", question);
    page_set(question, "action", ap_os_escape_path(r->pool, r->uri, 1));
    for (int i = 0; i < c->params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(c->params->list, i, param_t);

        if (is_seal(param->name)) {
            page_set(question, param->name, param->value);
        } else if (!is_own(param->name)) {
            console_hidden(question, param->name, param->value);
        }
    }
    page_set(question, "field", name ? NAME : PASSWORD);
    page_set(question, name ? "typed" : "username", name ? name : c->owner.username);
    if (problem) {
        console_problem(c, problem);
    }
    return console_send(c, status);
}

/* As a browser shows it: blanks as one, and none around it. */
static const char *squeezed(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text_trim(p, text)), *to = copy;

    for (const char *from = copy; *from; from++) {
        if (*from != ' ' || from[1] != ' ') {
            *to++ = *from;
        }
    }
    *to = '\0';
    return copy;
}

/*
 * What is to be typed: the name that people know it by, or the id of what has no name to be seen. *name NULL: it is gone, and the
 * action will say so.
 */
static store_status_t name_of(console_t *c, const action_t *action, const char **name)
{
    const char *subject = field_text(c, action->subject);
    client_t *client;
    store_status_t status;

    *name = subject;
    if (!subject || strcmp(action->subject, "client") != 0) {
        return STORE_OK;
    }
    status = store_client_get(&c->visit.store, subject, &client);
    if (status == STORE_OK) {
        *name = squeezed(c->visit.r->pool, text_clean(c->visit.r->pool, client->name));
        *name = **name ? *name : subject;
    } else if (status == STORE_REFUSED) {
        *name = NULL;
    }
    return status == STORE_DOWN ? STORE_DOWN : STORE_OK;
}

static int ask_name(console_t *c, const action_t *action)
{
    const char *name = NULL, *typed = field_text(c, NAME);

    if (action->subject && name_of(c, action, &name) == STORE_DOWN) {
        return console_down(c);
    }
    if (!name || (typed && strcmp(squeezed(c->visit.r->pool, text_clean(c->visit.r->pool, typed)), name) == 0)) {
        return DECLINED;
    }
    return show(c, action, HTTP_OK, typed ? "That is another name." : NULL, name);
}

/* A session whose password was typed just now, in place of the one that there is. */
static const failure_t *renew(console_t *c)
{
    request_rec *r = c->visit.r;
    const failure_t *failure = visit_begin_session(&c->visit, c->owner.username, request_record(r)->password_hash);

    return failure ? failure : session_end(&c->visit.store, request_cookie(r, c->visit.conf->session_cookie));
}

static int ask_password(console_t *c, const action_t *action)
{
    request_rec *r = c->visit.r;
    const char *password = params_get(c->params, PASSWORD), *username = c->owner.username;
    const failure_t *failure;
    int wait = 0;

    if (!password) {
        return show(c, action, HTTP_OK, NULL, NULL);
    }
    switch (person_sign_in(r, &username, password, 0, &wait)) {
    case SIGN_IN_GRANTED: break;
    case SIGN_IN_DELAYED:
        return show(c, action, reply_later(r, HTTP_TOO_MANY_REQUESTS, wait), "Too many wrong passwords. Try again later.", NULL);
    case SIGN_IN_BUSY:
    case SIGN_IN_DOWN:
        return show(c, action, HTTP_SERVICE_UNAVAILABLE, "The password cannot be checked just now. Try again in a moment.", NULL);
    case SIGN_IN_ONE_TIME:
    case SIGN_IN_DENIED: return show(c, action, HTTP_OK, "The password is wrong.", NULL);
    }
    if (strcmp(username, c->owner.username) != 0) {
        return show(c, action, HTTP_OK, "The password is wrong.", NULL);
    }
    failure = renew(c);
    return failure ? visit_refuse(&c->visit, username, failure) : DECLINED;
}

int question_ask(console_t *c, const action_t *action)
{
    int status = DECLINED;

    if (c->owner.session && c->owner.session->created_at + PASSWORD_FRESH < c->visit.store.now) {
        status = ask_password(c, action);
    }
    if (status == DECLINED && (action->is_removal || (action->is_end && !c->owner.session))) {
        status = ask_name(c, action);
    }
    return status;
}
