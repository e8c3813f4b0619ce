/*
 * The registered OAuth errors in one table: name, HTTP status (RFC 6749 section 5.2, 6750 section 3.1, 7591 section 3.2.2) and
 * the code of the log line that goes with it.
 */
#include "base/failure.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

#include "base/array.h"

static const struct {
    const char *name;
    int status;
    log_code_t code;
} errors[] = {
    [OAUTH_INVALID_REQUEST] = { "invalid_request", 400, LOG_INVALID_REQUEST },
    [OAUTH_INVALID_CLIENT] = { "invalid_client", 401, LOG_INVALID_CLIENT },
    [OAUTH_INVALID_GRANT] = { "invalid_grant", 400, LOG_INVALID_GRANT },
    [OAUTH_UNAUTHORIZED_CLIENT] = { "unauthorized_client", 400, LOG_UNAUTHORIZED_CLIENT },
    [OAUTH_UNSUPPORTED_GRANT_TYPE] = { "unsupported_grant_type", 400, LOG_UNSUPPORTED_GRANT_TYPE },
    [OAUTH_UNSUPPORTED_RESPONSE_TYPE] = { "unsupported_response_type", 400, LOG_UNSUPPORTED_RESPONSE_TYPE },
    [OAUTH_INVALID_SCOPE] = { "invalid_scope", 400, LOG_INVALID_SCOPE },
    [OAUTH_INVALID_TARGET] = { "invalid_target", 400, LOG_INVALID_TARGET },
    [OAUTH_ACCESS_DENIED] = { "access_denied", 403, LOG_ACCESS_DENIED },
    [OAUTH_CONSENT_REQUIRED] = { "consent_required", 400, LOG_CONSENT_REQUIRED },
    [OAUTH_LOGIN_REQUIRED] = { "login_required", 400, LOG_LOGIN_REQUIRED },
    [OAUTH_REQUEST_NOT_SUPPORTED] = { "request_not_supported", 400, LOG_REQUEST_NOT_SUPPORTED },
    [OAUTH_REQUEST_URI_NOT_SUPPORTED] = { "request_uri_not_supported", 400, LOG_REQUEST_URI_NOT_SUPPORTED },
    [OAUTH_INVALID_TOKEN] = { "invalid_token", 401, LOG_INVALID_TOKEN },
    [OAUTH_INSUFFICIENT_SCOPE] = { "insufficient_scope", 403, LOG_INSUFFICIENT_SCOPE },
    [OAUTH_INVALID_REDIRECT_URI] = { "invalid_redirect_uri", 400, LOG_INVALID_REDIRECT_URI },
    [OAUTH_INVALID_CLIENT_METADATA] = { "invalid_client_metadata", 400, LOG_INVALID_CLIENT_METADATA },
    [OAUTH_UNAVAILABLE] = { "temporarily_unavailable", 503, LOG_UNAVAILABLE },
    [OAUTH_SERVER_ERROR] = { "server_error", 500, LOG_SERVER_ERROR },
};

const char *oauth_error_name(oauth_error_t error)
{
    return errors[error].name;
}

int oauth_error_status(oauth_error_t error)
{
    return errors[error].status;
}

log_code_t oauth_error_code(oauth_error_t error)
{
    return errors[error].code;
}

int oauth_error_named(const char *name, oauth_error_t *error)
{
    for (int i = 0; i < COUNT(errors); i++) {
        if (strcmp(errors[i].name, name) == 0) {
            *error = (oauth_error_t)i;
            return 1;
        }
    }
    return 0;
}

const failure_t *failure_make(apr_pool_t *p, oauth_error_t error, const char *description, const char *reason, ...)
{
    failure_t *failure = apr_palloc(p, sizeof(*failure));

    failure->error = error;
    failure->description = description;
    failure->reason = description;
    failure->ended_grant = NULL;
    failure->verdict = VERDICT_NONE;
    if (reason) {
        va_list args;

        va_start(args, reason);
        failure->reason = apr_pvsprintf(p, reason, args);
        va_end(args);
    }
    return failure;
}

const failure_t *failure_counted(apr_pool_t *p, const failure_t *failure, verdict_meter_t verdict)
{
    failure_t *counted = apr_pmemdup(p, failure, sizeof(*failure));

    counted->verdict = verdict;
    return counted;
}

const failure_t *failure_ending(apr_pool_t *p, const failure_t *failure, const char *grant_id)
{
    failure_t *ending = apr_pmemdup(p, failure, sizeof(*failure));

    ending->ended_grant = grant_id;
    return ending;
}
