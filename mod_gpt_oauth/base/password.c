#include "password.h"
#include "crypto.h"
#include "params.h"

#include <apr_md5.h>
#include <apr_strings.h>

#include <string.h>

#define QUOTE(number) #number
#define TEXT(number)  QUOTE(number)

#define SALT_SIZE 16
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
        return "the password is not UTF-8, so that it could never be typed into the sign-in page";
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

int password_verify(apr_pool_t *p, const char *hash, const char *password)
{
    if (strlen(password) > PASSWORD_MAX) {
        return 0;
    }
    /* apr_password_validate would go on to crypt(3) and its quick old schemes for anything that is not bcrypt. */
    if (!hash || strncmp(hash, "$2", 2) != 0) {
        password_hash(p, password);
        return 0;
    }
    return apr_password_validate(password, hash) == APR_SUCCESS;
}
