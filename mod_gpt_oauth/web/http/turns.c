/*
 * Gives turns at fetching documents, by host and by caller, and remembers what failed. Called by fetch.c. Each turn is a word in
 * shared memory that holds its owner and its end, so that nobody has to clean up after a child that was killed.
 */
#include "web/http/turns.h"

#include <apr_strings.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "grant/client_document.h"
#include "web/http/request.h"
#include "web/http/shared.h"
#include "web/http/throttle.h"

#define TURN      10 /* seconds */
#define WAIT_STEP 50000
#define WAIT_MAX  6000000
#define BACK_OFF  60

#define HOSTS   64 /* so many fetches at once: each holds a thread */
#define CALLERS 1024
#define FAILED  4096

/* Whose it is in the upper half, until when in the lower. */
static struct {
    mark_t hosts[HOSTS];
    mark_t callers[CALLERS];
    mark_t failed[FAILED];
} * marks;
static digest_t key;

apr_status_t turns_create(apr_pool_t *pconf)
{
    void *memory;
    apr_status_t rv = shared_create(pconf, sizeof(*marks), &memory, &key);

    if (rv == APR_SUCCESS) {
        marks = memory;
    }
    return rv;
}

static apr_uint32_t seconds_now(void)
{
    return (apr_uint32_t)(clock_us() / SECOND);
}

static apr_uint64_t bits_of(apr_pool_t *p, const char *kind, const char *what)
{
    return crypto_keyed_bits(&key, apr_pstrcat(p, kind, what, NULL));
}

static int take(mark_t *mark, apr_uint64_t ticket)
{
    apr_uint64_t seen = atomic_load(mark);

    return (apr_uint32_t)seen <= seconds_now() && atomic_compare_exchange_strong(mark, &seen, ticket);
}

static void leave(mark_t *mark, apr_uint64_t ticket)
{
    atomic_compare_exchange_strong(mark, &ticket, 0);
}

static int is_held(mark_t *mark, apr_uint32_t owner)
{
    apr_uint64_t seen = atomic_load(mark);

    return seen >> 32 == owner && (apr_uint32_t)seen > seconds_now();
}

/* By somebody else than who holds `mine`. */
static int is_fetched_from(apr_uint32_t owner, const mark_t *mine)
{
    for (int i = 0; i < HOSTS; i++) {
        if (&marks->hosts[i] != mine && is_held(&marks->hosts[i], owner)) {
            return 1;
        }
    }
    return 0;
}

/*
 * Any place will do, so that no host shares one with a slow one. Two who look at the same moment may take a place each: then both
 * find the other's, and give up their own.
 */
static int take_host(turn_t *turn, apr_uint32_t owner)
{
    turn->host_ticket = (apr_uint64_t)owner << 32 | (seconds_now() + TURN);
    if (is_fetched_from(owner, NULL)) {
        return 0;
    }
    for (int i = 0; i < HOSTS; i++) {
        turn->host = &marks->hosts[i];
        if (take(turn->host, turn->host_ticket)) {
            if (!is_fetched_from(owner, turn->host)) {
                return 1;
            }
            leave(turn->host, turn->host_ticket);
            return 0;
        }
    }
    return 0;
}

/* Callers who share a place wait for each other, which costs but a moment. */
static int take_both(turn_t *turn, apr_uint32_t owner)
{
    apr_uint32_t unique;

    crypto_random(&unique, sizeof(unique));
    turn->ticket = (apr_uint64_t)unique << 32 | (seconds_now() + TURN);
    if (!take(turn->caller, turn->ticket)) {
        return 0;
    }
    if (!take_host(turn, owner)) {
        leave(turn->caller, turn->ticket);
        return 0;
    }
    return 1;
}

int turn_take(request_rec *r, const char *url, turn_t *turn)
{
    apr_uint32_t owner = (apr_uint32_t)(bits_of(r->pool, "host ", client_document_host(r->pool, url)) >> 32);

    turn->caller = &marks->callers[bits_of(r->pool, "caller ", request_site(r)) % CALLERS];
    turn->is_counted = 0;
    if (take_both(turn, owner)) {
        return 1;
    }
    /* Who waits holds a thread, as who fetches does: there must not be more and more of them. */
    if (throttle_count(r, THROTTLE_DOCUMENT, NULL)) {
        return 0;
    }
    turn->is_counted = 1;
    for (int waited = 0; waited < WAIT_MAX; waited += WAIT_STEP) {
        apr_sleep(WAIT_STEP);
        if (take_both(turn, owner)) {
            return 1;
        }
    }
    return 0;
}

void turn_leave(turn_t *turn)
{
    leave(turn->host, turn->host_ticket);
    leave(turn->caller, turn->ticket);
}

/* The last bit of the upper half tells how it failed. */
static void blame(apr_uint64_t whose, failed_t how)
{
    apr_uint64_t owner = whose >> 33 << 1 | (how == FAILED_REFUSED);

    atomic_store(&marks->failed[whose % FAILED], owner << 32 | (seconds_now() + BACK_OFF));
}

static failed_t failed(apr_uint64_t whose)
{
    apr_uint64_t seen = atomic_load(&marks->failed[whose % FAILED]);

    if (seen >> 33 != whose >> 33 || (apr_uint32_t)seen <= seconds_now()) {
        return FAILED_NOT;
    }
    return seen >> 32 & 1 ? FAILED_REFUSED : FAILED_SILENT;
}

void turns_blame_host(apr_pool_t *p, const char *url, failed_t how)
{
    blame(bits_of(p, "host ", client_document_host(p, url)), how);
}

void turns_blame_url(apr_pool_t *p, const char *url, failed_t how)
{
    blame(bits_of(p, "url ", url), how);
}

failed_t turns_failed(apr_pool_t *p, const char *url)
{
    failed_t how = failed(bits_of(p, "url ", url));

    return how == FAILED_NOT ? failed(bits_of(p, "host ", client_document_host(p, url))) : how;
}
