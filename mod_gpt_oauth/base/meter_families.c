/*
 * The table of what is counted, with the names that Prometheus and people read. Called by meter.c for the bounds, and by whoever
 * shows the numbers.
 */
#include "base/meter_families.h"

#include "base/array.h"

const apr_int64_t meter_bounds[LATENCY_BOUNDS] = { 500,   1000,   2500,   5000,   10000,   25000,
                                                   50000, 100000, 250000, 500000, 1000000, 2500000 };

static const char *const endpoints[] = {
    [ENDPOINT_METER_HELLO] = "hello",       [ENDPOINT_METER_AUTHORIZE] = "authorize",
    [ENDPOINT_METER_APPS] = "apps",         [ENDPOINT_METER_CONSOLE] = "console",
    [ENDPOINT_METER_LOGO] = "logo",         [ENDPOINT_METER_TOKEN] = "token",
    [ENDPOINT_METER_REVOKE] = "revoke",     [ENDPOINT_METER_INTROSPECT] = "introspect",
    [ENDPOINT_METER_REGISTER] = "register", [ENDPOINT_METER_METADATA] = "metadata",
    [ENDPOINT_METER_RESOURCE] = "resource", [ENDPOINT_METER_MANIFEST] = "manifest",
    [ENDPOINT_METER_OPENAPI] = "openapi",   [ENDPOINT_METER_STATUS] = "status",
    [ENDPOINT_METER_HEALTH] = "health",     [ENDPOINT_METER_OTHER] = "other",
};
static const char *const results[] = { "success", "redirect", "refused", "throttled", "failed" };
static const char *const grants[] = { "authorization_code", "refresh_token", "client_credentials" };
static const char *const sign_ins[] = { "success", "one_time_password", "wrong", "throttled", "busy", "failed" };
static const char *const verdicts[] = {
    [VERDICT_NONE] = "",
    [VERDICT_ALLOWED] = "allowed",
    [VERDICT_PREFLIGHT] = "preflight",
    [VERDICT_NO_CREDENTIAL] = "no_credential",
    [VERDICT_MALFORMED] = "malformed",
    [VERDICT_FOREIGN] = "foreign_token",
    [VERDICT_UNKNOWN] = "unknown_token",
    [VERDICT_EXPIRED] = "expired_token",
    [VERDICT_REVOKED] = "revoked_token",
    [VERDICT_DISABLED] = "disabled",
    [VERDICT_OTHER_RESOURCE] = "other_resource",
    [VERDICT_KEY] = "wrong_key",
    [VERDICT_SCOPE] = "insufficient_scope",
    [VERDICT_FORBIDDEN] = "forbidden",
    [VERDICT_THROTTLED] = "throttled",
    [VERDICT_PLAIN_HTTP] = "plain_http",
    [VERDICT_UNAVAILABLE] = "unavailable",
};
static const char *const lookups[] = { "hit", "miss" };
static const char *const pool_refusals[] = { "full", "shut", "connecting" };
static const char *const registrations[] = { "new", "known", "refused" };
static const char *const documents[] = { "success", "silent", "refused" };
static const char *const throttles[] = { "client", "grant",   "password",     "address", "key",
                                         "user",   "browser", "registration", "document" };

_Static_assert(COUNT(throttles) == METERED_THROTTLES, "each throttle has a name");

#define ONE                                                                                                                      \
    {                                                                                                                            \
        0                                                                                                                        \
    }
#define LABEL(name, values)                                                                                                      \
    {                                                                                                                            \
        name, values, COUNT(values)                                                                                              \
    }

const meter_family_t meter_families[] = {
    { "gptoauth_requests_total", "Requests to the module's own URLs, by endpoint and result.", METER_IS_COUNT, METER_REQUESTS, 0,
      LABEL("endpoint", endpoints), LABEL("result", results) },
    { "gptoauth_codes_issued_total", "Authorization codes issued.", METER_IS_COUNT, METER_CODES, 0, ONE, ONE },
    { "gptoauth_tokens_issued_total", "Access tokens issued, by grant type.", METER_IS_COUNT, METER_TOKENS, 0, ONE,
      LABEL("grant_type", grants) },
    { "gptoauth_sign_ins_total", "Attempts to sign in at the module's own page.", METER_IS_COUNT, METER_SIGN_INS, 0, ONE,
      LABEL("result", sign_ins) },
    { "gptoauth_guard_verdicts_total", "Requests to guarded Locations, by what became of them.", METER_IS_COUNT, METER_VERDICTS,
      VERDICT_ALLOWED, ONE, LABEL("verdict", verdicts) },
    { "gptoauth_cache_lookups_total", "Tokens and service keys looked for in the cache.", METER_IS_COUNT, METER_CACHE_HITS, 0,
      ONE, LABEL("result", lookups) },
    { "gptoauth_cache_too_long_total", "Answers of the database that were too long to be cached.", METER_IS_COUNT,
      METER_CACHE_TOO_LONG, 0, ONE, ONE },
    { "gptoauth_database_operation_seconds", "Time of an operation on the database, with the wait for a connection.",
      METER_IS_HISTOGRAM, METER_LATENCY, 0, ONE, ONE },
    { "gptoauth_database_failures_total", "Operations on the database that had no answer.", METER_IS_COUNT,
      METER_DATABASE_FAILURES, 0, ONE, ONE },
    { "gptoauth_pool_waits_total", "Operations that had to wait as all connections were in use.", METER_IS_COUNT,
      METER_POOL_WAITS, 0, ONE, ONE },
    { "gptoauth_pool_wait_seconds_total", "Time that operations waited for one of them.", METER_IS_TIME, METER_POOL_WAIT_TIME, 0,
      ONE, ONE },
    { "gptoauth_pool_refusals_total",
      "Operations that got no connection: DBDMax were in use (full), another one was still connecting (connecting), or that had "
      "just failed (shut).",
      METER_IS_COUNT, METER_POOL_FULL, 0, ONE, LABEL("reason", pool_refusals) },
    { "gptoauth_password_hashes_total", "Passwords hashed for those who sign in or choose another one.", METER_IS_COUNT,
      METER_HASHES, 0, ONE, ONE },
    { "gptoauth_password_hash_seconds_total", "Time spent on hashing passwords.", METER_IS_TIME, METER_HASH_TIME, 0, ONE, ONE },
    { "gptoauth_sign_ins_turned_away_total", "Sign-ins, and changes of passwords, for which there was no turn at hashing.",
      METER_IS_COUNT, METER_TURNED_AWAY, 0, ONE, ONE },
    { "gptoauth_registrations_total", "Apps that registered themselves.", METER_IS_COUNT, METER_REGISTRATIONS, 0, ONE,
      LABEL("result", registrations) },
    { "gptoauth_documents_fetched_total", "Metadata documents of apps that were asked for.", METER_IS_COUNT, METER_DOCUMENTS, 0,
      ONE, LABEL("result", documents) },
    { "gptoauth_purged_rows_total", "Rows deleted by housekeeping on this host.", METER_IS_COUNT, METER_PURGED, 0, ONE, ONE },
    { "gptoauth_audit_lines_written_total", "Lines written to the audit log.", METER_IS_COUNT, METER_AUDIT_WRITTEN, 0, ONE, ONE },
    { "gptoauth_audit_lines_lost_total", "Lines that the audit log did not take.", METER_IS_COUNT, METER_AUDIT_LOST, 0, ONE,
      ONE },
    { "gptoauth_throttled_total", "Attempts refused by a throttle.", METER_IS_COUNT, METER_THROTTLED, 0, ONE,
      LABEL("throttle", throttles) },
    { .name = NULL },
};
