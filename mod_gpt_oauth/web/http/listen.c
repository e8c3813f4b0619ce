/*
 * Has a thread in each child listen to each database, and writes to the log what becomes of it. Called by mod_gpt_oauth.c.
 */
#include "web/http/listen.h"

#include "cache/listener.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/db.h"
#include "web/http/log.h"

/* On the listener's thread. */
static void told(void *baton, listener_state_t state, const char *why)
{
    const server_rec *s = baton;
    const char *issuer = config_server(s)->issuer;

    switch (state) {
    case LISTENER_NONE: return;
    case LISTENER_TRUSTED:
        log_server(s, 0, LOG_LISTENS, "revocations in the database of issuer %s are heard: answers about tokens are cached",
                   issuer);
        return;
    case LISTENER_LOST:
        log_server(s, 0, LOG_UNHEARD,
                   "revocations in the database of issuer %s are not heard (%s): nothing is cached, and each request asks it",
                   issuer, why);
        return;
    case LISTENER_DEAF:
        log_server(s, 0, LOG_DEAF,
                   "revocations in the database of issuer %s are not heard (%s): nothing is cached, and each request asks it. If "
                   "DBDParams point to a connection pooler, name PostgreSQL itself in GPTOAuthListen",
                   issuer, why);
        return;
    }
}

/* On the listener's thread. */
static void heard(void *baton, const char *what)
{
    const server_rec *s = baton;

    log_server(s, 0, LOG_HEARD, "heard from the database of issuer %s: %s", config_server(s)->issuer, what);
}

/* Only the first virtual host with a database has the listener. */
static int is_listened_to(server_rec *main_server, const server_rec *s)
{
    for (const server_rec *other = main_server; other != s; other = other->next) {
        const server_conf_t *theirs = config_server(other);

        if (theirs->listener && db_is_same(theirs, config_server(s))) {
            return 1;
        }
    }
    return 0;
}

apr_status_t listen_post_config(apr_pool_t *pconf, server_rec *main_server)
{
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);
        const char *where = conf->listen ? conf->listen : conf->dbd_params;
        apr_status_t rv;

        if (conf->cache && *where && !is_listened_to(main_server, s) &&
            (rv = listener_create(&conf->listener, pconf, conf->cache, where)) != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

void listen_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    for (server_rec *s = main_server; s; s = s->next) {
        const server_conf_t *conf = config_server(s);
        apr_status_t rv;

        if (conf->listener && conf->source &&
            (rv = listener_start(conf->listener, pchild, conf->source, told, heard, s)) != APR_SUCCESS) {
            log_server(s, rv, LOG_UNHEARD, "a child of httpd cannot listen for revocations in the database of issuer %s",
                       conf->issuer);
        }
    }
}
