/*
 * People: which names they may have, the module's own users, and the browser sessions of those who signed in on our page.
 */
#ifndef GPT_OAUTH_GRANT_USER_H
#define GPT_OAUTH_GRANT_USER_H

#include "base/failure.h"
#include "grant/policy.h"
#include "store/store.h"

#define USER_NAME_MAX 255

/* NULL when name may be a person's; else a sentence. Names of any sign-in are held to it. */
const char *user_name_problem(const char *name);

/* *user is NULL when the database has no such user. Failure: the database's. */
const failure_t *user_find(store_t *store, const char *name, user_t **user);

/* NULL when this user of whatever sign-in may authorize; access_denied when he is disabled; or the database's failure. */
const failure_t *user_check_enabled(store_t *store, const char *name);

/* Begins a session; *cookie is its value. password_hash: what the password was checked against, or NULL (see store.h). */
const failure_t *session_begin(store_t *store, const policy_t *policy, const char *username, const char *password_hash,
                               const char **cookie);

/* The user of a session cookie, *username NULL when there is none. */
const failure_t *session_find(store_t *store, const char *cookie, const char **username);

#endif
