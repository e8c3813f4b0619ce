/*
 * What is deceptive, invisible or a control character, and what becomes of it on a page, on a terminal and in the log; and the
 * measures of text: is it UTF-8 (RFC 3629), how long, cut where. Called from every room.
 */
#include "base/text.h"

#include <string.h>

#include <apr_strings.h>
#include <utf8proc.h>

#include "base/token.h"

#define CREDENTIAL_MIN 24
#define ESCAPED_MAX    10     /* <U+10FFFF> */
#define BLANK          0x2800 /* the empty pattern of Braille */

static int is_control(apr_int32_t code)
{
    return code < 0x20 || code == 0x7f;
}

text_kind_t text_kind(const char *text, apr_size_t *size, apr_int32_t *code)
{
    utf8proc_ssize_t read = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, code);
    const utf8proc_property_t *property;

    *size = read > 0 ? (apr_size_t)read : 1;
    if (read <= 0) {
        *code = (unsigned char)*text;
        return TEXT_BROKEN;
    }
    if (is_control(*code)) {
        return TEXT_CONTROL;
    }
    property = utf8proc_get_property(*code);
    switch (property->category) {
    case UTF8PROC_CATEGORY_ZS: return *code == ' ' ? TEXT_PLAIN : TEXT_SPACE;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return TEXT_HIDDEN;
    default: return property->ignorable || *code == BLANK ? TEXT_HIDDEN : TEXT_PLAIN;
    }
}

int utf8_valid(const char *bytes, apr_size_t size)
{
    const unsigned char *s = (const unsigned char *)bytes;

    for (apr_size_t i = 0; i < size;) {
        unsigned char lead = s[i++];
        unsigned char low = 0x80, high = 0xbf; /* the second byte's range shuts out overlong forms and surrogates */
        int more;

        if (lead < 0x80) {
            continue;
        }
        if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            low = lead == 0xe0 ? 0xa0 : 0x80;
            high = lead == 0xed ? 0x9f : 0xbf;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            low = lead == 0xf0 ? 0x90 : 0x80;
            high = lead == 0xf4 ? 0x8f : 0xbf;
        } else {
            return 0;
        }
        for (; more > 0; more--, i++) {
            if (i == size || s[i] < low || s[i] > high) {
                return 0;
            }
            low = 0x80;
            high = 0xbf;
        }
    }
    return 1;
}

int text_has_control(const char *bytes, apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++) {
        if (is_control((unsigned char)bytes[i])) {
            return 1;
        }
    }
    return 0;
}

apr_size_t text_length(const char *text)
{
    apr_size_t count = 0;

    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80; /* every byte but those that continue a character */
    }
    return count;
}

const char *text_trim(apr_pool_t *p, const char *text)
{
    static const char blanks[] = " \t\r\n";
    apr_size_t size;

    if (!text) {
        return NULL;
    }
    text += strspn(text, blanks);
    for (size = strlen(text); size > 0 && strchr(blanks, text[size - 1]); size--) {}
    return text[size] ? apr_pstrmemdup(p, text, size) : text;
}

const char *text_cut(apr_pool_t *p, const char *text, apr_size_t max)
{
    return strlen(text) > max ? apr_pstrcat(p, apr_pstrmemdup(p, text, max), "...", NULL) : text;
}

const char *text_clean(apr_pool_t *p, const char *text)
{
    char *clean = apr_palloc(p, strlen(text) + 1), *out = clean;
    apr_int32_t code;
    apr_size_t size;

    for (; *text; text += size) {
        switch (text_kind(text, &size, &code)) {
        case TEXT_PLAIN:
            memcpy(out, text, size);
            out += size;
            break;
        case TEXT_SPACE:
        case TEXT_CONTROL: *out++ = ' '; break;
        case TEXT_HIDDEN:
        case TEXT_BROKEN: break;
        }
    }
    *out = '\0';
    return clean;
}

const char *terminal_text(apr_pool_t *p, const char *text)
{
    char *escaped = apr_palloc(p, strlen(text) * ESCAPED_MAX + 1), *out = escaped;
    apr_int32_t code;
    apr_size_t size;

    for (; *text; text += size) {
        text_kind_t kind = text_kind(text, &size, &code);

        if (kind == TEXT_PLAIN) {
            memcpy(out, text, size);
            out += size;
        } else {
            out += apr_snprintf(out, ESCAPED_MAX + 1, kind == TEXT_BROKEN ? "<%02X>" : "<U+%04X>", (unsigned)code);
        }
    }
    *out = '\0';
    return escaped;
}

apr_size_t text_credential(const char *text)
{
    apr_size_t size = token_describe(text) ? strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") : 0;

    return size >= CREDENTIAL_MIN ? size : 0;
}

const char *log_quote(apr_pool_t *p, const char *bytes, apr_size_t max)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t size, credential;
    char *out, *o;

    if (!bytes) {
        return "-";
    }
    size = strnlen(bytes, max);
    out = o = apr_palloc(p, size * (TEXT_CREDENTIAL_PREFIX + 3) + sizeof("..."));
    for (apr_size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if ((credential = text_credential(bytes + i))) {
            memcpy(o, bytes + i, TEXT_CREDENTIAL_PREFIX);
            memset(o + TEXT_CREDENTIAL_PREFIX, '.', 3);
            o += TEXT_CREDENTIAL_PREFIX + 3;
            i += credential - 1;
        } else if (c >= 0x20 && c <= 0x7e && c != '"' && c != '\\') {
            *o++ = (char)c;
        } else {
            *o++ = '\\';
            *o++ = 'x';
            *o++ = hex[c >> 4];
            *o++ = hex[c & 15];
        }
    }
    memcpy(o, bytes[size] ? "..." : "", bytes[size] ? sizeof("...") : 1);
    return out;
}
