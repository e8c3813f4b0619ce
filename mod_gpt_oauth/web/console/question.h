/*
 * What is asked again before something is done: the password when it is a quarter of an hour old, and the name of what is to end.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_QUESTION_H
#define GPT_OAUTH_WEB_CONSOLE_QUESTION_H

#include "grant/transaction.h"
#include "web/console/actions.h"

/* Seconds for which a password that was typed is fresh. */
#define PASSWORD_FRESH 900

/* DECLINED when nothing has to be asked, or the answer was right. Else a page that carries the form on, or the refusal. */
int question_ask(console_t *c, const action_t *action);

#endif
