/*
 * The plugin manifest, /.well-known/ai-plugin.json: OpenAI reads it no more, what was made after its example does. Its values are
 * a table of key and value, as GPTOAuthManifest gives them.
 */
#ifndef GPT_OAUTH_BASE_MANIFEST_H
#define GPT_OAUTH_BASE_MANIFEST_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/* Behind it stands the name of a service; there may be several. */
#define MANIFEST_TOKEN "verification_token."

/* NULL when value may stand under key; else a sentence for the admin. */
const char *manifest_value_problem(apr_pool_t *p, const char *key, const char *value);

/* NULL when the values make a manifest together; else a sentence that says what is missing or does not belong there. */
const char *manifest_problem(apr_pool_t *p, const apr_table_t *values);

/* 1 when the manifest of this type of auth has verification tokens, and none is there yet. */
int manifest_lacks_token(const apr_table_t *values);

/* What the server knows. */
typedef struct manifest_server_t {
    const char *authorize_url;
    const char *token_url;
    const char *api_url; /* without api_url */
    const char *scope;   /* without scope */
} manifest_server_t;

/* The document, owned by p, from values without problem. */
json_t *manifest_build(apr_pool_t *p, const apr_table_t *values, const manifest_server_t *server);

#endif
