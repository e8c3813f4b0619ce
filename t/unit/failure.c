#include "tap.h"
#include "base/failure.h"

#include <string.h>

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
        { OAUTH_UNAVAILABLE, "temporarily_unavailable", 503 },
        { OAUTH_SERVER_ERROR, "server_error", 500 },
    };
    const failure_t *failure;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(oauth_error_name(rows[i].error), rows[i].name, "the name of %s", rows[i].name);
        ok(oauth_error_status(rows[i].error) == rows[i].status, "the status of %s is %d", rows[i].name, rows[i].status);
    }
    failure = failure_make(p, OAUTH_INVALID_GRANT, "the code has expired", "expired %d s ago", 7);
    ok(failure->error == OAUTH_INVALID_GRANT, "a failure keeps its error");
    is_str(failure->description, "the code has expired", "a failure keeps its description");
    is_str(failure->reason, "expired 7 s ago", "the reason is formatted");
    failure = failure_make(p, OAUTH_INVALID_GRANT, "100%s sure", NULL);
    is_str(failure->reason, "100%s sure", "without a reason the description stands in, and is no format");

    is_str(log_quote(p, NULL, 10), "-", "NULL in the log");
    is_str(log_quote(p, "", 10), "", "an empty string in the log");
    is_str(log_quote(p, "plain text~", 11), "plain text~", "what fits exactly is not marked as cut");
    is_str(log_quote(p, "plain text~", 5), "plain...", "what does not fit is cut and marked");
    is_str(log_quote(p, "a\r\n[error] b\x1b[0m\x7f\"\\\xc3\xa9", 99), "a\\x0d\\x0a[error] b\\x1b[0m\\x7f\\x22\\x5c\\xc3\\xa9",
           "case 240: a log line can be neither split nor coloured");
    is_str(log_quote(p, "\xff\xff\xff", 2), "\\xff\\xff...", "a cut counts the bytes of the input");
    is_str(log_quote(p, "abc", 0), "...", "nothing but the mark");
    is_str(log_quote(p, "x gpts_0123456789-_ABCDEFGHI y", 99), "x gpts_... y", "no credential in the log");
    is_str(log_quote(p, "gptk_0123456789-_ABCDEFGHI", 9), "gptk_......", "... nor a part of one");
    is_str(log_quote(p, "gptk_0123456789-_ABCDEFGHI", 1), "gptk_......", "... however little is wanted");
    is_str(log_quote(p, "gpts_of_the_office", 99), "gpts_of_the_office", "a name that begins like one");
}
