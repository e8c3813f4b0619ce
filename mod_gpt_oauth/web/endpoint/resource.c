/*
 * The metadata of a protected resource (RFC 9728): its authorization server and scopes.
 */
#include <httpd.h>

#include "base/json.h"
#include "base/well_known.h"
#include "private.h"
#include "web/config/config.h"
#include "web/endpoint/endpoints.h"
#include "web/http/reply.h"
#include "web/config/resource.h"

/* RFC 9728 section 3: the path of the resource stands behind the well-known one; without it the whole host is meant. */
int endpoint_resource(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    apr_size_t size = strlen(WELL_KNOWN_RESOURCE);
    const char *path = strncmp(r->uri, WELL_KNOWN_RESOURCE, size) == 0 ? r->uri + size : "";
    apr_pool_t *p = r->pool;
    const resource_t *resource = resource_at(p, conf, path);
    json_t *object;

    if (!resource) {
        return reply_nothing(r);
    }
    object = json_own(p, json_pack("{s:s, s:[s], s:o, s:[s]}", "resource", resource->uri, "authorization_servers", conf->issuer,
                                   "scopes_supported", json_words(p, resource->scopes), "bearer_methods_supported", "header"));
    return reply_document(r, json_print(p, object));
}
