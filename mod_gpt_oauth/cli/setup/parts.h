/*
 * The parts of `gptoauth setup`, which setup.c goes through one after the other: questions, files, programs, steps. What one of
 * them finds out or does, the next one reads in setup_t.
 */
#ifndef GPT_OAUTH_CLI_SETUP_PARTS_H
#define GPT_OAUTH_CLI_SETUP_PARTS_H

#include "base/array.h"
#include "base/uri.h"
#include "cli/command.h"

/* What the GPT's client is called here. */
#define SETUP_CLIENT "My GPT"

/* How a file begins that this command wrote. */
#define SETUP_MARK "# Written by gptoauth setup"

/* Where a distribution has httpd's things. */
typedef struct layout_t {
    const char *folder;   /* by which it is known */
    const char *site;     /* what is written */
    const char *enabled;  /* the link to it by which httpd reads it */
    const char *control;  /* the program that takes httpd's options */
    const char *unit;     /* of systemd */
    const char *user;     /* whom httpd's children run as */
    const char *pid_file; /* of httpd's parent */
    const char *ports;    /* where httpd listens whatever its sites say; NULL: no file of its own */
    int has_a2;           /* a2enmod and a2ensite, and a file for each module */
} layout_t;

typedef struct setup_t {
    apr_pool_t *pool;
    const args_t *args;
    const layout_t *layout;
    int is_dry; /* --dry-run: show all of it, change nothing */
    const char *issuer;
    uri_t uri; /* of the issuer */
    const char *driver, *params;
    const char *scope, *words;
    const char *user;
    int is_mcp;
    int has_application; /* something listens where the site's ProxyPass leads */
    /* What an earlier run wrote; NULL where there is nothing. The site by its text. */
    const char *kept_issuer, *kept_driver, *kept_params, *kept_site;
    const char *password;     /* of user; NULL: not known */
    const client_t *client;   /* of a GPT */
    const char *secret;       /* of client; NULL: not known */
    int is_new_client;        /* the secret is shown, which was made just now */
    apr_array_header_t *done; /* const char *: the sentences of the last screen */
    apr_array_header_t *left; /* the same */
} setup_t;

/* notes.c: adds a sentence to done or left. */
void note(const setup_t *s, apr_array_header_t *where, const char *format, ...) __attribute__((format(printf, 3, 4)));
void notes_print(const char *title, const apr_array_header_t *notes);

/*
 * ask.c: a prompt on standard error, a line of standard input. take returns NULL when the answer will do, else a sentence, and on
 * a terminal the question is asked again. fallback (NULL: none) stands for an empty line, and is shown as shown.
 */
typedef const char *take_fn(setup_t *s, const char *answer);
int ask(setup_t *s, const char *question, const char *fallback, const char *shown, take_fn *take);
/* Without echo; NULL for an empty line and at the end of input. */
const char *ask_secret(setup_t *s, const char *question);
/* *is_given is 1 for yes; anything else is no. FAILED, after a sentence, at the end of input. */
int ask_consent(setup_t *s, const char *question, int *is_given);

/* questions.c: the five of them. DONE, or FAILED after a sentence. */
int setup_ask(setup_t *s);

/* text.c: what the files say. */
const char *text_of_dbd_conf(const setup_t *s);
const char *text_of_site(const setup_t *s);
/* The path that the site guards. */
const char *guarded_path(const setup_t *s);
/* A value of libpq's connection strings, and a word of httpd's configuration, in quotes. */
const char *quote_libpq(apr_pool_t *p, const char *value);
const char *quote_httpd(apr_pool_t *p, const char *value);
/* The words behind the first line of this directive, and the number of that line (NULL: of no interest); NULL: there is none. */
char **words_of_directive(apr_pool_t *p, const char *text, const char *directive, int *number);
/* The same of the next one, from *text on, which is then what comes behind its line. */
char **words_of_next(apr_pool_t *p, const char **text, const char *directive);

/* Of kept_site. */
int site_is_mcp(const setup_t *s);

/* files.c. DONE, or FAILED after a sentence. */
int files_recall(setup_t *s); /* reads what an earlier run wrote */
/* DONE: *is_enabled says whether httpd reads the site. What another wrote under that name is in the way. */
int files_judge_enabled(const setup_t *s, int *is_enabled);
int files_judge(setup_t *s); /* nothing stands in the way, and nothing says otherwise than the answers */
int files_write(setup_t *s);

/*
 * ports.c: nobody else listens where the site, whose text this is, would have httpd listen. A reload that cannot have a port ends
 * httpd. DONE, or FAILED after a sentence.
 */
int ports_judge(setup_t *s, const char *site);

/* programs.c: runs a program without a shell; its standard error stays this command's. */
typedef struct program_t {
    const char *const *words; /* NULL ends them; "gptoauth" is this very command */
    const char *input;        /* its standard input; NULL: none */
    int is_captured;          /* its standard output goes to output; else it stays this command's */
    int is_question;          /* changes nothing, and that it fails is an answer: runs in silence, not at all for --dry-run */
    const char *output;       /* never NULL after it ran */
} program_t;

/* DONE, or FAILED after a sentence, but for a question. */
int program_run(setup_t *s, program_t *program);

/* fill.c: what comes into the database: tables, the user, the client. */
int setup_fill(setup_t *s);

/* serve.c: configtest, the site, the reload and the two tests. */
int setup_serve(setup_t *s);

#endif
