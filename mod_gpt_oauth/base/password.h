/*
 * Passwords of the module's own users: bcrypt. Slow on purpose; never call with a database lease in hand.
 */
#ifndef GPT_OAUTH_BASE_PASSWORD_H
#define GPT_OAUTH_BASE_PASSWORD_H

#include <apr_pools.h>

#define PASSWORD_MAX 72 /* bytes that bcrypt looks at; longer ones are refused, not cut */
#define PASSWORD_MIN 8
#ifndef PASSWORD_COST /* less in the builds for sanitizers and mutants, which need not be slow as well */
#define PASSWORD_COST 12
#endif

/* NULL when password may be set, else a sentence. */
const char *password_problem(const char *password);

/* The bcrypt hash ($2y$12$…) of a password that has no problem; NULL on failure. */
const char *password_hash(apr_pool_t *p, const char *password);

/*
 * 1 when it matches. Whatever the answer, it costs what one hash of PASSWORD_COST costs, so that nobody can tell by the time what
 * hash there is, or whether there is one: hash NULL (no such user), one that is not bcrypt, and a password over PASSWORD_MAX
 * match nothing. Only a hash of a higher cost takes longer.
 */
int password_verify(const char *hash, const char *password);

#endif
