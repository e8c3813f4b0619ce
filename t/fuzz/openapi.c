/*
 * OpenAPI documents (base/openapi): what is read is completed, once for all, and reviewed; nothing in it loops.
 */
#include "fuzz.h"
#include "base/json.h"
#include "base/openapi.h"
#include "base/params.h"
#include "base/text.h"

#include <apr_strings.h>

#include <string.h>

#define ORIGIN "https://api.example"

void fuzz_openapi(apr_pool_t *p, const char *data, apr_size_t size)
{
    const char *problem = "untouched";
    json_t *document = openapi_parse(p, data, size, &problem), *before;
    const openapi_security_t security = {
        .name = "oauth",
        .scheme = json_own(p, json_pack("{ss ss}", "type", "http", "scheme", "bearer")),
        .scopes = json_own(p, json_pack("[s]", "read")),
    };
    apr_array_header_t *findings;
    int is_used;

    HOLDS(!document == !!problem && (!problem || utf8_valid(problem, strlen(problem))));
    if (!document) {
        return;
    }
    is_used = openapi_complete(p, document, ORIGIN, &security);
    HOLDS(json_array_size(json_object_get(document, "servers")) > 0 || json_is_array(json_object_get(document, "servers")));
    HOLDS(json_object_size(json_object_get(json_object_get(document, "components"), "securitySchemes")) > 0);
    before = json_own(p, json_deep_copy(document));
    HOLDS(openapi_complete(p, document, ORIGIN, &security) == is_used && json_equal(document, before));
    findings = openapi_review(p, document, size, ORIGIN);
    for (int i = 0; i < findings->nelts; i++) {
        HOLDS(*APR_ARRAY_IDX(findings, i, const char *));
    }
    HOLDS(json_equal(document, before));
}
