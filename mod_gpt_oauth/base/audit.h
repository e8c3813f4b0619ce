/*
 * The audit log's lines: who did what, one JSON object a line, in ASCII. httpd (web/http/audit.h) and the command (cli/audit.h)
 * write them. A line never holds a secret: fields are names and ids, and of what looks like a credential only the prefix is left.
 */
#ifndef GPT_OAUTH_BASE_AUDIT_H
#define GPT_OAUTH_BASE_AUDIT_H

#include <apr_pools.h>
#include <apr_time.h>

/*
 * Event, its name, the fields that its lines may have besides time, event, result, code and request, and what has happened.
 * t/14-audit-log.t holds the table in docs/audit.md to it. Those with two words are commands of gptoauth, by whom `by` says.
 */
#define AUDIT_EVENTS(X)                                                                                                          \
    X(AUDIT_SIGN_IN, "sign-in", "user address", "a person signed in by the sign-in page, or was refused")                        \
    X(AUDIT_SIGN_OUT, "sign-out", "user address", "a user ended one session")                                                    \
    X(AUDIT_SIGN_OUT_ALL, "sign-out-all", "user address", "a user ended all sessions, or all others")                            \
    X(AUDIT_CONSENT, "consent", "user client scope resource address", "a user allowed, or refused, what a client asked for")     \
    X(AUDIT_AUTHORIZATION, "authorization", "user client scope resource address",                                                \
      "a client got a code; or its request, or a form of ours, was refused")                                                     \
    X(AUDIT_TOKEN, "token", "user client grant scope address",                                                                   \
      "a code became tokens, or a service account got one; or a request for tokens was refused")                                 \
    X(AUDIT_REFRESH, "refresh", "user client grant scope address", "a refresh token became new tokens")                          \
    X(AUDIT_REUSE, "reuse", "client grant address", "a code or refresh token was used twice, which ended its grant")             \
    X(AUDIT_REVOCATION, "revocation", "client grant address", "a client gave back a token, or was refused")                      \
    X(AUDIT_REGISTRATION, "registration", "client address", "an app registered itself, or was refused")                          \
    X(AUDIT_APPS, "apps", "user address", "a form of the page of apps was refused")                                              \
    X(AUDIT_CONSOLE, "console", "user address count",                                                                            \
      "the console, or an action there, was refused to somebody without the role")                                               \
    X(AUDIT_TAKEN_BACK, "taken-back", "user client address count",                                                               \
      "a user took back all that a client was granted; or, with a new password, all that every client was")                      \
    X(AUDIT_PASSWORD, "password", "user address", "a user changed the password")                                                 \
    X(AUDIT_KEY_USE, "key-use", "user address", "a service key was used: for the first time since httpd started, or this hour")  \
    X(AUDIT_THROTTLE, "throttle", "user client address count", "attempts are answered 429")                                      \
    X(AUDIT_MIGRATE, "migrate", "by", "the tables were brought up to date")                                                      \
    X(AUDIT_PURGE, "purge", "by count", "rows that expired were deleted")                                                        \
    X(AUDIT_CLIENT_ADD, "client add", "by client scope resource address", "a client was made")                                   \
    X(AUDIT_CLIENT_SECRET, "client secret", "by client address", "a client got a new secret")                                    \
    X(AUDIT_CLIENT_REDIRECT, "client redirect", "by client address", "a client got other redirect URIs, or waits for a GPT")     \
    X(AUDIT_CLIENT_LINKS, "client links", "by client address",                                                                   \
      "a client got other links to its website, privacy policy and terms")                                                       \
    X(AUDIT_CLIENT_DISABLE, "client disable", "by client address", "a client was disabled")                                      \
    X(AUDIT_CLIENT_ENABLE, "client enable", "by client address", "a client was enabled")                                         \
    X(AUDIT_CLIENT_REMOVE, "client remove", "by client address", "a client was deleted, with all grants")                        \
    X(AUDIT_CLIENT_CLEAN_UP, "client clean-up", "by address count", "apps that nobody used were deleted, with all grants")       \
    X(AUDIT_USER_ADD, "user add", "by user address", "a user was made")                                                          \
    X(AUDIT_USER_PASSWD, "user passwd", "by user address", "a user got a new password, which ended all sessions and grants")     \
    X(AUDIT_USER_DISABLE, "user disable", "by user address", "a user was disabled")                                              \
    X(AUDIT_USER_ENABLE, "user enable", "by user address", "a user was enabled")                                                 \
    X(AUDIT_USER_REMOVE, "user remove", "by user address", "a user was deleted, with all grants")                                \
    X(AUDIT_USER_SIGNOUT, "user signout", "by user address count", "all sessions of a user were ended")                          \
    X(AUDIT_GRANT_REVOKE, "grant revoke", "by user client grant address count", "grants were revoked")                           \
    X(AUDIT_KEY_ADD, "key add", "by user scope address", "a service key was made")                                               \
    X(AUDIT_KEY_REVOKE, "key revoke", "by user address", "a service key was revoked")                                            \
    X(AUDIT_THROTTLE_CLEAR, "throttle clear", "by user address count", "throttles were lifted")

typedef enum {
    AUDIT_NONE,
#define AUDIT_EVENT(event, name, fields, meaning) event,
    AUDIT_EVENTS(AUDIT_EVENT)
#undef AUDIT_EVENT
} audit_event_t;

typedef enum {
    AUDIT_OK,
    AUDIT_REFUSED, /* by a rule, or by the user */
    AUDIT_FAILED   /* the database did not answer, or the command ended with an error */
} audit_result_t;

/* NULL is what is not known; any bytes. */
typedef struct audit_t {
    audit_event_t event;
    audit_result_t result;
    const char *code; /* of the line beside it in the error log */
    const char *by;   /* who acted, where that is neither the user nor the client: a user of the machine */
    const char *user; /* or the principal service:NAME */
    const char *client;
    const char *grant;
    const char *scope;
    const char *resource;
    const char *address;
    const char *request; /* UNIQUE_ID */
    apr_int64_t count;   /* 0: none */
} audit_t;

/* Of a line, with its end and a newline before it: what a pipe takes in one piece (PIPE_BUF). */
#define AUDIT_LINE_MAX 4096

/* The event of this name, or AUDIT_NONE. */
audit_event_t audit_event_named(const char *name);

/*
 * The line, in p, with its end, and in *size its bytes. Longer fields are cut, with "..." behind. Before the line stands another
 * newline, at [-1], for who has left the last one unfinished.
 */
const char *audit_line(apr_pool_t *p, const audit_t *audit, apr_time_t now, apr_size_t *size);

#endif
