/*
 * Listens on this computer for the browser that comes back with a code (RFC 8252 section 7.3). Called by try.c and authorize.c,
 * for `try --browser`.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "base/uri.h"
#include "cli/try/steps.h"

#define WAIT_FOR_USER  300 /* seconds */
#define WAIT_FOR_BYTES 3000
#define REQUEST_MAX    8192

const char *try_listen(try_t *try, int *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((in_port_t)*port),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(address);
    struct sockaddr *any = (struct sockaddr *)(void *)&address;

    try->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (try->listener < 0 || bind(try->listener, any, size) != 0 || listen(try->listener, 4) != 0 ||
        getsockname(try->listener, any, &size) != 0) {
        return apr_psprintf(try->c->pool, "cannot listen at 127.0.0.1 for the browser: %s", strerror(errno));
    }
    *port = ntohs(address.sin_port);
    return NULL;
}

/* The target of the request on this connection; NULL: none that can be read. */
static const char *read_target(apr_pool_t *p, int connection)
{
    char buffer[REQUEST_MAX];
    apr_size_t size = 0;
    struct pollfd ready = { .fd = connection, .events = POLLIN };
    char *end;

    /* The first line is all that matters, but a browser wants its whole request to be read. */
    while (size < sizeof(buffer) - 1 && poll(&ready, 1, WAIT_FOR_BYTES) == 1) {
        ssize_t got = read(connection, buffer + size, sizeof(buffer) - 1 - size);

        if (got <= 0) {
            break;
        }
        size += (apr_size_t)got;
        buffer[size] = '\0';
        if (strstr(buffer, "\r\n\r\n")) {
            break;
        }
    }
    buffer[size] = '\0';
    end = strncmp(buffer, "GET /", 5) == 0 ? strchr(buffer + 4, ' ') : NULL;
    return end ? apr_pstrmemdup(p, buffer + 4, (apr_size_t)(end - buffer - 4)) : NULL;
}

static void reply(int connection, const char *status, const char *sentence)
{
    char page[512];
    int size = snprintf(page, sizeof(page),
                        "HTTP/1.1 %s\r\nContent-Type: text/html;charset=UTF-8\r\nConnection: close\r\nCache-Control: no-store\r\n"
                        "\r\n<!DOCTYPE html><title>gptoauth</title><p>%s</p>\n",
                        status, sentence);
    ssize_t sent = write(connection, page, (size_t)size);

    (void)sent; /* it is a courtesy */
}

/* Takes one connection: the URL if it is the one that is waited for. */
static const char *take_visitor(try_t *try, const char *path)
{
    apr_pool_t *p = try->c->pool;
    const char *url = NULL;
    int connection = accept(try->listener, NULL, NULL);
    const char *target;
    apr_size_t size;

    if (connection < 0) {
        return NULL;
    }
    target = read_target(p, connection);
    size = strlen(path);
    if (target && strncmp(target, path, size) == 0 && target[size] == '?') {
        reply(connection, "200 OK", "Thank you. Go on in the terminal; this window can be closed.");
        url = apr_pstrcat(p, try->redirect_uri, target + size, NULL);
    } else {
        reply(connection, "404 Not Found", "Nothing is here.");
    }
    close(connection);
    return url;
}

const char *try_await_browser(try_t *try, const char *url)
{
    uri_t uri;
    apr_time_t end = apr_time_now() + apr_time_from_sec(WAIT_FOR_USER);
    struct pollfd ready = { .fd = try->listener, .events = POLLIN };
    const char *came = NULL;
    sigset_t all, usual;

    if (!uri_parse(try->c->pool, try->redirect_uri, &uri)) {
        return NULL;
    }
    /* On standard error, as it is no part of the result. */
    fprintf(stderr, "\n  Open this in your browser, sign in and press Allow (within %d minutes):\n\n    %s\n\n",
            WAIT_FOR_USER / 60, url);
    /* A signal ends the wait, even if it comes just before. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &usual);
    while (!came && !try_interrupted && apr_time_now() < end) {
        struct timespec left = { .tv_sec = apr_time_sec(end - apr_time_now()) + 1 };

        if (ppoll(&ready, 1, &left, &usual) > 0) {
            came = take_visitor(try, *uri.path ? uri.path : "/");
        }
    }
    sigprocmask(SIG_SETMASK, &usual, NULL);
    if (came) {
        dialog_note(try->dialog, "the browser came to %s", came);
    }
    return came;
}
