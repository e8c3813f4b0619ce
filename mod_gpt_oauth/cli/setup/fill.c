/*
 * Fills the database by the commands that an administrator would type: migrate, user add, client add. What is there already is
 * kept. Called by setup.c.
 */
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/json.h"
#include "cli/output.h"
#include "cli/password_prompt.h"
#include "cli/setup/parts.h"

static int migrate_tables(setup_t *s)
{
    program_t program = { .words = (const char *const[]){ "gptoauth", "migrate", NULL } };

    if (program_run(s, &program)) {
        return FAILED;
    }
    note(s, s->done, "the tables are up to date");
    return DONE;
}

/* What a command printed with --json. NULL where it is no JSON. */
static const json_t *read_json(setup_t *s, const char *text)
{
    json_t *value = json_loads(text, 0, NULL);

    return value ? json_own(s->pool, value) : NULL;
}

static int has_user(setup_t *s)
{
    program_t program = { .words = (const char *const[]){ "gptoauth", "user", "show", "--json", "--", s->user, NULL },
                          .is_question = 1 };

    return program_run(s, &program) == DONE;
}

/* Of a new user: twice on a terminal. The command that adds him judges it. */
static int read_password(setup_t *s)
{
    const char *problem = NULL;

    if (s->is_dry) {
        return DONE;
    }
    if (isatty(STDIN_FILENO)) {
        problem = password_read(s->pool, s->user, &s->password);
    } else if (!(s->password = ask_secret(s, "Password"))) {
        problem = "a password for the first user is missing: it is the line after the five answers";
    }
    return problem ? fail("%s", problem) : DONE;
}

static int add_user(setup_t *s)
{
    program_t program = { .words = (const char *const[]){ "gptoauth", "user", "add", "--", s->user, NULL } };

    if (has_user(s)) {
        note(s, s->done, "the user %s was there already", s->user);
        s->password = ask_secret(
            s, apr_psprintf(s->pool, "Password of %s, to try the server (empty: do not)", terminal_text(s->pool, s->user)));
        return DONE;
    }
    if (read_password(s)) {
        return FAILED;
    }
    program.input = s->password ? s->password : "";
    if (program_run(s, &program)) {
        return FAILED;
    }
    note(s, s->done, "the user %s is added", s->user);
    return DONE;
}

static const char *member(setup_t *s, const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? apr_pstrdup(s->pool, value) : NULL;
}

static int read_client(setup_t *s, const char *text)
{
    const json_t *object = read_json(s, text);
    client_t *client = apr_pcalloc(s->pool, sizeof(*client));

    if (!object || !member(s, object, "client_id") || !member(s, object, "scope")) {
        return fail("what is known of the client \"" SETUP_CLIENT "\" could not be read");
    }
    client->id = member(s, object, "client_id");
    client->name = SETUP_CLIENT;
    client->scope = member(s, object, "scope");
    client->is_gpt = 1;
    client->gpt_id = member(s, object, "gpt_id");
    client->gpt_open = json_is_true(json_object_get(object, "gpt_open"));
    s->client = client;
    s->secret = member(s, object, "client_secret");
    return DONE;
}

/*
 * Its fields stand on the last screen, where nothing follows that would move them away. Lines from a file mean the same in each
 * run: of a client that is there nobody asks them for the secret.
 */
static int add_client(setup_t *s)
{
    program_t show = { .words = (const char *const[]){ "gptoauth", "client", "show", SETUP_CLIENT, "--json", NULL },
                       .is_question = 1 };
    program_t add = { .words = (const char *const[]){ "gptoauth", "client", "add", SETUP_CLIENT, "--gpt", "--json", NULL },
                      .is_captured = 1 };

    if (program_run(s, &show) == DONE) {
        note(s, s->done, "the client \"" SETUP_CLIENT "\" was there already");
        if (read_client(s, show.output)) {
            return FAILED;
        }
        s->secret = s->password && isatty(STDIN_FILENO)
                        ? ask_secret(s, "Secret of \"" SETUP_CLIENT "\", to try the server (empty: do not)")
                        : NULL;
        return DONE;
    }
    if (program_run(s, &add)) {
        return FAILED;
    }
    note(s, s->done, "the client \"" SETUP_CLIENT "\" is added");
    s->is_new_client = 1;
    return s->is_dry ? DONE : read_client(s, add.output);
}

int setup_fill(setup_t *s)
{
    return migrate_tables(s) || add_user(s) || (!s->is_mcp && add_client(s));
}
