/*
 * Writes the two files, never over one that is there and never through a link. One that begins with the mark of this command is
 * what an earlier run was answered, and stays as it is. Called by setup.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/file.h"
#include "base/uri.h"
#include "cli/db_conf.h"
#include "cli/output.h"
#include "cli/setup/parts.h"
#include "store/source.h"

#define FOLDER "/etc/gpt-oauth"

/* The text of a file that this command wrote. NULL: there is none, or (with a problem) there is something else. */
static const char *read_own(setup_t *s, const char *path, const char **problem)
{
    struct stat info;
    file_t file;

    *problem = NULL;
    if (lstat(path, &info) != 0) {
        *problem = errno == ENOENT ? NULL : strerror(errno);
        return NULL;
    }
    if (S_ISLNK(info.st_mode)) {
        *problem = "it is a symbolic link, which setup does not follow";
    } else if (info.st_uid != geteuid()) {
        *problem = "it belongs to somebody else";
    } else if (!(*problem = file_read(s->pool, path, FILE_LINES_MAX, &file)) &&
               strncmp(file.text, SETUP_MARK, strlen(SETUP_MARK)) != 0) {
        *problem = "setup did not write it";
    }
    return *problem ? NULL : file.text;
}

static void ignore(const char *sentence)
{
    (void)sentence;
}

int files_recall(setup_t *s)
{
    const char *problem;
    db_conf_t conf;

    s->kept_site = read_own(s, s->layout->site, &problem);
    if (!read_own(s, DB_CONF_DEFAULT, &problem)) {
        return DONE;
    }
    if ((problem = db_conf_read(s->pool, DB_CONF_DEFAULT, ignore, &conf))) {
        return fail("%s", problem);
    }
    s->kept_issuer = conf.issuer;
    s->kept_driver = conf.driver;
    s->kept_params = conf.params;
    return DONE;
}

/* What stands in the way is left alone, and the lines are shown that belong into it. */
static int judge_foreign(setup_t *s, const char *path, const char *text)
{
    const char *problem;

    if (read_own(s, path, &problem) || !problem) {
        return DONE;
    }
    fail("%s is left as it is: %s. Nothing was changed. Put these lines in by hand, or move it away and run this again", path,
         problem);
    fprintf(stderr, "\n%s\n", text);
    return FAILED;
}

/*
 * The lines of dbd.conf as they are shown: a password is nobody's to read on a screen. It stands last where setup wrote it, and
 * anywhere in what an administrator has edited since.
 */
static const char *shown_dbd_conf(const setup_t *s)
{
    setup_t shown = *s;
    const char *password = strstr(s->params, " password=");

    if (s->params == s->kept_params && !store_driver_is_file(s->driver)) {
        shown.params = "(as it is)";
    } else if (password) {
        shown.params = apr_pstrcat(s->pool, apr_pstrmemdup(s->pool, s->params, (apr_size_t)(password - s->params)),
                                   " password='(as typed)'", NULL);
    }
    return text_of_dbd_conf(&shown);
}

/* A ServerName, which may have a scheme and a port, or go without. */
static int is_name_of_issuer(const setup_t *s, const char *name)
{
    const char *after = strstr(name, "://"), *port = s->uri.port ? s->uri.port : "443";
    const char *host = after ? after + strlen("://") : name;
    apr_size_t size = strlen(s->uri.host);

    return strncasecmp(host, s->uri.host, size) == 0 &&
           (!host[size] || (host[size] == ':' && strcmp(host + size + 1, port) == 0));
}

/* A site without a dbd.conf says by itself whose it is. */
static int site_is_of_issuer(const setup_t *s)
{
    const char *text = s->kept_site;
    char **words;

    while ((words = words_of_next(s->pool, &text, "ServerName"))) {
        if (words[0] && is_name_of_issuer(s, words[0])) {
            return 1;
        }
    }
    return 0;
}

/* What setup itself wrote into dbd.conf; --dry-run, which tries no password, compares none. */
static const char *without_password(const setup_t *s, const char *params)
{
    const char *password = s->is_dry ? strstr(params, " password=") : NULL;

    return password ? apr_pstrmemdup(s->pool, params, (apr_size_t)(password - params)) : params;
}

static int is_other_database(const setup_t *s)
{
    return s->kept_params && (strcmp(s->kept_driver, s->driver) != 0 ||
                              strcmp(without_password(s, s->kept_params), without_password(s, s->params)) != 0);
}

static int contradiction(const char *path, const char *what)
{
    return fail(
        "an earlier run wrote another %s into %s: answer as before, or edit or remove that file first. Nothing was changed", what,
        path);
}

int files_judge_enabled(const setup_t *s, int *is_enabled)
{
    struct stat site, enabled;
    int has_site = stat(s->layout->site, &site) == 0;

    *is_enabled =
        has_site && stat(s->layout->enabled, &enabled) == 0 && enabled.st_dev == site.st_dev && enabled.st_ino == site.st_ino;
    if (*is_enabled || lstat(s->layout->enabled, &enabled) != 0) {
        return DONE;
    }
    if (!has_site && S_ISLNK(enabled.st_mode)) {
        return fail("%s is a link to what is not there, so httpd does not start: remove it, and run `gptoauth setup` again",
                    s->layout->enabled);
    }
    return fail("%s is in the way: it has to be a link to %s. Move it away, and run `gptoauth setup` again", s->layout->enabled,
                s->layout->site);
}

int files_judge(setup_t *s)
{
    int is_enabled;
    char **scope = s->kept_site ? words_of_directive(s->pool, s->kept_site, "GPTOAuthScope", NULL) : NULL;

    if (judge_foreign(s, DB_CONF_DEFAULT, shown_dbd_conf(s)) || judge_foreign(s, s->layout->site, text_of_site(s)) ||
        files_judge_enabled(s, &is_enabled)) {
        return FAILED;
    }
    if (s->kept_issuer && strcmp(s->kept_issuer, s->issuer) != 0) {
        return fail(
            "an earlier run wrote another issuer into %s: answer as before, or switch the site off and remove that file and "
            "%s first. Nothing was changed",
            DB_CONF_DEFAULT, s->layout->site);
    }
    if (s->kept_site && !s->kept_issuer && !site_is_of_issuer(s)) {
        return contradiction(s->layout->site, "issuer");
    }
    if (is_other_database(s)) {
        return contradiction(DB_CONF_DEFAULT, "database");
    }
    if (scope && scope[0] && strcmp(scope[0], s->scope) != 0) {
        return contradiction(s->layout->site, "scope");
    }
    if (s->kept_site && site_is_mcp(s) != s->is_mcp) {
        return contradiction(s->layout->site, "kind of caller");
    }
    return is_enabled ? DONE : ports_judge(s, s->kept_site ? s->kept_site : text_of_site(s));
}

/* What was there before is as good only if nobody else can put files there: root would open them. */
static int judge_folder(const char *folder, const struct passwd *user)
{
    struct stat info;

    if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return fail("the folder %s cannot be made: something else has its name", folder);
    }
    if (info.st_uid != (user ? user->pw_uid : geteuid()) || info.st_mode & (S_IWGRP | S_IWOTH)) {
        return user ? fail("the folder %s is there already and does not belong to %s alone: name one that is not there yet",
                           folder, user->pw_name)
                    : fail("the folder %s has to belong to root, and nobody else may write to it", folder);
    }
    return DONE;
}

/* The folder is opened before anything is done with it: a link in its place is none. owner NULL: whoever runs this. */
static int make_folder(setup_t *s, const char *folder, const char *owner)
{
    const struct passwd *user = owner ? getpwnam(owner) : NULL;
    int fd, failed;

    if (owner && !user) {
        return fail("there is no user %s, whom httpd runs as: is httpd installed?", owner);
    }
    if (mkdir(folder, 0700) != 0) {
        return errno == EEXIST ? judge_folder(folder, user) : fail("the folder %s cannot be made: %s", folder, strerror(errno));
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    failed = fd < 0 || (user && fchown(fd, user->pw_uid, user->pw_gid) != 0);
    failed = failed ? fail("the folder %s cannot be given to %s: %s", folder, owner ? owner : "you", strerror(errno)) : DONE;
    if (fd >= 0) {
        close(fd);
    }
    note(s, s->done, "%s is made%s%s", folder, owner ? ", for " : "", owner ? owner : "");
    return failed;
}

static int write_file(setup_t *s, const char *path, mode_t mode, const char *text)
{
    apr_size_t size = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    ssize_t written;
    int failed;

    if (fd < 0) {
        return fail("%s cannot be written: %s", path, strerror(errno));
    }
    written = write(fd, text, size);
    if (written >= 0 && (apr_size_t)written < size) {
        errno = ENOSPC;
    }
    failed = written < 0 || (apr_size_t)written < size || fchmod(fd, mode) != 0 || fsync(fd) != 0;
    if (failed) {
        fail("%s cannot be written: %s", path, strerror(errno));
        unlink(path); /* half of it would be taken for all of it next time */
    }
    close(fd);
    if (!failed) {
        note(s, s->done, "%s is written", path);
    }
    return failed ? FAILED : DONE;
}

static void show(const char *path, const char *text, int is_there)
{
    printf("%s %s\n\n%s\n", path, is_there ? "is there already, and stays as it is:" : "would be:", text);
}

int files_write(setup_t *s)
{
    const char *slash = strrchr(s->params, '/');

    if (s->is_dry) {
        show(DB_CONF_DEFAULT, shown_dbd_conf(s), s->kept_params != NULL);
        show(s->layout->site, s->kept_site ? s->kept_site : text_of_site(s), s->kept_site != NULL);
        return DONE;
    }
    if (store_driver_is_file(s->driver) &&
        make_folder(s, apr_pstrmemdup(s->pool, s->params, (apr_size_t)(slash - s->params)), s->layout->user)) {
        return FAILED;
    }
    if (make_folder(s, FOLDER, NULL) || (!s->kept_params && write_file(s, DB_CONF_DEFAULT, 0600, text_of_dbd_conf(s)))) {
        return FAILED;
    }
    if (s->kept_site) {
        return DONE;
    }
    s->kept_site = text_of_site(s);
    return write_file(s, s->layout->site, 0644, s->kept_site);
}
