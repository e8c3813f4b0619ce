#include "web/bearer.h"

#include <apr_strings.h>
#include <http_log.h>

#include "grant/verify.h"
#include "private.h"
#include "web/config.h"
#include "web/db.h"

#define TOKEN_MAX 512

static int is_b64token(const char *token)
{
    apr_size_t size = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");

    size += strspn(token + size, "=");
    return size > 0 && size <= TOKEN_MAX && !token[size];
}

static int query_has_token(const char *args)
{
    static const char name[] = "access_token=";

    for (const char *at = args; at && (at = strstr(at, name)); at++) {
        if (at == args || at[-1] == '&') {
            return 1;
        }
    }
    return 0;
}

/* RFC 6750 section 2.1. Another scheme is as no token at all: the challenge says which one is wanted. */
static const failure_t *parse(request_rec *initial, const char **token)
{
    const char *header = apr_table_get(initial->headers_in, "Authorization");

    *token = NULL;
    if (!header || strncasecmp(header, "Bearer", 6) != 0 || (header[6] && header[6] != ' ')) {
        return NULL;
    }
    header += 6 + strspn(header + 6, " ");
    if (!is_b64token(header)) {
        return failure_make(initial->pool, OAUTH_INVALID_TOKEN, "The Authorization header does not hold one bearer token.",
                            "the Authorization header holds no single well-formed bearer token");
    }
    if (query_has_token(initial->args)) {
        return failure_make(initial->pool, OAUTH_INVALID_REQUEST,
                            "The access token was sent in the header and in the URL. Send it in the header.", NULL);
    }
    *token = header;
    return NULL;
}

request_t *bearer_verify(request_rec *r)
{
    request_rec *initial = request_initial(r);
    request_t *record = request_record(initial);
    store_t store;

    if (record->is_parsed) {
        return record;
    }
    record->is_parsed = 1;
    record->failure = parse(initial, &record->token);
    if (record->failure || !record->token) {
        return record;
    }
    if (!config_server(r->server)->source) {
        record->failure =
            failure_make(initial->pool, OAUTH_UNAVAILABLE, "The server cannot reach its database. Try again in a moment.", NULL);
        return record;
    }
    store = db_store(initial);
    record->failure = verify_access_token(&store, record->token, &record->access);
    return record;
}
