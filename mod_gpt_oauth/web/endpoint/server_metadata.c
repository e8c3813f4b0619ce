/*
 * The metadata of the authorization server (RFC 8414): which endpoints it has and what they take.
 */
#include <httpd.h>

#include "base/array.h"
#include "base/json.h"
#include "base/well_known.h"
#include "private.h"
#include "web/config/config.h"
#include "web/endpoint/endpoints.h"
#include "web/http/reply.h"
#include "web/endpoint/route.h"

/* Endpoints that need not be there, and the members that tell of them. */
static const struct {
    const char *handler;
    const char *member;
    const char *methods; /* the member for authentication there; NULL: none */
    int has_none;        /* public clients are served */
} optional[] = {
    { "gpt-oauth-register", "registration_endpoint", NULL, 0 },
    { "gpt-oauth-revoke", "revocation_endpoint", "revocation_endpoint_auth_methods_supported", 1 },
    { "gpt-oauth-introspect", "introspection_endpoint", "introspection_endpoint_auth_methods_supported", 0 },
};

static json_t *methods(int has_none)
{
    json_t *list = has_none ? json_pack("[s]", "none") : json_array();

    json_array_append_new(list, json_string("client_secret_post"));
    json_array_append_new(list, json_string("client_secret_basic"));
    return list;
}

/* RFC 8414 section 2. No member without a value, and nothing that is not served. */
static json_t *describe(request_rec *r, const server_conf_t *conf)
{
    apr_pool_t *p = r->pool;
    json_t *object = json_own(
        p, json_pack("{s:s, s:s, s:s, s:[s], s:[s], s:o, s:o, s:[s], s:o, s:b}", "issuer", conf->issuer, "authorization_endpoint",
                     route_url(p, conf, "gpt-oauth-authorize"), "token_endpoint", route_url(p, conf, "gpt-oauth-token"),
                     "response_types_supported", "code", "response_modes_supported", "query", "grant_types_supported",
                     endpoint_token_grants(), "token_endpoint_auth_methods_supported", methods(1),
                     "code_challenge_methods_supported", "S256", "scopes_supported", json_words(p, conf->policy->known_scopes),
                     "authorization_response_iss_parameter_supported", 1));

    /* Initiating User Registration via OpenID Connect 1.0 defines it, for all values of prompt. */
    json_object_set_new(object, "prompt_values_supported", json_words(p, "none login consent select_account"));
    if (conf->policy->documents != CLIENT_DOCUMENTS_OFF) {
        json_object_set_new(object, "client_id_metadata_document_supported", json_true());
    }
    for (int i = 0; i < COUNT(optional); i++) {
        const char *url = route_url(p, conf, optional[i].handler);

        if (url) {
            json_object_set_new(object, optional[i].member, json_string(url));
        }
        if (url && optional[i].methods) {
            json_object_set_new(object, optional[i].methods, methods(optional[i].has_none));
        }
    }
    return object;
}

int endpoint_server_metadata(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    apr_size_t size = strlen(WELL_KNOWN_METADATA);

    /* RFC 8414 section 3.1: the path of the issuer stands behind the well-known one, and is part of the name. */
    if (strncmp(r->uri, WELL_KNOWN_METADATA, size) == 0 && strcmp(r->uri + size, conf->issuer_path) != 0) {
        return reply_nothing(r);
    }
    return reply_document(r, json_print(r->pool, describe(r, conf)));
}
