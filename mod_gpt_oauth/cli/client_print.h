/*
 * How clients are shown.
 */
#ifndef GPT_OAUTH_CLI_CLIENT_PRINT_H
#define GPT_OAUTH_CLI_CLIENT_PRINT_H

#include "cli/command.h"

/* secret is NULL but where one was just made: it is shown once, in text and in JSON ("client_secret"). */
void client_print_added(const command_t *c, const client_t *client, const char *secret);
void client_print_secret(const command_t *c, const client_t *client, const char *secret);
/* The fields of the GPT builder. */
void client_print_builder(const command_t *c, const client_t *client, const char *secret);
/* All of them, or as many as --limit says. */
int client_print_list(const command_t *c);
void client_print(const command_t *c, const client_t *client);

/* JSON, or for people the sentence 'Client "NAME" did.' */
void client_print_done(const command_t *c, const client_t *client, const char *did);

#endif
