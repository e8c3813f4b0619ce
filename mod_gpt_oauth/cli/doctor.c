#include "doctor.h"

#include <stdio.h>

#include <apr_strings.h>

#include "base/uri.h"

int doctor(command_t *c)
{
    doctor_t doctor = { .c = c };
    const char *problem;
    uri_t uri;

    if (!c->server.issuer) {
        return fail("say where the server is: GPTOAuthIssuer in %s, or --issuer URL", c->database->conf.file);
    }
    if ((problem = http_open(c->pool, c->server.origin, c->args->connect_to, c->args->cacert, &doctor.http))) {
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
        doctor_documents(&doctor);
        if (c->args->url) {
            doctor_guard(&doctor, c->args->url);
        }
    }
    doctor_database(&doctor);

    json_t *object = json_object();
    json_object_set_new(object, "issuer", json_string(c->server.issuer));
    json_object_set(object, "checks", doctor.report->findings);
    return report_end(doctor.report, "No problem", object);
}
