/*
 * The table of endpoints: where each is, who may call it, by which methods, and which function answers. web/endpoint/route.c
 * finds the row of a request, and web/endpoint/dispatch.c has it answered.
 */
#include "web/endpoint/endpoints.h"

#include "base/well_known.h"
#include "web/config/config.h"
#include "web/http/reply.h"

#define BY_GET_OR_POST "GET, HEAD, POST, OPTIONS"
#define BY_POST        "POST, OPTIONS"

static int registers(const server_conf_t *conf)
{
    return conf->registration != REGISTRATION_OFF;
}

static int has_console(const server_conf_t *conf)
{
    return conf->admins != NULL;
}

static int has_manifest(const server_conf_t *conf)
{
    return conf->manifest != NULL;
}

static int has_openapi(const server_conf_t *conf)
{
    return conf->openapi_file != NULL;
}

const endpoint_t endpoints[] = {
    /* First, as it alone is looked for by its handler at each request. */
    { NULL, "gpt-oauth-hello", ENDPOINT_PUBLIC, NULL, endpoint_hello_get, endpoint_hello_post, BY_GET_OR_POST, AUDIT_NONE,
      ENDPOINT_METER_HELLO },
    { "authorize", "gpt-oauth-authorize", ENDPOINT_IDENTIFIES | ENDPOINT_FORMS, NULL, endpoint_authorize_get,
      endpoint_authorize_post, BY_GET_OR_POST, AUDIT_AUTHORIZATION, ENDPOINT_METER_AUTHORIZE },
    { "apps", "gpt-oauth-apps", ENDPOINT_IDENTIFIES, NULL, endpoint_apps_get, endpoint_apps_post, BY_GET_OR_POST, AUDIT_APPS,
      ENDPOINT_METER_APPS },
    { "console", "gpt-oauth-console", ENDPOINT_IDENTIFIES, has_console, endpoint_console_get, endpoint_console_post,
      BY_GET_OR_POST, AUDIT_CONSOLE, ENDPOINT_METER_CONSOLE },
    { "logo", "gpt-oauth-logo", ENDPOINT_STATIC, NULL, endpoint_logo, NULL, REPLY_BY_GET, AUDIT_NONE, ENDPOINT_METER_LOGO },
    { "token", "gpt-oauth-token", ENDPOINT_CORS, NULL, endpoint_token_get, endpoint_token_post, BY_POST, AUDIT_TOKEN,
      ENDPOINT_METER_TOKEN }, /* GET: a 405 that says more */
    { "revoke", "gpt-oauth-revoke", ENDPOINT_CORS, NULL, NULL, endpoint_revoke, BY_POST, AUDIT_REVOCATION,
      ENDPOINT_METER_REVOKE },
    { "revoke_token", "gpt-oauth-revoke", ENDPOINT_CORS, NULL, NULL, endpoint_revoke, BY_POST, AUDIT_REVOCATION,
      ENDPOINT_METER_REVOKE }, /* as django-oauth-toolkit calls it */
    { "introspect", "gpt-oauth-introspect", 0, NULL, NULL, endpoint_introspect, BY_POST, AUDIT_NONE, ENDPOINT_METER_INTROSPECT },
    { "register", "gpt-oauth-register", ENDPOINT_CORS, registers, NULL, endpoint_register, BY_POST, AUDIT_REGISTRATION,
      ENDPOINT_METER_REGISTER },
    { WELL_KNOWN_METADATA, "gpt-oauth-metadata", ENDPOINT_TREE | ENDPOINT_STATIC | ENDPOINT_CORS, NULL, endpoint_server_metadata,
      NULL, NULL, AUDIT_NONE, ENDPOINT_METER_METADATA },
    { WELL_KNOWN_RESOURCE, "gpt-oauth-resource", ENDPOINT_TREE | ENDPOINT_STATIC | ENDPOINT_CORS | ENDPOINT_GUARD, NULL,
      endpoint_resource, NULL, NULL, AUDIT_NONE, ENDPOINT_METER_RESOURCE },
    { WELL_KNOWN_MANIFEST, "gpt-oauth-manifest", ENDPOINT_STATIC | ENDPOINT_CORS, has_manifest, endpoint_manifest, NULL, NULL,
      AUDIT_NONE, ENDPOINT_METER_MANIFEST },
    { "/openapi.json", "gpt-oauth-openapi", ENDPOINT_STATIC | ENDPOINT_CORS, has_openapi, endpoint_openapi, NULL, NULL,
      AUDIT_NONE, ENDPOINT_METER_OPENAPI },
    { "status", "gpt-oauth-status", ENDPOINT_IDENTIFIES | ENDPOINT_STATIC | ENDPOINT_GUARD | ENDPOINT_PLAIN, NULL,
      endpoint_status, NULL, NULL, AUDIT_NONE, ENDPOINT_METER_STATUS },
    { "health", "gpt-oauth-health", ENDPOINT_STATIC | ENDPOINT_GUARD | ENDPOINT_PLAIN, NULL, endpoint_health, NULL, REPLY_BY_GET,
      AUDIT_NONE, ENDPOINT_METER_HEALTH },
    { .handler = NULL }
};
