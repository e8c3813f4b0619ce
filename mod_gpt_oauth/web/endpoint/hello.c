/*
 * An example of an application behind the guard, for trying things out (SetHandler gpt-oauth-hello): greets whoever calls.
 * Called by dispatch.c.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "base/json.h"
#include "grant/user.h"
#include "private.h"
#include "web/endpoint/endpoints.h"
#include "web/guard/guard.h"
#include "web/http/reply.h"
#include "web/http/request.h"

#define NAME_MAX_BYTES 200

static const failure_t *bad_body(apr_pool_t *p)
{
    return failure_make(p, OAUTH_INVALID_REQUEST, "Send a JSON object with a name of 1 to 200 bytes, as application/json.", NULL);
}

/* {"name": "…"} of the body; *name stays as it is when the failure is returned. */
static int read_name(request_rec *r, const char **name, const failure_t **failure)
{
    const char *body, *sent;
    json_t *object;
    apr_size_t size;
    int status;

    *failure = NULL;
    if (!request_has_type(r, "application/json")) {
        *failure = bad_body(r->pool);
        return OK;
    }
    status = request_read_body(r, &body, &size);
    if (status != OK) {
        return status;
    }
    object = json_parse_object(r->pool, body, size);
    sent = object ? json_string_value(json_object_get(object, "name")) : NULL;
    if (!sent || !*sent || strlen(sent) > NAME_MAX_BYTES) {
        *failure = bad_body(r->pool);
    } else {
        *name = sent;
    }
    return OK;
}

static const char *caller_name(request_rec *r, const access_t *access)
{
    return access->client_id ? r->user : apr_pstrcat(r->pool, "service ", r->user + strlen(PRINCIPAL_SERVICE_KEY), NULL);
}

static int greet(request_rec *r, const char *name)
{
    const access_t *access = guard_access(r);
    json_t *object;

    if (!name && !access) {
        return reply_json_text(r, HTTP_OK, "{\"message\":\"Hello, world!\"}");
    }
    object = json_own(r->pool, json_object());
    if (!name) {
        name = caller_name(r, access);
    }
    json_object_set_new(object, "message", json_string(apr_pstrcat(r->pool, "Hello, ", name, "!", NULL)));
    if (access) {
        json_object_set_new(object, "user", json_string(r->user));
        if (access->client_id) {
            json_object_set_new(object, "client", json_string(access->client_id));
        }
        json_object_set_new(object, "scope", json_string(access->scope));
    }
    return reply_json(r, HTTP_OK, object);
}

int endpoint_hello_get(request_rec *r)
{
    return greet(r, NULL);
}

int endpoint_hello_post(request_rec *r)
{
    const failure_t *failure;
    const char *name = NULL;
    int status = read_name(r, &name, &failure);

    return status != OK ? status : failure ? reply_failure(r, failure) : greet(r, name);
}
