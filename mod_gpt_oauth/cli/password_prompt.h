/*
 * Passwords from standard input: asked for twice without echo on a terminal, else one line. Never from the arguments, where ps
 * shows them to everybody.
 */
#ifndef GPT_OAUTH_CLI_PASSWORD_PROMPT_H
#define GPT_OAUTH_CLI_PASSWORD_PROMPT_H

#include <apr_pools.h>

/* NULL and *password, which may be set (password_problem has agreed); or a sentence. */
const char *password_read(apr_pool_t *p, const char *username, const char **password);

/*
 * A secret that exists already, such as a client's: one line, asked for once without echo on a terminal, else the next line of
 * standard input. NULL and *secret; or a sentence. what begins it: "the client's secret".
 */
const char *secret_read(apr_pool_t *p, const char *what, const char **secret);

#endif
