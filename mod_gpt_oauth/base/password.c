/*
 * Hashes passwords and compares them, at the same cost whether there is such a user or not. Called by the sign-in page through
 * web/http/hashing.c, which lets only as many in as there are processors, and by the command.
 */
#include "base/password.h"

#include <apr_lib.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include <string.h>

#include "base/crypto.h"
#include "base/text.h"

#define QUOTE(number) #number
#define TEXT(number)  QUOTE(number)

#define SALT_SIZE 16
#define COST_MIN  4 /* of bcrypt */
#define COST_MAX  31
#define HASH_SIZE 61 /* "$2y$12$", 22 characters of salt, 31 of hash, NUL */

const char *password_problem(const char *password)
{
    apr_size_t size = strlen(password);

    if (size < PASSWORD_MIN) {
        return "the password is shorter than " TEXT(PASSWORD_MIN) " characters";
    }
    if (size > PASSWORD_MAX) {
        return "the password is longer than the " TEXT(PASSWORD_MAX) " bytes that bcrypt looks at";
    }
    if (!utf8_valid(password, size)) {
        return "the password is not UTF-8, so it could never be typed into the sign-in page";
    }
    return NULL;
}

const char *password_hash(apr_pool_t *p, const char *password)
{
    unsigned char salt[SALT_SIZE];
    char hash[HASH_SIZE];

    crypto_random(salt, sizeof(salt));
    if (apr_bcrypt_encode(password, PASSWORD_COST, salt, sizeof(salt), hash, sizeof(hash)) != APR_SUCCESS) {
        return NULL;
    }
    return apr_pstrdup(p, hash);
}

/* The cost of a bcrypt hash, 0 for anything else. */
static unsigned hash_cost(const char *hash)
{
    static const char alphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned cost = 0;

    if (hash && strlen(hash) == HASH_SIZE - 1 && strncmp(hash, "$2", 2) == 0 && strchr("abxy", hash[2]) && hash[3] == '$' &&
        apr_isdigit(hash[4]) && apr_isdigit(hash[5]) && hash[6] == '$' && strspn(hash + 7, alphabet) == HASH_SIZE - 8) {
        cost = (unsigned)(hash[4] - '0') * 10 + (unsigned)(hash[5] - '0');
    }
    return cost >= COST_MIN && cost <= COST_MAX ? cost : 0;
}

static void burn(unsigned cost)
{
    static const unsigned char salt[SALT_SIZE];
    char hash[HASH_SIZE];

    apr_bcrypt_encode("", cost, salt, sizeof(salt), hash, sizeof(hash));
}

int password_verify(const char *hash, const char *password)
{
    unsigned cost = strlen(password) > PASSWORD_MAX ? 0 : hash_cost(hash);
    int fits;

    /* apr_password_validate would go on to crypt(3) and its quick old schemes for anything that is not bcrypt. */
    if (!cost) {
        burn(PASSWORD_COST);
        return 0;
    }
    fits = apr_password_validate(password, hash) == APR_SUCCESS;
    /* A cheaper hash was made elsewhere. One step of cost is twice the work: each of these doubles what was done so far. */
    for (; cost < PASSWORD_COST; cost++) {
        burn(cost);
    }
    return fits;
}
