#include "tap.h"
#include "base/password.h"

#include <apr_md5.h>
#include <apr_strings.h>

#include <string.h>
#include <time.h>

/* Openwall's test vector: quick, by its cost of 5. */
#define QUICK_HASH "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

static char *repeat(apr_pool_t *p, char c, apr_size_t count)
{
    char *text = apr_palloc(p, count + 1);

    memset(text, c, count);
    text[count] = '\0';
    return text;
}

static void test_rules(apr_pool_t *p)
{
    ok(password_problem("") && password_problem("1234567"), "a password that is too short");
    ok(!password_problem("12345678"), "a password that is just long enough");
    ok(!password_problem(repeat(p, 'a', 72)), "72 bytes are allowed");
    ok(password_problem(repeat(p, 'a', 73)), "case 102: 73 bytes are refused");
    ok(password_problem(repeat(p, 'a', 1024 * 1024)), "case 102: a megabyte is refused");
    ok(!password_problem("p\xc3\xa4sswort"), "a password may be any UTF-8");
    ok(password_problem("p\xe4sswort!"), "a password in Latin-1 is refused");
}

/* Of several: what runs beside it makes one longer, none shorter. */
static clock_t time_of(const char *hash, const char *password)
{
    clock_t start, best = 0;

    for (int i = 0; i < 2; i++) {
        start = clock();
        password_verify(hash, password);
        best = !best || clock() - start < best ? clock() - start : best;
    }
    return best;
}

static void test_costs(apr_pool_t *p, const char *hash)
{
    const clock_t wrong = time_of(hash, "wrong password");
    const struct {
        const char *what, *hash, *password;
    } others[] = {
        { "an unknown user", NULL, "wrong password" }, { "a password too long", hash, repeat(p, 'a', 73) },
        { "no hash at all", "*", "wrong password" },   { "a hash that was cut", "$2y$12$truncated", "wrong password" },
        { "a cheaper hash", QUICK_HASH, "U*V" },       { "a cheaper hash, and the right password", QUICK_HASH, "U*U" }
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        clock_t other = time_of(others[i].hash, others[i].password);

        ok(other > wrong * 2 / 3 && wrong > other * 2 / 3, "case 101, 327: %s costs what a wrong password does", others[i].what);
    }
}

static void test_verification(apr_pool_t *p)
{
    const char *password = repeat(p, 'a', 72);
    const char *hash = password_hash(p, password);
    const char *again = password_hash(p, password);

    is_str(hash ? apr_pstrndup(p, hash, 7) : NULL, apr_psprintf(p, "$2y$%02d$", PASSWORD_COST), "the hash is bcrypt");
    ok(hash && strlen(hash) == 60, "... and whole");
    ok(hash && again && strcmp(hash, again) != 0, "the salt differs each time");
    ok(password_verify(hash, password), "the right password");
    ok(!password_verify(hash, repeat(p, 'a', 71)), "a password one byte shorter");
    ok(apr_password_validate(repeat(p, 'a', 73), hash) == APR_SUCCESS, "case 102: bcrypt itself takes 73 bytes for the 72");
    ok(!password_verify(hash, repeat(p, 'a', 73)), "case 102: we do not");

    ok(!password_verify(hash, "wrong password"), "a wrong password");
    ok(!password_verify(NULL, "wrong password"), "an unknown user");
    test_costs(p, hash);
}

static void test_foreign_hashes(void)
{
    const char *const nothing[] = { "", "*", "password", "$2y$12$truncated",
                                    "$2y$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" };
    const char *const foreign[] = { "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "papAq5PwY/QQM",
                                    "$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/" };

    ok(password_verify(QUICK_HASH, "U*U"), "a bcrypt hash made elsewhere ($2a$, cost 5)");
    ok(!password_verify(QUICK_HASH, "U*V"), "a wrong password against it");
    ok(!password_verify(QUICK_HASH, ""), "the empty password against it");
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        ok(!password_verify(nothing[i], "password"), "no hash at all: '%s'", nothing[i]);
    }
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        ok(apr_password_validate("password", foreign[i]) == APR_SUCCESS && !password_verify(foreign[i], "password"),
           "right, but not bcrypt: '%s'", foreign[i]);
    }
}

void test_password(apr_pool_t *p)
{
    test_rules(p);
    test_verification(p);
    test_foreign_hashes();
}
