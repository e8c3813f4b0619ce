#include "grant/transaction.h"

#include <apr_strings.h>
#include <string.h>

#include "base/crypto.h"

#define KEY_BYTES 32
#define ID_SIZE   22

const char *transaction_new_key(apr_pool_t *p)
{
    unsigned char key[KEY_BYTES];

    crypto_random(key, sizeof(key));
    return crypto_base64url(p, key, sizeof(key));
}

int transaction_key_valid(const char *key)
{
    unsigned char raw[KEY_BYTES];

    return key && strlen(key) == TRANSACTION_KEY_SIZE && crypto_base64url_decode(key, TRANSACTION_KEY_SIZE, raw, sizeof(raw));
}

const char *transaction_new_id(apr_pool_t *p, apr_int64_t now)
{
    return apr_psprintf(p, "%s.%" APR_INT64_T_FMT, crypto_random_id(p), now);
}

const char *transaction_mac(apr_pool_t *p, const char *key, transaction_stage_t stage, const char *issuer, const char *username,
                            const char *id, const char *request)
{
    /* Every field is written behind its length: no two different forms are the same bytes. */
    const char *text =
        apr_psprintf(p, "%d %" APR_SIZE_T_FMT ":%s %" APR_SIZE_T_FMT ":%s %" APR_SIZE_T_FMT ":%s %" APR_SIZE_T_FMT ":%s",
                     (int)stage, strlen(issuer), issuer, strlen(username), username, strlen(id), id, strlen(request), request);
    digest_t mac;

    crypto_hmac(key, strlen(key), text, strlen(text), &mac);
    return crypto_base64url(p, mac.byte, DIGEST_SIZE);
}

const char *transaction_problem(apr_pool_t *p, const char *key, transaction_stage_t stage, const char *issuer,
                                const char *username, const transaction_t *form, apr_int64_t now)
{
    const char *mac;
    apr_int64_t made;

    if (!form->id || !form->request || !form->mac) {
        return "the form lacks a field";
    }
    if (!transaction_key_valid(key)) {
        return "the browser sent no transaction cookie with the form (another browser, cookies switched off, or a forged form)";
    }
    mac = transaction_mac(p, key, stage, issuer, username, form->id, form->request);
    if (strlen(form->mac) != strlen(mac) || !crypto_equal(mac, form->mac, strlen(mac))) {
        return "the form was not made for this browser and user, or was altered";
    }
    /* The MAC has vouched for the id's shape. */
    made = apr_strtoi64(form->id + ID_SIZE + 1, NULL, 10);
    if (made + TRANSACTION_LIFETIME < now) {
        return "the form is over an hour old";
    }
    return NULL;
}
