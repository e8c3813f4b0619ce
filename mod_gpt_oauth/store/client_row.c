/*
 * A row of oauth_client, read and written in the order of the columns in client_row.h. Called by clients.c and registrations.c.
 */
#include "store/client_row.h"

#include <apr_strings.h>

void bind_client(const store_t *store, const client_t *client, value_t args[CLIENT_ARGS])
{
    const value_t bound[] = {
        v_text(client->id),
        v_text(client->name),
        v_number(client->is_public != 0),
        v_number(client->is_gpt != 0),
        v_text(client->auth_method),
        v_digest(client->has_secret ? &client->secret_hash : NULL),
        v_text(apr_array_pstrcat(store->pool, client->redirect_uris, '\n')),
        v_text(client->scope),
        v_text(client->grant_types),
        v_number(client->gpt_open != 0),
        v_number(client->is_resource_server != 0),
        v_text(client->resource ? client->resource : ""),
        v_text(client->source),
        v_number(store->now),
        v_text(client->links[CLIENT_URI]),
        v_text(client->links[POLICY_URI]),
        v_text(client->links[TOS_URI]),
    };

    _Static_assert(COUNT(bound) == CLIENT_ARGS, "as many as CLIENT_NEW has columns");
    memcpy(args, bound, sizeof(bound));
}

static apr_array_header_t *split_lines(apr_pool_t *p, const char *text)
{
    apr_array_header_t *lines = apr_array_make(p, 4, sizeof(const char *));

    while (*text != '\0') {
        apr_size_t length = strcspn(text, "\n");

        APR_ARRAY_PUSH(lines, const char *) = apr_pstrmemdup(p, text, length);
        text += length;
        text += *text == '\n';
    }
    return lines;
}

client_t *read_client(apr_pool_t *p, const cell_t *cell)
{
    client_t *client = apr_pcalloc(p, sizeof(*client));

    client->id = next_text(&cell);
    client->name = next_text(&cell);
    client->is_public = next_flag(&cell);
    client->is_gpt = next_flag(&cell);
    client->auth_method = next_text(&cell);
    client->has_secret = next_digest(&cell, &client->secret_hash);
    client->redirect_uris = split_lines(p, next_text(&cell));
    client->scope = next_text(&cell);
    client->grant_types = next_text(&cell);
    client->gpt_open = next_flag(&cell);
    client->is_resource_server = next_flag(&cell);
    client->resource = next_text(&cell);
    client->source = next_text(&cell);
    client->created_at = next_number(&cell);
    client->links[CLIENT_URI] = next_text(&cell);
    client->links[POLICY_URI] = next_text(&cell);
    client->links[TOS_URI] = next_text(&cell);

    client->has_old_secret = next_digest(&cell, &client->old_secret_hash);
    client->old_secret_until = next_number(&cell);
    client->gpt_id = next_text(&cell);
    client->disabled_at = next_number(&cell);
    client->fresh_until = next_number(&cell);
    client->application_type = next_text(&cell);
    return client;
}
