/*
 * Finds the one credential of a guarded request (RFC 6750 section 2.1), asks grant/ whose it is, and hides it from the backend.
 * Called by guard.c. The parameter access_token of RFC 6750 sections 2.2 and 2.3 is not read.
 */
#include "web/guard/credentials.h"

#include <apr_strings.h>
#include <http_log.h>

#include "base/authorization.h"
#include "base/token.h"
#include "grant/key.h"
#include "grant/verify.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/audit.h"
#include "web/http/db.h"
#include "web/http/request.h"

static int query_has_token(const char *args)
{
    static const char name[] = "access_token=";

    for (const char *at = args; at && (at = strstr(at, name)); at++) {
        if (at == args || at[-1] == '&') {
            return 1;
        }
    }
    return 0;
}

/* As it came over the wire: an outer section may have hidden it from its backend already. */
static const char *sent(request_rec *initial, const char *name)
{
    const apr_table_t *hidden = request_record(initial)->hidden;
    const char *value = hidden ? apr_table_get(hidden, name) : NULL;

    return value ? value : apr_table_get(initial->headers_in, name);
}

static int is_secret_here(const dir_conf_t *dir, const char *text)
{
    digest_t hash;

    if (!dir->service_key) {
        return 0;
    }
    token_hash(text, &hash);
    return crypto_equal(hash.byte, dir->service_key->hash.byte, DIGEST_SIZE);
}

/* Meant as a service key, right or wrong. */
static int is_key(const dir_conf_t *dir, const char *text)
{
    return token_has_prefix(text, TOKEN_SERVICE_KEY) || is_secret_here(dir, text);
}

/* What clients make of "Basic": the key itself, or base64 of key, key: or anything:key. */
static const char *key_in_basic(const dir_conf_t *dir, const authorization_t *authorization, const char *text)
{
    if (is_key(dir, text) || !authorization->id) {
        return text;
    }
    return authorization->secret && *authorization->secret ? authorization->secret : authorization->id;
}

static const failure_t *malformed(apr_pool_t *p, const credential_t *credential)
{
    return credential->kind == CREDENTIAL_KEY
               ? key_refusal(p, "what was sent as a service key is not one: it has characters that no key has, or is too long")
               : failure_make(p, OAUTH_INVALID_TOKEN, "The Authorization header does not hold one bearer token.",
                              "the Authorization header does not hold exactly one well-formed bearer token");
}

/* RFC 6750 section 2.1. A scheme that the section does not take counts as no credential: the challenge names the one it takes. */
static const failure_t *read_authorization(request_rec *r, const char *header, credential_t *credential)
{
    const dir_conf_t *dir = config_dir(r);
    const ways_in_t *ways = config_ways_in(dir);
    const authorization_t authorization = authorization_parse(request_initial(r)->pool, header);
    const char *text = authorization.text ? authorization.text : "";

    if ((ways->oauth || ways->service) && authorization.scheme == AUTHORIZATION_BEARER) {
        credential->text = text;
        credential->kind = ways->service && (!ways->oauth || is_key(dir, text)) ? CREDENTIAL_KEY : CREDENTIAL_TOKEN;
        if (query_has_token(request_initial(r)->args) && token_is_b64(text)) {
            return failure_make(r->pool, OAUTH_INVALID_REQUEST,
                                "The access token was sent in the header and in the URL. Send it in the header.", NULL);
        }
    } else if (ways->service && authorization.scheme == AUTHORIZATION_BASIC) {
        credential->text = key_in_basic(dir, &authorization, text);
        credential->header = credential->text != text ? text : NULL;
        credential->kind = CREDENTIAL_KEY;
    }
    return credential->kind != CREDENTIAL_NONE && !token_is_b64(credential->text) ? malformed(r->pool, credential) : NULL;
}

const failure_t *credentials_read(request_rec *r, credential_t *credential)
{
    const ways_in_t *ways = config_ways_in(config_dir(r));
    request_rec *initial = request_initial(r);
    const char *header = sent(initial, "Authorization");
    const failure_t *failure;

    memset(credential, 0, sizeof(*credential));
    if ((failure = read_authorization(r, header, credential))) {
        return failure;
    }
    for (int i = 0; ways->headers && i < ways->headers->nelts; i++) {
        const char *text = sent(initial, APR_ARRAY_IDX(ways->headers, i, const char *));

        if (!text || !*text) {
            continue;
        }
        if (credential->text && strcmp(credential->text, text) != 0) {
            return failure_make(r->pool, OAUTH_INVALID_REQUEST, "The request holds two different credentials. Send one.", NULL);
        }
        credential->kind = CREDENTIAL_KEY;
        credential->text = text;
        if (!token_is_b64(text)) {
            return malformed(r->pool, credential);
        }
    }
    return NULL;
}

static const failure_t *verify_key(store_t *store, const policy_t *policy, const char *text, access_t **access)
{
    service_key_t *key;
    const failure_t *failure = key_verify(store, text, &key);

    if (!failure && !(failure = key_check_access(store->pool, key))) {
        *access = key_access(store->pool, policy, key->name, key->scope);
    }
    return failure;
}

static void look_up(request_rec *initial, const credential_t *credential, verdict_t *verdict)
{
    const server_conf_t *conf = config_server(initial->server);
    store_t store = db_store(initial);
    access_t *access = NULL;

    verdict->text = credential->text;
    if (!store.source) {
        verdict->failure = db_failure(initial->pool);
    } else if (credential->kind == CREDENTIAL_KEY) {
        verdict->failure = verify_key(&store, conf->policy, credential->text, &access);
    } else {
        verdict->failure = verify_access_token(&store, credential->text, &access);
    }
    if (!verdict->failure) {
        access->scope = policy_held(initial->pool, conf->policy, access->scope);
    }
    verdict->access = access;
}

/* A secret that a section knows by itself (GPTOAuthServiceKey) opens that section alone, and needs no database. */
const failure_t *credentials_verify(request_rec *r, const credential_t *credential, const access_t **access)
{
    const dir_conf_t *dir = config_dir(r);
    request_rec *initial = request_initial(r);
    request_t *record = request_record(initial);
    const failure_t *failure = NULL;

    if (credential->kind == CREDENTIAL_KEY && is_secret_here(dir, credential->text)) {
        *access = key_access(initial->pool, config_server(r->server)->policy, dir->service_key->name, "");
    } else {
        verdict_t *verdict = credential->kind == CREDENTIAL_KEY ? &record->key : &record->token;

        if (!verdict->text || strcmp(verdict->text, credential->text) != 0) {
            look_up(initial, credential, verdict);
        }
        failure = verdict->failure;
        *access = verdict->access;
    }
    if (!failure) {
        if (credential->kind == CREDENTIAL_KEY) {
            audit_key_use(r, (*access)->username);
        }
        if (!record->secrets) {
            record->secrets = apr_array_make(initial->pool, 2, sizeof(const char *));
        }
        APR_ARRAY_PUSH(record->secrets, const char *) = credential->text;
        if (credential->header) {
            APR_ARRAY_PUSH(record->secrets, const char *) = credential->header;
        }
    }
    return failure;
}

static void hide_header(request_rec *r, const char *name)
{
    request_rec *initial = request_initial(r);
    request_t *record = request_record(initial);
    const char *value = apr_table_get(r->headers_in, name);

    if (!value) {
        return;
    }
    if (!record->hidden) {
        record->hidden = apr_table_make(initial->pool, 2);
    }
    if (!apr_table_get(record->hidden, name)) {
        apr_table_addn(record->hidden, name, r == initial ? value : apr_pstrdup(initial->pool, value));
    }
    apr_table_unset(r->headers_in, name);
}

static int holds(const apr_table_entry_t *entry, const char *secret)
{
    return entry->val && strstr(entry->val, secret);
}

void credentials_hide(request_rec *r, const dir_conf_t *dir)
{
    const apr_array_header_t *headers = config_ways_in(dir)->headers;
    const apr_array_header_t *secrets = request_record(request_initial(r))->secrets;

    hide_header(r, "Authorization");
    for (int i = 0; headers && i < headers->nelts; i++) {
        hide_header(r, APR_ARRAY_IDX(headers, i, const char *));
    }
    /* Copies that many a script is given: SetEnvIf Authorization, RewriteRule … [E=HTTP_AUTHORIZATION:…]. */
    for (int i = 0; secrets && i < secrets->nelts; i++) {
        request_drop(r->pool, r->subprocess_env, holds, APR_ARRAY_IDX(secrets, i, const char *));
    }
}
