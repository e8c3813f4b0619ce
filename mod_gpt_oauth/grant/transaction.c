/*
 * Seals the forms of sign-in and consent with a MAC, and opens them again. Called by web/endpoint/authorize.c.
 */
#include "grant/transaction.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "base/array.h"
#include "base/crypto.h"

#define ID_SIZE  22
#define AGE_SIZE 11 /* digits of a time, for the next thousand years */
#define SKEW     60 /* seconds between two hosts of one issuer */

const char *transaction_new_key(apr_pool_t *p)
{
    return crypto_random_key(p);
}

int transaction_key_valid(const char *key)
{
    return crypto_is_key(key);
}

const char *transaction_new_id(apr_pool_t *p, apr_int64_t now)
{
    return apr_psprintf(p, "%s.%" APR_INT64_T_FMT, crypto_random_id(p), now);
}

const char *transaction_mac(apr_pool_t *p, const char *key, transaction_stage_t stage, const char *issuer, const char *username,
                            const transaction_t *form)
{
    const char *const fields[] = { issuer, username, form->id, form->request, form->shown };
    apr_array_header_t *parts = apr_array_make(p, 11, sizeof(const char *));
    const char *text;
    digest_t mac;

    /* Every field is written behind its length: no two different forms are the same bytes. */
    APR_ARRAY_PUSH(parts, const char *) = apr_itoa(p, (int)stage);
    for (int i = 0; i < COUNT(fields); i++) {
        APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(p, " %" APR_SIZE_T_FMT ":", strlen(fields[i]));
        APR_ARRAY_PUSH(parts, const char *) = fields[i];
    }
    text = apr_array_pstrcat(p, parts, '\0');
    crypto_hmac(key, strlen(key), text, strlen(text), &mac);
    return crypto_base64url(p, mac.byte, DIGEST_SIZE);
}

/* 1 when id is 128 bits as base64url, a dot and the time. */
static int id_made_at(const char *id, apr_int64_t *made)
{
    unsigned char raw[ID_SIZE * 3 / 4];
    apr_size_t size = strlen(id), digits = size > ID_SIZE ? strspn(id + ID_SIZE + 1, "0123456789") : 0;

    if (digits < 1 || digits > AGE_SIZE || size != ID_SIZE + 1 + digits || id[ID_SIZE] != '.') {
        return 0;
    }
    *made = apr_strtoi64(id + ID_SIZE + 1, NULL, 10);
    return crypto_base64url_decode(id, ID_SIZE, raw, sizeof(raw));
}

apr_int64_t transaction_began(const transaction_t *form)
{
    apr_int64_t made = 0;

    (void)id_made_at(form->id, &made);
    return made;
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
    /* The MAC proves the browser, never the server: who has the cookie can make one for any id. */
    if (!id_made_at(form->id, &made)) {
        return "the transaction does not have the form that this server gives it";
    }
    mac = transaction_mac(p, key, stage, issuer, username, form);
    if (strlen(form->mac) != strlen(mac) || !crypto_equal(mac, form->mac, strlen(mac))) {
        return "the form was not made for this browser and user, or was altered";
    }
    if (now - made > TRANSACTION_LIFETIME || made - now > SKEW) {
        return "the form is over an hour old, or from the future";
    }
    return NULL;
}
