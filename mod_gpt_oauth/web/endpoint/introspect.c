/*
 * The introspection endpoint (RFC 7662): what a token is good for, told to resource servers and to service keys made for that.
 * Called by dispatch.c.
 */
#include <httpd.h>
#include <apr_strings.h>

#include "base/authorization.h"
#include "base/json.h"
#include "base/token.h"
#include "grant/key.h"
#include "grant/user.h"
#include "grant/verify.h"
#include "web/endpoint/client_request.h"
#include "web/config/config.h"
#include "web/http/audit.h"
#include "web/http/db.h"
#include "web/endpoint/endpoints.h"
#include "web/http/reply.h"

/* A service key that was sent in place of a client's id and secret: as a bearer token, or as either part of Basic. */
static const char *key_sent(request_rec *r)
{
    const authorization_t sent = authorization_parse(r->pool, apr_table_get(r->headers_in, "Authorization"));
    const char *text;

    if (sent.scheme == AUTHORIZATION_BEARER) {
        return sent.text;
    }
    if (!sent.secret) {
        return NULL;
    }
    text = *sent.secret ? sent.secret : sent.id;
    return token_has_prefix(text, TOKEN_SERVICE_KEY) ? text : NULL;
}

static const failure_t *check_key(store_t *store, const char *text, client_request_t *request)
{
    const failure_t *failure;
    service_key_t *key;

    if (params_get(request->params, "client_secret")) {
        return failure_make(store->pool, OAUTH_INVALID_REQUEST, "Only one method of authentication may be used at a time.", NULL);
    }
    if ((failure = key_verify(store, text, &key))) {
        return failure;
    }
    request->client_id = apr_pstrcat(store->pool, PRINCIPAL_SERVICE_KEY, key->name, NULL);
    return key->may_introspect ? NULL
                               : failure_make(store->pool, OAUTH_ACCESS_DENIED, "This service key may not introspect tokens.",
                                              "the service key %s was not made with --introspect", key->name);
}

static const failure_t *check_client(apr_pool_t *p, const client_t *client)
{
    if (client->is_public) {
        return failure_make(p, OAUTH_INVALID_CLIENT, "Introspection is for resource servers, which have a secret.",
                            "a public client, which cannot authenticate, asked about a token");
    }
    if (!client->is_resource_server) {
        return failure_make(p, OAUTH_ACCESS_DENIED, "Introspection is for resource servers only.",
                            "the client is not a resource server; `gptoauth client add NAME --resource-server` makes one");
    }
    return NULL;
}

/*
 * RFC 7662 section 2.1: nobody else may ask, or tokens could be guessed here and looked into. *resource is what the caller
 * guards, "" for anything. 1, or 0 when the request was refused and answered: then the handler returns *rc.
 */
static int admit(request_rec *r, store_t *store, client_request_t *request, const char **resource, int *rc)
{
    const char *key = key_sent(r);
    const failure_t *failure;

    *resource = "";
    if (key) {
        failure = check_key(store, key, request);
    } else {
        if (!client_request_authenticate(r, store, request, rc)) {
            return 0;
        }
        failure = check_client(r->pool, request->client);
        *resource = request->client->resource;
    }
    if (failure) {
        *rc = client_request_refuse(r, request, failure);
    } else if (key) {
        audit_key_use(r, request->client_id);
    }
    return !failure;
}

/* One value, or a list of several. */
static json_t *audience(apr_pool_t *p, const char *resources)
{
    json_t *list = json_words(p, resources);

    if (json_array_size(list) == 1) {
        json_t *only = json_incref(json_array_get(list, 0));

        json_decref(list);
        return only;
    }
    return list;
}

static json_t *describe(request_rec *r, const access_t *access)
{
    const policy_t *policy = config_server(r->server)->policy;
    json_t *object = json_own(r->pool, json_pack("{s:b, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "active", 1, "iss", policy->issuer,
                                                 "client_id", access->client_id, "sub", access_principal(r->pool, access),
                                                 "scope", policy_held(r->pool, policy, access->scope), "token_type", "Bearer",
                                                 "iat", (json_int_t)access->issued_at, "exp", (json_int_t)access->expires_at));

    if (access->username) {
        json_object_set_new(object, "username", json_string(access->username));
    }
    if (*access->resource) {
        json_object_set_new(object, "aud", audience(r->pool, access->resource));
    }
    return object;
}

/* NULL and *access, or why the token is not active here (invalid_token), or the database's failure. */
static const failure_t *look_up(store_t *store, const char *token, const char *resource, access_t **access)
{
    const failure_t *failure = verify_access_token(store, token, access);

    return failure || !*resource ? failure : verify_audience(store->pool, *access, resource, 0);
}

int endpoint_introspect(request_rec *r)
{
    client_request_t request = { .refused = "introspection refused" };
    store_t store = db_store(r);
    const failure_t *failure;
    const char *token, *resource;
    access_t *access;
    int rc;

    if (!client_request_read(r, &request, &rc) || !admit(r, &store, &request, &resource, &rc)) {
        return rc;
    }
    token = params_get(request.params, "token");
    if (!token) {
        return client_request_refuse(r, &request, client_request_missing(r->pool, "token"));
    }
    failure = look_up(&store, token, resource, &access);
    if (!failure) {
        return reply_json(r, HTTP_OK, describe(r, access));
    }
    if (failure->error != OAUTH_INVALID_TOKEN) {
        return client_request_refuse(r, &request, failure);
    }
    log_failure(r, "introspected as not active", request.client_id, NULL, failure);
    return reply_json(r, HTTP_OK, json_own(r->pool, json_pack("{s:b}", "active", 0)));
}
