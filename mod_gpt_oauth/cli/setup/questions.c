/*
 * The five questions, and what is an answer to each. What an earlier run was answered is taken for an empty line. Called by
 * setup.c.
 */
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/uri.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/setup/parts.h"
#include "grant/user.h"
#include "store/conninfo.h"

#define SQLITE_FILE "/var/lib/gpt-oauth/oauth.db"
#define TIMEOUTS    " connect_timeout=2 tcp_user_timeout=3000"
/* Those that need no quotes in httpd's configuration, wherever they stand. */
#define SCOPE_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_/-"
#define NO_VARIABLE      "httpd would take ${ for the beginning of a variable: choose something without it"

static const char *take_issuer(setup_t *s, const char *answer)
{
    const char *problem = uri_issuer_problem(s->pool, answer);

    if (problem) {
        return problem;
    }
    uri_parse(s->pool, answer, &s->uri);
    if (strcmp(s->uri.scheme, "http") == 0 && !s->uri.port) {
        return "without https the server has a port of its own: write one, as in http://localhost:8080";
    }
    s->issuer = answer;
    return NULL;
}

static const char *take_file(setup_t *s, const char *file)
{
    const char *slash = strrchr(file, '/');

    if (!slash[1] || slash == file) {
        return "write the path of a file in a folder of its own, such as " SQLITE_FILE;
    }
    s->driver = "sqlite3";
    s->params = file;
    return NULL;
}

/* Or sslpassword; libpq takes blanks around the sign. */
static int has_password(const char *conninfo)
{
    static const char word[] = "password";

    for (const char *at = conninfo; (at = strstr(at, word)); at++) {
        const char *next = at + strlen(word);

        if (next[strspn(next, " \t")] == '=') {
            return 1;
        }
    }
    return 0;
}

/* Its password is asked for by itself: what is typed here is seen. */
static const char *take_conninfo(setup_t *s, const char *answer)
{
    const char *problem;
    int usable;

    if (has_password(answer)) {
        return "leave passwords out: that of the role is asked for separately";
    }
    problem = store_params_problem(s->pool, "pgsql", answer, &usable);
    if (problem && usable) {
        answer = strstr(answer, "connect_timeout") ? answer : apr_pstrcat(s->pool, answer, TIMEOUTS, NULL);
        problem = store_params_problem(s->pool, "pgsql", answer, &usable);
    }
    s->driver = "pgsql";
    s->params = answer;
    return problem;
}

static const char *take_database(setup_t *s, const char *answer)
{
    if (answer == s->kept_params) {
        s->driver = s->kept_driver;
        s->params = answer;
        return NULL;
    }
    if (strstr(answer, "${")) {
        return NO_VARIABLE;
    }
    if (strcasecmp(answer, "sqlite") == 0) {
        return take_file(s, SQLITE_FILE);
    }
    if (answer[0] == '/') {
        return take_file(s, answer);
    }
    if (!strchr(answer, '=') || strstr(answer, "://")) {
        return "write sqlite, the full path of a file for it, or where PostgreSQL is: host=db.internal dbname=oauth user=oauth";
    }
    return take_conninfo(s, answer);
}

static const char *take_scope(setup_t *s, const char *answer)
{
    apr_size_t size = strcspn(answer, " \t");
    const char *name = apr_pstrmemdup(s->pool, answer, size);
    char *words = apr_pstrdup(s->pool, text_trim(s->pool, answer + size));
    apr_size_t last = strlen(words);

    if (last >= 2 && words[0] == '"' && words[last - 1] == '"') {
        words[last - 1] = '\0';
        words++;
    }
    if (size == 0 || name[strspn(name, SCOPE_CHARACTERS)] || strcmp(name, SCOPE_OFFLINE) == 0) {
        return "a scope's name consists of letters, digits and . : _ / - here, and is not offline_access";
    }
    if (!*text_trim(s->pool, words) || !utf8_valid(words, strlen(words))) {
        return "after the scope's name comes what the user reads of it, in UTF-8: notes.read \"Read your notes\"";
    }
    s->scope = name;
    s->words = words;
    return strstr(words, "${") ? NO_VARIABLE : NULL;
}

static const char *take_user(setup_t *s, const char *answer)
{
    s->user = answer;
    return user_sign_in_problem(s->pool, answer);
}

static const char *take_kind(setup_t *s, const char *answer)
{
    s->is_mcp = strcasecmp(answer, "mcp") == 0;
    return s->is_mcp || strcasecmp(answer, "gpt") == 0 ? NULL : "write gpt or mcp";
}

/* Where one is needed, and not shown by --dry-run. */
static int ask_role_password(setup_t *s)
{
    const char *password;

    if (strstr(s->params, "passfile=") || strstr(s->params, "service=")) {
        return DONE;
    }
    password = ask_secret(s, "Password of its role (empty: it needs none)");
    if (password && (text_has_control(password, strlen(password)) || !utf8_valid(password, strlen(password)))) {
        return fail("the password has a control character, or is not UTF-8");
    }
    if (password) {
        s->params =
            apr_pstrcat(s->pool, s->params, " password=", s->is_dry ? "'(as typed)'" : quote_libpq(s->pool, password), NULL);
    }
    return DONE;
}

/* A server is asked before its address is written anywhere; what an earlier run wrote is compared first, and then tried. */
static int ask_database(setup_t *s)
{
    int is_file = s->kept_driver && store_driver_is_file(s->kept_driver);
    const char *shown = is_file || !s->kept_params ? s->kept_params : "as in " DB_CONF_DEFAULT, *problem;

    do {
        problem = NULL;
        if (ask(s, "Database: sqlite, or PostgreSQL as in host=db.internal dbname=oauth user=oauth",
                s->kept_params ? s->kept_params : "sqlite", shown ? shown : "sqlite", take_database)) {
            return FAILED;
        }
        if (store_driver_is_file(s->driver) || s->params == s->kept_params) {
            return DONE;
        }
        if (ask_role_password(s)) {
            return FAILED;
        }
        if (!s->is_dry && !s->kept_params && (problem = database_try(s->pool, s->driver, s->params))) {
            fail("%s. Nothing was changed", problem);
        }
    } while (problem && isatty(STDIN_FILENO));
    return problem ? FAILED : DONE;
}

int setup_ask(setup_t *s)
{
    char **scope = s->kept_site ? words_of_directive(s->pool, s->kept_site, "GPTOAuthScope", NULL) : NULL;
    const char *first = scope && scope[0] && scope[1] ? apr_pstrcat(s->pool, scope[0], " \"", scope[1], "\"", NULL)
                                                      : "notes.read \"Read your notes\"";
    int was_mcp = s->kept_site && site_is_mcp(s);

    return ask(s, "Issuer, the URL of this server: https://api.example.com, or http://localhost:8080 to try it out",
               s->kept_issuer, s->kept_issuer, take_issuer) ||
           ask_database(s) || ask(s, "First scope, and what users are told that it allows", first, first, take_scope) ||
           ask(s, "First user, a name to sign in with", NULL, NULL, take_user) ||
           ask(s, "Who calls: gpt (a custom GPT), or mcp (Claude, ChatGPT and other MCP clients)", was_mcp ? "mcp" : "gpt",
               was_mcp ? "mcp" : "gpt", take_kind);
}
