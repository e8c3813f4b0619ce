/*
 * Whether the user that httpd names for a request has proven to be it. person.c asks it, and its own hooks do before Require
 * lines are looked at.
 */
#include "web/endpoint/given.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>

#include "base/failure.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/log.h"
#include "web/endpoint/route.h"
#include "web/http/request.h"

static const char *ssl_variable(request_rec *r, const char *name)
{
    const char *value = ap_ssl_var_lookup(r->pool, r->server, r->connection, r, name);

    return value && *value ? value : "NONE";
}

/*
 * Of the browser's certificate; "NONE" when there is none. Where a TLS session goes on, mod_ssl says SUCCESS of every certificate
 * that it once let in.
 */
static const char *certificate_state(request_rec *r)
{
    const char *state = ssl_variable(r, "SSL_CLIENT_VERIFY");

    if (strcmp(state, "SUCCESS") == 0 && config_server(r->server)->takes_any_certificate &&
        strcmp(ssl_variable(r, "SSL_SESSION_RESUMED"), "Initial") != 0) {
        return "known only from an earlier connection";
    }
    return state;
}

/* Newer versions of mod_ssl say ClientCert of any certificate. */
static int has_auth_type(const request_rec *r)
{
    return r->ap_auth_type && strcmp(r->ap_auth_type, "ClientCert") != 0;
}

/* SSLOptions +FakeBasicAuth writes the certificate's name, and this password, as if the browser had sent them. */
static int has_faked_password(const request_rec *r)
{
    const char *password;

    return ap_get_basic_auth_components(r, NULL, &password) == APR_SUCCESS && strcmp(password, "password") == 0;
}

/* Why r->user counts for nothing, or NULL. */
static const char *problem_of(request_rec *r)
{
    const char *state = certificate_state(r);

    if (strcmp(state, "SUCCESS") == 0) {
        return NULL;
    }
    if (strcmp(state, "NONE") != 0 && (!has_auth_type(r) || has_faked_password(r))) {
        return apr_psprintf(r->pool,
                            "mod_ssl did not verify the certificate (%s); write SSLVerifyClient optional or require, and "
                            "SSLCACertificateFile with the authority that signs your users' certificates",
                            state);
    }
    return has_auth_type(r) ? NULL : "no AuthType vouches for it; write AuthType and Require for this Location";
}

static void drop_unproven(request_rec *r)
{
    const char *problem = r->user ? problem_of(r) : NULL;

    if (problem) {
        log_request(r, LOG_USER_UNPROVEN, "the user %s is ignored: %s", log_quote(r->pool, r->user, 64), problem);
        r->user = r->ap_auth_type = NULL;
    }
}

const char *given_user(request_rec *r)
{
    drop_unproven(r);
    return request_is_guarded(r) ? NULL : r->user;
}

static int identifies(request_rec *r)
{
    const endpoint_t *endpoint = route_endpoint(r);

    return endpoint && endpoint->flags & ENDPOINT_IDENTIFIES;
}

/* Ahead of mod_authz_core: `Require valid-user` is content with any user, and whom AuthType names would not be asked for. */
static int check_access(request_rec *r)
{
    if (r->user && identifies(r)) {
        drop_unproven(r);
    }
    return DECLINED;
}

/* Not every module says itself that it checked, and one that finds a fault ends the request. */
static int check_authn(request_rec *r)
{
    if (!r->ap_auth_type && ap_auth_type(r) && identifies(r)) {
        r->ap_auth_type = apr_pstrdup(r->pool, ap_auth_type(r));
    }
    return DECLINED;
}

void given_register(apr_pool_t *p)
{
    static const char *const before_authz[] = { "mod_authz_core.c", NULL };

    (void)p;
    ap_hook_check_access_ex(check_access, NULL, before_authz, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(check_authn, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
}
