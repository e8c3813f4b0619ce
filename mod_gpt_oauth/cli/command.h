/*
 * What every command of gptoauth is given, and what several of them do.
 */
#ifndef GPT_OAUTH_CLI_COMMAND_H
#define GPT_OAUTH_CLI_COMMAND_H

#include "base/audit.h"
#include "cli/args.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/server.h"
#include "store/store.h"

typedef struct command_t {
    apr_pool_t *pool;
    const args_t *args;
    const char *const *operands; /* those after the command's words */
    int count;
    int json; /* print JSON, one line */
    server_t server;
    const char *secret; /* what --secret-file holds, or NULL */
    database_t *database;
    store_t *store;
    const char *by;        /* who runs it, as the audit log says it */
    audit_t *audit;        /* what is known of the line of this command in the audit log */
    const char *client_id; /* of --client, as grant_list has found it */
    const char *problem;   /* why there is no database, for doctor alone: then database and store are NULL */
} command_t;

typedef int command_fn(command_t *c);

command_fn migrate, purge;
command_fn client_add, client_list, client_show, client_secret, client_redirect, client_links, client_disable, client_enable,
    client_remove;
command_fn gpt;
command_fn user_add, user_passwd, user_list, user_show, user_disable, user_enable, user_remove;
command_fn user_sessions, user_signout;
command_fn grant_list, grant_revoke;
command_fn key_add, key_list, key_revoke;
command_fn throttle_list, throttle_clear;
command_fn token_show;
command_fn try_client, examine;
command_fn set_up; /* without a database: nothing below operands and json is set */

/* The client of this id or name, or says that there is none. */
int command_find_client(const command_t *c, const char *id_or_name, client_t **client);

/* An item of a list in JSON: a new reference. */
typedef json_t *to_json_fn(const command_t *c, const void *item);

/* Its cells, in the order of the header. */
typedef void add_row_fn(const command_t *c, const void *item, table_t *table);
/* The page of a list after an item (NULL: the first one), of pointers; see LIST_PAGE. */
typedef store_status_t page_fn(const command_t *c, const void *after, apr_array_header_t **items);

typedef struct list_t {
    page_fn *page;
    to_json_fn *to_json;
    add_row_fn *add_row;
    const char *const *header;
    int columns;
    const char *none; /* what is said where there is nothing */
} list_t;

/*
 * Prints a list page by page, as much as --limit says, and says where there is more. In c as the functions get it the pool and
 * the store are those of the page.
 */
int command_list(const command_t *c, const list_t *list);

/* fail, for an operation that answered STORE_DOWN. */
int fail_down(const command_t *c);

/* fail, for a function of admin/ that did not answer STORE_OK: its problem, and which command or option helps (hints.c). */
int fail_admin(const command_t *c, store_status_t status, const char *problem);

#endif
