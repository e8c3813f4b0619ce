/*
 * Counts failed attempts and answers how long to wait. Called by the endpoints, the guard, and whoever fetches documents. The
 * counting itself is base/counts.c, what the administrator sees and lifts store/throttles.h.
 */
#include "web/http/throttle.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#include "base/counts.h"
#include "base/crypto.h"
#include "base/meter.h"
#include "private.h"
#include "store/throttles.h"
#include "web/http/audit.h"
#include "web/http/db.h"
#include "web/http/log.h"
#include "web/http/request.h"
#include "web/http/shared.h"

#define BUCKETS 2048 /* for each kind */
#define WINDOW  300  /* seconds */
#define SITE    4    /* times what a network may, for all the networks that may be one customer's */

static const struct {
    unsigned limit;
    int from_anywhere; /* the address does not matter */
    const char *word;  /* by which the administrator sees it; NULL: he does not */
} kinds[THROTTLE_KINDS] = {
    [THROTTLE_CLIENT] = { 100, 0, NULL },
    [THROTTLE_GRANT] = { 300, 0, NULL },
    [THROTTLE_PASSWORD] = { 10, 0, THROTTLED_BOTH },
    [THROTTLE_ADDRESS] = { 100, 0, THROTTLED_ADDRESS },
    [THROTTLE_KEY] = { 100, 0, NULL },
    [THROTTLE_USER] = { 100, 1, THROTTLED_USER },
    [THROTTLE_BROWSER] = { 20, 1, NULL },
    [THROTTLE_REGISTRATION] = { 300, 0, NULL },
    [THROTTLE_DOCUMENT] = { 60, 0, NULL },
    [THROTTLE_KNOWN] = { COUNTS_MAX - 1, 1, NULL },
};

_Static_assert(THROTTLE_KNOWN == METERED_THROTTLES, "base/meter_families.c has a name for each that refuses somebody");

static count_t *places;
static digest_t key;
static char host[APRMAXHOSTLEN + 1]; /* this one: each counts by itself */

apr_status_t throttle_create(apr_pool_t *pconf)
{
    apr_size_t size = (apr_size_t)THROTTLE_KINDS * BUCKETS * COUNTS_WAYS * sizeof(*places);
    void *memory;
    apr_status_t rv = shared_create(pconf, size, &memory, &key);

    if (rv == APR_SUCCESS) {
        places = memory;
    }
    if (apr_gethostname(host, sizeof(host), pconf) != APR_SUCCESS) {
        host[0] = '\0';
    }
    return rv;
}

static counts_t counts_of(throttle_t kind)
{
    return (counts_t){ places + (apr_size_t)kind * BUCKETS * COUNTS_WAYS, BUCKETS, kinds[kind].limit };
}

static apr_uint64_t key_of(apr_pool_t *p, throttle_t kind, const char *who, const char *address)
{
    return crypto_keyed_bits(&key, apr_psprintf(p, "%d %s %s", (int)kind, address, who));
}

static apr_uint32_t window_now(void)
{
    return (apr_uint32_t)(apr_time_sec(apr_time_now()) / WINDOW);
}

void throttle_know(const request_rec *r, const char *name)
{
    counts_t counts = counts_of(THROTTLE_KNOWN);
    count_t *place;

    counts_add(&counts, key_of(r->pool, THROTTLE_KNOWN, name, ""), window_now(), &place);
}

int throttle_is_known(const request_rec *r, const char *name)
{
    counts_t counts = counts_of(THROTTLE_KNOWN);

    return counts_get(&counts, key_of(r->pool, THROTTLE_KNOWN, name, ""), window_now()) > 0;
}

/* Once a second for each counter: those who are refused are not to keep the database busy. */
static int may_ask(count_t *place, apr_uint32_t now, apr_uint32_t *lifted_at)
{
    apr_uint64_t seen = atomic_load(&place->note);

    *lifted_at = (apr_uint32_t)seen;
    return seen >> 32 != now && atomic_compare_exchange_strong(&place->note, &seen, (apr_uint64_t)now << 32 | (apr_uint32_t)seen);
}

/* The administrator may have lifted it in this window, since it was lifted last. */
static int is_lifted(store_t *store, const throttled_t *throttled, count_t *place, apr_int64_t since)
{
    apr_uint32_t known, now = (apr_uint32_t)store->now;
    apr_int64_t lifted_at;

    if (!store->source || !place || !may_ask(place, now, &known)) {
        return 0;
    }
    if (store_throttle_lifted(store, throttled, (apr_int64_t)known > since ? known : since, &lifted_at) != STORE_OK) {
        return 0;
    }
    atomic_store(&place->note, (apr_uint64_t)now << 32 | (apr_uint32_t)lifted_at);
    return 1;
}

/* Once a minute, with how many it has refused in this window. What THROTTLE_BROWSER goes by holds a cookie: it is not told. */
static void audit_throttle(request_rec *r, throttle_t kind, const char *who, const char *address, unsigned count)
{
    int is_client = kind == THROTTLE_CLIENT || kind == THROTTLE_GRANT;
    int is_user = kinds[kind].word && throttle_is_known(r, who);

    if (audit_is_due(r, AUDIT_MINUTELY, apr_psprintf(r->pool, "%d %s %s", (int)kind, address, who))) {
        audit(r, .event = AUDIT_THROTTLE, .result = AUDIT_REFUSED, .user = is_user ? who : NULL, .client = is_client ? who : NULL,
              .count = count);
    }
}

static int count_one(request_rec *r, throttle_t kind, const char *who, const char *address, unsigned limit)
{
    store_t store = db_store(r);
    apr_uint32_t window = (apr_uint32_t)(store.now / WINDOW);
    apr_int64_t began = store.now - store.now % WINDOW;
    throttled_t throttled = { store.issuer, kinds[kind].word, who, address, began + WINDOW, host, 0 };
    apr_uint64_t party = key_of(r->pool, kind, who, address);
    counts_t counts = counts_of(kind);
    count_t *place;
    unsigned count;

    count = counts_add(&counts, party, window, &place);
    if (count <= limit) {
        return 0;
    }
    if (throttled.kind && is_lifted(&store, &throttled, place, began - 1)) {
        counts_begin_anew(place, party, window);
        return 0;
    }
    throttled.is_known = throttle_is_known(r, who);
    if (throttled.kind && count == limit + 1 && store.source && store_throttle_note(&store, &throttled) != STORE_OK) {
        log_request(r, LOG_THROTTLE_UNSEEN,
                    "a throttle is in force that `gptoauth throttle list` does not show, and that ends by itself within five "
                    "minutes: %s",
                    store.problem ? store.problem : "it could not be written to the database");
    }
    audit_throttle(r, kind, who, address, count - limit);
    meter_add(config_server(r->server)->meter, METER_THROTTLED + (int)kind, 1);
    return (int)(throttled.until_at - store.now);
}

static void forgive_one(const request_rec *r, throttle_t kind, const char *who, const char *address)
{
    counts_t counts = counts_of(kind);

    counts_take_back(&counts, key_of(r->pool, kind, who, address), window_now());
}

int throttle_count(request_rec *r, throttle_t kind, const char *who)
{
    unsigned limit = kinds[kind].limit;
    const char *network = kinds[kind].from_anywhere ? "" : request_network(r), *site = request_site(r);
    int wait;

    who = who && kind != THROTTLE_ADDRESS ? who : "";
    wait = count_one(r, kind, who, network, limit);
    /* What its network is refused is no attempt of the site: its other networks go on. */
    if (wait || kinds[kind].from_anywhere || strcmp(network, site) == 0) {
        return wait;
    }
    wait = count_one(r, kind, who, site, limit * SITE);
    if (wait) {
        forgive_one(r, kind, who, network);
    }
    return wait;
}

void throttle_forgive(const request_rec *r, throttle_t kind, const char *who)
{
    const char *network = kinds[kind].from_anywhere ? "" : request_network(r), *site = request_site(r);

    who = who && kind != THROTTLE_ADDRESS ? who : "";
    forgive_one(r, kind, who, network);
    if (!kinds[kind].from_anywhere && strcmp(network, site) != 0) {
        forgive_one(r, kind, who, site);
    }
}
