/*
 * Finds who is signed in at the pages of apps and the console, and refuses where it would be another one than whom httpd signs in
 * for the authorization endpoint. Called by apps.c and web/console/.
 */
#include "web/endpoint/owner.h"

#include <httpd.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "grant/user.h"
#include "private.h"
#include "web/endpoint/person.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

int owner_is_astray(request_rec *r)
{
    request_rec *other;
    int is_signed_in;

    if (ap_auth_type(r) || person_is_given(r)) {
        return 0;
    }
    other = ap_sub_req_method_uri("GET", apr_pstrcat(r->pool, config_server(r->server)->path, "/authorize", NULL), r, NULL);
    is_signed_in = ap_auth_type(other) != NULL;
    ap_destroy_sub_req(other);
    return is_signed_in;
}

static int refuse_astray(request_rec *r, const char *page)
{
    const failure_t *failure = failure_make(
        r->pool, OAUTH_SERVER_ERROR, "This page is not set up.",
        "httpd signs users in for the authorization endpoint and not here; write <LocationMatch ^%s/(authorize|apps|console)$> "
        "around AuthType and what belongs to it",
        config_server(r->server)->path);

    request_reference(r);
    log_refusal(r, LOG_APPS_ASTRAY, apr_pstrcat(r->pool, "the page ", page, " refused", NULL), NULL, NULL, failure);
    return page_failure(r, HTTP_NOT_FOUND, "error_not_set_up", failure, NULL);
}

static int has_own_provider(const server_conf_t *conf)
{
    for (int i = 0; conf->login_providers && i < conf->login_providers->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->login_providers, i, login_provider_t).name, OWN_PROVIDER) == 0) {
            return 1;
        }
    }
    return !conf->login_providers;
}

int owner_begin(visit_t *visit, const char *page, owner_t *owner)
{
    request_rec *r = visit->r;
    const failure_t *failure;
    user_session_t *session = NULL;
    apr_int64_t since = 0;

    /* What it opens, or is opened by, must not hold on to it. */
    apr_table_setn(r->err_headers_out, "Cross-Origin-Opener-Policy", "noopener-allow-popups");
    *owner = (owner_t){ .has_own_provider = has_own_provider(visit->conf) };
    if (owner_is_astray(r)) {
        return refuse_astray(r, page);
    }
    if (person_is_given(r)) {
        failure = person_find(r, &visit->store, &owner->username, &since);
    } else {
        failure = session_find(&visit->store, request_cookie(r, visit->conf->session_cookie), &session);
        owner->session = session;
        owner->username = session ? session->username : NULL;
    }
    return failure ? visit_refuse(visit, owner->username, failure) : DECLINED;
}
