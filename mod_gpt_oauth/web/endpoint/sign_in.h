/*
 * The sign-in page and the answer to it. Both return what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_SIGN_IN_H
#define GPT_OAUTH_WEB_SIGN_IN_H

#include "web/endpoint/visit.h"

/* The page; problem and username as forms_sign_in has them. */
int sign_in_show(visit_t *visit, int status, const char *problem, const char *username);

/* The form with user name and password. */
int sign_in_answer(visit_t *visit, const params_t *params);

#endif
