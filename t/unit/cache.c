/*
 * The table in shared memory (cache/): what counts, what ends it, and what a full one forgets. t/stress/cache.c is for many
 * processes at once.
 */
#include "tap.h"
#include "base/array.h"
#include "base/clock.h"
#include "cache/answers.h"
#include "cache/endings.h"
#include "fixture.h"

#include <apr_strings.h>

#include <stdatomic.h>
#include <string.h>

#define FORM 7

static digest_t hash_of(const char *text)
{
    digest_t hash;

    crypto_sha256(text, strlen(text), &hash);
    return hash;
}

static cache_t *new_cache(apr_pool_t *p, apr_uint32_t slots, apr_int64_t ttl)
{
    cache_t *cache;

    if (cache_create(&cache, p, slots, ttl) != APR_SUCCESS) {
        return NULL;
    }
    cache = cache_at(cache, p, FIXTURE_ISSUER);
    cache_trust(cache, cache_clock() + 600 * SECOND, 0);
    return cache;
}

static void keep_as(cache_t *cache, cache_ticket_t ticket, const char *token, const char *text, int is_dead)
{
    const digest_t hash = hash_of(token);
    const cache_roots_t roots = { 0, KILL_TOKEN, &hash, "grant", "client", "user" };
    char room[CACHE_RECORD_MAX + 1];
    cache_record_t record = { FORM, (int)strlen(text) + 1, room };

    apr_cpystrn(room, text, sizeof(room));
    cache_keep(cache, ticket, &roots, is_dead, &record);
}

static void keep(cache_t *cache, const char *token, const char *text)
{
    keep_as(cache, cache_ticket(cache), token, text, 0);
}

/* NULL: not found. */
static const char *found(apr_pool_t *p, const cache_t *cache, const char *token)
{
    const digest_t hash = hash_of(token);
    cache_record_t record = { 0, 0, apr_palloc(p, CACHE_RECORD_MAX) };

    return cache_find(cache, &hash, FORM, &record) ? record.text : NULL;
}

static void test_trust(apr_pool_t *p)
{
    cache_t *cache;

    if (!ok(cache_create(&cache, p, 64, 600 * SECOND) == APR_SUCCESS, "the cache is made")) {
        return;
    }
    keep_as(cache, (cache_ticket_t){ 1, 0 }, "t", "answer", 0);
    is_str(found(p, cache, "t"), NULL, "lease: nothing counts before somebody listens");
    ok(!cache_ticket(cache).is_good, "lease: nor would anything be kept");
    cache_trust(cache, cache_clock() + 600 * SECOND, 0);
    is_str(found(p, cache, "t"), "answer", "lease: it counts while somebody does");
    ok(cache_ticket(cache).is_good, "lease: and more is kept");
    cache_trust(cache, cache_clock() - 1, 0);
    is_str(found(p, cache, "t"), "answer", "lease: an older message does not shorten it");

    cache = new_cache(p, 64, 600 * SECOND);
    keep(cache, "t", "answer");
    cache_create(&cache, p, 64, 600 * SECOND);
    cache_trust(cache, cache_clock() + 1000, 0);
    keep_as(cache, (cache_ticket_t){ 1, 0 }, "t", "answer", 0);
    while (cache_ticket(cache).is_good) {}
    is_str(found(p, cache, "t"), NULL, "lease: nothing counts after its end");
}

static void test_expiry(apr_pool_t *p)
{
    cache_t *cache = new_cache(p, 64, SECOND / 4);
    apr_int64_t kept;

    keep(cache, "t", "answer");
    kept = cache_clock();
    if (cache_clock() < kept + SECOND / 8) {
        is_str(found(p, cache, "t"), "answer", "expiry: an answer counts for its time");
    }
    while (cache_clock() <= kept + SECOND / 4) {}
    is_str(found(p, cache, "t"), NULL, "expiry: and no longer than GPTOAuthCacheTTL");
    keep(cache, "t", "again");
    is_str(found(p, cache, "t"), "again", "expiry: a new one stands in its place");
}

static void test_kills(apr_pool_t *p)
{
    const digest_t hash = hash_of("t");
    const struct {
        const char *what;
        kill_t kind;
        const void *id;
        apr_size_t size;
        int ends;
    } rows[] = {
        { "the token", KILL_TOKEN, hash.byte, DIGEST_SIZE, 1 },
        { "the grant", KILL_GRANT, "grant", 5, 1 },
        { "the client", KILL_CLIENT, "client", 6, 1 },
        { "the user", KILL_USER, "user", 4, 1 },
        { "a service key of that hash", KILL_KEY, hash.byte, DIGEST_SIZE, 0 },
        { "another grant", KILL_GRANT, "grant2", 6, 0 },
        { "a client of the grant's id", KILL_CLIENT, "grant", 5, 0 },
        { "a user of the client's id", KILL_USER, "client", 6, 0 },
        { "nobody", KILL_USER, "", 0, 0 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        cache_t *cache = new_cache(p, 64, 600 * SECOND), *other = cache_at(cache, p, "https://other.example");
        cache_ticket_t ticket;

        keep(cache, "t", "answer");
        ticket = cache_ticket(cache);
        cache_kill(other, rows[i].kind, rows[i].id, rows[i].size);
        is_str(found(p, cache, "t"), rows[i].ends ? NULL : "answer", "counters: a kill of %s%s", rows[i].what,
               rows[i].ends ? "" : " ends nothing");
        keep_as(cache, ticket, "late", "answer", 0);
        is_str(found(p, cache, "late"), NULL, "counters: what was asked for before a kill of %s is not kept", rows[i].what);
        keep(cache, "t", "again");
        is_str(found(p, cache, "t"), "again", "counters: what is asked for after it is");
    }
    cache_kill(NULL, KILL_GRANT, "grant", 5);
    cache_kill_all(NULL);
}

static void test_epoch(apr_pool_t *p)
{
    cache_t *cache = new_cache(p, 64, 600 * SECOND);
    cache_ticket_t ticket;

    keep(cache, "t", "answer");
    keep_as(cache, cache_ticket(cache), "dead", "answer", 1);
    ticket = cache_ticket(cache);
    cache_kill_all(cache);
    is_str(found(p, cache, "t"), NULL, "epoch: nothing counts any more");
    is_str(found(p, cache, "dead"), NULL, "epoch: no dead one either");
    keep_as(cache, ticket, "t", "late", 0);
    is_str(found(p, cache, "t"), NULL, "epoch: what was asked for before is not kept");
    keep(cache, "t", "again");
    is_str(found(p, cache, "t"), "again", "epoch: what is asked for after is");
}

static void test_key(apr_pool_t *p)
{
    cache_t *cache = new_cache(p, 64, 600 * SECOND), *other = cache_at(cache, p, "https://other.example");
    const digest_t hash = hash_of("t");
    char room[CACHE_RECORD_MAX];
    cache_record_t record = { 0, 0, room };

    keep(cache, "t", "answer");
    is_str(found(p, other, "t"), NULL, "issuer: an answer is not another issuer's");
    keep(other, "t", "other");
    is_str(found(p, cache, "t"), "answer", "issuer: and each has its own");
    is_str(found(p, other, "t"), "other", "issuer: under one hash");
    is_str(found(p, cache, "u"), NULL, "another token has none");
    ok(!cache_find(cache, &hash, FORM + 1, &record), "form: nor what is read in another way");
    ok(!cache_find(NULL, &hash, FORM, &record), "without a cache there is none");
}

static void test_size(apr_pool_t *p)
{
    cache_t *cache = new_cache(p, 64, 600 * SECOND);
    char *text = apr_pcalloc(p, CACHE_RECORD_MAX + 1);

    memset(text, 'x', CACHE_RECORD_MAX - 1);
    keep(cache, "t", text);
    is_str(found(p, cache, "t"), text, "size: an answer may fill its slot");
    text[CACHE_RECORD_MAX - 1] = 'x';
    keep(cache, "u", text);
    is_str(found(p, cache, "u"), NULL, "size: one that is longer is not kept");
}

/* A set of SLOT_WAYS slots is all there is. */
static void test_full(apr_pool_t *p)
{
    char *memory = apr_pcalloc(p, 64 + slots_size(SLOT_WAYS));
    slots_t slots;
    slot_key_t key = { { 0 } };
    const int stride = (int)(slots_size(SLOT_WAYS) / SLOT_WAYS - sizeof(word_t));
    apr_uint64_t content[SLOT_CONTENT_WORDS] = { 0 };
    int left = 0, wrong = 0;

    memory += 64 - (apr_uintptr_t)memory % 64;
    slots = slots_in(memory, SLOT_WAYS);
    for (apr_uint64_t i = 1; i <= SLOT_WAYS + 5; i++) {
        key.word[1] = content[0] = i;
        slots_put(&slots, &key, content, 1, (apr_uint32_t)(100 + i));
    }
    for (apr_uint64_t i = 1; i <= SLOT_WAYS + 5; i++) {
        key.word[1] = i;
        if (slots_find(&slots, &key, content)) {
            left++;
            wrong += content[0] != i || i <= 5;
        }
    }
    ok(left == SLOT_WAYS && !wrong, "full: the oldest are forgotten, and those alone");

    /* What a writer that was killed leaves. */
    for (int i = 0; i < 3; i++) {
        atomic_fetch_add((word_t *)(void *)((char *)(void *)slots.slots + i * stride), 1);
    }
    left = 0;
    for (apr_uint64_t i = 101; i <= 200; i++) {
        key.word[1] = content[0] = i;
        slots_put(&slots, &key, content, 1, (apr_uint32_t)(100 + i));
        left += slots_find(&slots, &key, content) == 1 && content[0] == i;
    }
    ok(left == 100, "killed writers: the rest of the set goes on");
    left = 0;
    for (apr_uint64_t i = 1; i <= 200; i++) {
        key.word[1] = i;
        left += slots_find(&slots, &key, content);
    }
    ok(left == SLOT_WAYS - 3, "killed writers: a slot each, which nobody reads");
}

static int count_living(apr_pool_t *p, const cache_t *cache)
{
    int living = 0;

    for (int i = 0; i < 3000; i++) {
        living += found(p, cache, apr_psprintf(p, "living %d", i)) != NULL;
    }
    return living;
}

static void test_flood(apr_pool_t *p)
{
    cache_t *cache = new_cache(p, 4096, 600 * SECOND);
    int before, after;

    for (int i = 0; i < 3000; i++) {
        keep(cache, apr_psprintf(p, "living %d", i), "answer");
    }
    before = count_living(p, cache);
    for (int i = 0; i < 20000; i++) {
        keep_as(cache, cache_ticket(cache), apr_psprintf(p, "dead %d", i), "", 1);
    }
    after = count_living(p, cache);
    ok(before > 2950, "three quarters of the slots are in use (%d of 3000 found room)", before);
    ok(after == before, "flood: dead tokens push no living one out (%d are left)", after);
    is_str(found(p, cache, "dead 19999"), "", "flood: and the latest of them is remembered");

    keep(cache, "t", "answer");
    cache_kill(cache, KILL_TOKEN, hash_of("t").byte, DIGEST_SIZE);
    keep_as(cache, cache_ticket(cache), "t", "revoked", 1);
    is_str(found(p, cache, "t"), "revoked", "a living token that died is found among the dead");
}

static void test_answers(apr_pool_t *p)
{
    store_t *store = fixture_store(p, "answers of the cache");
    service_key_t key = { .name = "k", .issuer = FIXTURE_ISSUER, .scope = "read", .may_introspect = 1 }, *got;
    access_t *access;

    if (!store) {
        return;
    }
    store->cache = new_cache(p, 64, 600 * SECOND);
    key.hash = hash_of("key");
    key.created_at = FIXTURE_NOW;
    key.expires_at = FIXTURE_NOW + 60;
    ok(answer_access(store, &key.hash, &access) == ANSWER_NONE, "answers: there is none at first");
    ok(answer_ask_access(store, &key.hash, &access) == STORE_REFUSED &&
           answer_access(store, &key.hash, &access) == ANSWER_UNKNOWN,
       "answers: an unknown token is remembered as one");
    ok(store_key_add(store, &key) == STORE_OK && answer_key(store, &key.hash, &got) == ANSWER_NONE,
       "answers: which says nothing of a service key");
    ok(answer_ask_key(store, &key.hash, &got) == STORE_OK && answer_key(store, &key.hash, &got) == ANSWER_FOUND &&
           !strcmp(got->name, "k") && !strcmp(got->issuer, FIXTURE_ISSUER) && !strcmp(got->scope, "read") &&
           got->may_introspect == 1 && got->may_register == 0 && got->created_at == FIXTURE_NOW &&
           got->expires_at == FIXTURE_NOW + 60 && !got->revoked_at && !memcmp(&got->hash, &key.hash, DIGEST_SIZE),
       "answers: a service key comes back as it was");
    store_key_revoke(store, "k", FIXTURE_ISSUER);
    ok(answer_key(store, &key.hash, &got) == ANSWER_FOUND && !got->revoked_at, "answers: nobody has said that it ended");
    cache_kill(store->cache, KILL_KEY, key.hash.byte, DIGEST_SIZE);
    ok(answer_key(store, &key.hash, &got) == ANSWER_NONE && answer_ask_key(store, &key.hash, &got) == STORE_OK &&
           answer_key(store, &key.hash, &got) == ANSWER_FOUND && got->revoked_at == FIXTURE_NOW,
       "answers: then it is asked for again");
}

void test_cache(apr_pool_t *p)
{
    test_trust(p);
    test_expiry(p);
    test_kills(p);
    test_epoch(p);
    test_key(p);
    test_size(p);
    test_full(p);
    test_flood(p);
    test_answers(p);
}
