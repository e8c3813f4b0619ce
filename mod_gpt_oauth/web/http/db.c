/*
 * Hands mod_dbd's connections to store/, with one gate before each of its pools. mod_gpt_oauth.c sets it up in each child; the
 * endpoints, the guard and the throttles take their store from here.
 */
#include "web/http/db.h"

#include <apr_dbd.h>
#include <apr_hash.h>
#include <apr_optional.h>
#include <apr_strings.h>

/* It needs apr_dbd.h before it. */
#include <mod_dbd.h>

#include "base/clock.h"
#include "cache/cache.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/log.h"
#include "web/http/request.h"

static APR_OPTIONAL_FN_TYPE(ap_dbd_open) * dbd_open;
static APR_OPTIONAL_FN_TYPE(ap_dbd_close) * dbd_close;
static APR_OPTIONAL_FN_TYPE(ap_dbd_acquire) * dbd_acquire;
static const module *dbd;

static const char memo_label[] = "mod_gpt_oauth";

/* The connection's hash of prepared statements is a place that lives just as long as the connection. */
static void **memo_of(ap_dbd_t *rec)
{
    void **memo = apr_hash_get(rec->prepared, memo_label, sizeof(memo_label));

    if (!memo) {
        memo = apr_pcalloc(rec->pool, sizeof(*memo));
        apr_hash_set(rec->prepared, memo_label, sizeof(memo_label), memo);
    }
    return memo;
}

static int describe(ap_dbd_t *rec, store_conn_t *conn)
{
    if (rec) {
        conn->driver = rec->driver;
        conn->handle = rec->handle;
        conn->pool = rec->pool;
        conn->memo = memo_of(rec);
        conn->opener = rec;
    }
    return rec != NULL;
}

static apr_status_t open_connection(void *baton, apr_pool_t *p, store_conn_t *conn)
{
    return describe(dbd_open(p, baton), conn) ? APR_SUCCESS : APR_EGENERAL;
}

static void close_connection(void *baton, store_conn_t *conn)
{
    dbd_close(baton, conn->opener);
}

/*
 * mod_authn_dbd and its like take a connection for the whole request (ap_dbd_acquire), and mod_dbd keeps it in the configuration
 * vector of the initial one.
 */
static int held_connection(void *holder, store_conn_t *conn)
{
    request_rec *initial = holder ? request_initial(holder) : NULL; /* the listener is no request */

    return initial && ap_get_module_config(initial->request_config, dbd) && describe(dbd_acquire(initial), conn);
}

int db_is_same(const server_conf_t *one, const server_conf_t *other)
{
    return one->dbd_driver && one->dbd_params && other->dbd_driver && other->dbd_params &&
           strcmp(one->dbd_driver, other->dbd_driver) == 0 && strcmp(one->dbd_params, other->dbd_params) == 0;
}

/* Virtual hosts with the same database share mod_dbd's pool, and so must share the gate before it. */
static store_source_t *shared_source(server_rec *main_server, const server_rec *s)
{
    const server_conf_t *conf = config_server(s);

    for (const server_rec *other = main_server; other != s; other = other->next) {
        const server_conf_t *theirs = config_server(other);

        if (theirs->source && theirs->dbd_max == conf->dbd_max && db_is_same(theirs, conf)) {
            return theirs->source;
        }
    }
    return NULL;
}

/* Virtual hosts with the same database share what is known of it. */
static apr_status_t share_cache(apr_pool_t *pconf, server_rec *main_server, const server_rec *s)
{
    server_conf_t *conf = config_server(s);
    cache_t *cache = NULL;
    apr_status_t rv = APR_SUCCESS;

    for (const server_rec *other = main_server; other != s && !cache; other = other->next) {
        const server_conf_t *theirs = config_server(other);

        cache = theirs->cache && db_is_same(theirs, conf) ? theirs->cache : NULL;
    }
    if (!cache) {
        rv = cache_create(&cache, pconf, (apr_uint32_t)conf->cache_slots, conf->cache_ttl * SECOND);
    }
    if (rv == APR_SUCCESS) {
        conf->cache = cache_at(cache, pconf, conf->issuer);
    }
    return rv;
}

apr_status_t db_post_config(apr_pool_t *pconf, server_rec *main_server)
{
    for (server_rec *s = main_server; s; s = s->next) {
        const server_conf_t *conf = config_server(s);
        apr_status_t rv;

        if (conf->issuer && conf->cache_slots > 0 && (rv = share_cache(pconf, main_server, s)) != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

void db_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    dbd_open = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);
    dbd_close = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);
    dbd_acquire = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_acquire);
    dbd = ap_find_linked_module("mod_dbd.c");

    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);
        apr_status_t rv;

        if (!conf->issuer) {
            continue;
        }
        conf->source = shared_source(main_server, s);
        if (conf->source) {
            continue;
        }
        rv = store_source_create(&conf->source, pchild, conf->dbd_driver, conf->dbd_params, conf->dbd_max, open_connection,
                                 close_connection, held_connection, s);
        if (rv != APR_SUCCESS) {
            conf->source = NULL;
            log_server(s, rv, LOG_NO_DATABASE, "no connection to the database of issuer %s: every request is answered 503",
                       conf->issuer);
        }
    }
}

/* What a connection has found out, once. */
static void tell_found(request_rec *r, const server_conf_t *conf)
{
    int schema = store_source_behind_found(conf->source);

    if (schema) {
        log_request(
            r, LOG_BEHIND,
            "the database of issuer %s has schema %d, of the version before: all goes on, but what came since is off until "
            "`gptoauth migrate`%s",
            conf->issuer, schema, store_driver_is_file(conf->dbd_driver) ? ", for which httpd has to be stopped" : "");
    }
    if (store_source_pooler_found(conf->source)) {
        log_request(r, LOG_POOLER,
                    "DBDParams of issuer %s point to a connection pooler, not to PostgreSQL itself; see "
                    "docs/operations.md, The database, for what to set there",
                    conf->issuer);
    }
}

store_t db_store(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);

    if (conf->source) {
        tell_found(r, conf);
    }
    return (store_t){ .source = conf->source,
                      .pool = r->pool,
                      .issuer = conf->issuer,
                      .now = apr_time_sec(apr_time_now()),
                      .cache = conf->cache,
                      .meter = conf->meter,
                      .holder = r };
}

const failure_t *db_failure(apr_pool_t *p)
{
    return failure_make(p, OAUTH_UNAVAILABLE, "The server cannot reach its database. Try again in a moment.", NULL);
}
