#include "cli/doctor/doctor.h"

#include <stdio.h>

#include <apr_strings.h>

#include "base/uri.h"

int doctor(command_t *c)
{
    doctor_t doctor = { .c = c };
    uri_t uri;

    if (server_open(c, DOCTOR_NAME, &doctor.http)) {
        return FAILED;
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
        if (c->server.url) {
            doctor_guard(&doctor, c->server.url);
        }
    }
    doctor_database(&doctor);

    json_t *object = json_object();
    json_object_set_new(object, "issuer", json_string(c->server.issuer));
    json_object_set(object, "checks", doctor.report->findings);
    return report_end(doctor.report, "No problem", object);
}
