/*
 * People: which names they may have, the module's own users, and the browser sessions of those who signed in on our page.
 */
#ifndef GPT_OAUTH_GRANT_USER_H
#define GPT_OAUTH_GRANT_USER_H

#include "base/failure.h"
#include "grant/policy.h"
#include "store/sessions.h"
#include "store/store.h"

#define USER_NAME_MAX 255

/* The namespaces of principals that are not people; no user may have such a name. */
#define PRINCIPAL_CLIENT      "client:"
#define PRINCIPAL_SERVICE_KEY "service:"

/* NULL when name may be a person's; else a sentence. Names in the database are held to it. */
const char *user_name_problem(const char *name);

/* The same for a name that signs in or is added: besides, it has no other spellings than those by case (base/fold.h). */
const char *user_sign_in_problem(apr_pool_t *p, const char *name);

/* *user is NULL when the database has no such user. Failure: the database's. */
const failure_t *user_find(store_t *store, const char *name, user_t **user);

/* NULL when this user of whatever sign-in may authorize; access_denied when he is disabled; or the database's failure. */
const failure_t *user_check_enabled(store_t *store, const char *name);

/*
 * Begins a session; *cookie is its value. password_hash: what the password was checked against, or NULL (see
 * store/sessions.h); user_agent: what the browser says of itself, or NULL.
 */
const failure_t *session_begin(store_t *store, const policy_t *policy, const char *username, const char *password_hash,
                               const char *user_agent, const char **cookie);

/*
 * A browser in which this user (by the name that he types, since that is what is counted) has signed in before, shown by a cookie
 * of its own. It proves nothing but that: whoever has it is counted by himself when passwords are wrong, and not with strangers.
 * It ends after BROWSER_LIFETIME seconds without a sign-in, and with a new password.
 */
#define BROWSER_LIFETIME (180 * 86400)
/* 1 when it is; 0 when not, or when the database cannot tell. */
int browser_is_known(store_t *store, const char *cookie, const char *name);
/* Notes it; *cookie is its value, for a known one the same again. */
const failure_t *browser_remember(store_t *store, const char *name, const char **cookie);

/*
 * A user who has typed his one-time password chooses another one by a form of this id, until TRANSACTION_LIFETIME or the
 * password's end. Whoever has the cookie that seals forms can seal any, and the database tells hashes of passwords to all its
 * readers: so the form that follows a password is noted, by a hash that is good for nothing else, and with this password alone.
 */
const failure_t *choice_begin(store_t *store, const user_t *user, const char *form_id);
/* *user is who may choose by this form. Failure: nobody may (any more), or the database's. */
const failure_t *choice_find(store_t *store, const char *username, const char *form_id, user_t **user);
/* He has chosen: once, as he was read. Failure as above. */
const failure_t *choice_end(store_t *store, const user_t *user, const char *password_hash);

/* The session of a cookie, which is seen by that; *session NULL when there is none. */
const failure_t *session_find(store_t *store, const char *cookie, user_session_t **session);

/* Ends the session of a cookie, if there is one. */
const failure_t *session_end(store_t *store, const char *cookie);

#endif
