/*
 * Text from strangers, made fit for where people read it: pages, terminals, the log. What is deceptive, hidden or a control is
 * decided here once for all, and so is what counts as UTF-8 and as one character.
 */
#ifndef GPT_OAUTH_BASE_TEXT_H
#define GPT_OAUTH_BASE_TEXT_H

#include <apr_pools.h>

typedef enum {
    TEXT_PLAIN,
    TEXT_SPACE,   /* looks like the ordinary space and is another one */
    TEXT_CONTROL, /* below U+0020, and DEL */
    TEXT_HIDDEN, /* turns text around, hides it or shows nothing: bidi, zero width, fillers, tags, C1 controls, line separators */
    TEXT_BROKEN  /* a byte that is no UTF-8 */
} text_kind_t;

/* Of the character at text, which is not the end; *size in bytes and *code its number, or the byte where it is broken. */
text_kind_t text_kind(const char *text, apr_size_t *size, apr_int32_t *code);

/* 1 when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
int utf8_valid(const char *bytes, apr_size_t size);

/* 1 when a control (TEXT_CONTROL) is among the bytes: names, passwords and descriptions hold none. NUL is one, too. */
int text_has_control(const char *bytes, apr_size_t size);

/* Characters, not bytes, of what is UTF-8. */
apr_size_t text_length(const char *text);

/* The first max bytes, with "..." behind them, of what is longer; else text itself. */
const char *text_cut(apr_pool_t *p, const char *text, apr_size_t max);

/* Without blanks, tabs and ends of lines before and behind it; NULL of NULL. */
const char *text_trim(apr_pool_t *p, const char *text);

/* For a page, before HTML is escaped: without what is hidden, each other space and control an ordinary space. */
const char *text_clean(apr_pool_t *p, const char *text);

/* For a terminal: all that is not plain is escaped, as <U+202E>, and a byte that is no UTF-8 as <FF>. */
const char *terminal_text(apr_pool_t *p, const char *text);

/*
 * The bytes of what may be a credential of ours at the beginning of text, 0 for none: one that was sent where a name belongs, as
 * fields are easily swapped. A log shows of it no more than its prefix.
 */
apr_size_t text_credential(const char *text);
#define TEXT_CREDENTIAL_PREFIX 5

/*
 * For a log line: at most max bytes, with "..." behind when cut; anything but printable ASCII, and also '"' and '\', becomes
 * \xHH, and of a credential no more than its prefix is left. NULL becomes "-".
 */
const char *log_quote(apr_pool_t *p, const char *bytes, apr_size_t max);

#endif
