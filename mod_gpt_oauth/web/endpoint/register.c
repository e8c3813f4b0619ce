/*
 * The registration endpoint (RFC 7591): apps that register themselves, openly or with an initial access token. Called by
 * dispatch.c.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "base/authorization.h"
#include "base/json.h"
#include "base/meter.h"
#include "grant/client_metadata.h"
#include "grant/key.h"
#include "grant/registration.h"
#include "grant/user.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/audit.h"
#include "web/http/db.h"
#include "web/endpoint/endpoints.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/http/throttle.h"

static void count(request_rec *r, registration_meter_t result)
{
    meter_add(config_server(r->server)->meter, METER_REGISTRATIONS + (int)result, 1);
}

static int refuse_as(request_rec *r, log_code_t code, int status, const failure_t *failure)
{
    count(r, REGISTRATION_METER_REFUSED);
    log_refusal(r, code, "registration refused", NULL, NULL, failure);
    return reply_failure_status(r, status, failure);
}

static int refuse(request_rec *r, int status, const failure_t *failure)
{
    return refuse_as(r, oauth_error_code(failure->error), status, failure);
}

/* RFC 7591 section 3: the initial access token is a bearer token, here a service key made for this. */
static const failure_t *check_initial_token(request_rec *r, store_t *store)
{
    const authorization_t sent = authorization_parse(r->pool, apr_table_get(r->headers_in, "Authorization"));
    const failure_t *failure;
    service_key_t *key;

    if (sent.scheme != AUTHORIZATION_BEARER || !sent.text) {
        return failure_make(r->pool, OAUTH_INVALID_TOKEN,
                            "Registration needs an initial access token, sent as Authorization: Bearer. Ask the server's "
                            "administrator for one.",
                            "no initial access token; `gptoauth key add NAME --register` makes one");
    }
    failure = key_verify(store, sent.text, &key);
    if (!failure && !key->may_register) {
        failure = key_refusal(r->pool, apr_psprintf(r->pool, "the service key %s was not made with --register", key->name));
    }
    if (!failure) {
        audit_key_use(r, apr_pstrcat(r->pool, PRINCIPAL_SERVICE_KEY, key->name, NULL));
    }
    return failure;
}

static int refuse_flood(request_rec *r, log_code_t code, int wait, const char *description)
{
    return refuse_as(r, code, reply_later(r, HTTP_TOO_MANY_REQUESTS, wait),
                     failure_make(r->pool, OAUTH_UNAVAILABLE, description, "%s (answered 429)", description));
}

/* invalid_token is answered nowhere else here. */
static int refuse_token(request_rec *r, const failure_t *failure)
{
    const char *challenge = apr_table_get(r->headers_in, "Authorization") ? "Bearer error=\"invalid_token\"" : "Bearer";
    int wait;

    if (failure->error == OAUTH_INVALID_TOKEN) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", challenge);
        if ((wait = throttle_count(r, THROTTLE_KEY, NULL))) {
            return refuse_flood(r, LOG_KEYS_THROTTLED, wait, "Too many wrong keys came from this address. Try again later.");
        }
        return refuse_as(r, LOG_KEY_REFUSED, oauth_error_status(failure->error), failure);
    }
    return refuse(r, oauth_error_status(failure->error), failure);
}

/* RFC 7591 section 3.2.1: what is registered, which may be less than was asked for. */
static int reply_client(request_rec *r, const registration_t *registration)
{
    const client_t *client = registration->client;
    json_t *uris = json_array();
    json_t *object =
        json_own(r->pool, json_pack("{s:s, s:I, s:s, s:o, s:o, s:[s], s:s}", "client_id", client->id, "client_id_issued_at",
                                    (json_int_t)client->created_at, "client_name", client->name, "redirect_uris", uris,
                                    "grant_types", json_words(r->pool, client->grant_types), "response_types", "code",
                                    "token_endpoint_auth_method", registration->auth_method));

    for (int i = 0; i < registration->redirect_uris->nelts; i++) {
        json_array_append_new(uris, json_string(APR_ARRAY_IDX(registration->redirect_uris, i, const char *)));
    }
    if (client->application_type) {
        json_object_set_new(object, "application_type", json_string(client->application_type));
    }
    for (int i = 0; i < CLIENT_LINKS; i++) {
        if (client->links[i]) {
            json_object_set_new(object, client_link_names[i], json_string(client->links[i]));
        }
    }
    if (registration->scope) {
        json_object_set_new(object, "scope", json_string(registration->scope));
    }
    if (registration->secret) {
        json_object_set_new(object, "client_secret", json_string(registration->secret));
        json_object_set_new(object, "client_secret_expires_at", json_integer(0)); /* never */
    }
    return reply_json(r, HTTP_CREATED, object);
}

static int add(request_rec *r, store_t *store, const char *body, apr_size_t size)
{
    registration_t registration;
    const failure_t *failure =
        registration_read(r->pool, config_server(r->server)->policy, json_parse_object(r->pool, body, size), &registration);
    int found = 0, wait;

    if (!failure) {
        failure = registration_find(store, &registration, &found);
    }
    if (!failure && !found) {
        /* Only who is new counts, and up to a ceiling that leaves hosted apps room: all their users come from a few addresses. */
        if ((wait = throttle_count(r, THROTTLE_REGISTRATION, NULL))) {
            return refuse_flood(r, LOG_REGISTRATIONS_THROTTLED, wait,
                                "Too many new clients came from this address. Try again later.");
        }
        failure = registration_add(store, &registration);
    }
    if (failure) {
        return refuse(r, oauth_error_status(failure->error), failure);
    }
    count(r, found ? REGISTRATION_METER_KNOWN : REGISTRATION_METER_NEW);
    log_request(r, LOG_CLIENT_REGISTERED, "client %s registered %sas \"%s\", for %s", registration.client->id,
                found ? "again " : "", log_quote(r->pool, registration.client->name, 64),
                log_quote(r->pool, APR_ARRAY_IDX(registration.redirect_uris, 0, const char *), 200));
    audit(r, .event = AUDIT_REGISTRATION, .code = log_code_name(LOG_CLIENT_REGISTERED), .client = registration.client->id);
    return reply_client(r, &registration);
}

int endpoint_register(request_rec *r)
{
    store_t store = db_store(r);
    const failure_t *failure;
    const char *body;
    apr_size_t size;
    int status;

    if (config_server(r->server)->registration == REGISTRATION_TOKEN && (failure = check_initial_token(r, &store))) {
        return refuse_token(r, failure);
    }
    if (!request_has_type(r, "application/json")) {
        return refuse(
            r, HTTP_BAD_REQUEST,
            failure_make(r->pool, OAUTH_INVALID_CLIENT_METADATA, "Send the metadata as JSON, as application/json.", NULL));
    }
    status = request_read_body(r, &body, &size);
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return refuse(r, status, request_too_large(r->pool, OAUTH_INVALID_CLIENT_METADATA));
    }
    return status == OK ? add(r, &store, body, size) : status;
}
