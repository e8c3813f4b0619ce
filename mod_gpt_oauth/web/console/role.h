/*
 * Who may do what at the console: GPTOAuthAdmin and GPTOAuthHelpDesk.
 */
#ifndef GPT_OAUTH_WEB_ROLE_H
#define GPT_OAUTH_WEB_ROLE_H

#include <httpd.h>

#include "web/config/config.h"

/* Each may do what those before it may. */
typedef enum { ROLE_NONE, ROLE_HELP_DESK, ROLE_ADMIN } role_t;

/* Of the user who is signed in at this request, in this very spelling. An expression counts only where httpd signed him in. */
role_t role_of(request_rec *r, const char *username);

/*
 * 1 when one of the two directives names this user, in any spelling, here or at another issuer of the same database: then he is
 * no business of the help desk's.
 */
int role_is_named(request_rec *r, const char *username);
/* 1 when the directive has this very name. rule may be NULL. */
int role_has_name(const role_rule_t *rule, const char *name);
/* 1 when one of them has an expression: then nobody can say whom it takes in, and the help desk sets no passwords. */
int role_has_expression(request_rec *r);

#endif
