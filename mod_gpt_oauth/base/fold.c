/*
 * Folds the spellings of a name to one (RFC 4518 section 2, by utf8proc). Called by store/ and grant/ where a person is looked up
 * or counted, and where a new name is judged.
 */
#include "base/fold.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <utf8proc.h>

#include "base/text.h"

#define SOFT_HYPHEN 0xad /* left out by UTF8PROC_IGNORE */
/* Mapped to nothing by RFC 4518 section 2.2, like much of what text_kind knows to be hidden. */
#define MONGOLIAN_HYPHEN 0x1806
#define OBJECT           0xfffc
#define REPLACEMENT      0xfffd

static int shows_nothing(apr_int32_t code)
{
    return code == MONGOLIAN_HYPHEN || code == OBJECT || code == REPLACEMENT;
}

/* RFC 4518 section 2.2, for each character before it is folded. */
static utf8proc_int32_t map(utf8proc_int32_t code, void *unused)
{
    (void)unused;
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return ' ';
    case UTF8PROC_CATEGORY_CC: return (code >= '\t' && code <= '\r') || code == 0x85 ? ' ' : SOFT_HYPHEN;
    case UTF8PROC_CATEGORY_CF: return SOFT_HYPHEN;
    default: return shows_nothing(code) ? SOFT_HYPHEN : code;
    }
}

static char *normalise(apr_pool_t *p, const char *name, utf8proc_custom_func change, int options)
{
    utf8proc_uint8_t *raw = NULL;
    utf8proc_ssize_t size = utf8proc_map_custom(
        (const utf8proc_uint8_t *)name, 0, &raw,
        (utf8proc_option_t)(UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | options), change, NULL);
    char *text;

    if (size == UTF8PROC_ERROR_NOMEM) {
        abort();
    }
    text = apr_pstrdup(p, size < 0 ? name : (const char *)raw);
    free(raw);
    return text;
}

const char *name_fold(apr_pool_t *p, const char *name)
{
    char *folded, *out;

    /* Putting a long run of accents in order takes the square of its length. */
    if (strlen(name) > NAME_MAX_BYTES) {
        return name;
    }
    folded = out = normalise(p, name, map, UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    for (const char *in = folded; *in; in++) {
        if (*in != ' ' || (out > folded && in[1] && in[1] != ' ')) {
            *out++ = *in;
        }
    }
    *out = '\0';
    return folded;
}

const char *name_spelling_problem(apr_pool_t *p, const char *name)
{
    apr_int32_t code;
    apr_size_t size;

    for (const char *at = name; *at; at += size) {
        if (text_kind(at, &size, &code) != TEXT_PLAIN || shows_nothing(code)) {
            return "the user name contains an invisible character, or a space other than the ordinary one";
        }
        if (utf8proc_category(code) == UTF8PROC_CATEGORY_CN || utf8proc_category(code) == UTF8PROC_CATEGORY_CO) {
            return "the user name contains a character that Unicode does not define";
        }
    }
    if (strcmp(normalise(p, name, NULL, 0), name) != 0) {
        return "the user name contains characters that are another form of ordinary ones (full-width letters, "
               "ligatures, accents apart from their letters)";
    }
    /* Whatever the case, a letter is one letter: this spares the Greek final sigma and finds what becomes two. */
    if (text_length(name_fold(p, name)) != text_length(name)) {
        return strstr(name, "  ")
                   ? "the user name contains two spaces in a row"
                   : "the user name contains a letter that a directory treats as several (such as \xc3\x9f for ss)";
    }
    return NULL;
}
