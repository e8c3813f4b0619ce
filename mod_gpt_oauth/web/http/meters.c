/*
 * Gives each virtual host with an issuer its meter, and sees to it that the last hour is remembered. Called by mod_gpt_oauth.c.
 */
#include "web/http/meters.h"

#include <ap_mpm.h>

#include "base/clock.h"
#include "base/meter.h"
#include "private.h"
#include "web/config/config.h"

/* Of all children together. Other modules have threads, too (mod_http2), and those that a restart replaces go on a while. */
static int threads(void)
{
    int daemons = 1, of_each = 1;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &daemons);
    ap_mpm_query(AP_MPMQ_HARD_LIMIT_THREADS, &of_each);
    return 2 * (daemons > 0 ? daemons : 1) * (of_each > 0 ? of_each : 1);
}

apr_status_t meters_post_config(server_rec *main_server)
{
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);
        apr_status_t rv;

        if (conf->issuer && (rv = meter_create(&conf->meter, s->process->pool, threads(), conf->issuer)) != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

void meters_child_init(apr_pool_t *pchild)
{
    meter_child_init(pchild);
}

int meters_monitor(apr_pool_t *p, server_rec *main_server)
{
    (void)p;
    for (const server_rec *s = main_server; s; s = s->next) {
        const server_conf_t *conf = config_server(s);

        if (conf->meter) {
            meter_note(conf->meter, clock_us());
        }
    }
    return DECLINED;
}
