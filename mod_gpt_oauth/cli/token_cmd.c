/*
 * The command `token show`: what a token is that somebody has found in a log or a file. It is read from standard input and never
 * printed. Called by main.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/token.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/password_prompt.h"
#include "store/token_find.h"

static int kind_of(const char *token, token_kind_t *kind)
{
    for (int i = TOKEN_ACCESS; i <= TOKEN_SERVICE_KEY; i++) {
        if (token_has_prefix(token, (token_kind_t)i)) {
            *kind = (token_kind_t)i;
            return 1;
        }
    }
    return 0;
}

/* Is it worth looking up, and by what? */
static int read_hash(const char *token, token_kind_t kind, const digest_t *tag_key, refresh_parts_t *parts, digest_t *hash)
{
    if (kind != TOKEN_REFRESH) {
        token_hash(token, hash);
        return token_check(token, kind, tag_key);
    }
    if (!token_parse_refresh(token, tag_key, parts)) {
        return 0;
    }
    crypto_sha256(parts->selector, sizeof(parts->selector), hash);
    return 1;
}

static int is_current(const found_token_t *found, const refresh_parts_t *parts)
{
    digest_t hash;

    crypto_sha256(parts->secret, sizeof(parts->secret), &hash);
    return parts->generation == found->generation && crypto_equal(hash.byte, found->secret_hash.byte, DIGEST_SIZE);
}

/* parts is NULL unless it is a refresh token. */
static const char *state_of(const command_t *c, const found_token_t *found, const refresh_parts_t *parts)
{
    if (found->revoked_at) {
        return "revoked";
    }
    if (found->client_disabled && found->client_id) {
        return "client disabled";
    }
    if (found->user_disabled) {
        return "user disabled";
    }
    if (found->spent_at) {
        return "used";
    }
    if (parts && !is_current(found, parts)) {
        return "replaced";
    }
    return found->ends_at && found->ends_at <= c->store->now ? "expired" : "valid";
}

static int print(const command_t *c, const char *kind, const found_token_t *found, const char *state)
{
    const char *const fields[][3] = {
        { "kind", "is", kind },
        { "state", "state", state },
        { "issuer", "issuer", found->issuer },
        { "name", "key", found->name },
        { "grant_id", "grant", found->grant_id },
        { "client_id", "client id", found->client_id },
        { "client_name", "client", found->client_name },
        { "username", "user", found->username },
        { "scope", "scope", found->scope },
        { "resource", "resource", *found->resource ? found->resource : NULL },
    };
    json_t *object = json_object();
    table_t *table = table_make(c->pool, NULL, 2);

    for (int i = 0; i < COUNT(fields); i++) {
        json_object_set_new(object, fields[i][0], text_json(fields[i][2]));
        if (fields[i][2]) {
            table_field(table, fields[i][1], fields[i][2]);
        }
    }
    json_object_set_new(object, "created_at", time_json(found->created_at));
    json_object_set_new(object, "expires_at", time_json(found->ends_at));
    if (c->json) {
        print_json(c->pool, object);
        return DONE;
    }
    json_decref(object);
    table_field(table, "since", time_text(c->pool, found->created_at, "-"));
    table_field(table, "ends", time_text(c->pool, found->ends_at, "never"));
    table_print(table, "");
    return DONE;
}

int token_show(command_t *c)
{
    const char *token, *problem = secret_read(c->pool, "The token", &token);
    found_token_t *found;
    refresh_parts_t parts;
    token_kind_t kind;
    digest_t tag_key, hash;

    if (problem) {
        return fail("%s", problem);
    }
    if (!kind_of(token, &kind)) {
        return fail("this is no token of any server of this kind: those begin with gpta_, gptr_, gptc_, gpts_ or gptk_");
    }
    if (store_tag_key(c->store, &tag_key) != STORE_OK) {
        return fail_down(c);
    }
    if (!read_hash(token, kind, &tag_key, &parts, &hash)) {
        return fail("this looks like %s, but was not issued by this server, or a part of it is missing", token_describe(token));
    }
    switch (store_token_find(c->store, kind, &hash, &found)) {
    case STORE_OK: break;
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED:
        return kind == TOKEN_CLIENT_SECRET
                   ? fail("this is a client secret of this server; `gptoauth client secret` makes a new one")
                   : fail("this is %s of this server, but is in the database no more: it has ended long ago, or with its grant",
                          token_describe(token));
    }
    return print(c, token_describe(token), found, state_of(c, found, kind == TOKEN_REFRESH ? &parts : NULL));
}
