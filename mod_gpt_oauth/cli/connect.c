/*
 * One connection in place of mod_dbd's pool; and for SQLite, who owns the files, as httpd has to write to them too. Called by
 * main.c.
 */
#include "cli/connect.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_dbd.h>
#include <apr_strings.h>

/* The one connection, kept from operation to operation as mod_dbd's pool would. */
typedef struct connection_t {
    database_t *database;
    const apr_dbd_driver_t *driver;
    apr_pool_t *pool;
    apr_dbd_t *handle; /* NULL: not connected */
    void *memo;
} connection_t;

static apr_status_t disconnect(void *data)
{
    connection_t *connection = data;

    if (connection->handle) {
        apr_dbd_close(connection->driver, connection->handle);
        connection->handle = NULL;
    }
    return APR_SUCCESS;
}

/* Why there is no connection: the first line of what the driver says. */
static const char *reason_of(apr_pool_t *p, const char *error)
{
    char *reason = apr_pstrdup(p, error ? error : "no reason was given");

    reason[strcspn(reason, "\n")] = '\0';
    return reason;
}

static apr_status_t open_connection(void *baton, apr_pool_t *p, store_conn_t *conn)
{
    connection_t *connection = baton;
    database_t *database = connection->database;

    (void)p;

    if (!connection->handle) {
        const char *error = NULL;

        apr_status_t rv =
            apr_dbd_open_ex(connection->driver, connection->pool, database->conf.params, &connection->handle, &error);
        if (rv != APR_SUCCESS) {
            connection->handle = NULL;
            database->problem = apr_psprintf(connection->pool, "cannot open the database: %s; check DBDParams in %s",
                                             reason_of(connection->pool, error), database->conf.file);
            return rv;
        }
    } else if (apr_dbd_check_conn(connection->driver, connection->pool, connection->handle) != APR_SUCCESS) {
        database->problem = apr_psprintf(connection->pool, "the connection to the database broke and could not be made again");
        return APR_EGENERAL;
    }
    database->problem = NULL;
    conn->driver = connection->driver;
    conn->handle = connection->handle;
    conn->pool = connection->pool;
    conn->memo = &connection->memo;
    conn->opener = connection;
    return APR_SUCCESS;
}

static void close_connection(void *baton, store_conn_t *conn)
{
    (void)baton;
    (void)conn;
}

/*
 * SQLite makes files (-wal, -shm) beside the database. Those made by root, httpd's children could not write. So root becomes the
 * owner of the folder first: unlike a chown afterwards this leaves no moment in which the files are root's, and a link that the
 * owner planted in his folder leads nowhere he could not go himself.
 */
static const char *become_owner(apr_pool_t *p, const char *folder, const struct stat *info)
{
    const struct passwd *owner;
    gid_t group;

    if (geteuid() != 0 || info->st_uid == 0) {
        return NULL;
    }
    owner = getpwuid(info->st_uid);
    group = owner ? owner->pw_gid : info->st_gid;
    if ((owner ? initgroups(owner->pw_name, group) : setgroups(1, &group)) || setgid(group) || setuid(info->st_uid)) {
        return apr_psprintf(p, "cannot work as the owner of %s: %s", folder, strerror(errno));
    }
    return NULL;
}

static const char *prepare_file(apr_pool_t *p, const db_conf_t *conf, int may_create, warn_fn *warn)
{
    const char *file = conf->params;
    const char *slash = strrchr(file, '/');
    const char *folder = slash == file ? "/" : apr_pstrmemdup(p, file, (apr_size_t)(slash - file));
    struct stat info;
    const char *problem;

    if (stat(folder, &info) != 0) {
        return apr_psprintf(p, "the folder %s of the database cannot be used (%s): create it, owned by the user httpd runs as",
                            folder, strerror(errno));
    }
    problem = become_owner(p, folder, &info);
    if (problem) {
        return problem;
    }
    if (may_create && geteuid() == 0) {
        warn(apr_psprintf(p,
                          "%s belongs to root, so httpd cannot write there: chown it, with the database in it, to the user httpd "
                          "runs as",
                          folder));
    }
    /* The database holds hashes of passwords: nobody else's business. -wal and -shm get the database's own mode. */
    umask(077);
    if (access(file, F_OK) != 0 && errno == ENOENT) {
        return may_create ? NULL : apr_psprintf(p, "there is no database %s yet; run `gptoauth migrate`", file);
    }
    if (access(file, R_OK | W_OK) != 0 || access(folder, W_OK | X_OK) != 0) {
        return apr_psprintf(
            p,
            "%s cannot be written by user id %ld: it and its folder must belong to the user httpd runs as; run gptoauth as "
            "that user or as root",
            file, (long)geteuid());
    }
    return NULL;
}

static const char *load_driver(apr_pool_t *p, const char *name, const apr_dbd_driver_t **driver)
{
    apr_dbd_init(p);
    return apr_dbd_get_driver(p, name, driver) == APR_SUCCESS
               ? NULL
               : apr_psprintf(p, "APR's driver %s cannot be loaded: install it (Debian: apt install libaprutil1-dbd-%s)", name,
                              name);
}

const char *database_open(apr_pool_t *p, const db_conf_t *conf, int may_create, warn_fn *warn, database_t **database)
{
    const char *problem = store_driver_is_file(conf->driver) ? prepare_file(p, conf, may_create, warn) : NULL;
    database_t *made;
    connection_t *connection;

    if (problem) {
        return problem;
    }

    made = apr_pcalloc(p, sizeof(*made));
    connection = apr_pcalloc(p, sizeof(*connection));
    made->conf = *conf;
    connection->database = made;
    connection->pool = p;
    if ((problem = load_driver(p, conf->driver, &connection->driver))) {
        return problem;
    }
    /* After apr_dbd_init, so that it runs before the driver is unloaded. */
    apr_pool_cleanup_register(p, connection, disconnect, apr_pool_cleanup_null);

    if (store_source_create(&made->source, p, conf->driver, conf->params, 1, open_connection, close_connection, NULL,
                            connection) != APR_SUCCESS) {
        return apr_psprintf(p, "the database of %s cannot be used", conf->file);
    }
    *database = made;
    return NULL;
}

const char *database_try(apr_pool_t *p, const char *driver_name, const char *params)
{
    const apr_dbd_driver_t *driver;
    const char *error = NULL, *problem = load_driver(p, driver_name, &driver);
    apr_dbd_t *handle;

    if (problem) {
        return problem;
    }
    if (apr_dbd_open_ex(driver, p, params, &handle, &error) != APR_SUCCESS) {
        return apr_psprintf(p, "cannot open the database: %s", reason_of(p, error));
    }
    apr_dbd_close(driver, handle);
    return NULL;
}
