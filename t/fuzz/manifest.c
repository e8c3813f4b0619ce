/*
 * The plugin manifest (base/manifest): values that pass one by one and together make a document. The input is lines of a key, a
 * space and a value.
 */
#include "fuzz.h"
#include "base/json.h"
#include "base/manifest.h"
#include "base/params.h"
#include "base/text.h"

#include <apr_strings.h>

#include <string.h>

static void look_at_document(apr_pool_t *p, const apr_table_t *values)
{
    static const char *const texts[] = { "schema_version", "name_for_human",        "name_for_model", "description_for_human",
                                         "logo_url",       "description_for_model", "contact_email",  "legal_info_url" };
    const manifest_server_t server = { "https://h.example/oauth/authorize", "https://h.example/oauth/token",
                                       "https://h.example/openapi.json", "read" };
    const json_t *document = manifest_build(p, values, &server);

    HOLDS(json_is_object(document));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *given = apr_table_get(values, texts[i]), *text = json_string_value(json_object_get(document, texts[i]));

        HOLDS(text && (!given || strcmp(given, text) == 0));
    }
    HOLDS(json_is_object(json_object_get(document, "auth")) && json_is_object(json_object_get(document, "api")));
    HOLDS(strlen(json_print(p, document)) > 0);
}

void fuzz_manifest(apr_pool_t *p, const char *data, apr_size_t size)
{
    apr_table_t *values = apr_table_make(p, 8);
    const char *problem;
    char *rest, *line;

    for (line = apr_strtok(apr_pstrmemdup(p, data, size), "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest)) {
        char *value = strchr(line, ' ');

        if (!value) {
            continue;
        }
        *value++ = '\0';
        problem = manifest_value_problem(p, line, value);
        HOLDS(problem || (*value && utf8_valid(value, strlen(value)) && !strpbrk(value, "\t\r\x1b\x7f")));
        if (!problem) {
            apr_table_set(values, line, value);
        }
    }
    if (!manifest_problem(p, values)) {
        look_at_document(p, values);
    }
}
