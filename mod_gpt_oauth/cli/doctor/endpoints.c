/*
 * Asks each endpoint as a client would, and recognises what stands in its way: redirects, other sign-ins, firewalls. Called by
 * doctor.c, and by published.c for endpoints that only the metadata names.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/log_code.h"
#include "base/uri.h"
#include "cli/client/html.h"
#include "cli/doctor/checks.h"
#include "cli/output.h"

#define PAGE_SHOWN 200

static const char *header(const http_answer_t *answer, const char *name)
{
    const char *value = apr_table_get(answer->headers, name);

    return value ? value : "";
}

void doctor_judge_domain(doctor_t *doctor, const char *subject, const char *what, const char *url)
{
    uri_t uri;

    if (uri_parse(doctor->report->pool, url, &uri) && uri.host && !uri_same_root(uri.host, doctor->host)) {
        report_add(doctor->report, PROBLEM, subject,
                   "the GPT builder demands that authorization URL, token URL and API share a root domain: name them below one",
                   "%s is at %s, on another root domain than %s", what, uri.host, doctor->host);
    }
}

/* Is it of httpd, or of a backend, that a person should sign in first? The module's own challenges name its issuer, and where
 * that is another one than asked for, they come with the error of RFC 6749 section 5.2. */
static int is_foreign_challenge(const doctor_t *doctor, const http_answer_t *answer)
{
    const char *challenge = header(answer, "WWW-Authenticate");

    return answer->status == 401 && strncasecmp(challenge, "Bearer", 6) != 0 && !strstr(challenge, doctor->c->server.issuer) &&
           !strstr(answer->body, "\"invalid_client\"");
}

/* Says what is wrong with an answer that cannot be the module's, and is 0 then. */
static int may_be_ours(doctor_t *doctor, const char *subject, const http_answer_t *answer)
{
    report_t *report = doctor->report;

    if (answer->problem) {
        report_add(report, PROBLEM, subject, answer->remedy, "%s", answer->problem);
    } else if (answer->status >= 300 && answer->status < 400) {
        report_add(
            report, PROBLEM, subject,
            "no client follows it: exempt /oauth/ and /.well-known/ from every Redirect and RewriteRule, here and in front",
            "redirects to %s", header(answer, "Location"));
    } else if (is_foreign_challenge(doctor, answer)) {
        report_add(report, PROBLEM, subject,
                   "clients call this on their own: write `AuthType None` and `Require all granted` in a <Location> of this path",
                   "another sign-in covers it: %s",
                   *header(answer, "WWW-Authenticate") ? header(answer, "WWW-Authenticate") : "401 without a challenge");
    } else if (answer->status == 503) {
        report_add(report, PROBLEM, subject,
                   apr_psprintf(report->pool, "the line %s or %s in httpd's error log says what the database lacks",
                                log_code_name(LOG_UNAVAILABLE), log_code_name(LOG_NO_DATABASE)),
                   "out of order (503): the server cannot work with its database");
    } else if (answer->status >= 500) {
        report_add(report, PROBLEM, subject, "look into httpd's error log", "fails with %s",
                   http_status_text(report->pool, answer->status));
    } else if (answer->status == 403 && strncmp(doctor->c->server.issuer, "https:", 6) == 0) {
        report_add(
            report, PROBLEM, subject,
            apr_psprintf(report->pool,
                         "where a proxy in front terminates TLS, write `ServerName %s` in the <VirtualHost>; else look for "
                         "a firewall that blocks robots",
                         doctor->c->server.origin),
            "forbidden: %s", html_text(report->pool, answer->body, PAGE_SHOWN));
    } else {
        return 1;
    }
    return 0;
}

http_answer_t *doctor_ask(doctor_t *doctor, const char *subject, const http_request_t *request)
{
    http_answer_t *answer = http_send(doctor->http, doctor->report->pool, request);

    return may_be_ours(doctor, subject, answer) ? answer : NULL;
}

static void judge_authorize(doctor_t *doctor)
{
    report_t *report = doctor->report;
    const char *url = doctor->c->server.authorize;
    http_request_t request = { .url = apr_pstrcat(report->pool, url, "?client_id=" DOCTOR_NAME, NULL) };
    http_answer_t *answer = http_send(doctor->http, report->pool, &request);
    const char *location = header(answer, "Location"), *policy = header(answer, "Content-Security-Policy");
    uri_t uri;

    if (answer->status >= 300 && answer->status < 400 && uri_parse(report->pool, location, &uri) &&
        !strstr(uri.path, "/authorize")) {
        report_add(report, FINE, "authorize", NULL, "another sign-in is in front of the page: it redirects to %s",
                   uri_origin(report->pool, &uri));
        return;
    }
    if (is_foreign_challenge(doctor, answer)) {
        report_add(report, FINE, "authorize", NULL, "httpd's own sign-in is in front of the page: %s",
                   header(answer, "WWW-Authenticate"));
        return;
    }
    if (!may_be_ours(doctor, "authorize", answer)) {
        return;
    }
    if (answer->status != 400 || strcmp(answer->type, "text/html") != 0) {
        report_add(report, PROBLEM, "authorize",
                   "is GPTOAuthIssuer set in this very <VirtualHost>, and is GPTOAuthPath the one in the file of --db-conf?",
                   "%s does not answer as the module's page does: %s", url, http_status_text(report->pool, answer->status));
    } else if (strstr(policy, "form-action")) {
        report_add(report, PROBLEM, "authorize", "set no Content-Security-Policy for this path: the module sends its own",
                   "form-action in its Content-Security-Policy: in Chromium, Allow would do nothing");
    } else if (*header(answer, "Access-Control-Allow-Origin")) {
        report_add(report, WARNING, "authorize", "no other site needs to read this page: remove the header",
                   "Access-Control-Allow-Origin is set where people sign in");
    } else {
        report_add(report, FINE, "authorize", NULL, "the page is there");
    }
    doctor->sees_page = answer->status == 400 && strcmp(answer->type, "text/html") == 0;
}

void doctor_endpoint(doctor_t *doctor, const char *subject, const char *url)
{
    report_t *report = doctor->report;
    apr_array_header_t *form = apr_array_make(report->pool, 2, sizeof(const char *));
    http_request_t request = { .url = url, .form = form };
    json_t *object;
    const http_answer_t *answer;

    APR_ARRAY_PUSH(form, const char *) = "client_id";
    APR_ARRAY_PUSH(form, const char *) = DOCTOR_NAME;
    answer = doctor_ask(doctor, subject, &request);
    if (!answer) {
        return;
    }
    object = json_parse_object(report->pool, answer->body, answer->size);
    if (answer->status == 404) {
        report_add(report, PROBLEM, subject,
                   "is GPTOAuthIssuer set in this very <VirtualHost>, and is GPTOAuthPath the one in the file of --db-conf?",
                   "%s is not there", url);
    } else if (strcmp(answer->type, "application/json") != 0 || !object || !json_object_get(object, "error")) {
        report_add(report, PROBLEM, subject, "does something else answer at this path? Clients read JSON, and nothing else",
                   "answers %s, %s, where JSON with an error is expected", http_status_text(report->pool, answer->status),
                   *answer->type ? answer->type : "without a type");
    } else if (!strstr(header(answer, "Cache-Control"), "no-store")) {
        report_add(report, WARNING, subject, "let no Header directive change Cache-Control here", "its answers may be cached");
    } else {
        report_add(report, FINE, subject, NULL, "refuses as it should, in JSON");
    }
}

static int count_of(void *data, const char *name, const char *value)
{
    (void)name, (void)value;
    return ++*(int *)data;
}

/* Clients in a browser, such as MCP Inspector, ask first. ChatGPT does not. */
static void judge_cors(doctor_t *doctor)
{
    report_t *report = doctor->report;
    http_request_t request = { .method = "OPTIONS",
                               .url = doctor->c->server.token,
                               .headers = { "Origin: https://client.example", "Access-Control-Request-Method: POST" } };
    const http_answer_t *answer = http_send(doctor->http, report->pool, &request);
    int count = 0;

    apr_table_do(count_of, &count, answer->headers, "Access-Control-Allow-Origin", NULL);
    if (answer->status < 200 || answer->status > 299 || count == 0) {
        report_add(
            report, WARNING, "CORS", "let nothing but the module answer OPTIONS at /oauth/; ChatGPT itself needs none of this",
            "the token endpoint does not let clients in a browser ask (%s)", http_status_text(report->pool, answer->status));
    } else if (count > 1) {
        report_add(report, WARNING, "CORS", "the module already sends it: remove the Header directive",
                   "Access-Control-Allow-Origin is in the answer %d times, and browsers refuse that", count);
    } else {
        report_add(report, FINE, "CORS", NULL, "clients in a browser may ask for tokens");
    }
}

void doctor_endpoints(doctor_t *doctor)
{
    judge_authorize(doctor);
    doctor_endpoint(doctor, "token", doctor->c->server.token);
    doctor_endpoint(doctor, "revoke", doctor->c->server.revoke);
    judge_cors(doctor);
}
