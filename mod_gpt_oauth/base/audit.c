/*
 * Makes a line of the audit log: cleans and cuts the fields, so that whatever they hold it is one JSON object of a bounded size.
 * Called by web/http/audit.c and cli/audit.c, which write it.
 */
#include "base/audit.h"

#include <apr_strings.h>
#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "base/text.h"

static const char *const names[] = { "",
#define AUDIT_EVENT(event, name, fields, meaning) name,
                                     AUDIT_EVENTS(AUDIT_EVENT)
#undef AUDIT_EVENT
};

static const char *const results[] = { [AUDIT_OK] = "ok", [AUDIT_REFUSED] = "refused", [AUDIT_FAILED] = "failed" };

/* The order in the line, and how many bytes a field may take in it: with the names and the others they make less than a line. */
static const struct {
    const char *name;
    apr_size_t member, max;
} fields[] = {
    { "code", APR_OFFSETOF(audit_t, code), 16 },          { "by", APR_OFFSETOF(audit_t, by), 256 },
    { "user", APR_OFFSETOF(audit_t, user), 800 },         { "client", APR_OFFSETOF(audit_t, client), 600 },
    { "grant", APR_OFFSETOF(audit_t, grant), 80 },        { "scope", APR_OFFSETOF(audit_t, scope), 1000 },
    { "resource", APR_OFFSETOF(audit_t, resource), 600 }, { "address", APR_OFFSETOF(audit_t, address), 80 },
    { "request", APR_OFFSETOF(audit_t, request), 80 },
};

audit_event_t audit_event_named(const char *name)
{
    int event = COUNT(names) - 1;

    while (event > AUDIT_NONE && strcmp(names[event], name) != 0) {
        event--;
    }
    return (audit_event_t)event;
}

/* Bytes of a character in JSON of ASCII alone. */
static apr_size_t printed_size(apr_int32_t code)
{
    return code == '"' || code == '\\' ? 2 : code < 0x20 || code >= 0x80 ? (code >= 0x10000 ? 12 : 6) : 1;
}

#define CUT    "..."
#define BROKEN "\xef\xbf\xbd" /* U+FFFD */

/* UTF-8 that takes at most max bytes in the line. */
static const char *clean(apr_pool_t *p, const char *text, apr_size_t max)
{
    char *cleaned = apr_palloc(p, max + sizeof(CUT)), *out = cleaned, *cut = cleaned;
    apr_size_t printed = 0, size;

    for (; *text; text += size) {
        apr_size_t credential = text_credential(text);
        apr_int32_t code;
        const char *piece = text;
        apr_size_t length, cost;

        if (credential) {
            size = credential;
            piece = apr_pstrcat(p, apr_pstrmemdup(p, text, TEXT_CREDENTIAL_PREFIX), CUT, NULL);
            length = cost = TEXT_CREDENTIAL_PREFIX + strlen(CUT);
        } else if (text_kind(text, &size, &code) == TEXT_BROKEN) {
            piece = BROKEN;
            length = strlen(BROKEN);
            cost = printed_size(0xfffd);
        } else {
            length = size;
            cost = printed_size(code);
        }
        if (printed + cost > max) {
            memcpy(cut, CUT, sizeof(CUT));
            return cleaned;
        }
        memcpy(out, piece, length);
        out += length;
        printed += cost;
        cut = printed + strlen(CUT) <= max ? out : cut;
    }
    *out = '\0';
    return cleaned;
}

static const char *time_text(apr_pool_t *p, apr_time_t now)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, now);
    return apr_psprintf(p, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
                        t.tm_sec, (int)(t.tm_usec / 1000));
}

const char *audit_line(apr_pool_t *p, const audit_t *audit, apr_time_t now, apr_size_t *size)
{
    json_t *object = json_own(p, json_pack("{s:s, s:s, s:s}", "time", time_text(p, now), "event", names[audit->event], "result",
                                           results[audit->result]));
    const char *text;

    for (int i = 0; i < COUNT(fields); i++) {
        const char *value = *(const char *const *)(const void *)((const char *)audit + fields[i].member);

        if (value && *value) {
            json_object_set_new(object, fields[i].name, json_string(clean(p, value, fields[i].max)));
        }
    }
    if (audit->count) {
        json_object_set_new(object, "count", json_integer(audit->count));
    }
    text = apr_pstrcat(p, "\n", json_print(p, object), "\n", NULL);
    *size = strlen(text) - 1;
    return text + 1;
}
