/*
 * The answer to the sign-in page (visit_show_sign_in). Returns what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_SIGN_IN_H
#define GPT_OAUTH_WEB_SIGN_IN_H

#include "web/endpoint/visit.h"

/* The form with user name and password, on the way to consent. */
int sign_in_answer(visit_t *visit, const params_t *params);

/*
 * What stands in such a form, which is known to be genuine: DECLINED when the user, *username, is signed in. Else he has been
 * told, and this is what the handler returns.
 */
int sign_in_try(visit_t *visit, const params_t *params, const char **username);

#endif
