/*
 * The answer to the sign-in page (visit_show_sign_in). Returns what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_SIGN_IN_H
#define GPT_OAUTH_WEB_SIGN_IN_H

#include "web/endpoint/visit.h"

/* The form with user name and password, on the way to consent. */
int sign_in_answer(visit_t *visit, const params_t *params);

/*
 * Why the form, with user name and password or with the new password that a one-time password asks for, is none that this browser
 * was given; NULL: it is.
 */
const char *sign_in_form_problem(const visit_t *visit, const params_t *params, const transaction_t *form);

/*
 * What stands in such a form, which is known to be genuine: DECLINED when the user, *username, is signed in. Else he has been
 * told, and this is what the handler returns.
 */
int sign_in_try(visit_t *visit, const params_t *params, const char **username);

#endif
