/*
 * Text from strangers (base/text): what a page or a terminal gets is UTF-8 without anything hidden, and the log plain ASCII.
 */
#include "fuzz.h"
#include "base/params.h"
#include "base/text.h"

#include <apr_strings.h>

#include <string.h>

static int is_plain(const char *text)
{
    apr_int32_t code;
    apr_size_t size;

    for (; *text; text += size) {
        if (text_kind(text, &size, &code) != TEXT_PLAIN) {
            return 0;
        }
    }
    return 1;
}

void fuzz_text(apr_pool_t *p, const char *data, apr_size_t size)
{
    const char *text = apr_pstrmemdup(p, data, size), *clean = text_clean(p, text), *shown = terminal_text(p, text), *quoted;
    apr_size_t max = size ? (unsigned char)data[size - 1] : 0;

    HOLDS(is_plain(clean) && utf8_valid(clean, strlen(clean)) && strlen(clean) <= strlen(text));
    HOLDS(strcmp(text_clean(p, clean), clean) == 0);
    HOLDS(is_plain(shown) && utf8_valid(shown, strlen(shown)) && strlen(shown) >= strlen(text));
    HOLDS(strcmp(terminal_text(p, shown), shown) == 0);
    HOLDS(!is_plain(text) || (strcmp(clean, text) == 0 && strcmp(shown, text) == 0));
    quoted = log_quote(p, text, max);
    HOLDS(strlen(quoted) <= max * 8 + 3);
    for (const char *c = quoted; *c; c++) {
        HOLDS(*c >= ' ' && *c < 0x7f && *c != '"');
    }
}
