/*
 * Why something was refused: the OAuth error for the client, a sentence for the person who reads it (ChatGPT shows
 * error_description to its user), and a reason for the log. Rooms fill one and pass it up; web/ alone answers and logs.
 */
#ifndef GPT_OAUTH_BASE_FAILURE_H
#define GPT_OAUTH_BASE_FAILURE_H

#include <apr_pools.h>

#include "base/log_code.h"
#include "base/meter_list.h"
#include "base/text.h" /* reasons quote strangers */

typedef enum {
    OAUTH_INVALID_REQUEST,
    OAUTH_INVALID_CLIENT,
    OAUTH_INVALID_GRANT,
    OAUTH_UNAUTHORIZED_CLIENT,
    OAUTH_UNSUPPORTED_GRANT_TYPE,
    OAUTH_UNSUPPORTED_RESPONSE_TYPE,
    OAUTH_INVALID_SCOPE,
    OAUTH_INVALID_TARGET, /* RFC 8707 */
    OAUTH_ACCESS_DENIED,
    OAUTH_CONSENT_REQUIRED, /* OpenID Connect Core 3.1.2.6, for prompt=none */
    OAUTH_LOGIN_REQUIRED,
    OAUTH_REQUEST_NOT_SUPPORTED, /* ibid., for the parameters request and request_uri (RFC 9101) */
    OAUTH_REQUEST_URI_NOT_SUPPORTED,
    OAUTH_INVALID_TOKEN,        /* RFC 6750 */
    OAUTH_INSUFFICIENT_SCOPE,   /* RFC 6750 */
    OAUTH_INVALID_REDIRECT_URI, /* RFC 7591 section 3.2.2 */
    OAUTH_INVALID_CLIENT_METADATA,
    OAUTH_UNAVAILABLE, /* the database; 503 with Retry-After, never 401 and never open */
    OAUTH_SERVER_ERROR
} oauth_error_t;

typedef struct failure_t {
    oauth_error_t error;
    const char *description; /* for the client: ASCII without '"' and '\' (RFC 6749 section 5.2), a constant or cleaned */
    const char *reason;      /* for the log: why and what to do; never a token, code, secret, password or cookie */
    const char *ended_grant; /* the id of a grant that ended for it, as a code or refresh token was used twice; NULL: none */
    verdict_meter_t verdict; /* what the guard counts it as; VERDICT_NONE: by its error */
} failure_t;

/* The registered name of an error, and the HTTP status that carries it. */
const char *oauth_error_name(oauth_error_t error);
int oauth_error_status(oauth_error_t error);

/* What the log says of a refusal with this error where no other cause is known. */
log_code_t oauth_error_code(oauth_error_t error);

/* 1 and *error when an error of this name is registered. */
int oauth_error_named(const char *name, oauth_error_t *error);

/*
 * Makes a failure in p. description must be fit for a client as it is; reason is a printf format, and NULL repeats the
 * description. Never returns NULL: functions of this project return `const failure_t *`, NULL meaning success.
 */
const failure_t *failure_make(apr_pool_t *p, oauth_error_t error, const char *description, const char *reason, ...)
    __attribute__((format(printf, 4, 5)));

/* The same in p, of a token. */
const failure_t *failure_counted(apr_pool_t *p, const failure_t *failure, verdict_meter_t verdict);

/* The same in p, for which this grant (NULL: none) ended. */
const failure_t *failure_ending(apr_pool_t *p, const failure_t *failure, const char *grant_id);

#endif
