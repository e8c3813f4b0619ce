/*
 * The consent page and the answer to it. Both return what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_CONSENT_H
#define GPT_OAUTH_WEB_CONSENT_H

#include "web/endpoint/visit.h"

/* The user is known: asks, unless the answer is known too. */
int consent_decide(visit_t *visit, const char *username);

/* The consent form with the user's decision. */
int consent_answer(visit_t *visit, const params_t *params);

#endif
