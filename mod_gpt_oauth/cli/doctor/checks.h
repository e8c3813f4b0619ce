/*
 * The checks of `gptoauth doctor`, which doctor.c makes one after the other. Each looks at one thing after the other and adds a
 * line to the report for each.
 */
#ifndef GPT_OAUTH_CLI_DOCTOR_CHECKS_H
#define GPT_OAUTH_CLI_DOCTOR_CHECKS_H

#include "cli/client/http.h"
#include "cli/command.h"
#include "cli/report.h"

/* In the server's logs, and the client that no server knows. */
#define DOCTOR_NAME "gptoauth-doctor"

typedef struct doctor_t {
    const command_t *c;
    report_t *report;
    http_t *http;
    const char *host; /* of the issuer */
    int sees_page;    /* the authorization page answers: no other sign-in stands before it */
} doctor_t;

/* issuer.c: what the URL alone tells. */
void doctor_issuer(doctor_t *doctor);
/* Whether the server answers at all, its certificate, its clock. 0: nothing more can be asked. */
int doctor_server(doctor_t *doctor);

/* endpoints.c */
void doctor_endpoints(doctor_t *doctor);
/* Answers a request of a client that it does not know in JSON, with an error of its own. */
void doctor_endpoint(doctor_t *doctor, const char *subject, const char *url);
/* Asks, and says what is wrong with an answer that cannot be the module's. NULL then. */
http_answer_t *doctor_ask(doctor_t *doctor, const char *subject, const http_request_t *request);
/* Is the URL (of what) on the issuer's root domain? Says so only if not. */
void doctor_judge_domain(doctor_t *doctor, const char *subject, const char *what, const char *url);

/* published.c: what the server says of itself: its metadata, the OpenAPI document, the plugin manifest. */
void doctor_published(doctor_t *doctor);
/* Protected resource metadata, whose URL a challenge named. */
void doctor_resource(doctor_t *doctor, const char *url);

/* apps.c: which apps may connect by a document that they publish. */
void doctor_apps(doctor_t *doctor, const json_t *metadata);

/* database.c: the database and what is in it. */
void doctor_database(doctor_t *doctor);

#endif
