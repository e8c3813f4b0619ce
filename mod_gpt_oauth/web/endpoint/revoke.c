/*
 * The revocation endpoint (RFC 7009): a client gives back a token of its own. Called by dispatch.c.
 */
#include <httpd.h>

#include "grant/revoke.h"
#include "private.h"
#include "web/endpoint/client_request.h"
#include "web/http/db.h"
#include "web/endpoint/endpoints.h"
#include "web/http/audit.h"
#include "web/http/log.h"
#include "web/http/reply.h"

/* One answer to whatever was sent: who asks about a token that is not his learns nothing. */
int endpoint_revoke(request_rec *r)
{
    client_request_t request = { .refused = "revocation refused" };
    store_t store = db_store(r);
    const failure_t *failure;
    const char *token, *outcome = NULL, *grant_id = NULL;
    int rc;

    if (!client_request_read(r, &request, &rc) || !client_request_authenticate(r, &store, &request, &rc)) {
        return rc;
    }
    token = params_get(request.params, "token");
    failure = token ? revoke_token(&store, request.client, token, &outcome, &grant_id) : client_request_missing(r->pool, "token");
    if (failure) {
        return client_request_refuse(r, &request, failure);
    }
    log_request(r, LOG_TOKEN_REVOKED, "client %s revoked %s", request.client->id, outcome);
    audit(r, .event = AUDIT_REVOCATION, .result = grant_id ? AUDIT_OK : AUDIT_REFUSED, .code = log_code_name(LOG_TOKEN_REVOKED),
          .client = request.client->id, .grant = grant_id);
    return reply_empty(r);
}
