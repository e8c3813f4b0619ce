/*
 * Tokens (base/token): what was not minted is none, what was minted is one of its kind only while no byte of it differs, and no
 * line of the log shows it.
 */
#include "fuzz.h"
#include "base/text.h"
#include "base/token.h"

#include <apr_strings.h>

#include <string.h>

#define KINDS (TOKEN_SERVICE_KEY + 1)

static const digest_t key = { "the key of the flood filter....." };

static int kinds_of(const char *text)
{
    int count = 0;

    for (int kind = 0; kind < KINDS; kind++) {
        int passes = token_check(text, (token_kind_t)kind, &key);

        HOLDS(!passes || (token_has_prefix(text, (token_kind_t)kind) && token_is_b64(text) && token_describe(text)));
        count += passes;
    }
    return count;
}

static void look_at_text(apr_pool_t *p, const char *text)
{
    const char *quoted = log_quote(p, text, 100);
    refresh_parts_t parts;
    digest_t hash;

    /* Not 0: libFuzzer sees what is compared, and comes by tokens with a right tag. */
    HOLDS(kinds_of(text) <= 1);
    HOLDS(token_parse_refresh(text, &key, &parts) == token_check(text, TOKEN_REFRESH, &key));
    token_hash(text, &hash);
    HOLDS(strlen(quoted) <= 100 * 8 + 3);
    for (const char *c = quoted; *c; c++) {
        HOLDS(*c >= ' ' && *c < 0x7f && *c != '"');
    }
}

static void look_at_refresh(apr_pool_t *p, const char *data, apr_size_t size)
{
    refresh_parts_t parts, got;
    char *token, *changed;
    apr_size_t at;

    memset(&parts, 0, sizeof(parts));
    memcpy(&parts, data, size < sizeof(parts) ? size : sizeof(parts));
    token = apr_pstrdup(p, token_mint_refresh(p, &parts, &key));
    HOLDS(kinds_of(token) == 1 && token_parse_refresh(token, &key, &got));
    HOLDS(!memcmp(got.selector, parts.selector, sizeof(parts.selector)) && got.generation == parts.generation &&
          !memcmp(got.secret, parts.secret, sizeof(parts.secret)));
    if (size < 2) {
        return;
    }
    at = (unsigned char)data[0] % strlen(token);
    changed = apr_pstrdup(p, token);
    changed[at] = data[1];
    HOLDS(kinds_of(changed) == (changed[at] == token[at]));
}

/* In the middle of whatever a stranger sends. */
static void look_at_log(apr_pool_t *p, const char *text)
{
    const char *token = token_mint(p, TOKEN_ACCESS, &key);
    const char *line = log_quote(p, apr_pstrcat(p, text, " ", token, " ", text, NULL), (apr_size_t)-1 / 64);

    HOLDS(!strstr(line, token + 5) && !strstr(line, apr_pstrndup(p, token, 20)));
}

void fuzz_token(apr_pool_t *p, const char *data, apr_size_t size)
{
    const char *text = apr_pstrmemdup(p, data, size);

    look_at_text(p, text);
    look_at_refresh(p, data, size);
    look_at_log(p, text);
}
