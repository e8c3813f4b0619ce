/*
 * The commands `user …`, for the module's own users; disabling and removing takes in the people of other sign-ins, in all
 * spellings of their names. Called by main.c.
 */
#include <stdio.h>

#include "base/array.h"
#include "base/password.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/password_prompt.h"
#include "grant/user.h"

static json_t *user_json(const command_t *c, const void *item)
{
    const user_t *user = item;
    json_t *object = json_object();

    (void)c;
    json_object_set_new(object, "name", json_string(user->name));
    json_object_set_new(object, "has_password", json_boolean(user->password_hash != NULL));
    json_object_set_new(object, "created_at", time_json(user->created_at));
    json_object_set_new(object, "disabled_at", time_json(user->disabled_at));
    return object;
}

static int judge_name(const command_t *c)
{
    const char *problem = user_name_problem(c->operands[0]);

    return problem ? fail("%s", problem) : DONE;
}

static int read_hash(const command_t *c, const char **hash)
{
    const char *password;
    const char *problem = password_read(c->pool, c->operands[0], &password);

    if (problem) {
        return fail("%s", problem);
    }
    *hash = password_hash(c->pool, password);
    return *hash ? DONE : fail("the password could not be hashed");
}

/* JSON shows the user as the database knows him now; people get the sentence 'User "NAME" did.' */
static int report(const command_t *c, const char *did)
{
    user_t *user;

    if (!c->json) {
        printf("User \"%s\" %s.\n", terminal_text(c->pool, c->operands[0]), did);
        return DONE;
    }
    switch (store_user_get(c->store, c->operands[0], &user)) {
    case STORE_OK: print_json(c->pool, user_json(c, user)); return DONE;
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    print_json(c->pool, json_pack("{ss}", "name", c->operands[0])); /* known by other spellings alone */
    return DONE;
}

static int fail_unknown(const command_t *c)
{
    return fail("there is no user \"%s\" here; `gptoauth user list` shows them all", c->operands[0]);
}

static int fail_taken(const command_t *c)
{
    return fail("there is already a user \"%s\"; `gptoauth user passwd` sets a new password", c->operands[0]);
}

int user_add(command_t *c)
{
    user_t *user;
    const char *hash, *other;
    const char *problem = user_sign_in_problem(c->pool, c->operands[0]);
    store_status_t status;

    if (problem) {
        return fail("%s", problem);
    }
    /* Told before anybody types a password twice. A row without one is left by `user disable`. */
    status = store_user_get(c->store, c->operands[0], &user);
    if (status == STORE_DOWN) {
        return fail_down(c);
    }
    if (status == STORE_OK && user->password_hash) {
        return fail_taken(c);
    }
    switch (store_user_other_spelling(c->store, c->operands[0], &other)) {
    case STORE_OK:
        return fail("there is already a user \"%s\", and two spellings of one name are one person; `gptoauth user passwd` with "
                    "that spelling sets a new password",
                    other);
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    if (read_hash(c, &hash)) {
        return FAILED;
    }
    switch (store_user_add(c->store, c->operands[0], hash)) {
    case STORE_OK: return report(c, "is added");
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    return fail_taken(c);
}

int user_passwd(command_t *c)
{
    user_t *user;
    const char *hash;

    store_status_t status = store_user_get(c->store, c->operands[0], &user);

    if (status == STORE_OK) {
        if (!user->password_hash) {
            return fail("the user \"%s\" signs in elsewhere; `gptoauth user add` would give a password here", c->operands[0]);
        }
        if (read_hash(c, &hash)) {
            return FAILED;
        }
        status = store_user_set_password(c->store, c->operands[0], hash);
    }
    switch (status) {
    case STORE_OK: return report(c, "has a new password; all sessions and grants have ended");
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    return fail_unknown(c);
}

static void add_row(const command_t *c, const void *item, table_t *table)
{
    const user_t *user = item;

    table_add(table, user->name);
    table_add(table, user->password_hash ? "password" : "elsewhere");
    table_add(table, time_text(c->pool, user->created_at, "-"));
    table_add(table, user->disabled_at ? "disabled" : "active");
}

static store_status_t next_page(const command_t *c, const void *after, apr_array_header_t **users)
{
    return store_user_list(c->store, after, users);
}

int user_list(command_t *c)
{
    static const char *const header[] = { "NAME", "SIGN-IN", "CREATED", "STATE" };
    static const list_t list = { next_page, user_json,     add_row,
                                 header,    COUNT(header), "There are no users yet; `gptoauth user add NAME` makes one." };

    return command_list(c, &list);
}

/* The name itself first: from then on no spelling signs in, so that none is added to those that are looked for. */
static store_status_t set_all_disabled(const command_t *c, apr_int64_t disabled_at)
{
    apr_array_header_t *names;
    store_status_t status = store_user_set_disabled(c->store, c->operands[0], disabled_at);

    if (status == STORE_DOWN || store_user_spellings(c->store, c->operands[0], &names) == STORE_DOWN) {
        return STORE_DOWN;
    }
    for (int i = 0; i < names->nelts; i++) {
        switch (store_user_set_disabled(c->store, APR_ARRAY_IDX(names, i, const char *), disabled_at)) {
        case STORE_OK: status = STORE_OK; break;
        case STORE_DOWN: return STORE_DOWN;
        case STORE_REFUSED: break;
        }
    }
    return status;
}

/* A user of another sign-in may be unknown here and still be disabled. */
static int set_disabled(const command_t *c, apr_int64_t disabled_at, const char *did)
{
    if (judge_name(c)) {
        return FAILED;
    }
    switch (set_all_disabled(c, disabled_at)) {
    case STORE_OK: return report(c, did);
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    return fail_unknown(c);
}

int user_disable(command_t *c)
{
    return set_disabled(c, c->store->now, "is disabled: sessions have ended, tokens are refused");
}

int user_enable(command_t *c)
{
    return set_disabled(c, 0, "is enabled");
}

/* With what other spellings were granted, and that they are disabled; but a user who has a password of his own is another one. */
static store_status_t remove_all(const command_t *c)
{
    apr_array_header_t *names;
    user_t *user;
    store_status_t status, found;

    if (store_user_spellings(c->store, c->operands[0], &names) == STORE_DOWN) {
        return STORE_DOWN;
    }
    status = store_user_remove(c->store, c->operands[0]);
    for (int i = 0; status != STORE_DOWN && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        found = store_user_get(c->store, name, &user);
        if (found == STORE_REFUSED || (found == STORE_OK && !user->password_hash)) {
            found = store_user_remove(c->store, name);
        }
        status = found == STORE_DOWN || status == STORE_REFUSED ? found : status;
    }
    return status;
}

int user_remove(command_t *c)
{
    const char *name = c->operands[0];

    switch (remove_all(c)) {
    case STORE_OK: break;
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: return fail_unknown(c);
    }
    if (c->json) {
        print_json(c->pool, json_pack("{ss}", "name", name));
    } else {
        printf("User \"%s\" is removed, with all that was granted in this name.\n", terminal_text(c->pool, name));
    }
    return DONE;
}
