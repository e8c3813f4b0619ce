/*
 * Asks, on a terminal or of a pipe alike, and reads not a byte more than a line: what follows is the next answer, or a password.
 * Called by questions.c, steps.c and serve.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/text.h"
#include "cli/output.h"
#include "cli/password_prompt.h"
#include "cli/setup/parts.h"

#define LINE_BYTES_MAX 4096

/* A line without its end and the blanks around it. NULL at the end of input, or where it is too long. */
static const char *read_line(apr_pool_t *p)
{
    char *line = apr_palloc(p, LINE_BYTES_MAX);
    apr_size_t size = 0;

    while (size < LINE_BYTES_MAX - 1) {
        ssize_t got = read(STDIN_FILENO, line + size, 1);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 && size == 0) {
            return NULL;
        }
        if (got <= 0 || line[size] == '\n') {
            line[size] = '\0';
            return text_trim(p, line);
        }
        line[size] = line[size] ? line[size] : '\1'; /* no end, but as little an answer as other controls */
        size++;
    }
    return NULL;
}

/* The answer to a prompt; an empty one is the fallback. */
static const char *read_answer(setup_t *s, const char *question, const char *fallback, const char *shown)
{
    const char *line;

    if (fallback) {
        fprintf(stderr, "%s [%s]: ", question, terminal_text(s->pool, shown));
    } else {
        fprintf(stderr, "%s: ", question);
    }
    line = read_line(s->pool);
    if (!isatty(STDIN_FILENO)) {
        fputc('\n', stderr);
    }
    return line && !*line && fallback ? fallback : line;
}

int ask(setup_t *s, const char *question, const char *fallback, const char *shown, take_fn *take)
{
    const char *answer, *problem;

    do {
        answer = read_answer(s, question, fallback, shown);
        if (!answer) {
            return fail("standard input ended where an answer was needed; nothing was changed");
        }
        problem = !*answer                                   ? "this cannot be left out"
                  : text_has_control(answer, strlen(answer)) ? "an answer has no control characters"
                                                             : take(s, answer);
        if (problem) {
            fail("%s", problem);
        }
    } while (problem && isatty(STDIN_FILENO));
    return problem ? FAILED : DONE;
}

const char *ask_secret(setup_t *s, const char *question)
{
    const char *secret;

    return secret_read(s->pool, question, &secret) ? NULL : secret;
}

int ask_consent(setup_t *s, const char *question, int *is_given)
{
    const char *answer = read_answer(s, question, "no", "no");

    *is_given = answer && (strcasecmp(answer, "yes") == 0 || strcasecmp(answer, "y") == 0);
    return answer ? DONE : fail("standard input ended where yes or no was needed");
}
