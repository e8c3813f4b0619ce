/*
 * Has httpd judge the site before it is switched on, asks, switches it on, and then tries it as ChatGPT would. Called by setup.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "base/uri.h"
#include "base/well_known.h"
#include "cli/client/http.h"
#include "cli/output.h"
#include "cli/setup/parts.h"

#define PATIENCE apr_time_from_sec(15)
#define STEP     (100 * 1000)

static void add(apr_array_header_t *words, const char *option, const char *word)
{
    if (option) {
        APR_ARRAY_PUSH(words, const char *) = option;
    }
    APR_ARRAY_PUSH(words, const char *) = word;
}

/* Debian: those that are not switched on yet, as a2enmod would. httpd reads the lines behind -c as one text. */
static void add_modules(const setup_t *s, apr_array_header_t *words, int needs_tls)
{
    static const char *const modules[] = { "dbd", "authn_core", "gpt_oauth", "proxy", "proxy_http", "ssl" };

    for (int i = 0; s->layout->has_a2 && i < COUNT(modules) - !needs_tls; i++) {
        add(words, "-c", apr_psprintf(s->pool, "<IfModule !%s_module>", modules[i]));
        add(words, "-c", apr_psprintf(s->pool, "Include /etc/apache2/mods-available/%s.load", modules[i]));
        add(words, "-c", "</IfModule>");
    }
}

/* The site without what needs the certificate. */
static void add_lines(setup_t *s, apr_array_header_t *words)
{
    char *text = apr_pstrdup(s->pool, s->kept_site), *rest;

    for (char *line = apr_strtok(text, "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest)) {
        if (strncmp(line + strspn(line, " \t"), "SSL", 3) != 0) {
            add(words, "-c", line);
        }
    }
}

static int configtest(setup_t *s, int is_enabled, int has_certificate)
{
    apr_array_header_t *words = apr_array_make(s->pool, 64, sizeof(const char *));
    program_t program;

    if (s->is_dry) {
        printf("    %s configtest\n", s->layout->control);
        return DONE;
    }
    add(words, NULL, s->layout->control);
    add(words, NULL, "-t");
    if (!is_enabled) {
        add_modules(s, words, strcmp(s->uri.scheme, "https") == 0 && has_certificate);
    }
    if (!is_enabled && has_certificate) {
        add(words, "-c", apr_pstrcat(s->pool, "Include ", s->layout->site, NULL));
    } else if (!is_enabled) {
        add_lines(s, words);
    }
    add(words, NULL, NULL);
    program = (program_t){ .words = (const char *const *)(void *)words->elts };
    if (program_run(s, &program)) {
        return fail("httpd would not start with %s: its own message is above. Put that right, and run `gptoauth setup` again",
                    s->layout->site);
    }
    note(s, s->done, "httpd accepts %s", s->layout->site);
    return DONE;
}

/* The line of the site, as it is or would be, that names a file which is not there; 0: none does. */
static int missing_line(setup_t *s, const char **file)
{
    const char *text = s->kept_site ? s->kept_site : text_of_site(s);

    static const char *const directives[] = { "SSLCertificateFile", "SSLCertificateKeyFile" };

    for (int i = 0; i < COUNT(directives); i++) {
        int number;
        char **words = words_of_directive(s->pool, text, directives[i], &number);

        if (words && words[0] && access(words[0], R_OK) != 0) {
            *file = apr_pstrcat(s->pool, directives[i], " ", words[0], NULL);
            return number;
        }
    }
    return 0;
}

static int run(setup_t *s, const char *const *words)
{
    program_t program = { .words = words };

    return program_run(s, &program);
}

static int enable(setup_t *s)
{
    const char *const modules[] = {
        "a2enmod", "-q", "gpt_oauth", "proxy_http", strcmp(s->uri.scheme, "https") == 0 ? "ssl" : NULL, NULL
    };
    const char *const site[] = { "a2ensite", "-q", "gpt-oauth", NULL };

    if (s->layout->has_a2) {
        return run(s, modules) || run(s, site);
    }
    if (s->is_dry) {
        printf("    ln -s %s %s\n", s->layout->site, s->layout->enabled);
    } else if (symlink(s->layout->site, s->layout->enabled) != 0 && errno != EEXIST) {
        return fail("%s cannot be made: %s", s->layout->enabled, strerror(errno));
    }
    return DONE;
}

static int reload(setup_t *s)
{
    const char *const by_systemd[] = { "systemctl", "reload-or-restart", s->layout->unit, NULL };
    const char *const by_itself[] = { s->layout->control, "-k", "graceful", NULL };

    return run(s, access("/run/systemd/system", F_OK) == 0 ? by_systemd : by_itself);
}

/* A reload has begun when its command ends; that the server answers shows that it is over. */
static void await_server(setup_t *s)
{
    const char *url = apr_pstrcat(s->pool, uri_origin(s->pool, &s->uri), WELL_KNOWN_METADATA, s->uri.path, NULL);
    http_request_t request = { .url = url };
    apr_pool_t *p;
    http_t *http;
    int status = 0;

    if (s->is_dry || http_open(s->pool, "gptoauth-setup", uri_origin(s->pool, &s->uri), NULL, NULL, &http)) {
        return;
    }
    apr_pool_create(&p, s->pool);
    for (apr_time_t end = apr_time_now() + PATIENCE; apr_time_now() < end; apr_sleep(STEP)) {
        const http_answer_t *answer = http_send(http, p, &request);

        if (answer->status == 200 || answer->is_tls) {
            return;
        }
        status = answer->status;
        apr_pool_clear(p);
    }
    note(s, s->left, "%s at %s: the name has to lead to this server; if it does, httpd's error log says more",
         status > 0 ? apr_psprintf(s->pool, "the answer is %d", status) : "there is no answer", url);
}

/* doctor, and with what is known of client and user, try. */
static int test(setup_t *s)
{
    const char *path = guarded_path(s);
    program_t doctor = { .words = (const char *const[]){ "gptoauth", "doctor", "--url", path, NULL } };
    program_t try = { .words = (const char *const[]){ "gptoauth", "try", SETUP_CLIENT, "--user", s->user, "--url", path, NULL },
                      .input = apr_pstrcat(s->pool, s->secret ? s->secret : "", "\n", s->password ? s->password : "", "\n", NULL),
                      .is_captured = 1 };
    int status;

    if (http_missing()) {
        note(s, s->left, "%s", http_missing());
        return DONE;
    }
    status = program_run(s, &doctor);
    if (status) {
        note(s, s->left, "solve what `gptoauth doctor` calls a problem, above");
    }
    if (s->is_mcp) {
        return status;
    }
    if (!s->is_dry && (!s->secret || !s->password)) {
        note(s, s->left, "to try it with a token: gptoauth try \"" SETUP_CLIENT "\" --user %s --url %s",
             quote_httpd(s->pool, s->user), path);
        return status;
    }
    if (program_run(s, &try)) {
        printf("%s", try.output);
        note(s, s->left, "solve what `gptoauth try` calls a problem, above");
        return FAILED;
    }
    note(s, s->done, "`gptoauth try` got a token, and called %s with it", path);
    return status;
}

int setup_serve(setup_t *s)
{
    const char *file;
    int line = missing_line(s, &file), is_enabled, is_given = 1;

    if (files_judge_enabled(s, &is_enabled) || configtest(s, is_enabled, !line)) {
        return FAILED;
    }
    if (line && s->is_dry) {
        printf("\nThere it would end: line %d of %s names %s, which is missing.\n", line, s->layout->site, file);
        return DONE;
    }
    if (line) {
        note(s, s->left, "line %d of %s: %s is missing", line, s->layout->site, file);
        note(s, s->left, "get a certificate, or name yours there; with mod_md, remove both lines of the certificate");
        return fail("%s, line %d: %s is missing, so the site is not switched on", s->layout->site, line, file);
    }
    if (!s->is_dry &&
        ask_consent(s, is_enabled ? "The site is on. Reload httpd? yes or no" : "Switch the site on and reload httpd? yes or no",
                    &is_given)) {
        note(s, s->left, "%s", is_enabled ? "httpd was not reloaded" : "the site is not switched on");
        return FAILED;
    }
    if (!is_given) {
        note(s, s->left, "%s: run `gptoauth setup` again, and answer yes",
             is_enabled ? "httpd was not reloaded" : "the site is not switched on");
        return DONE;
    }
    if (enable(s) || reload(s)) {
        return FAILED;
    }
    note(s, s->done, "the site is switched on, and httpd was reloaded");
    await_server(s);
    return test(s);
}
