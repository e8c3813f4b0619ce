/*
 * What every command of gptoauth is given, and how it ends.
 */
#ifndef GPT_OAUTH_CLI_COMMAND_H
#define GPT_OAUTH_CLI_COMMAND_H

#include "cli/args.h"
#include "cli/connect.h"
#include "cli/server.h"
#include "store/store.h"

enum { DONE = 0, FAILED = 1, MISUSED = 2 };

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
command_fn try_client, doctor;

/* The client that the first operand names, or says why not. */
int client_of_operand(const command_t *c, client_t **client);

/* Makes ready to ask the server (server.c), in whose logs the caller is name: *http, or says why not. */
struct http_t;
int server_open(const command_t *c, const char *name, struct http_t **http);

/* "gptoauth: " and the sentence, fit for a terminal, on standard error; returns FAILED. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for an operation that answered STORE_DOWN. */
int fail_down(const command_t *c);

#endif
