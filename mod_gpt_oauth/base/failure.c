#include "failure.h"

#include <apr_strings.h>

#include <stdarg.h>

static const struct {
    const char *name;
    int status;
} errors[] = {
    [OAUTH_INVALID_REQUEST] = { "invalid_request", 400 },
    [OAUTH_INVALID_CLIENT] = { "invalid_client", 401 },
    [OAUTH_INVALID_GRANT] = { "invalid_grant", 400 },
    [OAUTH_UNAUTHORIZED_CLIENT] = { "unauthorized_client", 400 },
    [OAUTH_UNSUPPORTED_GRANT_TYPE] = { "unsupported_grant_type", 400 },
    [OAUTH_UNSUPPORTED_RESPONSE_TYPE] = { "unsupported_response_type", 400 },
    [OAUTH_INVALID_SCOPE] = { "invalid_scope", 400 },
    [OAUTH_INVALID_TARGET] = { "invalid_target", 400 },
    [OAUTH_ACCESS_DENIED] = { "access_denied", 403 },
    [OAUTH_CONSENT_REQUIRED] = { "consent_required", 400 },
    [OAUTH_LOGIN_REQUIRED] = { "login_required", 400 },
    [OAUTH_REQUEST_NOT_SUPPORTED] = { "request_not_supported", 400 },
    [OAUTH_REQUEST_URI_NOT_SUPPORTED] = { "request_uri_not_supported", 400 },
    [OAUTH_INVALID_TOKEN] = { "invalid_token", 401 },
    [OAUTH_INSUFFICIENT_SCOPE] = { "insufficient_scope", 403 },
    [OAUTH_INVALID_REDIRECT_URI] = { "invalid_redirect_uri", 400 },
    [OAUTH_INVALID_CLIENT_METADATA] = { "invalid_client_metadata", 400 },
    [OAUTH_UNAVAILABLE] = { "temporarily_unavailable", 503 },
    [OAUTH_SERVER_ERROR] = { "server_error", 500 },
};

const char *oauth_error_name(oauth_error_t error)
{
    return errors[error].name;
}

int oauth_error_status(oauth_error_t error)
{
    return errors[error].status;
}

const failure_t *failure_make(apr_pool_t *p, oauth_error_t error, const char *description, const char *reason, ...)
{
    failure_t *failure = apr_palloc(p, sizeof(*failure));

    failure->error = error;
    failure->description = description;
    failure->reason = description;
    if (reason) {
        va_list args;

        va_start(args, reason);
        failure->reason = apr_pvsprintf(p, reason, args);
        va_end(args);
    }
    return failure;
}
