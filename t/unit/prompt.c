/*
 * How the user is to be met (grant/prompt): how old a sign-in may be, and whom the app takes him for.
 */
#include "tap.h"
#include "base/array.h"
#include "grant/prompt.h"

#include <apr_strings.h>

#include <string.h>

/* How old a sign-in may be. */
static void test_age(void)
{
    const struct {
        const char *what;
        apr_int64_t max_age, signed_in_at, began_at;
        int wants, is_met;
    } rows[] = {
        { "no max_age", PROMPT_ANY_AGE, 0, 1000, 0, 1 },
        { "case 322: prompt=login, signed in before", 0, 900, 1000, 1, 0 },
        { "case 322: prompt=login, signed in since, or by a clock that is ahead", 0, 1001, 1000, 1, 1 },
        { "case 322: prompt=login, signed in by a clock that is behind", 0, 941, 1000, 1, 1 },
        { "case 322: prompt=login, signed in within this second", 0, 1000, 1000, 1, 1 },
        { "case 322: a max_age that is kept", 101, 900, 1000, 0, 1 },
        { "case 322: a max_age that is over", 39, 900, 1000, 1, 0 },
        { "case 322: a max_age that is over by less than clocks may differ", 40, 900, 1000, 1, 1 },
        { "case 322: a max_age that ends in this second", 100, 900, 1000, 1, 1 },
        { "the largest max_age", APR_INT64_MAX, 0, 1000, 0, 1 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        const prompt_t prompt = { .max_age = rows[i].max_age };

        ok(prompt_wants_sign_in(&prompt, rows[i].signed_in_at, rows[i].began_at) == rows[i].wants, "%s: %s", rows[i].what,
           rows[i].wants ? "the password is asked for" : "the user goes on");
        ok(prompt_is_met(&prompt, rows[i].signed_in_at, rows[i].began_at) == rows[i].is_met, "... and may %sanswer",
           rows[i].is_met ? "" : "not ");
    }
}

/* Whom the app takes the user for: something to fill in, whatever it sends. */
static void test_hint(apr_pool_t *p)
{
#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    static const struct {
        const char *what, *sent, *wanted;
    } rows[] = {
        { "none", "", "-" },
        { "a name", "alice%40example.com", "alice@example.com" },
        { "blanks", "%20%20", "-" },
        { "blanks around it", "%20alice+b%20", "alice b" },
        { "controls and direction", "al%0D%0Aice%E2%80%AE", "al  ice" },
        { "markup, which is for the page to escape", "%22%3E%3Cb%3E", "\"><b>" },
        { "254 bytes and a character of two", A50 A50 A50 A50 A50 "aaaa%C3%A9", A50 A50 A50 A50 A50 "aaaa" },
        { "255 bytes", A50 A50 A50 A50 A50 "aaaaa", A50 A50 A50 A50 A50 "aaaaa" },
        { "256 bytes", A50 A50 A50 A50 A50 "aaaaab", A50 A50 A50 A50 A50 "aaaaa" },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        const char *query = apr_pstrcat(p, "login_hint=", rows[i].sent, NULL);
        prompt_t prompt = { .is_none = 0 };

        ok(!prompt_read(p, params_parse_form(p, query, strlen(query)), &prompt), "login_hint: %s", rows[i].what);
        is_str(prompt.login_hint ? prompt.login_hint : "-", rows[i].wanted, "... is filled in as '%s'", rows[i].wanted);
    }
}

void test_prompt(apr_pool_t *p)
{
    test_age();
    test_hint(p);
}
