/*
 * What probes ask. They come often and from anywhere, so they are told two words at most, and a process asks the database once a
 * second for all of them. The listener is not waited for: without it requests are served, if by more look-ups. Called by
 * dispatch.c.
 */
#include "web/status/health.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "private.h"
#include "store/health.h"
#include "web/config/config.h"
#include "web/endpoint/endpoints.h"
#include "web/endpoint/visit.h"
#include "web/http/db.h"
#include "web/http/log.h"
#include "web/http/reply.h"

enum { NEVER_ASKED, IS_READY, IS_NOT_READY };

/* One virtual host's, in one process. */
struct readiness_t {
    _Atomic(apr_int64_t) asked_at; /* clock_us */
    _Atomic(int) answer;
};

void health_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);

        if (conf->issuer) {
            conf->readiness = apr_pcalloc(pchild, sizeof(*conf->readiness));
        }
    }
}

static int ask(request_rec *r)
{
    store_t store = db_store(r);
    store_status_t status = STORE_DOWN;
    apr_int64_t now;

    store.meter = NULL; /* what probes ask says nothing of those who use it */
    if (store.source) {
        status = store_ready(&store, &now);
    }
    if (status != STORE_OK) {
        log_request(r, LOG_NOT_READY, "not ready: %s",
                    store.problem             ? store.problem
                    : status == STORE_REFUSED ? "the schema does not fit: run `gptoauth migrate`"
                                              : "the database cannot be used");
    }
    return status == STORE_OK ? IS_READY : IS_NOT_READY;
}

/* Of those who come when a second is over one asks, and the others have its last answer once more; at first there is none. */
static int is_ready(request_rec *r)
{
    struct readiness_t *readiness = config_server(r->server)->readiness;
    apr_int64_t now = clock_us(), asked_at = atomic_load(&readiness->asked_at);
    int answer = atomic_load(&readiness->answer);

    if (answer == NEVER_ASKED ||
        (now - asked_at >= SECOND && atomic_compare_exchange_strong(&readiness->asked_at, &asked_at, now))) {
        answer = ask(r);
        atomic_store(&readiness->asked_at, clock_us());
        atomic_store(&readiness->answer, answer);
    }
    return answer == IS_READY;
}

int endpoint_health(request_rec *r)
{
    if (params_find(visit_query(r), "ready") && !is_ready(r)) {
        reply_later(r, HTTP_SERVICE_UNAVAILABLE, RETRY_AFTER_DOWN);
        return reply_text(r, HTTP_SERVICE_UNAVAILABLE, "text/plain;charset=UTF-8", "unavailable\n");
    }
    return reply_text(r, HTTP_OK, "text/plain;charset=UTF-8", "ok\n");
}
