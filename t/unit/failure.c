#include "tap.h"
#include "base/failure.h"

void test_failure(apr_pool_t *p)
{
    const struct {
        oauth_error_t error;
        const char *name;
        int status;
    } rows[] = {
        { OAUTH_INVALID_REQUEST, "invalid_request", 400 },
        { OAUTH_INVALID_CLIENT, "invalid_client", 401 },
        { OAUTH_INVALID_GRANT, "invalid_grant", 400 },
        { OAUTH_UNAUTHORIZED_CLIENT, "unauthorized_client", 400 },
        { OAUTH_UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type", 400 },
        { OAUTH_UNSUPPORTED_RESPONSE_TYPE, "unsupported_response_type", 400 },
        { OAUTH_INVALID_SCOPE, "invalid_scope", 400 },
        { OAUTH_INVALID_TARGET, "invalid_target", 400 },
        { OAUTH_ACCESS_DENIED, "access_denied", 403 },
        { OAUTH_CONSENT_REQUIRED, "consent_required", 400 },
        { OAUTH_LOGIN_REQUIRED, "login_required", 400 },
        { OAUTH_REQUEST_NOT_SUPPORTED, "request_not_supported", 400 },
        { OAUTH_REQUEST_URI_NOT_SUPPORTED, "request_uri_not_supported", 400 },
        { OAUTH_INVALID_TOKEN, "invalid_token", 401 },
        { OAUTH_INSUFFICIENT_SCOPE, "insufficient_scope", 403 },
        { OAUTH_INVALID_REDIRECT_URI, "invalid_redirect_uri", 400 },
        { OAUTH_INVALID_CLIENT_METADATA, "invalid_client_metadata", 400 },
        { OAUTH_UNAVAILABLE, "temporarily_unavailable", 503 },
        { OAUTH_SERVER_ERROR, "server_error", 500 },
    };
    const failure_t *failure;
    oauth_error_t found;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(oauth_error_name(rows[i].error), rows[i].name, "the name of %s", rows[i].name);
        ok(oauth_error_status(rows[i].error) == rows[i].status, "the status of %s is %d", rows[i].name, rows[i].status);
        ok(oauth_error_named(rows[i].name, &found) && found == rows[i].error, "%s is found by its name", rows[i].name);
        for (size_t k = 0; k < i; k++) {
            ok(oauth_error_code(rows[i].error) != oauth_error_code(rows[k].error), "%s and %s have codes of their own",
               rows[i].name, rows[k].name);
        }
    }
    ok(!oauth_error_named("", &found) && !oauth_error_named("invalid", &found), "no other name is found");
    is_str(log_code_name(oauth_error_code(OAUTH_INVALID_GRANT)), "GPT102", "the code of an error has a name");
    is_str(log_code_cause(LOG_TRACE), "a TRACE request was refused", "... and a cause");
    failure = failure_make(p, OAUTH_INVALID_GRANT, "the code has expired", "expired %d s ago", 7);
    ok(failure->error == OAUTH_INVALID_GRANT, "a failure keeps its error");
    is_str(failure->description, "the code has expired", "a failure keeps its description");
    is_str(failure->reason, "expired 7 s ago", "the reason is formatted");
    failure = failure_make(p, OAUTH_INVALID_GRANT, "100%s sure", NULL);
    is_str(failure->reason, "100%s sure", "without a reason the description stands in, and is no format");
}
