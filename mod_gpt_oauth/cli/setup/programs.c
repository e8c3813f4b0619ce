/*
 * Runs this command and httpd's tools as an administrator would type them, each word by itself and without a shell: no answer can
 * be taken for more than it is, and no secret is an argument. Called by fill.c and serve.c.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "cli/output.h"
#include "cli/setup/parts.h"

#define OUTPUT_MAX ((apr_size_t)4 * 1024 * 1024)

/* The words as they are typed, for people. */
static const char *typed(apr_pool_t *p, const char *const *words)
{
    const char *text = "";

    for (; *words; words++) {
        int is_plain = !(*words)[strcspn(*words, " \t<>!*\"'$\\")];

        text = apr_pstrcat(p, text, *text ? " " : "", is_plain ? *words : quote_httpd(p, *words), NULL);
    }
    return terminal_text(p, text);
}

/* In the child, where the program could not be started. */
static void complain(apr_pool_t *p, apr_status_t rv, const char *what)
{
    char reason[120];

    (void)p;
    fail("%s: %s", what, apr_strerror(rv, reason, sizeof(reason)));
}

/* Nothing of this command's standard input, which holds the next answers, is left to the program. */
static apr_status_t start(apr_pool_t *p, const program_t *program, apr_proc_t *proc)
{
    const char *file = strcmp(program->words[0], "gptoauth") == 0 ? "/proc/self/exe" : program->words[0];
    int pipes_in = program->input ? APR_FULL_BLOCK : APR_NO_PIPE;
    int pipes_out = program->is_captured || program->is_question ? APR_FULL_BLOCK : APR_NO_PIPE;
    apr_file_t *nothing;
    apr_procattr_t *attributes;
    apr_status_t rv = apr_file_open(&nothing, "/dev/null", APR_FOPEN_READ | APR_FOPEN_WRITE, APR_OS_DEFAULT, p);

    if (rv != APR_SUCCESS || (rv = apr_procattr_create(&attributes, p)) != APR_SUCCESS ||
        (rv = apr_procattr_io_set(attributes, pipes_in, pipes_out, APR_NO_PIPE)) != APR_SUCCESS ||
        (!program->input && (rv = apr_procattr_child_in_set(attributes, nothing, NULL)) != APR_SUCCESS) ||
        (program->is_question && (rv = apr_procattr_child_err_set(attributes, nothing, NULL)) != APR_SUCCESS) ||
        (rv = apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH)) != APR_SUCCESS ||
        (rv = apr_procattr_child_errfn_set(attributes, complain)) != APR_SUCCESS) {
        return rv;
    }
    return apr_proc_create(proc, file, program->words, NULL, attributes, p);
}

/* One that ends without reading it has failed, which its status says. */
static void send_input(apr_file_t *to, const char *input)
{
    apr_signal(SIGPIPE, SIG_IGN);
    apr_file_write_full(to, input, strlen(input), NULL);
    apr_file_close(to);
    apr_signal(SIGPIPE, SIG_DFL);
}

/* All that it prints, up to OUTPUT_MAX. */
static const char *read_output(apr_pool_t *p, apr_file_t *from)
{
    char buffer[8192];
    apr_array_header_t *bytes = apr_array_make(p, sizeof(buffer), 1);
    apr_size_t size = sizeof(buffer);

    while (apr_file_read(from, buffer, &size) == APR_SUCCESS) {
        for (apr_size_t i = 0; i < size && (apr_size_t)bytes->nelts < OUTPUT_MAX; i++) {
            APR_ARRAY_PUSH(bytes, char) = buffer[i];
        }
        size = sizeof(buffer);
    }
    APR_ARRAY_PUSH(bytes, char) = '\0';
    return bytes->elts;
}

int program_run(setup_t *s, program_t *program)
{
    apr_proc_t *proc = apr_pcalloc(s->pool, sizeof(*proc));
    char reason[120];
    apr_exit_why_e why;
    apr_status_t rv;
    int status;

    program->output = "";
    if (s->is_dry) {
        if (!program->is_question) {
            printf("    %s\n", typed(s->pool, program->words));
        }
        return program->is_question ? FAILED : DONE;
    }
    fflush(stdout);
    if ((rv = start(s->pool, program, proc)) != APR_SUCCESS) {
        return fail("%s cannot be run: %s", program->words[0], apr_strerror(rv, reason, sizeof(reason)));
    }
    if (program->input) {
        send_input(proc->in, program->input);
    }
    if (proc->out) {
        program->output = read_output(s->pool, proc->out);
    }
    if (apr_proc_wait(proc, &status, &why, APR_WAIT) != APR_CHILD_DONE || why != APR_PROC_EXIT || status != 0) {
        return program->is_question ? FAILED : fail("`%s` failed", typed(s->pool, program->words));
    }
    return DONE;
}
