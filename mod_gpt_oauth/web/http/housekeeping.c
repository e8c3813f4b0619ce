/*
 * Goes round the tables once a minute, in steps that leave the database to requests most of the time. `gptoauth purge` does the
 * same for who does not want to wait. Called by mod_gpt_oauth.c.
 */
#include "web/http/housekeeping.h"

#include "base/clock.h"
#include "base/leader.h"
#include "base/meter.h"
#include "private.h"
#include "store/purge.h"
#include "web/config/config.h"
#include "web/http/db.h"
#include "web/http/log.h"

#define ROUND_PAUSE (60 * SECOND)

static store_status_t step(const server_conf_t *conf, apr_pool_t *p, const char **problem)
{
    store_t store = { .source = conf->source, .pool = p, .now = apr_time_sec(apr_time_now()), .meter = conf->meter };
    apr_int64_t count;
    store_status_t status = store_purge(&store, PURGE_BATCH, &count);

    *problem = store.problem;
    if (status == STORE_OK && count > 0) {
        meter_add(conf->meter, METER_PURGED, (apr_uint64_t)count);
    }
    return status;
}

static void keep_house(void *baton, const leading_t *leading)
{
    server_rec *s = baton;
    const server_conf_t *conf = config_server(s);
    int is_told = 0;
    apr_pool_t *p;
    apr_int64_t pause;

    apr_pool_create(&p, leading->pool);
    do {
        apr_int64_t started = clock_us(), took;
        const char *problem;
        store_status_t status = step(conf, p, &problem);

        took = clock_us() - started;
        pause = status != STORE_OK ? ROUND_PAUSE : took > PURGE_PAUSE / 2 ? 2 * took : PURGE_PAUSE;
        /* Once, until it goes well again: it is not a request that fails. */
        if (status == STORE_DOWN && !is_told) {
            log_server(s, 0, LOG_NO_HOUSEKEEPING, "what expired long ago cannot be deleted from the database of issuer %s: %s",
                       conf->issuer, problem);
        }
        is_told = status == STORE_DOWN || (is_told && status == STORE_OK);
        apr_pool_clear(p);
    } while (!leader_must_end(leading, pause));
    apr_pool_destroy(p);
}

/* Only the first virtual host with a database does it, and none that does no more than guard. */
static int is_kept(server_rec *main_server, const server_rec *s)
{
    for (const server_rec *other = main_server; other != s; other = other->next) {
        const server_conf_t *theirs = config_server(other);

        if (theirs->housekeeping && db_is_same(theirs, config_server(s))) {
            return 1;
        }
    }
    return 0;
}

apr_status_t housekeeping_post_config(apr_pool_t *pconf, server_rec *main_server)
{
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);
        apr_status_t rv;

        if (conf->issuer && !conf->is_guard && !is_kept(main_server, s) &&
            (rv = leader_create(&conf->housekeeping, pconf)) != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

void housekeeping_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    for (server_rec *s = main_server; s; s = s->next) {
        const server_conf_t *conf = config_server(s);
        apr_status_t rv;

        if (conf->housekeeping && conf->source && (rv = leader_start(conf->housekeeping, pchild, keep_house, s)) != APR_SUCCESS) {
            log_server(s, rv, LOG_NO_HOUSEKEEPING,
                       "a child of httpd cannot delete what expired long ago from the database of issuer %s", conf->issuer);
        }
    }
}
