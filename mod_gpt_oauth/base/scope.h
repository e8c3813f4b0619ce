/*
 * Scope strings (RFC 6749 section 3.3). A normalised set is a string of tokens, sorted, each once, one space apart; "" is
 * the empty set. All functions below but scope_normalise take and return normalised sets.
 */
#ifndef GPT_OAUTH_BASE_SCOPE_H
#define GPT_OAUTH_BASE_SCOPE_H

#include <apr_pools.h>

#define SCOPE_OFFLINE   "offline_access"
#define SCOPE_COUNT_MAX 256
/* What clients ask for that take every server for one of OpenID Connect (its Core, section 5.4); a normalised set. */
#define SCOPE_OPENID "address email openid phone profile"

/* What a scope is refused with that cannot be read. */
#define SCOPE_UNREADABLE "the scope has a character that no scope may have; write names separated by spaces"

/* 1 when token is a scope-token: %x21 / %x23-5B / %x5D-7E, and no comma (commas separate, as GPT builders type them). */
int scope_token_valid(const char *token);

/*
 * Normalises what came from outside: spaces and commas separate. NULL when it holds a byte that no scope may hold, or more than
 * SCOPE_COUNT_MAX of them.
 */
const char *scope_normalise(apr_pool_t *p, const char *text);

int scope_contains(const char *set, const char *token);
int scope_subset(const char *inner, const char *outer);
const char *scope_intersect(apr_pool_t *p, const char *a, const char *b);
const char *scope_union(apr_pool_t *p, const char *a, const char *b);
const char *scope_without(apr_pool_t *p, const char *set, const char *others);

#endif
