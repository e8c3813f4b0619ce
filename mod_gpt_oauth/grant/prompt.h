/*
 * How the user is to be met, as the app wants it (OpenID Connect Core 3.1.2.1): prompt, max_age and login_hint.
 */
#ifndef GPT_OAUTH_GRANT_PROMPT_H
#define GPT_OAUTH_GRANT_PROMPT_H

#include "base/failure.h"
#include "base/params.h"

#define PROMPT_ANY_AGE (-1)

typedef struct prompt_t {
    int is_none;            /* no page is to be shown */
    int asks_consent;       /* the user decides anew */
    int asks_account;       /* select_account: he is shown whom he is taken for, and may be another one */
    apr_int64_t max_age;    /* seconds since he proved who he is; 0 for prompt=login too; PROMPT_ANY_AGE */
    const char *login_hint; /* whom the app takes him for: a stranger's word, clean and short, for an input field; NULL */
} prompt_t;

/* NULL and *prompt, or invalid_request. Values of prompt that are not known are ignored. */
const failure_t *prompt_read(apr_pool_t *p, const params_t *params, prompt_t *prompt);

/* Has a user who signed in at that time to sign in again for a request that comes in now? */
int prompt_wants_sign_in(const prompt_t *prompt, apr_int64_t signed_in_at, apr_int64_t now);

/* Is that done for a request that began then: by a sign-in since, or by one that was recent enough? */
int prompt_is_met(const prompt_t *prompt, apr_int64_t signed_in_at, apr_int64_t began_at);

#endif
