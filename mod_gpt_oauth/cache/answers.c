/*
 * Writes what the database said of a token or key as bytes, and reads it back. Called by grant/verify.c and grant/key.c. An
 * unknown one is a record of no bytes.
 */
#include "cache/answers.h"

#include <string.h>

#include "base/meter.h"

enum { FORM_ACCESS = 1, FORM_KEY };

static void put(cache_record_t *record, const void *bytes, apr_size_t size)
{
    if ((apr_size_t)record->size + size <= CACHE_RECORD_MAX) {
        memcpy(record->text + record->size, bytes, size);
        record->size += (int)size;
    } else {
        record->size = CACHE_RECORD_MAX + 1;
    }
}

static void put_number(cache_record_t *record, apr_int64_t number)
{
    put(record, &number, sizeof(number));
}

static void put_flag(cache_record_t *record, int flag)
{
    put(record, flag ? "+" : "-", 1);
}

/* NULL is no text, "" an empty one. */
static void put_text(cache_record_t *record, const char *text)
{
    put_flag(record, text != NULL);
    if (text) {
        put(record, text, strlen(text) + 1);
    }
}

static apr_int64_t take_number(const char **at)
{
    apr_int64_t number;

    memcpy(&number, *at, sizeof(number));
    *at += sizeof(number);
    return number;
}

static int take_flag(const char **at)
{
    return *(*at)++ == '+';
}

static const char *take_text(const char **at)
{
    const char *text;

    if (!take_flag(at)) {
        return NULL;
    }
    text = *at;
    *at += strlen(text) + 1;
    return text;
}

/* Keeps a record, unless it is too long. */
static void keep(const store_t *store, cache_ticket_t ticket, cache_roots_t *roots, int is_dead, const cache_record_t *record)
{
    if (ticket.is_good && record->size > CACHE_RECORD_MAX) {
        meter_add(store->meter, METER_CACHE_TOO_LONG, 1);
    }
    roots->server = store->server;
    cache_keep(store->cache, ticket, roots, is_dead, record);
}

/* Where to read; NULL unless it is ANSWER_FOUND. */
static answer_t find(const store_t *store, const digest_t *hash, int form, const char **at)
{
    cache_record_t record;

    if (!store->cache) {
        return ANSWER_NONE;
    }
    record.text = apr_palloc(store->pool, CACHE_RECORD_MAX);
    if (!cache_find(store->cache, hash, form, &record)) {
        if (cache_is_trusted(store->cache)) { /* else nothing was looked for */
            meter_add(store->meter, METER_CACHE_MISSES, 1);
        }
        return ANSWER_NONE;
    }
    meter_add(store->meter, METER_CACHE_HITS, 1);
    *at = record.text;
    return record.size > 0 ? ANSWER_FOUND : ANSWER_UNKNOWN;
}

answer_t answer_access(store_t *store, const digest_t *hash, access_t **out)
{
    const char *at;
    answer_t answer = find(store, hash, FORM_ACCESS, &at);
    access_t *access;

    if (answer != ANSWER_FOUND) {
        return answer;
    }
    access = *out = apr_palloc(store->pool, sizeof(*access));
    access->issued_at = take_number(&at);
    access->expires_at = take_number(&at);
    access->revoked_at = take_number(&at);
    access->used_at = take_number(&at);
    access->client_disabled = take_flag(&at);
    access->user_disabled = take_flag(&at);
    access->grant_id = take_text(&at);
    access->client_id = take_text(&at);
    access->username = take_text(&at);
    access->scope = take_text(&at);
    access->resource = take_text(&at);
    return answer;
}

static void put_access(cache_record_t *record, const access_t *access)
{
    put_number(record, access->issued_at);
    put_number(record, access->expires_at);
    put_number(record, access->revoked_at);
    put_number(record, access->used_at);
    put_flag(record, access->client_disabled);
    put_flag(record, access->user_disabled);
    put_text(record, access->grant_id);
    put_text(record, access->client_id);
    put_text(record, access->username);
    put_text(record, access->scope);
    put_text(record, access->resource);
}

store_status_t answer_ask_access(store_t *store, const digest_t *hash, access_t **out)
{
    apr_uint64_t room[CACHE_RECORD_MAX / 8];
    cache_record_t record = { .form = FORM_ACCESS, .text = (char *)room };
    cache_roots_t roots = { .kind = KILL_TOKEN, .hash = hash };
    cache_ticket_t ticket = cache_ticket(store->cache);
    store_status_t status = store_access_get(store, hash, out);
    int is_dead = 1;

    if (status == STORE_OK) {
        const access_t *access = *out;

        put_access(&record, access);
        roots.grant_id = access->grant_id;
        roots.client_id = access->client_id;
        roots.username = access->username;
        is_dead = access->revoked_at || access->client_disabled || access->user_disabled || access->expires_at <= store->now;
    }
    if (status != STORE_DOWN) {
        keep(store, ticket, &roots, is_dead, &record);
    }
    return status;
}

answer_t answer_key(store_t *store, const digest_t *hash, service_key_t **out)
{
    const char *at;
    answer_t answer = find(store, hash, FORM_KEY, &at);
    service_key_t *key;

    if (answer != ANSWER_FOUND) {
        return answer;
    }
    key = *out = apr_palloc(store->pool, sizeof(*key));
    key->hash = *hash;
    key->created_at = take_number(&at);
    key->expires_at = take_number(&at);
    key->revoked_at = take_number(&at);
    key->used_at = take_number(&at);
    key->may_introspect = take_flag(&at);
    key->may_register = take_flag(&at);
    key->name = take_text(&at);
    key->issuer = take_text(&at);
    key->scope = take_text(&at);
    return answer;
}

static void put_key(cache_record_t *record, const service_key_t *key)
{
    put_number(record, key->created_at);
    put_number(record, key->expires_at);
    put_number(record, key->revoked_at);
    put_number(record, key->used_at);
    put_flag(record, key->may_introspect);
    put_flag(record, key->may_register);
    put_text(record, key->name);
    put_text(record, key->issuer);
    put_text(record, key->scope);
}

store_status_t answer_ask_key(store_t *store, const digest_t *hash, service_key_t **out)
{
    apr_uint64_t room[CACHE_RECORD_MAX / 8];
    cache_record_t record = { .form = FORM_KEY, .text = (char *)room };
    cache_roots_t roots = { .kind = KILL_KEY, .hash = hash };
    cache_ticket_t ticket = cache_ticket(store->cache);
    store_status_t status = store_key_get(store, hash, out);
    int is_dead = 1;

    if (status == STORE_OK) {
        const service_key_t *key = *out;

        put_key(&record, key);
        is_dead = key->revoked_at || (key->expires_at && key->expires_at <= store->now);
    }
    if (status != STORE_DOWN) {
        keep(store, ticket, &roots, is_dead, &record);
    }
    return status;
}
