/*
 * The keys of the plugin manifest in one table, each with what its value may be; checks them and builds the JSON. Called by
 * web/endpoint/manifest.c, for GPTOAuthManifest and for the document itself.
 */
#include "base/manifest.h"

#include <apr_strings.h>

#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "base/text.h"
#include "base/uri.h"

#define ALPHANUMERICS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define TOKEN_MAX     256

static const char *text_problem(apr_pool_t *p, const char *value, apr_size_t max)
{
    apr_size_t count = text_length(value);

    if (!value[strspn(value, " \t")] || !utf8_valid(value, strlen(value))) {
        return "write some words in UTF-8";
    }
    if (text_has_control(value, strlen(value))) {
        return "leave out control characters";
    }
    return count <= max
               ? NULL
               : apr_psprintf(p, "%" APR_SIZE_T_FMT " characters are too many; write %" APR_SIZE_T_FMT " at most", count, max);
}

static const char *name_problem(apr_pool_t *p, const char *value, apr_size_t max)
{
    apr_size_t size = strspn(value, ALPHANUMERICS "_");

    return size > 0 && !value[size] && size <= max
               ? NULL
               : apr_psprintf(p, "write letters, digits and _ only, %" APR_SIZE_T_FMT " at most", max);
}

static const char *url_problem(apr_pool_t *p, const char *value, apr_size_t max)
{
    uri_t uri;

    return strlen(value) <= max && uri_parse(p, value, &uri) && uri.host && !uri.has_fragment &&
                   (strcmp(uri.scheme, "https") == 0 || (strcmp(uri.scheme, "http") == 0 && uri_host_is_loopback(uri.host)))
               ? NULL
               : "write an absolute https URL (http only for a loopback host)";
}

static const char *email_problem(apr_pool_t *p, const char *value, apr_size_t max)
{
    const char *at = strchr(value, '@');

    (void)p;
    if (!at || at == value || !at[1] || strchr(at + 1, '@') || strlen(value) > max) {
        return "write an e-mail address";
    }
    for (const char *c = value; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("<>\"(),;:\\", *c)) {
            return "write an e-mail address and nothing else";
        }
    }
    return NULL;
}

static const char *auth_problem(apr_pool_t *p, const char *value, apr_size_t max)
{
    (void)p;
    (void)max;
    return strcmp(value, "none") == 0 || strcmp(value, "service_http") == 0 || strcmp(value, "oauth") == 0
               ? NULL
               : "write none, service_http or oauth";
}

static const char *authorization_problem(apr_pool_t *p, const char *value, apr_size_t max)
{
    (void)p;
    (void)max;
    return strcmp(value, "bearer") == 0 || strcmp(value, "basic") == 0 ? NULL : "write bearer or basic";
}

static const char *token_problem(apr_pool_t *p, const char *value, apr_size_t max)
{
    apr_size_t size = strspn(value, ALPHANUMERICS "-._~+/=");

    return size > 0 && !value[size] && size <= max
               ? NULL
               : apr_psprintf(
                     p, "write the token that the service showed: letters, digits and -._~+/=, %" APR_SIZE_T_FMT " at most", max);
}

/* In the order of the document. */
static const struct manifest_key_t {
    const char *name;
    const char *(*problem)(apr_pool_t *, const char *, apr_size_t);
    apr_size_t max;
    int is_required;
    const char *auth; /* the one type of auth that knows it; NULL: all do */
} keys[] = {
    { "name_for_human", text_problem, 50, 1, NULL },
    { "name_for_model", name_problem, 50, 1, NULL },
    { "description_for_human", text_problem, 120, 1, NULL },
    { "description_for_model", text_problem, 8000, 1, NULL },
    { "auth", auth_problem, 0, 1, NULL },
    { "authorization_type", authorization_problem, 0, 0, "service_http" },
    { "scope", text_problem, 2000, 0, "oauth" },
    { "instructions", text_problem, 8000, 0, NULL },
    { "api_url", url_problem, URI_MAX, 0, NULL },
    { "logo_url", url_problem, URI_MAX, 1, NULL },
    { "contact_email", email_problem, 254, 1, NULL },
    { "legal_info_url", url_problem, URI_MAX, 1, NULL },
};

/* The service of a key verification_token.SERVICE; NULL: it is another key. */
static const char *service_of(const char *key)
{
    return strncmp(key, MANIFEST_TOKEN, strlen(MANIFEST_TOKEN)) == 0 ? key + strlen(MANIFEST_TOKEN) : NULL;
}

const char *manifest_value_problem(apr_pool_t *p, const char *key, const char *value)
{
    const char *service = service_of(key), *known = "";

    if (service) {
        apr_size_t size = strspn(service, ALPHANUMERICS "-_");

        return size > 0 && !service[size] ? token_problem(p, value, TOKEN_MAX)
                                          : "write the name of the service after the dot, such as " MANIFEST_TOKEN "openai";
    }
    for (int i = 0; i < COUNT(keys); i++) {
        if (strcmp(keys[i].name, key) == 0) {
            return keys[i].problem(p, value, keys[i].max);
        }
        known = apr_pstrcat(p, known, keys[i].name, ", ", NULL);
    }
    return apr_pstrcat(p, "there is no such key; the keys are ", known, "and " MANIFEST_TOKEN "SERVICE", NULL);
}

static int count_tokens(const apr_table_t *values)
{
    const apr_array_header_t *entries = apr_table_elts(values);
    int count = 0;

    for (int i = 0; i < entries->nelts; i++) {
        count += service_of(APR_ARRAY_IDX(entries, i, apr_table_entry_t).key) != NULL;
    }
    return count;
}

static int has_tokens(const apr_table_t *values)
{
    return strcmp(apr_table_get(values, "auth"), "none") != 0;
}

int manifest_lacks_token(const apr_table_t *values)
{
    return has_tokens(values) && !count_tokens(values);
}

const char *manifest_problem(apr_pool_t *p, const apr_table_t *values)
{
    const char *auth = apr_table_get(values, "auth"), *missing = NULL;

    for (int i = 0; i < COUNT(keys); i++) {
        const char *value = apr_table_get(values, keys[i].name);

        if (keys[i].is_required && !value) {
            missing = missing ? apr_pstrcat(p, missing, ", ", keys[i].name, NULL) : keys[i].name;
        }
        if (value && auth && keys[i].auth && strcmp(keys[i].auth, auth) != 0) {
            return apr_psprintf(p, "%s belongs to auth %s, and this is auth %s; leave it out", keys[i].name, keys[i].auth, auth);
        }
    }
    if (missing) {
        return apr_psprintf(p, "the manifest lacks %s; write one line for each", missing);
    }
    return !has_tokens(values) && count_tokens(values) ? "auth none has no " MANIFEST_TOKEN "SERVICE; leave it out" : NULL;
}

static json_t *string_of(const apr_table_t *values, const char *key, const char *otherwise)
{
    const char *value = apr_table_get(values, key);

    return json_string(value ? value : otherwise);
}

static json_t *tokens_of(const apr_table_t *values)
{
    const apr_array_header_t *entries = apr_table_elts(values);
    json_t *tokens = json_object();

    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);

        if (service_of(entry->key)) {
            json_object_set_new(tokens, service_of(entry->key), json_string(entry->val));
        }
    }
    return tokens;
}

/* client_url is the authorization endpoint and authorization_url the token endpoint: so they were named. */
static json_t *auth_of(const apr_table_t *values, const manifest_server_t *server)
{
    const char *type = apr_table_get(values, "auth");
    json_t *auth = json_pack("{s:s}", "type", type);

    if (apr_table_get(values, "instructions")) {
        json_object_set_new(auth, "instructions", string_of(values, "instructions", NULL));
    }
    if (strcmp(type, "service_http") == 0) {
        json_object_set_new(auth, "authorization_type", string_of(values, "authorization_type", "bearer"));
    } else if (strcmp(type, "oauth") == 0) {
        json_object_set_new(auth, "client_url", json_string(server->authorize_url));
        json_object_set_new(auth, "scope", string_of(values, "scope", server->scope));
        json_object_set_new(auth, "authorization_url", json_string(server->token_url));
        json_object_set_new(auth, "authorization_content_type", json_string("application/x-www-form-urlencoded"));
    }
    if (has_tokens(values)) {
        json_object_set_new(auth, "verification_tokens", tokens_of(values));
    }
    return auth;
}

json_t *manifest_build(apr_pool_t *p, const apr_table_t *values, const manifest_server_t *server)
{
    json_t *manifest = json_own(p, json_pack("{s:s}", "schema_version", "v1"));

    for (int i = 0; i < COUNT(keys); i++) {
        if (strcmp(keys[i].name, "auth") == 0) {
            json_object_set_new(manifest, "auth", auth_of(values, server));
            json_object_set_new(manifest, "api",
                                json_pack("{s:s, s:o, s:b}", "type", "openapi", "url",
                                          string_of(values, "api_url", server->api_url), "is_user_authenticated",
                                          strcmp(apr_table_get(values, "auth"), "oauth") == 0));
        } else if (keys[i].is_required) {
            json_object_set_new(manifest, keys[i].name, string_of(values, keys[i].name, NULL));
        }
    }
    return manifest;
}
