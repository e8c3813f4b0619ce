/*
 * Asks for passwords and secrets without echo, and leaves the terminal as it was, whichever signal comes. Called by user_cmd.c
 * and by `gptoauth try`.
 */
#include "cli/password_prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/password.h"
#include "cli/output.h"

#define INPUT_MAX 1024

/* The terminal as it was. */
static struct termios before;
static volatile sig_atomic_t caught;

static void note_signal(int number)
{
    caught = number;
}

/* A fault ends the process where it happened: nothing comes after. */
static void give_back(int number)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    raise(number);
}

static int is_fault(int number)
{
    switch (number) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case SIGABRT: return 1;
    default: return 0;
    }
}

/* Does it end or stop a process that says nothing of it? What nobody can catch is left out. */
static int is_serious(int number)
{
    switch (number) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
    case SIGKILL:
    case SIGSTOP: return 0;
    default: return 1;
    }
}

/* Handles every signal that would leave the terminal mute; what is ignored (nohup) stays so. Returns the mask from before. */
static sigset_t watch_signals(struct sigaction saved[NSIG])
{
    sigset_t ours, let_in;

    sigfillset(&ours);
    for (int number = 1; number < NSIG; number++) {
        if (is_fault(number) || number == SIGTTIN || number == SIGTTOU) { /* which what is done here to the terminal raises */
            sigdelset(&ours, number);
        }
    }
    sigprocmask(SIG_BLOCK, &ours, &let_in);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action = { .sa_handler = is_fault(number) ? give_back : note_signal,
                                    .sa_flags = is_fault(number) ? (int)SA_RESETHAND : 0 };

        saved[number].sa_handler = SIG_IGN;
        if (is_serious(number) && sigaction(number, NULL, &saved[number]) == 0 && saved[number].sa_handler != SIG_IGN) {
            sigaction(number, &action, NULL);
        }
    }
    return let_in;
}

static void leave_signals(const struct sigaction saved[NSIG], const sigset_t *mask)
{
    for (int number = 1; number < NSIG; number++) {
        if (saved[number].sa_handler != SIG_IGN) {
            sigaction(number, &saved[number], NULL);
        }
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
}

/* Signals from outside are let in while waiting and at no other time: one just before a read would be slept through. */
static int wait_for_input(const sigset_t *let_in)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

    while (!caught) {
        if (ppoll(&input, 1, NULL, let_in) > 0) {
            return 1;
        }
        if (errno != EINTR) {
            return 0;
        }
    }
    return 0;
}

/*
 * The bytes up to the end of input or of the line: INPUT_MAX at most. -1 when reading failed. On a terminal let_in says which
 * signals may end it; else it is NULL.
 */
static ssize_t read_input(char *buffer, int one_line, const sigset_t *let_in)
{
    size_t size = 0;

    while (size < INPUT_MAX) {
        ssize_t got;

        if (let_in && !wait_for_input(let_in)) {
            return -1;
        }
        got = read(STDIN_FILENO, buffer + size, one_line ? 1 : INPUT_MAX - size);
        if (got < 0 && errno == EINTR && !caught) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -1 : (ssize_t)size;
        }
        size += (size_t)got;
        if (one_line && buffer[size - 1] == '\n') {
            break;
        }
    }
    return (ssize_t)size;
}

/*
 * One line without echo. A signal must not leave the terminal mute: it only ends the read; then the terminal is put right, and
 * the signal takes its course. After a stop (Ctrl-Z, fg) the question is asked again.
 */
static ssize_t read_hidden(const char *prompt, char *buffer)
{
    ssize_t size;

    do {
        struct termios mute;
        struct sigaction saved[NSIG];
        sigset_t let_in;

        if (tcgetattr(STDIN_FILENO, &before) != 0) {
            return -1;
        }
        caught = 0;
        let_in = watch_signals(saved);
        mute = before;
        mute.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &mute);
        fputs(prompt, stderr);
        size = read_input(buffer, 1, &let_in);
        fputc('\n', stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        leave_signals(saved, &let_in);
        if (caught) {
            raise(caught);
        }
    } while (caught);
    return size;
}

static const char *judge_input(apr_pool_t *p, char *buffer, ssize_t size, const char **password)
{
    if (size < 0) {
        return "the password could not be read from standard input";
    }
    if (size > 0 && buffer[size - 1] == '\n') {
        size--;
    }
    if (memchr(buffer, '\n', (size_t)size)) {
        return "standard input holds more than one line: send only the password";
    }
    if (text_has_control(buffer, (apr_size_t)size)) {
        return "the password contains a control character, such as NUL, tab or carriage return, which nobody could type";
    }
    *password = apr_pstrmemdup(p, buffer, (apr_size_t)size);
    return password_problem(*password);
}

const char *password_read(apr_pool_t *p, const char *username, const char **password)
{
    char buffer[INPUT_MAX];
    const char *again, *prompt, *problem;

    if (!isatty(STDIN_FILENO)) {
        return judge_input(p, buffer, read_input(buffer, 0, NULL), password);
    }
    prompt = apr_psprintf(p, "Password for %s: ", terminal_text(p, username));
    problem = judge_input(p, buffer, read_hidden(prompt, buffer), password);
    if (problem) {
        return problem;
    }
    problem = judge_input(p, buffer, read_hidden("Once more: ", buffer), &again);
    return !problem && strcmp(*password, again) == 0 ? NULL : "the two passwords differ; none was set";
}

const char *secret_read(apr_pool_t *p, const char *what, const char **secret)
{
    char buffer[INPUT_MAX];
    ssize_t size = isatty(STDIN_FILENO) ? read_hidden(apr_pstrcat(p, what, ": ", NULL), buffer) : read_input(buffer, 1, NULL);

    while (size > 0 && (buffer[size - 1] == '\n' || buffer[size - 1] == '\r')) {
        size--;
    }
    if (size <= 0 || memchr(buffer, '\0', (size_t)size)) {
        return apr_psprintf(p, "%s could not be read from standard input: type it, or send it as a line of its own", what);
    }
    *secret = apr_pstrmemdup(p, buffer, (apr_size_t)size);
    return NULL;
}
