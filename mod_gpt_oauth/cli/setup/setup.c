/*
 * The command `setup`: from five answers to a server that has been tried. It changes nothing before all answers are known and
 * nothing stands in the way; what an earlier run has done it keeps, so that it can be run until all is well. Called by main.c,
 * before there is a dbd.conf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_strings.h>

#include "base/uri.h"
#include "cli/client_print.h"
#include "cli/db_conf.h"
#include "cli/output.h"
#include "cli/setup/parts.h"

#define APPLICATION_PORT 3000

static const layout_t layouts[] = {
    { "/etc/apache2/sites-available", "/etc/apache2/sites-available/gpt-oauth.conf", "/etc/apache2/sites-enabled/gpt-oauth.conf",
      "apachectl", "apache2", "www-data", "/run/apache2/apache2.pid", "/etc/apache2/ports.conf", 1 },
    { "/etc/httpd/conf.d", "/etc/gpt-oauth/site.conf", "/etc/httpd/conf.d/gpt-oauth.conf", "httpd", "httpd", "apache",
      "/run/httpd/httpd.pid", NULL, 0 },
};

static const layout_t *find_layout(void)
{
    for (int i = 0; i < COUNT(layouts); i++) {
        struct stat info;

        if (stat(layouts[i].folder, &info) == 0 && S_ISDIR(info.st_mode)) {
            return &layouts[i];
        }
    }
    return NULL;
}

/* Does the application listen already? */
static int find_application(apr_pool_t *p)
{
    apr_sockaddr_t *address;
    apr_socket_t *socket;
    int found;

    if (apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, APPLICATION_PORT, 0, p) != APR_SUCCESS ||
        apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, p) != APR_SUCCESS) {
        return 0;
    }
    found = apr_socket_connect(socket, address) == APR_SUCCESS;
    apr_socket_close(socket);
    return found;
}

/* One screen: what was done, what is left, and what to paste or type where. */
static void print_end(command_t *c, setup_t *s)
{
    db_conf_t conf = { .file = DB_CONF_DEFAULT, .issuer = s->issuer };
    const char *origin = uri_origin(s->pool, &s->uri);

    if (!s->has_application) {
        note(s, s->left, "an example answers at %s%s: once your application listens, change that in %s, and reload httpd", origin,
             guarded_path(s), s->layout->site);
    }
    if (s->is_mcp) {
        note(s, s->left, "type this URL into your MCP client: %s%s", origin, guarded_path(s));
    }
    notes_print("Done:", s->done);
    notes_print("Left to do:", s->left);
    if (s->client && !server_find(s->pool, s->args, &conf, &c->server)) {
        putchar('\n');
        client_print_builder(c, s->client, s->is_new_client ? s->secret : NULL);
    }
}

static int prepare(command_t *c, setup_t *s)
{
    const char *path = getenv("PATH");

    if (c->json || c->args->db_conf || c->args->issuer) {
        fail("setup takes none of --db-conf, --issuer and --json: it asks");
        return MISUSED;
    }
    if (!s->layout) {
        return fail(
            "neither /etc/apache2/sites-available nor /etc/httpd/conf.d is there: install httpd first, or set it up by hand, "
            "as docs/operations.md has it");
    }
    if (geteuid() != 0) {
        return fail("run this as root: it reads and writes httpd's configuration");
    }
    /* Where a2enmod is, which `su` without `-` leaves out. */
    setenv("PATH", apr_pstrcat(s->pool, path ? path : "/usr/bin:/bin", ":/usr/local/sbin:/usr/sbin:/sbin", NULL), 1);
    return DONE;
}

int set_up(command_t *c)
{
    setup_t s = { .pool = c->pool, .args = c->args, .layout = find_layout(), .is_dry = (c->args->given & ARG_DRY_RUN) != 0 };
    int status = prepare(c, &s);

    s.done = apr_array_make(c->pool, 8, sizeof(const char *));
    s.left = apr_array_make(c->pool, 8, sizeof(const char *));
    if (status || files_recall(&s) || setup_ask(&s)) {
        return status ? status : FAILED;
    }
    s.has_application = s.kept_site ? !words_of_directive(c->pool, s.kept_site, "SetHandler", NULL) : find_application(c->pool);
    if (files_judge(&s)) {
        return FAILED;
    }
    status = files_write(&s);
    if (s.is_dry) {
        printf("Then these would run%s:\n\n", s.kept_params ? ", but for a user or client that is there already" : "");
    }
    status = status || setup_fill(&s) || setup_serve(&s);
    if (status) {
        note(&s, s.left, "run `gptoauth setup` again once that is put right: it goes on from there");
    }
    if (!s.is_dry) {
        print_end(c, &s);
    }
    return status;
}
