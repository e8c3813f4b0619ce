/*
 * The typed interface to the database: records in, records out, no SQL. Each operation leases a connection, runs one statement
 * (one transaction on SQLite), gives the connection back and returns; strings in records live in store->pool.
 *
 * An operation that changes state holds every condition in its WHERE: STORE_REFUSED means that nothing changed, and a second
 * operation (the matching _get) finds out why. When the connection breaks before the answer came, the operation is tried once
 * more on another one; since all ids and secrets are made by the caller beforehand, the second try recognises the first one's
 * work.
 *
 * All times are seconds since 1970 UTC and come from store->now; the database computes none.
 */
#ifndef GPT_OAUTH_STORE_STORE_H
#define GPT_OAUTH_STORE_STORE_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/crypto.h"

typedef enum {
    STORE_OK,
    STORE_REFUSED, /* no such row, or a condition did not hold; nothing changed */
    STORE_DOWN     /* the database could not be asked: answer 503; store->problem says why and what to do */
} store_status_t;

typedef struct store_source_t store_source_t; /* store/source.h */
struct cache_t;                               /* cache/cache.h */
struct meter_t;                               /* base/meter.h */

/* One request's (or one command's) view of the store. Belongs to one thread. */
typedef struct store_t {
    store_source_t *source;
    apr_pool_t *pool;
    const char *issuer; /* goes into every WHERE on grants, codes, sessions and tokens; NULL only in the command (all issuers) */
    apr_int64_t now;
    struct cache_t *cache; /* what this httpd remembers of tokens and keys; NULL: nothing, as the command. store/ does not look */
    struct meter_t *meter; /* counts what is asked; NULL: nobody does, as in the command */
    void *holder;          /* who may keep a connection already (store_held_fn); NULL in the command */
    int is_patient;        /* nobody waits, as in the command: housekeeping may take a minute for a statement */
    apr_int64_t server;    /* set by each operation: which server answered, by when that one started; 0 on SQLite */
    const char *problem;   /* set when an operation returns STORE_DOWN: one sentence for the log, without secrets */
    const char *action;    /* of a console's form: see below; NULL */
    int is_spent;          /* set where it was spent before: STORE_REFUSED, and nothing changed */
    int is_misconfigured;  /* whether that problem lasts until the administrator supplies tables, rights or schema; else 0 */
} store_t;

/*
 * The next operation that does more than look (no mere SELECT, and of several statements the first) spends store->action in its
 * own transaction, and sets it to NULL: of all that ever come with the same id one does what it does. It is spent, too, when that
 * operation is refused, for a reason of its own; and perhaps when it ends with STORE_DOWN.
 */

/* STORE_OK: an action of that id was spent, today at least. */
store_status_t store_action_is_spent(store_t *store, const char *id);

/* Seconds to which the last use of grants, service keys and registrations is exact: not every use writes. */
#define TOUCH_INTERVAL 3600

/*
 * Lists come in pages: up to LIST_PAGE records after the last one of the page before (NULL: from the beginning). The last page
 * has fewer.
 */
#define LIST_PAGE 1000
/* The same of lists that a browser shows. */
#define LISTING_PAGE 50

/* The key of the flood filter's tag (see base/token.h), cached in the source after the first call. */
store_status_t store_tag_key(store_t *store, digest_t *key);

/* ---- clients ---- */

#define CLIENT_ADMIN      "admin"
#define CLIENT_REGISTERED "registered" /* by itself (RFC 7591) */
#define CLIENT_DOCUMENT   "document"   /* the URL of whose metadata document is its id */

enum { CLIENT_URI, POLICY_URI, TOS_URI, CLIENT_LINKS }; /* an app's pages about itself (RFC 7591 section 2) */

typedef struct client_t {
    const char *id;
    const char *name;
    int is_public;           /* no secret, authenticates by `none` */
    int is_gpt;              /* made with --gpt: PKCE is optional */
    int is_resource_server;  /* may ask about tokens (introspection) */
    const char *resource;    /* of a resource server: it hears nothing of tokens for other ones; "" for of all */
    const char *gpt_id;      /* the GPT it is pinned to, whose callbacks are accepted; NULL: none yet */
    int gpt_open;            /* any GPT's callbacks are accepted; the next exchange with the present secret pins its GPT */
    const char *auth_method; /* the only one accepted, or NULL for Basic and body alike */
    int has_secret, has_old_secret;
    digest_t secret_hash;     /* SHA-256 of the secret */
    digest_t old_secret_hash; /* accepted until old_secret_until or the first use of the new one */
    apr_int64_t old_secret_until;
    apr_array_header_t *redirect_uris; /* const char *, as registered */
    const char *scope;                 /* normalised; the most it may ask for, "" for all scopes of the server */
    const char *grant_types;           /* normalised like a scope set: "authorization_code refresh_token"; may be "" */
    const char *source;                /* CLIENT_ADMIN and so on: who made it */
    const char *links[CLIENT_LINKS];   /* https URLs (uri_page_host); NULL: none */
    apr_int64_t created_at;
    apr_int64_t disabled_at;      /* 0: active */
    const char *application_type; /* native or web, where it registered with either; NULL */
    apr_int64_t fresh_until;      /* of a document that was fetched: no need to fetch it before; else 0 */
    /* Filled by client_authenticate only: */
    digest_t proven_hash; /* of the secret it proved to be with */
} client_t;

/* STORE_REFUSED when there is none, or it registered at another issuer; a disabled client is returned with disabled_at set. */
store_status_t store_client_get(store_t *store, const char *id, client_t **client);
/* By id, else by the name that the administrator gave: what people type. Others may call themselves what they like. */
store_status_t store_client_find(store_t *store, const char *id_or_name, client_t **client);
/* A page, array of client_t *, by name: first the administrator's, as strangers may register by the thousand. */
store_status_t store_client_list(store_t *store, const client_t *after, apr_array_header_t **clients);
/* STORE_REFUSED when the id or the name is taken. */
store_status_t store_client_add(store_t *store, const client_t *client);
/*
 * The present secret becomes the old one, accepted until old_until (0: at once refused), and a GPT's pin opens. REFUSED: no such
 * confidential client.
 */
store_status_t store_client_set_secret(store_t *store, const char *id, const digest_t *hash, apr_int64_t old_until);
/* The new secret has been used: the old one ends. */
store_status_t store_client_end_old_secret(store_t *store, const char *id, const digest_t *current_hash);
store_status_t store_client_set_redirects(store_t *store, const char *id, const apr_array_header_t *uris);
/* All of them: NULL takes one away. */
store_status_t store_client_set_links(store_t *store, const char *id, const char *const links[CLIENT_LINKS]);
/* The next exchange may pin another GPT. REFUSED: no such client made with --gpt. */
store_status_t store_client_open_pin(store_t *store, const char *id);
/* disabled_at 0 enables again. */
store_status_t store_client_set_disabled(store_t *store, const char *id, apr_int64_t disabled_at);
/*
 * Removes the client and with it its grants and consents; its codes and tokens are dead at once. Some at a time: it is disabled
 * first, and remains so when that ends with STORE_DOWN.
 */
store_status_t store_client_remove(store_t *store, const char *id);

/* ---- clients that registered themselves or publish a metadata document (registrations.c) ---- */

/* The client registered with metadata of this hash, and notes that it is seen. STORE_REFUSED: there is none. */
store_status_t store_registration_get(store_t *store, const digest_t *metadata_hash, client_t **client);
/* metadata_hash is unique; NULL for a client of its own. STORE_REFUSED: somebody else has just registered the same. */
store_status_t store_registration_add(store_t *store, const client_t *client, const digest_t *metadata_hash);
/*
 * Writes a document's client as it is now; where there is a row, disabled_at and created_at stay. One that was not fetched is
 * written when a user is about to let it in.
 */
store_status_t store_document_put(store_t *store, const client_t *client);
/*
 * A user is about to let the client in: for REGISTRATION_UNUSED seconds from now on it is not removed. STORE_REFUSED: it was
 * removed just before.
 */
store_status_t store_registration_touch(store_t *store, const char *id);
/* Seconds after which one that was not seen is removed (store/purge.h), unless it has a living grant. */
#define REGISTRATION_UNUSED (7 * 86400)
/*
 * Of the clients that registered at this issuer, or of those with a document, at most REGISTRATION_UNUSED_MAX stay that no user
 * has let in yet: removes up to limit beyond that, the longest unseen first.
 */
#define REGISTRATION_UNUSED_MAX 10000
store_status_t store_registration_trim(store_t *store, int limit);
store_status_t store_document_trim(store_t *store, int limit);
/*
 * Of the same, removes those that no user let in for so many seconds, nor has a grant of theirs been used, with all grants and
 * consents, up to limit of them; those that nobody ever let in when they were not seen either. Who is disabled stays.
 * STORE_REFUSED: there was none.
 */
store_status_t store_registration_clean_up(store_t *store, apr_int64_t unused_for, int limit, apr_int64_t *count);

/* ---- users ---- */

typedef struct user_t {
    const char *name;
    const char *password_hash; /* bcrypt; NULL: a user of another sign-in, known here because he was disabled */
    apr_int64_t created_at;
    apr_int64_t disabled_at;    /* 0: active */
    apr_int64_t one_time_until; /* the password is a one-time one (store/one_time.h), good until then; 0: the user's own */
    apr_int64_t one_time_at;    /* when it was set, */
    const char *one_time_by;    /* and by whom; NULL */
} user_t;

store_status_t store_user_get(store_t *store, const char *name, user_t **user);
/* Array of const char *: all other spellings of a name (base/fold.h) in users, grants and sessions, which are all read. */
store_status_t store_user_spellings(store_t *store, const char *name, apr_array_header_t **names);
/* After a migration: writes the folded names of users who were there before. As often as one likes. */
store_status_t store_user_fold_all(store_t *store);
/* STORE_OK when the user is disabled, in this spelling or another (base/fold.h); else STORE_REFUSED. */
store_status_t store_user_is_disabled(store_t *store, const char *name);
/*
 * Two spellings of one name under which something was granted, as a directory makes them that does not tell the one it has.
 * STORE_REFUSED: there are none.
 */
store_status_t store_user_twins(store_t *store, const char **one, const char **other);
/* A user with a password whose name is another spelling of this one. STORE_REFUSED: there is none. */
store_status_t store_user_other_spelling(store_t *store, const char *name, const char **other);
/* A page, array of user_t *, by name. */
store_status_t store_user_list(store_t *store, const user_t *after, apr_array_header_t **users);
/* STORE_REFUSED when the name has a password already (a row without one, left by disable, gets it). */
store_status_t store_user_add(store_t *store, const char *name, const char *password_hash);
/* Sets the password and ends the user's sessions and grants (a reset throws everybody out). */
store_status_t store_user_set_password(store_t *store, const char *name, const char *password_hash);
/*
 * The same by the user himself: where old_hash is still his, and he is not disabled. All his sessions end, and with ends_apps
 * his grants, *revoked of them, and consents. STORE_REFUSED: nothing changed.
 */
store_status_t store_user_change_password(store_t *store, const char *name, const char *old_hash, const char *password_hash,
                                          int ends_apps, apr_int64_t *revoked);
/* disabled_at 0 enables. Disabling makes a row for a user unknown here, and ends sessions; grants are dead while it lasts. */
store_status_t store_user_set_disabled(store_t *store, const char *name, apr_int64_t disabled_at);
/*
 * Removes the user, the user's sessions, consents and grants; codes without a grant are dead. REFUSED: there was neither row nor
 * grant.
 */
store_status_t store_user_remove(store_t *store, const char *name);

/* ---- authorization: consent, grant, code ---- */

/* How consent is remembered; the rest of it is the code's. */
typedef struct consent_t {
    const char *asked; /* the scopes, normalised, of which the code has those that the user gave */
    apr_int64_t ends_at;
} consent_t;

/*
 * STORE_OK when this user let this client, with this exact redirect URI and scope set, in before, and that is still remembered;
 * in *given which of the scopes he gave.
 */
store_status_t store_consent_get(store_t *store, const char *username, const char *client_id, const char *redirect_uri,
                                 const char *asked, const char *resource, const char **given);

/* Forgets what was written down since a time, whatever scopes were asked for. REFUSED: nothing was. */
store_status_t store_consent_forget(store_t *store, const char *username, const char *client_id, const char *redirect_uri,
                                    apr_int64_t since);

typedef struct code_t {
    digest_t hash;
    digest_t selector_hash;     /* of the grant's refresh tokens; not filled by store_code_get */
    const char *transaction_id; /* of the form; unique, so that a second press makes no second code */
    const char *grant_id;       /* made by the caller */
    const char *client_id;
    const char *username;
    const char *scope;        /* normalised */
    const char *resource;     /* space-separated normalised URIs, "" when unbound */
    const char *redirect_uri; /* where the code goes */
    int redirect_given;       /* the request carried redirect_uri */
    const char *challenge;    /* S256, "" when none */
    apr_int64_t expires_at;
    apr_int64_t grant_expires_at;
    /* Filled by store_code_get only: */
    apr_int64_t spent_at;   /* 0: unspent */
    apr_int64_t revoked_at; /* of the grant; 0: lives */
    int user_disabled;
} code_t;

/* Living grants of one user to one client by one redirect URI. */
#define GRANTS_MAX 20

/*
 * Writes grant and code, and the consent unless it is NULL, in place of an earlier one to the same. Of GRANTS_MAX living grants
 * the one that was not used for the longest time makes room, in the same transaction; *ended: how many did, which is more where
 * several came at once before. STORE_REFUSED when the transaction id was used before, or the client or user is disabled or gone
 * meanwhile.
 */
store_status_t store_code_issue(store_t *store, const code_t *code, const consent_t *consent, apr_int64_t *ended);

/* Looks a code up in whatever state. STORE_REFUSED: unknown at this issuer. */
store_status_t store_code_get(store_t *store, const digest_t *hash, code_t **code);

/* A new link of the refresh chain. */
typedef struct refresh_t {
    digest_t selector_hash;
    apr_uint32_t generation;
    digest_t secret_hash;
    digest_t salt;
    apr_int64_t expires_at; /* unused until then */
} refresh_t;

typedef struct access_token_t {
    digest_t hash;
    const char *scope;
    const char *resource;
    apr_int64_t expires_at;
} access_token_t;

/* For a code that was sent to a GPT without a registered URI. */
typedef struct pin_t {
    const char *gpt_id;
    const digest_t *secret_hash; /* of the secret that the client authenticated with */
} pin_t;

/*
 * Spends the code and gives its grant an access token and, unless refresh is NULL, the first link of its chain: all or
 * nothing. Holds only while the code is unspent, not past its expiry, of this client, redirect URI and challenge, and grant,
 * client and user live; and, unless pin is NULL, only while its GPT is the pinned one or the pin is open. With the present
 * secret an open pin closes on the GPT, for good; with the old one nothing is pinned, and only what was pinned before or
 * never pinned gets through. code is what store_code_get returned.
 */
store_status_t store_code_redeem(store_t *store, const code_t *code, const pin_t *pin, const refresh_t *refresh,
                                 const access_token_t *token);

/* ---- refresh ---- */

typedef struct grant_t {
    const char *id;
    const char *client_id;
    const char *username; /* NULL: a service account */
    const char *scope;
    const char *resource;
    apr_int64_t created_at, expires_at, revoked_at, used_at;
    apr_int64_t refresh_expires_at; /* of the current refresh token, unused; 0: the grant has none */
    apr_int64_t rotated_at;
    apr_uint32_t generation;
    int has_previous;
    digest_t secret_hash, previous_hash, salt;
    int repeats; /* of the token before, since it was rotated */
    int user_disabled;
} grant_t;

/* In whatever state. STORE_REFUSED: unknown at this issuer. */
store_status_t store_grant_by_selector(store_t *store, const digest_t *selector_hash, grant_t **grant);

/*
 * Rotates: next becomes current where grant (as read) still is, and lives; adds the access token. next->selector_hash is not
 * used. STORE_REFUSED: somebody was faster, or it died; read again.
 */
store_status_t store_grant_rotate(store_t *store, const grant_t *grant, const refresh_t *next, const access_token_t *token);

/*
 * Another access token for a retry within the grace, and counts it: only while grant's generation is still as read, it lives, and
 * fewer than limit were counted.
 */
store_status_t store_grant_reissue(store_t *store, const grant_t *grant, int limit, const access_token_t *token);

/*
 * An access token for a service account. It hangs on the client's one living grant without a user, which is made (as new_id) if
 * there is none and lives as long as its tokens; *grant_id says which. STORE_REFUSED: the client is disabled or gone.
 */
store_status_t store_grant_issue_own(store_t *store, const char *new_id, const char *client_id, const access_token_t *token,
                                     const char **grant_id);

/*
 * Kills the grant, of this user in this very spelling (NULL: of whomever): all that hangs on it is dead from the commit on.
 * STORE_REFUSED: it was dead already or is unknown.
 */
store_status_t store_grant_revoke(store_t *store, const char *username, const char *grant_id);

/* ---- access ---- */

typedef struct access_t {
    const char *grant_id; /* NULL, as client_id: not a token but a service key (grant/key.h) */
    const char *client_id;
    const char *username; /* NULL: a service account */
    const char *scope;
    const char *resource;
    apr_int64_t issued_at;
    apr_int64_t expires_at;
    apr_int64_t revoked_at; /* of the grant */
    apr_int64_t used_at;    /* of the grant, exact to TOUCH_INTERVAL */
    int client_disabled;    /* or removed */
    int user_disabled;
} access_t;

/* One indexed SELECT. REFUSED: unknown at this issuer; otherwise the record in whatever state, for grant/verify to judge. */
store_status_t store_access_get(store_t *store, const digest_t *hash, access_t **access);

/* Deletes an access token of this client; *grant_id says whose it was. REFUSED: unknown at this issuer, or another client's. */
store_status_t store_access_delete(store_t *store, const digest_t *hash, const char *client_id, const char **grant_id);

/* Notes store->now as last use where the stored one is more than TOUCH_INTERVAL old. */
store_status_t store_grant_touch(store_t *store, const char *grant_id);

/* ---- service keys ---- */

/* A secret of a service, good for whole Locations and belonging to no user. */
typedef struct service_key_t {
    digest_t hash;
    const char *name;   /* unique among the keys, dead ones included, that one issuer may be shown */
    const char *issuer; /* "": good at every issuer of this database */
    const char *scope;  /* normalised; "" for all scopes of the server */
    int may_introspect; /* may ask about tokens at the introspection endpoint */
    int may_register;   /* may register clients where that is not open to all, and nothing else */
    apr_int64_t created_at;
    apr_int64_t expires_at; /* 0: never */
    apr_int64_t revoked_at; /* 0: lives */
    apr_int64_t used_at;    /* exact to TOUCH_INTERVAL */
} service_key_t;

/* In whatever state, for grant/key to judge. STORE_REFUSED: unknown at this issuer. */
store_status_t store_key_get(store_t *store, const digest_t *hash, service_key_t **key);
/* Array of service_key_t * of this name, one for each issuer, without their hashes; of all issuers when store->issuer is NULL. */
store_status_t store_key_find(store_t *store, const char *name, apr_array_header_t **keys);
/* The same in pages, of all names. */
store_status_t store_key_list(store_t *store, const service_key_t *after, apr_array_header_t **keys);
/* At key->issuer. STORE_REFUSED when the name is taken. */
store_status_t store_key_add(store_t *store, const service_key_t *key);
/* Dead from the commit on. STORE_REFUSED: it was dead already or is unknown. */
store_status_t store_key_revoke(store_t *store, const char *name, const char *issuer);
/* Notes store->now as last use where the stored one is more than TOUCH_INTERVAL old. */
store_status_t store_key_touch(store_t *store, const service_key_t *key);

#endif
