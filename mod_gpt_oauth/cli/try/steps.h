/*
 * The steps of `gptoauth try`, which try.c takes one after the other. Each shows its requests and answers, adds its findings to
 * the report and returns 1, or 0 where those that come after it have nothing to go on with.
 */
#ifndef GPT_OAUTH_CLI_TRY_STEPS_H
#define GPT_OAUTH_CLI_TRY_STEPS_H

#include <signal.h>

#include "cli/client/dialog.h"
#include "cli/command.h"

typedef struct try_t {
    const command_t *c;
    dialog_t *dialog;
    const client_t *client; /* who plays ChatGPT: the client itself, or a stand-in */
    const char *secret;     /* of that client; NULL: it has none */
    const char *redirect_uri;
    const char *scope; /* as it goes into the request */
    int uses_pkce;
    const char *username, *password;                 /* NULL: the user sits at a browser */
    int listener;                                    /* where the browser comes back, or -1 */
    const char *verifier;                            /* of the last request */
    const char *code, *access_token, *refresh_token; /* NULL until they came */
    apr_array_header_t *grants;                      /* const char *: one access token of each */
} try_t;

/* signals.c: the user has had enough: nothing new begins, and what was written down is taken back. */
extern volatile sig_atomic_t try_interrupted;
/* From now on a signal sets it, and ends nothing by itself. */
void try_hear_signals(void);

enum { BY_POST, BY_BASIC };

/* authorize.c: the page, for this client and redirect URI, is ready to be signed in at. Nothing is written. */
int try_page(try_t *try, const client_t *client, const char *redirect_uri);
/* Sign-in, consent, and back with a code. */
int try_authorize(try_t *try);
/* The code from the URL that the browser was sent to. */
int try_take_code(try_t *try, const char *url, const char *state);
/* The request as ChatGPT makes it, with a new state. */
const char *try_authorize_url(try_t *try, const client_t *client, const char *redirect_uri, const char **state);

/* browser.c: listens at *port of the loopback address (0: any, and says which). NULL, or a sentence. */
const char *try_listen(try_t *try, int *port);
/* Prints url for the user and waits. The URL that the browser came back to, or NULL: nobody came. */
const char *try_await_browser(try_t *try, const char *url);

/* tokens.c: the code for tokens. */
int try_exchange(try_t *try, int method);
/* Id and secret of this client are right: shown by a code that nobody issued. */
int try_secret(try_t *try, const client_t *client, const char *secret, int method);
int try_refresh(try_t *try, int method);
/* All that hangs on the refresh token is dead afterwards. */
int try_revoke(try_t *try);
/* url lets nobody in without a token, with it lets in, and after revocation no more. */
int try_guard(try_t *try, const char *url);
int try_call(try_t *try, const char *url);
int try_call_refused(try_t *try, const char *url);

/* remedy.c: what the database knows of it. The sentence that helps when the secret of client was refused. */
const char *try_secret_remedy(const try_t *try, const client_t *client, const char *secret);
/* ... when the page refused the client with this redirect URI. */
const char *try_page_remedy(const try_t *try, const client_t *client, const char *redirect_uri);
/* ... when username and password were. */
const char *try_user_remedy(const try_t *try);
/* ... when an endpoint answered with this error, which may be none that is known: where the log tells more. */
const char *try_log_remedy(const try_t *try, const char *error);
/* ... about an answer of an endpoint that is none: no answer, a redirect, another's sign-in, a page. 0: there is none. */
int try_judge_endpoint(try_t *try, const char *what, const http_answer_t *answer);

#endif
