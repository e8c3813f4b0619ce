/*
 * Reads the few directives of that file that the command needs, by httpd's rules for lines, words and variables. Called by
 * main.c.
 */
#include "cli/db_conf.h"

#include <stdlib.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/array.h"
#include "base/file.h"
#include "base/uri.h"
#include "store/source.h"

static void trim_end(char *line)
{
    size_t size = strlen(line);

    while (size && apr_isspace(line[size - 1])) {
        line[--size] = '\0';
    }
}

/* The next line, those that end in a backslash joined with their successors, without white space around. NULL at the end. */
static char *read_line(apr_pool_t *p, const char **text, int *number)
{
    char *line = NULL;
    int goes_on = 1;

    while (goes_on && **text) {
        size_t size = strcspn(*text, "\n");
        char *part = apr_pstrmemdup(p, *text, size);

        *text += size + ((*text)[size] == '\n');
        ++*number;
        trim_end(part);
        size = strlen(part);
        goes_on = size && part[size - 1] == '\\';
        if (goes_on) {
            part[size - 1] = '\0';
        }
        line = line ? apr_pstrcat(p, line, part, NULL) : part;
    }
    while (line && apr_isspace(*line)) {
        ++line;
    }
    return line;
}

/* One word as httpd splits them (ap_getword_conf): quotes group, a backslash saves a quote or a backslash inside them. */
static const char *read_word(apr_pool_t *p, const char **rest)
{
    const char *s = *rest;
    char *word, *end;

    while (apr_isspace(*s)) {
        ++s;
    }
    word = apr_palloc(p, strlen(s) + 1);
    end = word;
    if (*s == '"' || *s == '\'') {
        char quote = *s++;

        while (*s && *s != quote) {
            if (*s == '\\' && (s[1] == quote || s[1] == '\\')) {
                ++s;
            }
            *end++ = *s++;
        }
        if (*s) {
            ++s;
        }
    } else {
        while (*s && !apr_isspace(*s)) {
            *end++ = *s++;
        }
    }
    *end = '\0';
    *rest = s;
    return word;
}

/*
 * Replaces ${NAME}, as httpd does before it splits a line. httpd also knows what Define said; here there is only the environment,
 * and a guess would open another database than the server's: what is not set is an error.
 */
static const char *expand(apr_pool_t *p, const char *text, const char **problem)
{
    const char *result = "";
    const char *start;

    while ((start = strstr(text, "${"))) {
        const char *end = strchr(start, '}');
        const char *name, *value;

        if (!end) {
            break;
        }
        name = apr_pstrmemdup(p, start + 2, (apr_size_t)(end - start - 2));
        value = getenv(name);
        if (!value) {
            *problem = apr_psprintf(p, "${%s} is not set in the environment: export it, or write the value into the file", name);
            return NULL;
        }
        result = apr_pstrcat(p, result, apr_pstrmemdup(p, text, (apr_size_t)(start - text)), value, NULL);
        text = end + 1;
    }
    return apr_pstrcat(p, result, text, NULL);
}

/* Where the value of a directive goes, or NULL. */
static const char **member_of(db_conf_t *conf, const char *name)
{
    const struct {
        const char *name;
        const char **member;
    } known[] = {
        { "DBDriver", &conf->driver },   { "DBDParams", &conf->params }, { "GPTOAuthIssuer", &conf->issuer },
        { "GPTOAuthPath", &conf->path }, { "DBDMax", &conf->max },       { "GPTOAuthAuditLog", &conf->audit_log },
    };
    for (int i = 0; i < COUNT(known); i++) {
        if (apr_cstr_casecmp(name, known[i].name) == 0) {
            return known[i].member;
        }
    }
    return NULL;
}

/* GPTOAuthClientMetadata fetch HOST…; off and pinned name none. */
static apr_array_header_t *read_hosts(apr_pool_t *p, const char *rest)
{
    apr_array_header_t *hosts = apr_array_make(p, 4, sizeof(const char *));
    const char *word = read_word(p, &rest);

    while (apr_cstr_casecmp(word, "fetch") == 0 && *rest) {
        const char *host = read_word(p, &rest);

        if (*host) {
            APR_ARRAY_PUSH(hosts, const char *) = host;
        }
    }
    return hosts->nelts ? hosts : NULL;
}

static const char *read_directive(apr_pool_t *p, const char *line, db_conf_t *conf, const char **stranger)
{
    const char *rest = line;
    const char *name = read_word(p, &rest);
    const char **member = member_of(conf, name);
    const char *value, *problem;

    if (apr_cstr_casecmp(name, "GPTOAuthClientMetadata") == 0) {
        conf->document_hosts = read_hosts(p, rest);
        return NULL;
    }
    if (!member) {
        /* mod_dbd's other directives are about its pool. */
        *stranger = apr_cstr_casecmpn(name, "DBD", 3) == 0 ? NULL : name;
        return NULL;
    }
    problem = NULL;
    rest = expand(p, rest, &problem);
    if (!rest) {
        return problem;
    }
    value = read_word(p, &rest);
    if (member == &conf->issuer) {
        /* "guard" is about the virtual host: the issuer is the same. */
        const char *after = rest;

        rest = apr_cstr_casecmp(read_word(p, &after), "guard") == 0 ? after : rest;
    }
    while (apr_isspace(*rest)) {
        ++rest;
    }
    if (!*value || *rest) {
        return apr_psprintf(p, "%s takes one value%s", name, *value ? ": put it in quotes" : "");
    }
    *member = value;
    return NULL;
}

static const char *judge(apr_pool_t *p, const db_conf_t *conf)
{
    const char *problem;

    if (!conf->driver || !conf->params) {
        return apr_psprintf(
            p,
            "%s has no %s: write DBDriver pgsql and DBDParams \"host=... dbname=... user=...\", or DBDriver sqlite3 and "
            "DBDParams with the path of the database file",
            conf->file, conf->driver ? "DBDParams" : "DBDriver");
    }
    if (!store_driver_is_known(conf->driver)) {
        return apr_psprintf(p, "%s: DBDriver %s is not supported: use pgsql or sqlite3", conf->file, conf->driver);
    }
    if (store_driver_is_file(conf->driver) && conf->params[0] != '/') {
        return apr_psprintf(p, "%s: DBDParams must be the full path of the database file, as httpd runs in another folder",
                            conf->file);
    }
    problem = conf->issuer ? uri_issuer_problem(p, conf->issuer) : NULL;
    if (problem) {
        return apr_psprintf(p, "%s: GPTOAuthIssuer %s: %s", conf->file, conf->issuer, problem);
    }
    if (conf->path && conf->path[0] != '/') {
        return apr_psprintf(p, "%s: GPTOAuthPath %s: write a path that begins with a slash, such as /oauth", conf->file,
                            conf->path);
    }
    return NULL;
}

const char *db_conf_read(apr_pool_t *p, const char *file, warn_fn *warn, db_conf_t *conf)
{
    file_t read;
    const char *rest, *problem = file_read(p, file, FILE_LINES_MAX, &read);
    char *line;
    int number = 0;

    memset(conf, 0, sizeof(*conf));
    conf->file = file;
    if (!problem && memchr(read.text, '\0', read.size)) {
        problem = "it is not text";
    }
    if (problem) {
        return apr_psprintf(p, "cannot read %s (%s): it should hold DBDriver and DBDParams; --db-conf names another file", file,
                            problem);
    }
    rest = read.text;
    while (!problem && (line = read_line(p, &rest, &number))) {
        const char *stranger = NULL;

        if (!*line || *line == '#') {
            continue;
        }
        problem = read_directive(p, line, conf, &stranger);
        if (problem) {
            problem = apr_psprintf(p, "%s, line %d: %s", file, number, problem);
        } else if (stranger) {
            warn(apr_psprintf(p,
                              "%s, line %d: %s is ignored: only DBDriver, DBDParams, GPTOAuthIssuer, GPTOAuthPath, "
                              "GPTOAuthClientMetadata and GPTOAuthAuditLog are read here",
                              file, number, stranger));
        }
    }
    return problem ? problem : judge(p, conf);
}
