#include "tap.h"
#include "base/json.h"
#include "base/manifest.h"

#include <apr_strings.h>

#include <string.h>

static const char *repeat(apr_pool_t *p, int count, const char *text)
{
    const char *all = "";

    while (count-- > 0) {
        all = apr_pstrcat(p, all, text, NULL);
    }
    return all;
}

static void test_values(apr_pool_t *p)
{
    const char *const good[][2] = {
        { "name_for_human", repeat(p, 50, "\xc3\xb6") },
        { "name_for_model", repeat(p, 50, "x") },
        { "name_for_model", "Notes_2" },
        { "description_for_human", repeat(p, 120, "x") },
        { "description_for_model", repeat(p, 8000, "x") },
        { "auth", "none" },
        { "auth", "service_http" },
        { "auth", "oauth" },
        { "authorization_type", "bearer" },
        { "authorization_type", "basic" },
        { "logo_url", "https://api.example.com/logo.png?v=1" },
        { "api_url", "http://localhost:8080/openapi.json" },
        { "contact_email", "a.b+c@example.com" },
        { "verification_token.openai", "0123456789abcdef0123456789abcdef" },
        { "verification_token.other-service_2", "a-._~+/=" },
    };
    const char *const bad[][2] = {
        { "name_for_human", "" },
        { "name_for_human", "  " },
        { "name_for_human", repeat(p, 51, "x") },
        { "name_for_human", "a\nb" },
        { "name_for_human", "\xff" },
        { "name_for_model", repeat(p, 51, "x") },
        { "name_for_model", "my notes" },
        { "name_for_model", "notes-2" },
        { "name_for_model", "n\xc3\xb6tes" },
        { "name_for_model", "" },
        { "description_for_human", repeat(p, 121, "x") },
        { "description_for_model", repeat(p, 8001, "x") },
        { "auth", "user_http" },
        { "auth", "OAuth" },
        { "authorization_type", "custom" },
        { "logo_url", "/logo.png" },
        { "logo_url", "http://api.example.com/logo.png" },
        { "logo_url", "javascript:alert(1)" },
        { "logo_url", "https://api.example.com/logo.png#x" },
        { "legal_info_url", "https://user@example.com" },
        { "contact_email", "example.com" },
        { "contact_email", "@example.com" },
        { "contact_email", "a@" },
        { "contact_email", "a@b@c" },
        { "contact_email", "A <a@example.com>" },
        { "verification_token.", "x" },
        { "verification_token.open ai", "x" },
        { "verification_token.openai", "" },
        { "verification_token.openai", "a b" },
        { "verification_token.openai", repeat(p, 257, "x") },
        { "verification_tokens", "x" },
        { "schema_version", "v1" },
        { "Auth", "none" },
        { "", "x" },
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ok(!manifest_value_problem(p, good[i][0], good[i][1]), "%s %.40s", good[i][0], good[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(manifest_value_problem(p, bad[i][0], bad[i][1]), "%s: refusal %d", bad[i][0], (int)i);
    }
    ok(strstr(manifest_value_problem(p, "name_for_human", repeat(p, 51, "x")), "51 characters are too many; write 50 at most"),
       "how many characters");
    ok(strstr(manifest_value_problem(p, "name", "x"), "the keys are name_for_human, "), "which keys there are");
}

static apr_table_t *values(apr_pool_t *p, const char *auth)
{
    apr_table_t *table = apr_table_make(p, 12);

    apr_table_set(table, "contact_email", "a@example.com");
    apr_table_set(table, "auth", auth);
    apr_table_set(table, "name_for_human", "Notes");
    apr_table_set(table, "name_for_model", "notes");
    apr_table_set(table, "description_for_human", "Keeps notes.");
    apr_table_set(table, "description_for_model", "Keeps notes for the user.");
    apr_table_set(table, "logo_url", "https://h/logo.png");
    apr_table_set(table, "legal_info_url", "https://h/legal");
    return table;
}

static void test_whole(apr_pool_t *p)
{
    static const char *const types[] = { "none", "service_http", "oauth" };
    apr_table_t *table;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        table = values(p, types[i]);
        is_str(manifest_problem(p, table), NULL, "auth %s", types[i]);
        ok(manifest_lacks_token(table) == (i > 0), "... without a verification token");
        apr_table_set(table, "verification_token.openai", "x");
        ok(!manifest_lacks_token(table) && !manifest_problem(p, table) == (i > 0), "... and with one");
        table = values(p, types[i]);
        apr_table_set(table, "authorization_type", "basic");
        ok(!manifest_problem(p, table) == (i == 1), "authorization_type is for service_http, not %s", types[i]);
        table = values(p, types[i]);
        apr_table_set(table, "scope", "read");
        ok(!manifest_problem(p, table) == (i == 2), "scope is for oauth, not %s", types[i]);
    }
    table = values(p, "none");
    apr_table_unset(table, "auth");
    apr_table_unset(table, "logo_url");
    is_str(manifest_problem(p, table), "the manifest lacks auth, logo_url; write one line for each", "what is missing");
}

static void test_build(apr_pool_t *p)
{
    static const manifest_server_t server = { .authorize_url = "https://h/authorize",
                                              .token_url = "https://h/token",
                                              .api_url = "https://h/openapi.json",
                                              .scope = "read" };
    apr_table_t *table = values(p, "oauth");

    apr_table_set(table, "verification_token.openai", "x1");
    apr_table_set(table, "verification_token.other", "x2");
    is_str(
        json_print(p, manifest_build(p, table, &server)),
        "{\"schema_version\":\"v1\",\"name_for_human\":\"Notes\",\"name_for_model\":\"notes\","
        "\"description_for_human\":\"Keeps notes.\",\"description_for_model\":\"Keeps notes for the user.\","
        "\"auth\":{\"type\":\"oauth\",\"client_url\":\"https://h/authorize\",\"scope\":\"read\",\"authorization_url\":\"https://h/token\","
        "\"authorization_content_type\":\"application/x-www-form-urlencoded\","
        "\"verification_tokens\":{\"openai\":\"x1\",\"other\":\"x2\"}},"
        "\"api\":{\"type\":\"openapi\",\"url\":\"https://h/openapi.json\",\"is_user_authenticated\":true},"
        "\"logo_url\":\"https://h/logo.png\",\"contact_email\":\"a@example.com\",\"legal_info_url\":\"https://h/legal\"}",
        "a manifest for oauth");
}

void test_manifest(apr_pool_t *p)
{
    test_values(p);
    test_whole(p);
    test_build(p);
}
