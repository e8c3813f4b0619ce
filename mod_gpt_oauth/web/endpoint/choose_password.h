/*
 * The page behind a sign-in by a one-time password, where the user chooses another one. Both return what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_CHOOSE_PASSWORD_H
#define GPT_OAUTH_WEB_CHOOSE_PASSWORD_H

#include "web/endpoint/visit.h"

/* To this user, who has just typed his one-time password. Nobody is signed in by that. */
int choose_password_ask(visit_t *visit, const user_t *user);

/*
 * What stands in its form, which is known to be genuine: DECLINED when the user, *username, has chosen, and is signed in. Else he
 * has been told.
 */
int choose_password_answer(visit_t *visit, const params_t *params, const char **username);

#endif
