/*
 * Gathers what the status page shows, in whatever form, and judges it. Called by endpoint.c and server_status.c.
 */
#include "web/status/report.h"

#include <apr_strings.h>

#include "admin/keys.h"
#include "base/clock.h"
#include "base/log_code.h"
#include "cache/cache.h"
#include "private.h"
#include "store/health.h"
#include "store/store.h"
#include "store/throttles.h"
#include "web/http/hashing.h"

#ifndef GPT_OAUTH_VERSION
#define GPT_OAUTH_VERSION "unknown" /* built by apxs alone */
#endif

#define CLOCK_MAX     5    /* seconds that the database's may be off */
#define LOOKUPS_MIN   1000 /* in an hour, of which a hit rate says something */
#define WAITS_MIN     100  /* the same, of operations */
#define LIST_PAGES    20   /* of a list that are counted */
#define MICRO         1e-6
#define HIT_RATE_MIN  0.5
#define WAIT_RATE_MAX 0.01

const char *const concern_names[CONCERNS] = { "database", "schema",    "clock", "listener",  "hit_rate",
                                              "pool",     "throttles", "keys",  "passwords", "audit_log" };

static gauge_t *gauge(report_t *report, const char *name, const char *help, const char *labels, double value)
{
    gauge_t *made = apr_array_push(report->gauges);

    *made = (gauge_t){ .name = name, .help = help, .labels = labels, .value = value };
    return made;
}

static void answer(report_t *report, const char *name, const char *question, const char *labels, int is_so)
{
    gauge(report, name, question, labels, is_so)->is_answer = 1;
}

static void blame(report_t *report, concern_t concern, const char *problem)
{
    report->problem[concern] = problem;
    report->problems++;
}

static double recent(const report_t *report, int which)
{
    return (double)report->counted.recent[which];
}

static int count_ending_keys(store_t *store)
{
    const service_key_t *last = NULL;
    apr_array_header_t *found;
    int count = 0;

    for (int page = 0; page < LIST_PAGES && store_key_list(store, last, &found) == STORE_OK && found->nelts; page++) {
        for (int i = 0; i < found->nelts; i++) {
            const service_key_t *key = APR_ARRAY_IDX(found, i, const service_key_t *);

            count += !key->revoked_at && admin_key_ends_soon(key, store->now);
        }
        last = APR_ARRAY_IDX(found, found->nelts - 1, const service_key_t *);
        if (found->nelts < LIST_PAGE) {
            break;
        }
    }
    return count;
}

static void judge_contents(report_t *report, store_t *store)
{
    apr_int64_t throttles = 0;
    int keys = count_ending_keys(store);

    store_throttle_count(store, &throttles);
    gauge(report, "gptoauth_throttles_in_force", "Throttles of sign-ins that refuse at the moment.", "", (double)throttles);
    gauge(report, "gptoauth_service_keys_ending", "Service keys that are about to end.", "", keys);
    if (throttles) {
        blame(report, CONCERN_THROTTLES,
              apr_psprintf(store->pool,
                           "Throttles of sign-ins in force: %" APR_INT64_T_FMT
                           ". `gptoauth throttle list` shows whom they refuse.",
                           throttles));
    }
    if (keys) {
        blame(report, CONCERN_KEYS,
              apr_psprintf(store->pool, "Service keys about to end: %d. `gptoauth key list` shows which.", keys));
    }
}

static void judge_database(report_t *report, store_t *store)
{
    store_status_t status = store->source ? store_ready(store, &store->now) : STORE_DOWN;
    double failures = recent(report, METER_DATABASE_FAILURES), off = 0;
    int behind = store->source ? store_source_behind(store->source) : 0;

    if (status == STORE_OK) {
        off = (double)(store->now - report->now);
        store->now = report->now;
        judge_contents(report, store);
    }
    answer(report, "gptoauth_database_up", "Whether the database answers.", "", status != STORE_DOWN);
    if (status != STORE_DOWN) {
        answer(report, "gptoauth_schema_fits", "Whether the database has a schema that the module can work with.", "",
               status == STORE_OK);
    }
    if (status == STORE_OK) {
        gauge(report, "gptoauth_database_clock_offset_seconds", "How far the clock of the database is ahead of this host's.", "",
              off);
    }
    if (status == STORE_DOWN) {
        blame(report, CONCERN_DATABASE,
              apr_psprintf(store->pool, "The database cannot be used: %s.",
                           store->problem ? store->problem : "there was no connection to it when httpd started this process"));
    } else if (failures > 0) {
        blame(report, CONCERN_DATABASE,
              apr_psprintf(store->pool, "The database gave no answer %.0f times in the last hour.", failures));
    }
    if (status == STORE_REFUSED) {
        blame(report, CONCERN_SCHEMA,
              store->problem ? apr_psprintf(store->pool, "The schema does not fit: %s.", store->problem)
                             : "The schema does not fit: run `gptoauth migrate`.");
    } else if (behind) {
        blame(report, CONCERN_SCHEMA,
              apr_psprintf(store->pool,
                           "The database has schema %d, of the version before: what came since is off until `gptoauth migrate`.",
                           behind));
    }
    if (off > CLOCK_MAX || off < -CLOCK_MAX) {
        blame(report, CONCERN_CLOCK,
              apr_psprintf(store->pool, "The clocks of this host and of the database differ by %.0f seconds.",
                           off < 0 ? -off : off));
    }
}

static void judge_cache(report_t *report, apr_pool_t *p)
{
    const struct cache_t *cache = report->conf->cache;
    double hits = recent(report, METER_CACHE_HITS), lookups = hits + recent(report, METER_CACHE_MISSES);

    answer(report, "gptoauth_listener_up", "Whether revocations are heard, so that cached answers count.", "",
           cache && cache_is_trusted(cache));
    if (cache && !cache_is_trusted(cache)) {
        blame(report, CONCERN_LISTENER,
              apr_psprintf(
                  p,
                  "Revocations are not heard: nothing is cached, and each request asks the database. %s or %s in the error "
                  "log says why.",
                  log_code_name(LOG_UNHEARD), log_code_name(LOG_DEAF)));
    }
    if (cache && lookups >= LOOKUPS_MIN && hits < lookups * HIT_RATE_MIN) {
        blame(report, CONCERN_HIT_RATE,
              apr_psprintf(p, "Of 100 tokens looked for in the last hour the cache had %.0f: GPTOAuthCache may be too small.",
                           100 * hits / lookups));
    }
}

static void judge_limits(report_t *report, apr_pool_t *p)
{
    double waits = recent(report, METER_POOL_WAITS), full = recent(report, METER_POOL_FULL);
    double operations = (double)report_sum(report->counted.recent, METER_LATENCY, LATENCY_BOUNDS + 1);
    double away = recent(report, METER_TURNED_AWAY), lost = recent(report, METER_AUDIT_LOST);
    const hashing_state_t hashing = hashing_state();

    gauge(report, "gptoauth_passwords_hashing", "Passwords that are being hashed, in all of httpd.", "", hashing.hashing);
    gauge(report, "gptoauth_passwords_hashing_limit", "How many may be hashed at once.", "", hashing.turns);
    gauge(report, "gptoauth_passwords_waiting", "Sign-ins that wait for their turn to be hashed.", "", hashing.waiting);
    gauge(report, "gptoauth_passwords_waiting_limit", "How many may wait.", "", hashing.places);
    if (full > 0 || (operations >= WAITS_MIN && waits > operations * WAIT_RATE_MAX)) {
        blame(report, CONCERN_POOL,
              apr_psprintf(p,
                           "In the last hour %.0f operations waited for a connection, and %.0f got none: DBDMax may be too low.",
                           waits, full));
    }
    if (away > 0) {
        blame(
            report, CONCERN_PASSWORDS,
            apr_psprintf(p, "%.0f sign-ins were turned away in the last hour, as there was no turn at hashing passwords.", away));
    }
    if (lost > 0) {
        blame(report, CONCERN_AUDIT, apr_psprintf(p, "The audit log lost %.0f lines in the last hour.", lost));
    }
}

report_t *report_make(request_rec *r, const server_rec *s)
{
    const server_conf_t *conf = config_server(s);
    report_t *report = apr_pcalloc(r->pool, sizeof(*report));
    /* What another module holds for this request is of this virtual host's database. */
    store_t store = { .source = conf->source, .pool = r->pool, .issuer = conf->issuer, .holder = s == r->server ? r : NULL };

    report->conf = conf;
    report->version = GPT_OAUTH_VERSION;
    report->now = store.now = apr_time_sec(apr_time_now());
    report->gauges = apr_array_make(r->pool, 32, sizeof(gauge_t));
    meter_read(conf->meter, clock_us(), &report->counted);
    gauge(report, "gptoauth_build_info", "The version of the module.", "{version=\"" GPT_OAUTH_VERSION "\"}", 1);
    gauge(report, "gptoauth_start_time_seconds", "When counting began, which a graceful restart does not end.", "",
          (double)report->counted.began * MICRO);
    judge_database(report, &store);
    judge_cache(report, r->pool);
    judge_limits(report, r->pool);
    for (int i = 0; i < CONCERNS; i++) {
        answer(report, "gptoauth_problem", "Whether something of this kind is not well.",
               apr_psprintf(r->pool, "{problem=\"%s\"}", concern_names[i]), report->problem[i] != NULL);
    }
    return report;
}

apr_uint64_t report_sum(const apr_uint64_t *counted, int first, int count)
{
    apr_uint64_t sum = 0;

    for (int i = 0; i < count; i++) {
        sum += counted[first + i];
    }
    return sum;
}

static const char *labels_of(apr_pool_t *p, const report_count_t *count)
{
    const meter_family_t *family = count->family;

    if (!count->inner) {
        return "";
    }
    return count->outer
               ? apr_psprintf(p, "{%s=\"%s\",%s=\"%s\"}", family->outer.name, count->outer, family->inner.name, count->inner)
               : apr_psprintf(p, "{%s=\"%s\"}", family->inner.name, count->inner);
}

void report_each(apr_pool_t *p, const report_t *report, report_count_fn *each, void *baton)
{
    for (const meter_family_t *family = meter_families; family->name; family++) {
        int outers = family->outer.name ? family->outer.count : 1, inners = family->inner.name ? family->inner.count : 1;
        double unit = family->kind == METER_IS_TIME ? MICRO : 1;

        if (family->kind == METER_IS_HISTOGRAM) {
            continue;
        }
        for (int outer = 0; outer < outers; outer++) {
            for (int inner = family->first_value; inner < inners; inner++) {
                int which = family->first + outer * inners + inner;
                report_count_t count = { .family = family,
                                         .outer = family->outer.name ? family->outer.values[outer] : NULL,
                                         .inner = family->inner.name ? family->inner.values[inner] : NULL,
                                         .total = (double)report->counted.total[which] * unit,
                                         .recent = recent(report, which) * unit };

                count.labels = labels_of(p, &count);
                each(baton, &count);
            }
        }
    }
}
