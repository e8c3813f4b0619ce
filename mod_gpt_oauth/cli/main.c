/*
 * The command gptoauth: the table of all commands, its help, and what must be there before one runs: configuration, server,
 * secret, database.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "base/file.h"
#include "cli/audit.h"
#include "cli/client/http.h"
#include "cli/command.h"
#include "cli/output.h"
#include "grant/user.h"
#include "store/conninfo.h"

/* Ordered as the help shows them. */
static const struct entry {
    const char *noun, *verb; /* verb NULL: the noun is the command */
    const char *synopsis;    /* after the words */
    const char *help;
    unsigned options;
    int min, max; /* operands */
    command_fn *run;
} entries[] = {
    { "setup", NULL, "[--dry-run]", "ask five questions, write httpd's files, and try the server; --dry-run only shows it",
      ARG_DRY_RUN, 0, 0, set_up },
    { "migrate", NULL, "[--grant-to ROLE]", "bring the tables up to date; ROLE may then serve from them", ARG_GRANT_TO, 0, 0,
      migrate },
    { "purge", NULL, "", "delete what expired long ago", 0, 0, 0, purge },
    { "client", "add",
      "NAME [--public | --gpt | --service | --resource-server] [--redirect URI]... [--scope \"...\"] [--resource URI] "
      "[--website URL] [--privacy URL] [--terms URL]",
      "add a client: without a secret, a custom GPT, without users, or one that introspects tokens",
      ARG_PUBLIC | ARG_GPT | ARG_SERVICE | ARG_RESOURCE_SERVER | ARG_REDIRECT | ARG_SCOPE | ARG_RESOURCE | ARG_LINKS, 1, 1,
      client_add },
    { "client", "list", "[--limit N]", "all clients", ARG_LIMIT, 0, 0, client_list },
    { "client", "show", "CLIENT", "one client (by id or name)", 0, 1, 1, client_show },
    { "client", "secret", "CLIENT", "make a new secret; the old one works until the new one is used", 0, 1, 1, client_secret },
    { "client", "redirect", "CLIENT URI... | CLIENT --repin",
      "replace its redirect URIs, or accept the next GPT that knows the secret", ARG_REPIN, 1, 100, client_redirect },
    { "client", "links", "CLIENT [--website URL] [--privacy URL] [--terms URL]",
      "replace what it has on the web about itself, to which the consent page links", ARG_LINKS, 1, 1, client_links },
    { "client", "disable", "CLIENT", "refuse it and its tokens, until enabled again", 0, 1, 1, client_disable },
    { "client", "enable", "CLIENT", "let it in again", 0, 1, 1, client_enable },
    { "client", "remove", "CLIENT", "delete it and all its grants", 0, 1, 1, client_remove },
    { "gpt", NULL, "CLIENT [--new-secret]", "what to paste into the GPT builder", ARG_NEW_SECRET, 1, 1, gpt },
    { "user", "add", "NAME [--one-time]",
      "add a user; asks for the password, reads it from standard input, or makes one that must be changed", ARG_ONE_TIME, 1, 1,
      user_add },
    { "user", "passwd", "NAME [--one-time]", "set a new password, or one for one time; end all sessions and grants", ARG_ONE_TIME,
      1, 1, user_passwd },
    { "user", "list", "[--limit N]", "all users", ARG_LIMIT, 0, 0, user_list },
    { "user", "show", "NAME", "one user", 0, 1, 1, user_show },
    { "user", "disable", "NAME", "refuse a user (of any sign-in) and all tokens", 0, 1, 1, user_disable },
    { "user", "enable", "NAME", "let the user in again", 0, 1, 1, user_enable },
    { "user", "remove", "NAME", "delete a user and all grants", 0, 1, 1, user_remove },
    { "user", "sessions", "NAME [--limit N]", "where the user is signed in by the sign-in page", ARG_LIMIT, 1, 1, user_sessions },
    { "user", "signout", "NAME", "end all of the user's sessions", 0, 1, 1, user_signout },
    { "grant", "list", "[--user NAME] [--client CLIENT] [--limit N]", "who let which client in, the latest first",
      ARG_USER | ARG_CLIENT | ARG_LIMIT, 0, 0, grant_list },
    { "grant", "revoke", "GRANT_ID | [--user NAME] [--client CLIENT]", "revoke it: its tokens stop working at once",
      ARG_USER | ARG_CLIENT, 0, 1, grant_revoke },
    { "token", "show", "", "what a token is, and whether it is good; reads it from standard input", 0, 0, 0, token_show },
    { "key", "add", "NAME [--expires WHEN] [--scope \"...\"] [--introspect]",
      "make a service key; WHEN: 90d, 1y, 2030-12-31; --introspect: it may ask about tokens, and opens nothing without --scope",
      ARG_EXPIRES | ARG_SCOPE | ARG_INTROSPECT | ARG_REGISTER, 1, 1, key_add },
    { "key", "add", "NAME --register [--expires WHEN]", "make a key that lets clients register, and does nothing else",
      ARG_EXPIRES | ARG_SCOPE | ARG_INTROSPECT | ARG_REGISTER, 1, 1, key_add },
    { "key", "list", "[--limit N]", "all service keys, and when they were last used", ARG_LIMIT, 0, 0, key_list },
    { "key", "revoke", "NAME", "end a service key at once", 0, 1, 1, key_revoke },
    { "throttle", "list", "[--limit N]", "whose sign-ins are refused for too many wrong passwords, and until when", ARG_LIMIT, 0,
      0, throttle_list },
    { "throttle", "clear", "--user NAME | --address ADDRESS | --all", "let them try again at once",
      ARG_USER | ARG_ADDRESS | ARG_ALL, 0, 0, throttle_clear },
    { "try", NULL, "CLIENT (--user NAME | --browser) [--secret-file FILE] [--url URL|/PATH] [--scope \"...\"] [--redirect URI]",
      "act as ChatGPT would, and show each request and answer; secret and password are asked for",
      ARG_USER | ARG_BROWSER | ARG_SECRET_FILE | ARG_URL | ARG_SCOPE | ARG_REDIRECT | ARG_NET, 1, 1, try_client },
    { "doctor", NULL, "[--url URL|/PATH] [--children N]",
      "find what would make ChatGPT fail; URL: a protected one, N: the most processes that httpd has",
      ARG_URL | ARG_CHILDREN | ARG_NET, 0, 0, examine },
    { NULL, NULL, NULL, NULL, 0, 0, 0, NULL },
};

static void warn(const char *sentence)
{
    fail("%s", sentence);
}

static int misused(const char *sentence)
{
    fail("%s", sentence);
    return MISUSED;
}

static const char *words_of(apr_pool_t *p, const struct entry *entry)
{
    return entry->verb ? apr_pstrcat(p, entry->noun, " ", entry->verb, NULL) : entry->noun;
}

#define HELP_COLUMN 36

/* Of all commands, or of one noun's. */
static void print_help(apr_pool_t *p, const char *noun)
{
    printf("Usage: gptoauth [--db-conf FILE] [--issuer URL] [--json] COMMAND\n\n");
    for (const struct entry *entry = entries; entry->noun; entry++) {
        if (!noun || strcmp(entry->noun, noun) == 0) {
            int width = printf("  %s %s", words_of(p, entry), entry->synopsis);

            if (width > HELP_COLUMN - 2) {
                putchar('\n');
                width = 0;
            }
            printf("%*s%s\n", HELP_COLUMN - width, "", entry->help);
        }
    }
    printf("\n  --db-conf FILE%*sDBDriver, DBDParams and GPTOAuthIssuer, the file httpd includes\n"
           "%*stoo (default: " DB_CONF_DEFAULT ")\n"
           "  --issuer URL%*swhere the server is, whatever that file says\n"
           "  --connect-to HOST:PORT%*stry, doctor: where the server is, if its name leads elsewhere\n"
           "  --cacert FILE%*strust these authorities in place of the system's\n"
           "  --limit N%*slist: so many lines at most (default: 10000)\n"
           "  --json%*sprint one line of JSON\n"
           "  --help, -h%*sshow this; after client, user, grant, token, key or throttle: its commands\n"
           "  --version%*sshow the version\n",
           HELP_COLUMN - 16, "", HELP_COLUMN, "", HELP_COLUMN - 14, "", HELP_COLUMN - 24, "", HELP_COLUMN - 15, "",
           HELP_COLUMN - 11, "", HELP_COLUMN - 8, "", HELP_COLUMN - 12, "", HELP_COLUMN - 11, "");
}

/* The entry that the operands name, or NULL and a sentence. */
static const struct entry *find_entry(apr_pool_t *p, const apr_array_header_t *words, const char **problem)
{
    const char *noun = words->nelts > 0 ? APR_ARRAY_IDX(words, 0, const char *) : NULL;
    const char *verb = words->nelts > 1 ? APR_ARRAY_IDX(words, 1, const char *) : NULL;

    *problem = noun ? apr_psprintf(p, "there is no command %s; see `gptoauth --help`", noun)
                    : "name a command; `gptoauth --help` shows them";
    for (const struct entry *entry = entries; noun && entry->noun; entry++) {
        if (strcmp(entry->noun, noun) != 0) {
            continue;
        }
        if (!entry->verb || (verb && strcmp(entry->verb, verb) == 0)) {
            return entry;
        }
        *problem = verb ? apr_psprintf(p, "there is no command %s %s; see `gptoauth %s --help`", noun, verb, noun)
                        : apr_psprintf(p, "say what to do with the %s; see `gptoauth %s --help`", noun, noun);
    }
    return NULL;
}

static const char *read_secret(command_t *c)
{
    file_t file;
    const char *problem = file_read(c->pool, c->args->secret_file, FILE_LINES_MAX, &file);

    if (!problem && file.size == 0) {
        problem = "it is empty";
    }
    if (problem) {
        return apr_psprintf(c->pool, "no secret can be read from %s (%s): it should hold the secret as its first line",
                            c->args->secret_file, problem);
    }
    c->secret = apr_pstrmemdup(c->pool, file.text, strcspn(file.text, "\r\n"));
    return NULL;
}

/* What httpd refuses to start with, the admin should hear of now. Returns what cannot be used here either. */
static const char *judge_params(apr_pool_t *p, const db_conf_t *conf)
{
    int usable;
    const char *problem = store_params_problem(p, conf->driver, conf->params, &usable);

    if (problem) {
        problem = apr_psprintf(p, "%s: %s", conf->file, problem);
        if (usable) {
            warn(problem);
        }
    }
    return usable ? NULL : problem;
}

/* A command that changes something has an event of its name. */
static audit_event_t event_of(const struct entry *entry, const command_t *c)
{
    return entry->run == gpt && c->args->given & ARG_NEW_SECRET ? AUDIT_CLIENT_SECRET
                                                                : audit_event_named(words_of(c->pool, entry));
}

/* What is known before it begins. */
static void describe(const struct entry *entry, command_t *c)
{
    const char *operand = c->count ? c->operands[0] : NULL;

    *c->audit =
        (audit_t){ .event = event_of(entry, c), .user = c->args->user, .client = c->args->client, .address = c->args->address };
    if (operand && strcmp(entry->noun, "user") == 0) {
        c->audit->user = operand;
    } else if (operand && strcmp(entry->noun, "key") == 0) {
        c->audit->user = apr_pstrcat(c->pool, PRINCIPAL_SERVICE_KEY, operand, NULL);
    } else if (operand && strcmp(entry->noun, "grant") == 0) {
        c->audit->grant = operand;
    } else if (operand) {
        c->audit->client = operand;
    }
}

/* With a line in the audit log, if there is one and the command changes something. */
static int run_audited(const struct entry *entry, command_t *c, audit_log_t *log)
{
    int status = entry->run(c);
    const char *problem;

    if (!log) {
        return status;
    }
    c->audit->result = status == DONE ? AUDIT_OK : AUDIT_FAILED;
    problem = audit_finish(c->pool, log, *c->audit);
    return problem ? fail("%s", problem) : status;
}

static int run(const struct entry *entry, command_t *c)
{
    db_conf_t conf;
    audit_log_t *log = NULL;
    const char *file = c->args->db_conf ? c->args->db_conf : DB_CONF_DEFAULT;
    const char *problem = db_conf_read(c->pool, file, warn, &conf);

    if (!problem) {
        problem = judge_params(c->pool, &conf);
    }
    if (!problem) {
        problem = server_find(c->pool, c->args, &conf, &c->server);
    }
    if (!problem && c->args->secret_file) {
        problem = read_secret(c); /* now: root may become the owner of the database next */
    }
    c->by = audit_by(c->pool);
    c->audit = apr_pcalloc(c->pool, sizeof(*c->audit));
    describe(entry, c);
    if (!problem && conf.audit_log && c->audit->event) {
        problem = audit_open(c->pool, conf.audit_log, &log); /* the same */
    }
    if (!problem) {
        problem = database_open(c->pool, &conf, entry->run == migrate, warn, &c->database);
    }
    if (problem && entry->run == examine && c->server.issuer) {
        c->problem = problem;
        return examine(c);
    }
    if (problem) {
        return fail("%s", problem);
    }
    c->store = apr_pcalloc(c->pool, sizeof(*c->store));
    c->store->source = c->database->source;
    c->store->pool = c->pool;
    c->store->now = apr_time_sec(apr_time_now());
    c->store->is_patient = 1;
    return run_audited(entry, c, log);
}

static int dispatch(apr_pool_t *pool, int argc, const char *const *argv)
{
    args_t args;
    const char *problem = args_parse(pool, argc, argv, &args);
    const struct entry *entry;
    const char *stranger;
    command_t c = { .pool = pool, .args = &args };
    int words;

    if (problem) {
        return misused(problem);
    }
    if (args.given & ARG_VERSION) {
        puts("gptoauth " GPT_OAUTH_VERSION);
        return DONE;
    }
    if (args.given & ARG_HELP) {
        print_help(pool, args.operands->nelts ? APR_ARRAY_IDX(args.operands, 0, const char *) : NULL);
        return DONE;
    }
    entry = find_entry(pool, args.operands, &problem);
    if (!entry) {
        return misused(problem);
    }
    if (entry->options & ARG_NET && (problem = http_missing())) {
        return misused(problem);
    }
    words = entry->verb ? 2 : 1;
    c.count = args.operands->nelts - words;
    c.json = (args.given & ARG_JSON) != 0;
    c.operands = (const char *const *)(void *)args.operands->elts + words;
    stranger = args_stranger(&args, entry->options | ARG_ANYWHERE);
    if (stranger) {
        return misused(apr_psprintf(pool, "%s cannot be used with this command; see `gptoauth --help`", stranger));
    }
    if (c.count < entry->min || c.count > entry->max) {
        return misused(
            apr_pstrcat(pool, "usage: gptoauth ", words_of(pool, entry), *entry->synopsis ? " " : "", entry->synopsis, NULL));
    }
    return entry->run == set_up ? set_up(&c) : run(entry, &c);
}

/*
 * 0 where one of the standard descriptors was closed and stays so: a file that is opened later would have its number, and what is
 * printed, such as a secret, would go there. What stands in for it takes nothing.
 */
static int hold_standard(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    int status;

    if (!hold_standard()) {
        return FAILED;
    }
    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS ||
        crypto_init() != APR_SUCCESS) {
        fputs("gptoauth: cannot start: APR or OpenSSL is not usable\n", stderr);
        return FAILED;
    }
    atexit(apr_terminate);
    status = dispatch(pool, argc, argv);
    /* A secret that was not shown cannot be shown again: the caller must hear of it. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return fail("the output could not be written");
    }
    return status;
}
