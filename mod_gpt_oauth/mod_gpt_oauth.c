/*
 * mod_gpt_oauth: makes httpd the OAuth server and the bearer-token guard for custom GPTs and every MCP client. This file
 * only lists the hooks; each room under web/ says what it does.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>
#include <jansson.h>

#include "web/setup/check.h"
#include "web/config/config.h"
#include "web/guard/cors.h"
#include "web/http/audit.h"
#include "web/http/db.h"
#include "web/http/fetch.h"
#include "web/endpoint/dispatch.h"
#include "web/endpoint/endpoints.h"
#include "web/endpoint/given.h"
#include "web/guard/guard.h"
#include "web/http/hashing.h"
#include "web/endpoint/person.h"
#include "web/http/housekeeping.h"
#include "web/http/listen.h"
#include "web/http/log.h"
#include "web/http/meters.h"
#include "web/status/health.h"
#include "web/status/server_status.h"
#include "web/guard/refusal.h"
#include "web/guard/require.h"
#include "web/endpoint/route.h"
#include "web/guard/scrub.h"
#include "web/http/throttle.h"
#include "web/http/turns.h"

extern module AP_MODULE_DECLARE_DATA gpt_oauth_module __attribute__((visibility("default")));

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_status_t rv;

    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK; /* the dry run: everything is unloaded again */
    }
    if ((rv = throttle_create(pconf)) != APR_SUCCESS) {
        log_server(s, rv, LOG_NO_THROTTLES, "no shared memory for counting wrong passwords");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if ((rv = hashing_create(pconf)) != APR_SUCCESS) {
        log_server(s, rv, LOG_NO_HASHING, "no shared memory for taking turns at hashing passwords");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if ((rv = turns_create(pconf)) != APR_SUCCESS) {
        log_server(s, rv, LOG_NO_FETCHING, "no shared memory for fetching client metadata");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if ((rv = db_post_config(pconf, s)) != APR_SUCCESS || (rv = listen_post_config(pconf, s)) != APR_SUCCESS) {
        log_server(s, rv, LOG_NO_CACHE, "no shared memory for GPTOAuthCache; name fewer slots, or off");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if ((rv = housekeeping_post_config(pconf, s)) != APR_SUCCESS) {
        log_server(s, rv, LOG_NO_SHARED_LEAD, "no shared memory for taking turns at housekeeping");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if ((rv = meters_post_config(s)) != APR_SUCCESS) {
        log_server(s, rv, LOG_NO_METERS, "no shared memory for counting what happens");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return audit_post_config(pconf, s) == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    /* Hash seeds of jansson are made lazily and without a lock: before the threads begin. */
    json_object_seed(0);
    meters_child_init(pchild);
    health_child_init(pchild, s);
    fetch_child_init();
    db_child_init(pchild, s);
    listen_child_init(pchild, s);
    housekeeping_child_init(pchild, s);
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const before_others[] = { "mod_rewrite.c", "mod_alias.c", "mod_proxy.c", NULL };
    static const char *const before_authz[] = { "mod_authz_core.c", NULL };

    route_register(endpoints);
    cors_register(p, route_cors);
    given_register(p);
    person_register(p);
    refusal_register();
    require_register(p);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_read_request(scrub_request, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_post_read_request(guard_refuse_trace, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_translate_name(route_translate, NULL, before_others, APR_HOOK_FIRST);
    ap_hook_map_to_storage(route_map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_check_access_ex(route_access, NULL, before_authz, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(guard_check_authn, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(guard_check_authz, NULL, before_authz, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(guard_note_failure, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_fixups(guard_fixups, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(guard_explain, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(meters_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    server_status_register(p);
    ap_hook_handler(dispatch_handler, NULL, before_others, APR_HOOK_FIRST);
    ap_hook_handler(route_no_openid, NULL, NULL, APR_HOOK_LAST);
}

AP_DECLARE_MODULE(gpt_oauth) = { STANDARD20_MODULE_STUFF, config_dir_create, config_dir_merge, config_server_create,
                                 config_server_merge,     config_directives, register_hooks,   AP_MODULE_FLAG_ALWAYS_MERGE };
