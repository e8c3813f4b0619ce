/*
 * Shows findings as they come, wrapped and coloured where a person looks on, and collects them for JSON. Called by cli/try/ and
 * cli/doctor/.
 */
#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <apr_strings.h>

#include "cli/output.h"

#define VERDICT_WIDTH 9
#define SUBJECT_WIDTH 15

static const struct {
    const char *word, *colour;
} verdicts[] = { [FINE] = { "ok", "32" }, [WARNING] = { "warning", "33" }, [PROBLEM] = { "problem", "1;31" } };

report_t *report_make(const command_t *c)
{
    report_t *report = apr_pcalloc(c->pool, sizeof(*report));

    report->pool = c->pool;
    report->json = c->json;
    report->findings = json_own(c->pool, json_array());
    /* Waiting is part of it: each finding shows when it is found. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    return report;
}

static int is_coloured(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}

/* Broken between words where a terminal would break inside them. */
static void print_wrapped(const char *text, int indent)
{
    struct winsize size = { .ws_col = 0 };
    int width = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col - indent : 0;
    int used = 0;

    while (*text) {
        int word = (int)strcspn(text, " ");

        if (used && width > 20 && used + 1 + word > width) {
            printf("\n%*s", indent, "");
            used = 0;
        }
        used += printf("%s%.*s", used ? " " : "", word, text);
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

void report_add(report_t *report, verdict_t verdict, const char *subject, const char *remedy, const char *format, ...)
{
    int indent = 2 + VERDICT_WIDTH;
    const char *word = verdicts[verdict].word, *finding;
    va_list args;

    va_start(args, format);
    finding = terminal_text(report->pool, apr_pvsprintf(report->pool, format, args));
    va_end(args);

    report->warnings += verdict == WARNING;
    report->problems += verdict == PROBLEM;
    if (report->json) {
        json_t *object = json_object();

        if (subject) {
            json_object_set_new(object, "check", json_string(subject));
        }
        json_object_set_new(object, "verdict", json_string(word));
        json_object_set_new(object, "finding", json_string(finding));
        json_object_set_new(object, "remedy", text_json(remedy));
        json_array_append_new(report->findings, object);
        return;
    }
    if (is_coloured()) {
        printf("  \033[%sm%-*s\033[0m", verdicts[verdict].colour, VERDICT_WIDTH, word);
    } else {
        printf("  %-*s", VERDICT_WIDTH, word);
    }
    if (subject) {
        indent += printf("%-*s", SUBJECT_WIDTH, subject);
    }
    print_wrapped(finding, indent);
    if (remedy) {
        printf("%*s-> ", indent, "");
        print_wrapped(terminal_text(report->pool, remedy), indent + 3);
    }
}

int report_end(const report_t *report, const char *praise, json_t *object)
{
    if (report->json) {
        json_object_set_new(object, "ok", json_boolean(report->problems == 0));
        json_object_set_new(object, "problems", json_integer(report->problems));
        json_object_set_new(object, "warnings", json_integer(report->warnings));
        print_json(report->pool, object);
        return report->problems ? FAILED : DONE;
    }
    json_decref(object);
    if (report->problems) {
        printf("\n%d problem%s", report->problems, report->problems == 1 ? "" : "s");
    } else {
        printf("\n%s", praise);
    }
    if (report->warnings) {
        printf(", %d warning%s", report->warnings, report->warnings == 1 ? "" : "s");
    }
    puts(".");
    return report->problems ? FAILED : DONE;
}
