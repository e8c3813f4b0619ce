/*
 * Compares what the server publishes with what its clients were told: server metadata (RFC 8414), plugin documents and the
 * metadata of a protected resource (RFC 9728). Called by doctor.c.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/openapi.h"
#include "base/uri.h"
#include "base/well_known.h"
#include "cli/doctor/checks.h"

#define REVIEW_MAX 5

static const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

/* The document at url, or NULL: then it was said why, unless it is just not there (*is_absent). */
static json_t *get(doctor_t *doctor, const char *subject, const char *url, int *is_absent)
{
    http_request_t request = { .url = url };
    const http_answer_t *answer = doctor_ask(doctor, subject, &request);
    json_t *object;

    *is_absent = answer && answer->status == 404;
    if (!answer || *is_absent) {
        return NULL;
    }
    object = json_parse_object(doctor->report->pool, answer->body, answer->size);
    if (answer->status != 200 || strcmp(answer->type, "application/json") != 0 || !object) {
        report_add(doctor->report, PROBLEM, subject, "let nothing but the module answer at this path",
                   "%s answers %s, %s, and not a JSON document", url, http_status_text(doctor->report->pool, answer->status),
                   *answer->type ? answer->type : "without a type");
        return NULL;
    }
    return object;
}

/* One issuer, byte for byte, everywhere (RFC 8414 section 3.3). */
static int judge_issuer(doctor_t *doctor, const char *subject, const char *said)
{
    if (strcmp(said, doctor->c->server.issuer) == 0) {
        return 1;
    }
    report_add(doctor->report, PROBLEM, subject,
               "write the same in GPTOAuthIssuer, in --issuer or the file of --db-conf, and in the clients",
               "the server calls itself %s, and not %s", *said ? said : "nothing", doctor->c->server.issuer);
    return 0;
}

static int judge_endpoint(doctor_t *doctor, const json_t *metadata, const char *name, const char *wanted)
{
    const char *said = member(metadata, name);

    doctor_judge_domain(doctor, "metadata", name, said);
    if (strcmp(said, wanted) == 0) {
        return 1;
    }
    report_add(doctor->report, PROBLEM, "metadata",
               "is GPTOAuthPath the same in the server and in the file of --db-conf? `gptoauth gpt` prints what the builder gets",
               "%s is %s, and not %s", name, *said ? said : "missing", wanted);
    return 0;
}

/* An endpoint that is there if the metadata say so. */
static void judge_optional(doctor_t *doctor, const char *subject, const char *url)
{
    if (*url) {
        doctor_endpoint(doctor, subject, url);
    }
}

static void judge_metadata(doctor_t *doctor)
{
    const command_t *c = doctor->c;
    int is_absent;
    json_t *metadata = get(doctor, "metadata", c->server.metadata, &is_absent);

    if (is_absent) {
        report_add(doctor->report, PROBLEM, "metadata",
                   "is GPTOAuthIssuer set in this very <VirtualHost>, with the same path? Let nothing take /.well-known/ away",
                   "%s is not there", c->server.metadata + strlen(c->server.origin));
    }
    if (metadata && judge_issuer(doctor, "metadata", member(metadata, "issuer")) &&
        judge_endpoint(doctor, metadata, "authorization_endpoint", c->server.authorize) &&
        judge_endpoint(doctor, metadata, "token_endpoint", c->server.token)) {
        report_add(doctor->report, FINE, "metadata", NULL, "issuer and endpoints are those that clients are told");
        judge_optional(doctor, "introspect", member(metadata, "introspection_endpoint"));
        judge_optional(doctor, "register", member(metadata, "registration_endpoint"));
        doctor_apps(doctor, metadata);
    }
}

/* MCP clients stop at an error of the server, and go on at 404. */
static void judge_openid(doctor_t *doctor)
{
    int is_absent;

    json_t *configuration =
        get(doctor, "discovery", apr_pstrcat(doctor->c->pool, doctor->c->server.origin, WELL_KNOWN_OPENID, NULL), &is_absent);

    if (is_absent || configuration) {
        report_add(doctor->report, FINE, "discovery", NULL, "%s %s", WELL_KNOWN_OPENID,
                   is_absent ? "is not there, which sends clients on to the metadata" : "is somebody else's");
    }
}

/* The URLs of the security scheme are those that the builder gets. */
static void judge_flows(doctor_t *doctor, const json_t *document)
{
    json_t *schemes = json_object_get(json_object_get(document, "components"), "securitySchemes"), *scheme;
    const char *name;

    json_object_foreach(schemes, name, scheme)
    {
        const json_t *flow = json_object_get(json_object_get(scheme, "flows"), "authorizationCode");

        if (flow && (strcmp(member(flow, "authorizationUrl"), doctor->c->server.authorize) != 0 ||
                     strcmp(member(flow, "tokenUrl"), doctor->c->server.token) != 0)) {
            report_add(doctor->report, PROBLEM, "schema", "leave the URLs out of the file: the module fills them in",
                       "the security scheme %s names %s and %s", name, member(flow, "authorizationUrl"),
                       member(flow, "tokenUrl"));
        }
    }
}

static void judge_schema(doctor_t *doctor)
{
    report_t *report = doctor->report;
    http_request_t request = { .url = doctor->c->server.schema };
    const http_answer_t *answer = doctor_ask(doctor, "schema", &request);
    const char *problem = NULL;
    apr_array_header_t *faults;
    json_t *document;
    int before;

    if (!answer) {
        return;
    }
    if (answer->status == 404) {
        report_add(report, FINE, "schema", NULL, "none is served at /openapi.json: paste yours into the builder");
        return;
    }
    document = openapi_parse(report->pool, answer->body, answer->size, &problem);
    if (answer->status != 200 || !document) {
        report_add(report, PROBLEM, "schema", "is it the module that answers there (GPTOAuthOpenAPI)?", "%s: %s, %s", request.url,
                   http_status_text(report->pool, answer->status), problem ? problem : "not the schema");
        return;
    }
    before = report->problems;
    faults = openapi_review(report->pool, document, answer->size, doctor->c->server.origin);
    for (int i = 0; i < faults->nelts && i < REVIEW_MAX; i++) {
        report_add(report, PROBLEM, "schema", NULL, "%s", APR_ARRAY_IDX(faults, i, const char *));
    }
    if (faults->nelts > REVIEW_MAX) {
        report_add(report, PROBLEM, "schema", "`apachectl configtest` lists them all", "and %d more faults",
                   faults->nelts - REVIEW_MAX);
    }
    judge_flows(doctor, document);
    if (report->problems == before) {
        report_add(report, FINE, "schema", NULL, "%s is as the GPT builder wants it", request.url);
    }
}

static void judge_manifest(doctor_t *doctor)
{
    report_t *report = doctor->report;
    int is_absent, before = report->problems;
    const json_t *auth;

    const json_t *manifest =
        get(doctor, "manifest", apr_pstrcat(report->pool, doctor->c->server.origin, WELL_KNOWN_MANIFEST, NULL), &is_absent);

    if (!manifest) {
        return;
    }
    auth = json_object_get(manifest, "auth");
    doctor_judge_domain(doctor, "manifest", "the API of the manifest", member(json_object_get(manifest, "api"), "url"));
    doctor_judge_domain(doctor, "manifest", "the authorization page of the manifest", member(auth, "client_url"));
    doctor_judge_domain(doctor, "manifest", "the token endpoint of the manifest", member(auth, "authorization_url"));
    if (!*member(manifest, "legal_info_url")) {
        report_add(report, WARNING, "manifest",
                   "write GPTOAuthManifest legal_info_url: a GPT that others may use must name a privacy policy",
                   "it does not name a privacy policy");
    } else if (report->problems == before) {
        report_add(report, FINE, "manifest", NULL, "%s is served", WELL_KNOWN_MANIFEST);
    }
}

void doctor_published(doctor_t *doctor)
{
    judge_metadata(doctor);
    judge_openid(doctor);
    judge_schema(doctor);
    judge_manifest(doctor);
}

void doctor_resource(doctor_t *doctor, const char *url)
{
    int is_absent;
    const json_t *resource = get(doctor, "resource", url, &is_absent), *servers, *server;
    const char *other;
    size_t i;

    if (is_absent) {
        report_add(doctor->report, PROBLEM, "resource", "let no Alias or ProxyPass take /.well-known/ away from the module",
                   "the challenge names %s, which is not there", url);
    }
    if (!resource) {
        return;
    }
    servers = json_object_get(resource, "authorization_servers");
    json_array_foreach(servers, i, server)
    {
        const char *said = json_string_value(server);

        if (said && strcmp(said, doctor->c->server.issuer) == 0) {
            report_add(doctor->report, FINE, "resource", NULL, "%s trusts this issuer", member(resource, "resource"));
            return;
        }
    }
    other = json_string_value(json_array_get(servers, 0));
    report_add(doctor->report, PROBLEM, "resource",
               "write the same in GPTOAuthIssuer where the resource is guarded, and in --issuer or the file of --db-conf",
               "%s names %s as its authorization server, and not %s", member(resource, "resource"), other ? other : "nothing",
               doctor->c->server.issuer);
}
