/*
 * The command `doctor`: makes the checks one after the other, and that of a protected URL (RFC 6750 section 3, 9728 section 5)
 * itself. Called by main.c, even where there is no database to look at.
 */
#include "cli/doctor/checks.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/uri.h"

/* The value of resource_metadata in a challenge, in p; NULL when it has none. */
static const char *metadata_url(apr_pool_t *p, const char *challenge)
{
    static const char name[] = "resource_metadata=\"";
    const char *start = strstr(challenge, name);

    start = start ? start + strlen(name) : NULL;
    return start ? apr_pstrmemdup(p, start, strcspn(start, "\"")) : NULL;
}

/* A protected URL: guarded, and below the same domain. */
static void judge_guard(doctor_t *doctor, const char *url)
{
    report_t *report = doctor->report;
    http_request_t request = { .url = url };
    const http_answer_t *answer = doctor_ask(doctor, "guard", &request);
    const char *challenge, *resource;

    doctor_judge_domain(doctor, "guard", "the API", url);
    if (!answer) {
        return;
    }
    challenge = apr_table_get(answer->headers, "WWW-Authenticate");
    challenge = challenge ? challenge : "";
    if (answer->status < 300) {
        report_add(report, PROBLEM, "guard", "AuthType GPTOAuth and a Require must be in the <Location> of this URL",
                   "%s is open to everybody", url);
    } else if (answer->status != 401 || strncasecmp(challenge, "Bearer", 6) != 0) {
        report_add(report, PROBLEM, "guard", "is the URL right, and is its <Location> guarded by AuthType GPTOAuth?",
                   "%s answers %s, where 401 with a Bearer challenge is expected", url,
                   http_status_text(report->pool, answer->status));
    } else {
        report_add(report, FINE, "guard", NULL, "without a token nobody is let in");
    }
    resource = metadata_url(report->pool, challenge);
    if (resource) {
        doctor_resource(doctor, resource);
    }
}

int examine(command_t *c)
{
    doctor_t doctor = { .c = c };
    const char *problem = server_open(c->pool, &c->server, c->args, DOCTOR_NAME, &doctor.http);
    json_t *object;
    uri_t uri;

    if (problem) {
        return fail("%s", problem);
    }
    uri_parse(c->pool, c->server.issuer, &uri);
    doctor.host = uri.host;
    doctor.report = report_make(c);
    if (!c->json) {
        printf("Examining %s\n\n", c->server.issuer);
    }
    doctor_issuer(&doctor);
    if (doctor_server(&doctor)) {
        doctor_endpoints(&doctor);
        doctor_published(&doctor);
        if (c->server.url) {
            judge_guard(&doctor, c->server.url);
        }
    }
    doctor_database(&doctor);

    object = json_object();
    json_object_set_new(object, "issuer", json_string(c->server.issuer));
    json_object_set(object, "checks", doctor.report->findings);
    return report_end(doctor.report, "No problem", object);
}
