/*
 * Looks whether the ports are free at which a site that is not switched on yet would have httpd listen: `httpd -t` binds none,
 * and a reload that cannot bind one ends httpd, with all the sites that it serves. Called by files.c.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_strings.h>

#include "base/file.h"
#include "cli/output.h"
#include "cli/setup/parts.h"

#define LISTENING "0A" /* in /proc/net/tcp */

/* The sockets that httpd's parent has open, as "socket:[1]socket:[2]"; "" where it does not run. */
static const char *sockets_of_httpd(setup_t *s)
{
    const char *sockets = "";
    struct dirent *entry;
    file_t file;
    DIR *folder;

    if (file_read(s->pool, s->layout->pid_file, FILE_LINES_MAX, &file) ||
        !(folder = opendir(apr_psprintf(s->pool, "/proc/%" APR_INT64_T_FMT "/fd", apr_atoi64(file.text))))) {
        return sockets;
    }
    while ((entry = readdir(folder))) {
        char target[64];
        ssize_t size = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

        if (size > 0 && strncmp(target, "socket:", strlen("socket:")) == 0) {
            target[size] = '\0';
            sockets = apr_pstrcat(s->pool, sockets, target, NULL);
        }
    }
    closedir(folder);
    return sockets;
}

/* A line of /proc/net/tcp: number, address:port, the other side's, state, five more, and the inode. */
static int is_listening_line(setup_t *s, const char *line, const char *port, const char *sockets)
{
    const char *colon;
    char **words;
    int count = 0;

    if (apr_tokenize_to_argv(line, &words, s->pool) != APR_SUCCESS) {
        return 0;
    }
    while (words[count]) {
        count++;
    }
    colon = count > 9 ? strrchr(words[1], ':') : NULL;
    return colon && strcmp(colon + 1, port) == 0 && strcmp(words[3], LISTENING) == 0 &&
           strstr(sockets, apr_psprintf(s->pool, "socket:[%s]", words[9])) != NULL;
}

/* Is it httpd that listens at this port, at whatever address? */
static int httpd_listens(setup_t *s, apr_port_t port)
{
    static const char *const tables[] = { "/proc/net/tcp", "/proc/net/tcp6" };
    const char *sockets = sockets_of_httpd(s), *wanted = apr_psprintf(s->pool, "%04X", port);
    int found = 0;

    for (int i = 0; i < COUNT(tables); i++) {
        FILE *table = fopen(tables[i], "re");
        char line[512];

        while (table && !found && fgets(line, sizeof(line), table)) {
            found = is_listening_line(s, line, wanted, sockets);
        }
        if (table) {
            fclose(table);
        }
    }
    return found;
}

/* Binds as httpd would. A name that nobody knows is for `httpd -t` to judge. */
static apr_status_t try_address(apr_pool_t *p, const char *host, apr_port_t port)
{
    apr_sockaddr_t *address;
    apr_socket_t *socket;
    apr_status_t rv;

    if (apr_sockaddr_info_get(&address, host && strcmp(host, "*") != 0 ? host : NULL, APR_UNSPEC, port, 0, p) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    rv = apr_socket_create(&socket, address->family, SOCK_STREAM, APR_PROTO_TCP, p);
    if (rv == APR_SUCCESS) {
        apr_socket_opt_set(socket, APR_SO_REUSEADDR, 1);
        rv = apr_socket_bind(socket, address);
        apr_socket_close(socket);
    }
    return rv;
}

/* is_ours: the line is of our site, and httpd must not have one like it already. */
static int judge(setup_t *s, const char *words, apr_port_t port, const char *host, int is_ours)
{
    char reason[120];
    apr_status_t rv = try_address(s->pool, host, port);

    if (rv == APR_SUCCESS) {
        return DONE;
    }
    if (httpd_listens(s, port)) {
        return is_ours
                   ? fail("httpd itself listens at %s: if a site that was switched off had it listen there, reload httpd first; "
                          "else name another port. Nothing was changed",
                          words)
                   : DONE;
    }
    return fail(
        "httpd could not listen at %s, and would end on being reloaded: %s. End what listens there%s. Nothing was changed", words,
        apr_strerror(rv, reason, sizeof(reason)), is_ours ? ", or name another port" : "; mod_ssl comes with that port");
}

/* All lines of a configuration that have httpd listen; only: at this port, 0 for any. */
static int judge_lines(setup_t *s, const char *text, apr_port_t only, int is_ours)
{
    char **words;

    while ((words = words_of_next(s->pool, &text, "Listen"))) {
        char *host, *scope;
        apr_port_t port = 0;

        if (words[0] && !strchr(words[0], '$') && apr_parse_addr_port(&host, &scope, &port, words[0], s->pool) == APR_SUCCESS &&
            port && (!only || port == only) && judge(s, words[0], port, host, is_ours)) {
            return FAILED;
        }
    }
    return DONE;
}

int ports_judge(setup_t *s, const char *site)
{
    file_t file;

    if (judge_lines(s, site, 0, 1)) {
        return FAILED;
    }
    /* Debian's own lines for TLS, which mod_ssl puts in force. */
    if (s->layout->ports && strcmp(s->uri.scheme, "https") == 0 && !file_read(s->pool, s->layout->ports, FILE_LINES_MAX, &file)) {
        return judge_lines(s, file.text, 443, 0);
    }
    return DONE;
}
