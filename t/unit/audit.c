#include "tap.h"
#include "base/array.h"
#include "base/audit.h"
#include "base/audit_place.h"
#include "base/json.h"

#include <apr_strings.h>

#include <limits.h>
#include <string.h>

#define SOME_TIME ((apr_time_t)1786190645 * APR_USEC_PER_SEC + 70999)
#define BEGINNING "{\"time\":\"2026-08-08T12:04:05.070Z\",\"event\":\"sign-in\",\"result\":\"ok\""

static const char *line_of(apr_pool_t *p, const audit_t *audit)
{
    apr_size_t size;
    const char *line = audit_line(p, audit, SOME_TIME, &size);

    ok(strlen(line) == size && strchr(line, '\n') == line + size - 1 && line[-1] == '\n', "one line, and a newline before it");
    return apr_pstrmemdup(p, line, size - 1);
}

static void test_line(apr_pool_t *p)
{
    const struct {
        const char *user, *wanted, *what;
    } rows[] = {
        { NULL, "", "nothing is known" },
        { "", "", "what is empty is left out" },
        { "alice", ",\"user\":\"alice\"", "a name" },
        { "a\"b\\c\n\t\x01\x7f/", ",\"user\":\"a\\\"b\\\\c\\n\\t\\u0001\x7f/\"", "quotes and controls" },
        { "J\xc3\xbcrgen \xf0\x9f\x98\x80", ",\"user\":\"J\\u00FCrgen \\uD83D\\uDE00\"", "letters and others" },
        { "a\xe2\x80\xae"
          "b",
          ",\"user\":\"a\\u202Eb\"", "what turns text around" },
        { "\xff"
          "a\xc3",
          ",\"user\":\"\\uFFFDa\\uFFFD\"", "bytes that are no UTF-8" },
        { "gptr_abcdefghijklmnopqrstuvwxyz0123456789 x", ",\"user\":\"gptr_... x\"", "a credential" },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        const audit_t audit = { .event = AUDIT_SIGN_IN, .user = rows[i].user };

        is_str(line_of(p, &audit), apr_pstrcat(p, BEGINNING, rows[i].wanted, "}", NULL), "audit: %s", rows[i].what);
    }
}

static const char *repeat(apr_pool_t *p, const char *text, int count)
{
    const char *repeated = "";

    while (count--) {
        repeated = apr_pstrcat(p, repeated, text, NULL);
    }
    return repeated;
}

/* The user of a line that is read again. */
static const char *user_of(apr_pool_t *p, const audit_t *audit)
{
    const char *line = line_of(p, audit);
    json_t *object = json_parse_object(p, line, strlen(line));

    return object ? json_string_value(json_object_get(object, "user")) : NULL;
}

static void test_cut(apr_pool_t *p)
{
    static const char *const pieces[] = { "a", "\"", "\x01", "\xc3\xbc", "\xe5\x8f\xb0", "\xf0\x9f\x98\x80", "\xff" };
    audit_t audit = { .event = AUDIT_SIGN_IN };

    for (int i = 0; i < COUNT(pieces); i++) {
        const char *many = repeat(p, pieces[i], 2000);
        audit_t full = { .event = AUDIT_AUTHORIZATION, .result = AUDIT_REFUSED, .code = many, .by = many, .user = many };
        apr_size_t size;

        full.client = full.grant = full.scope = full.resource = full.address = full.request = many;
        full.count = LLONG_MIN;
        ok(1 + (audit_line(p, &full, SOME_TIME, &size), size) <= AUDIT_LINE_MAX, "audit: a line is bounded (%d)", i);
        ok(user_of(p, &full) != NULL, "audit: and JSON (%d)", i);
    }
    audit.user = repeat(p, "x", 800);
    is_str(user_of(p, &audit), audit.user, "audit: what just fits is left alone");
    audit.user = repeat(p, "x", 801);
    is_str(user_of(p, &audit), apr_pstrcat(p, repeat(p, "x", 797), "...", NULL), "audit: what does not is cut");
    audit.user = repeat(p, "\xc3\xbc", 134);
    is_str(user_of(p, &audit), apr_pstrcat(p, repeat(p, "\xc3\xbc", 132), "...", NULL), "audit: between two characters");
}

static void test_place(apr_pool_t *p)
{
    const struct {
        const char *text, *problem;
    } rows[] = {
        { "/tmp/audit.log", NULL },
        { "|/bin/cat -u", NULL },
        { "logs/audit.log",
          "write the full path of a file, as the command gptoauth does not know httpd's ServerRoot, or a bar and a "
          "program" },
        { "/nowhere/audit.log", "there is no folder /nowhere; make it, or name another" },
        { "/etc/passwd/audit.log", "there is no folder /etc/passwd; make it, or name another" },
        { "/dev/null", "/dev/null cannot be an audit log: it is a device" },
        { "|cat", "behind the bar write the full path of a program, and its arguments: no shell reads them" },
        { "|", "behind the bar write the full path of a program, and its arguments: no shell reads them" },
        { "||/bin/cat", "behind the bar write the full path of a program, and its arguments: no shell reads them" },
        { "|/nowhere/cat", "there is no program /nowhere/cat" },
        { "|/etc/passwd", "/etc/passwd cannot be executed" },
        { "|/tmp", "/tmp cannot be executed" },
    };
    audit_place_t place;

    for (int i = 0; i < COUNT(rows); i++) {
        is_str(audit_place_read(p, rows[i].text, &place), rows[i].problem, "audit: %s", rows[i].text);
    }
    audit_place_read(p, "|/bin/echo \"a b\" $HOME", &place);
    is_str(place.words[1], "a b", "audit: quotes group");
    is_str(place.words[2], "$HOME", "audit: no shell");
}

void test_audit(apr_pool_t *p)
{
    test_line(p);
    test_cut(p);
    test_place(p);
}
