/*
 * The answer to the sign-in page (visit_show_sign_in). Returns what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_SIGN_IN_H
#define GPT_OAUTH_WEB_SIGN_IN_H

#include "web/endpoint/visit.h"

/* The form with user name and password. */
int sign_in_answer(visit_t *visit, const params_t *params);

#endif
