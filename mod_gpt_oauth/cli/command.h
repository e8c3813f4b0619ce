/*
 * What every command of gptoauth is given, and what several of them do.
 */
#ifndef GPT_OAUTH_CLI_COMMAND_H
#define GPT_OAUTH_CLI_COMMAND_H

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
    const char *problem; /* why there is no database, for doctor alone: then database and store are NULL */
} command_t;

typedef int command_fn(command_t *c);

command_fn migrate, purge;
command_fn client_add, client_list, client_show, client_secret, client_redirect, client_disable, client_enable, client_remove;
command_fn gpt;
command_fn user_add, user_passwd, user_list, user_disable, user_enable, user_remove;
command_fn grant_list, grant_revoke;
command_fn key_add, key_list, key_revoke;
command_fn throttle_list, throttle_clear;
command_fn try_client, examine;

/* The client of this id or name, or says that there is none. */
int command_find_client(const command_t *c, const char *id_or_name, client_t **client);

/* What a scope is refused with that cannot be read. */
#define SCOPE_UNREADABLE "the scope has a character that no scope may have; write names separated by spaces"

/* An item of a list in JSON: a new reference. */
typedef json_t *to_json_fn(const command_t *c, const void *item);

/*
 * Prints a list (of pointers) in JSON, or the sentence `none` where it is empty. 1 when that was all; 0 when its table is to be
 * printed.
 */
int command_print_list(const command_t *c, const apr_array_header_t *list, to_json_fn *to_json, const char *none);

/* fail, for an operation that answered STORE_DOWN. */
int fail_down(const command_t *c);

#endif
