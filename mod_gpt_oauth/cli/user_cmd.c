/*
 * The commands `user …`, for the module's own users; disabling and removing takes in the people of other sign-ins. Called by
 * main.c.
 */
#include <stdio.h>

#include "admin/users.h"
#include "base/array.h"
#include "base/password.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/password_prompt.h"

static json_t *user_json(const command_t *c, const void *item)
{
    const user_t *user = item;
    json_t *object = json_object();

    (void)c;
    json_object_set_new(object, "name", json_string(user->name));
    json_object_set_new(object, "has_password", json_boolean(user->password_hash != NULL));
    json_object_set_new(object, "one_time_until", time_json(user->one_time_until));
    json_object_set_new(object, "created_at", time_json(user->created_at));
    json_object_set_new(object, "disabled_at", time_json(user->disabled_at));
    return object;
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

/* A name that was disabled before it had a password here, as that of another sign-in, is let in by none. */
static void say_disabled(const command_t *c)
{
    if (admin_user_is_disabled(c->store, c->operands[0])) {
        printf("The user is disabled, and stays so until `gptoauth user enable`.\n");
    }
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

typedef store_status_t one_time_fn(store_t *store, const char *name, const char *by, const char **password, const char **problem);

/* JSON is of what was set, and not asked for again: the password is shown only once. */
static int set_one_time(const command_t *c, one_time_fn *set, const char *did)
{
    const char *name = c->operands[0], *password, *problem = NULL;
    store_status_t status = set(c->store, name, c->by, &password, &problem);

    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    if (c->json) {
        json_int_t until = c->store->now + ONE_TIME_LIFETIME;

        print_json(c->pool, json_pack("{ss ss sI sb}", "name", name, "one_time_password", password, "one_time_until", until,
                                      "disabled", admin_user_is_disabled(c->store, name)));
        return DONE;
    }
    printf("User \"%s\" %s:\n\n    %s\n\n", terminal_text(c->pool, name), did, password);
    printf("It is shown only once. Until %s it is good for choosing another one, and for nothing else.\n",
           time_text(c->pool, c->store->now + ONE_TIME_LIFETIME, "-"));
    say_disabled(c);
    return DONE;
}

int user_add(command_t *c)
{
    const char *name = c->operands[0], *hash, *problem = NULL;
    store_status_t status;

    if (c->args->given & ARG_ONE_TIME) {
        return set_one_time(c, admin_user_add_one_time, "is added, with a one-time password");
    }
    status = admin_user_may_add(c->store, name, &problem); /* told before anybody types a password twice */
    if (status == STORE_OK) {
        if (read_hash(c, &hash)) {
            return FAILED;
        }
        status = admin_user_add(c->store, name, hash, &problem);
    }
    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    if (!c->json) {
        printf("User \"%s\" is added.\n", terminal_text(c->pool, name));
        say_disabled(c);
        return DONE;
    }
    return report(c, "is added");
}

int user_passwd(command_t *c)
{
    const char *name = c->operands[0], *hash, *problem = NULL;
    store_status_t status;

    if (c->args->given & ARG_ONE_TIME) {
        return set_one_time(c, admin_user_set_one_time, "has a one-time password; all sessions and grants have ended");
    }
    status = admin_user_may_passwd(c->store, name, &problem);
    if (status == STORE_OK) {
        if (read_hash(c, &hash)) {
            return FAILED;
        }
        status = admin_user_passwd(c->store, name, hash, &problem);
    }
    return status == STORE_OK ? report(c, "has a new password; all sessions and grants have ended")
                              : fail_admin(c, status, problem);
}

static const char *sign_in_text(const user_t *user)
{
    return user->one_time_until ? "one-time password" : user->password_hash ? "password" : "elsewhere";
}

static void add_row(const command_t *c, const void *item, table_t *table)
{
    const user_t *user = item;

    table_add(table, user->name);
    table_add(table, sign_in_text(user));
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

static void print_user(const command_t *c, const user_t *user)
{
    table_t *table = table_make(c->pool, NULL, 2);

    table_field(table, "Name", user->name);
    table_field(table, "Sign-in", sign_in_text(user));
    table_field(table, "Created", time_text(c->pool, user->created_at, "-"));
    table_field(table, "Disabled", time_text(c->pool, user->disabled_at, "no"));
    table_print(table, "");
}

int user_show(command_t *c)
{
    const char *problem = NULL;
    user_t *user;
    store_status_t status = admin_user_get(c->store, c->operands[0], &user, &problem);

    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    if (c->json) {
        print_json(c->pool, user_json(c, user));
    } else {
        print_user(c, user);
    }
    return DONE;
}

static int set_disabled(const command_t *c, int is_disabled, const char *did)
{
    const char *problem = NULL;
    store_status_t status = admin_user_set_disabled(c->store, c->operands[0], is_disabled, &problem);

    return status == STORE_OK ? report(c, did) : fail_admin(c, status, problem);
}

int user_disable(command_t *c)
{
    return set_disabled(c, 1, "is disabled: sessions have ended, tokens are refused");
}

int user_enable(command_t *c)
{
    return set_disabled(c, 0, "is enabled");
}

int user_remove(command_t *c)
{
    const char *name = c->operands[0], *problem = NULL;
    store_status_t status = admin_user_remove(c->store, name, &problem);

    if (status != STORE_OK) {
        return fail_admin(c, status, problem);
    }
    if (c->json) {
        print_json(c->pool, json_pack("{ss}", "name", name));
    } else {
        printf("User \"%s\" is removed, with all that was granted in this name.\n", terminal_text(c->pool, name));
    }
    return DONE;
}
