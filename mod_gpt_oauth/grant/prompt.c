/*
 * Reads prompt, max_age and login_hint, and compares times of sign-in with them. authorize.c calls it for each request, and
 * web/endpoint/ when it knows who the user is.
 */
#include "grant/prompt.h"

#include <apr_strings.h>
#include <string.h>

#include "base/scope.h"
#include "grant/user.h"

#define SKEW 60 /* seconds between two hosts of one issuer */

static const failure_t *invalid(apr_pool_t *p, const char *description)
{
    return failure_make(p, OAUTH_INVALID_REQUEST, description, NULL);
}

/* At most as long as a name may be, without half a character at the end. */
static const char *clean_hint(apr_pool_t *p, const char *hint)
{
    const char *clean = hint ? text_trim(p, text_clean(p, hint)) : "", *end = clean;
    apr_int32_t code;
    apr_size_t size;

    while (*end && (text_kind(end, &size, &code), end + size - clean <= USER_NAME_MAX)) {
        end += size;
    }
    return end > clean ? apr_pstrmemdup(p, clean, (apr_size_t)(end - clean)) : NULL;
}

static const failure_t *read_max_age(apr_pool_t *p, const params_t *params, prompt_t *prompt)
{
    const char *text = params_get(params, "max_age");

    prompt->max_age = PROMPT_ANY_AGE;
    if (!text) {
        return NULL;
    }
    if (text[strspn(text, "0123456789")]) {
        return invalid(p, "The parameter max_age is not a number of seconds.");
    }
    prompt->max_age = apr_strtoi64(text, NULL, 10); /* the largest number where it is too large */
    return NULL;
}

const failure_t *prompt_read(apr_pool_t *p, const params_t *params, prompt_t *prompt)
{
    const char *text = params_get(params, "prompt"), *values = text ? scope_normalise(p, text) : "";
    const failure_t *failure = read_max_age(p, params, prompt);

    if (failure) {
        return failure;
    }
    if (!values) {
        return invalid(p, "The parameter prompt has values that are not prompts, or too many of them.");
    }
    prompt->is_none = scope_contains(values, "none");
    if (prompt->is_none && strcmp(values, "none") != 0) {
        return invalid(p, "prompt=none cannot be combined with other prompts.");
    }
    prompt->asks_consent = scope_contains(values, "consent");
    prompt->asks_account = scope_contains(values, "select_account");
    if (scope_contains(values, "login")) {
        prompt->max_age = 0;
    }
    prompt->login_hint = clean_hint(p, params_get(params, "login_hint"));
    return NULL;
}

int prompt_wants_sign_in(const prompt_t *prompt, apr_int64_t signed_in_at, apr_int64_t now)
{
    /* Times are whole seconds, and of a host whose clock may be ahead: with a max_age of 0 none is late enough. */
    return prompt->max_age != PROMPT_ANY_AGE && (prompt->max_age == 0 || now - signed_in_at >= prompt->max_age);
}

int prompt_is_met(const prompt_t *prompt, apr_int64_t signed_in_at, apr_int64_t began_at)
{
    return prompt->max_age == PROMPT_ANY_AGE || began_at - signed_in_at - SKEW <= prompt->max_age;
}
