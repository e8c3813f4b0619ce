/*
 * What a request brings: body, parameters, cookies, credentials; and the record that a request keeps over its sub-requests
 * and internal redirects.
 */
#ifndef GPT_OAUTH_WEB_REQUEST_H
#define GPT_OAUTH_WEB_REQUEST_H

#include <httpd.h>

#include "base/audit.h"
#include "base/failure.h"
#include "base/params.h"
#include "store/store.h"

#define REQUEST_BODY_MAX 65536

struct endpoint_t;
struct hashing_t;

/* What became of a token or key when it was looked up last. */
typedef struct verdict_t {
    const char *text;         /* NULL: none was yet */
    const failure_t *failure; /* it is invalid, or could not be verified */
    const access_t *access;   /* it is good (the resource apart) */
} verdict_t;

/* Hangs on every request_rec of this module's interest. */
typedef struct request_t {
    const struct endpoint_t *endpoint; /* the URL is one of the module's own */
    audit_event_t event;               /* what the audit log calls it, should the endpoint refuse; AUDIT_NONE: it is no matter */
    const char *ui_locales;            /* the languages that an app asks for; NULL: none */
    int language;                      /* of its pages, once chosen: 1 and the index of web/page/pages; 0: not yet */
    const char *reference;             /* by which a page and a line of the log are found to belong together; NULL: none yet */
    /* What a page of ours that asks for a password, and the module's own provider tell each other. */
    int is_sign_in;               /* the page asks, and writes the line of the log */
    int takes_one_time;           /* it takes a one-time password, for the choice of another one; nobody else does */
    const char *password_hash;    /* what the provider checked the password against; NULL: it does not fit */
    const user_t *one_time;       /* that is this user's one-time password; NULL: it is his own */
    const char *password_refused; /* why one that fits does not count */
    /* What web/http/hashing keeps; NULL: nothing yet. */
    struct hashing_t *hashing;
    const struct ap_conf_vector_t *sections; /* for which is_guarded was found out; NULL: none yet */
    int is_guarded;                          /* AuthType GPTOAuth */
    int is_inner;                            /* a hook of ours runs the other modules' of its kind */
    apr_array_header_t *scope_lines;         /* what web/guard/need notes of Require lines; NULL: nothing yet */
    int is_preflight;                        /* let in without a token: answered by the module, whatever handler stands here */
    int lacks_scope;                         /* a Require oauth-scope refused for want of a scope */

    const access_t *access;   /* of who was let in here by a token or key */
    const failure_t *refusal; /* why nobody was; or why who was may not do this */

    /* On the initial request only: however many sections a request passes, the database is asked once. */
    int is_counted;      /* what became of it at the guard, once */
    const char *cookies; /* the module's own, which stand in headers_in no more, each with a semicolon behind it */
    verdict_t token, key;
    apr_table_t *hidden;         /* headers with credentials, once they are taken away; NULL: none yet */
    apr_array_header_t *secrets; /* const char *: accepted, and to be looked for wherever a copy may be; NULL: none yet */
} request_t;

/* The record of r itself, made on first use. */
request_t *request_record(request_rec *r);
/* 1 when the sections that cover r say AuthType GPTOAuth: to httpd an expression, evaluated once while they are the same. */
int request_is_guarded(request_rec *r);
/* The request that came over the wire, behind sub-requests and internal redirects. */
request_rec *request_initial(request_rec *r);

/* Compares the media type of Content-Type, parameters apart. */
int request_has_type(const request_rec *r, const char *type);

/*
 * Reads the body to its end. OK, or the HTTP status to answer: 413 over REQUEST_BODY_MAX (the connection is closed behind
 * the answer), or what the input filters say.
 */
int request_read_body(request_rec *r, const char **body, apr_size_t *size);
/* What is said of a 413, as that error. */
const failure_t *request_too_large(apr_pool_t *p, oauth_error_t error);

/*
 * Removes from headers or variables every entry that unwanted, which is handed `what`, says yes to, in time that grows with
 * their number. 1 when there was one.
 */
int request_drop(apr_pool_t *p, apr_table_t *table, int (*unwanted)(const apr_table_entry_t *, const char *), const char *what);

/* The value of one of the module's own cookies; NULL when there is none, or more than one of that name. */
const char *request_cookie(request_rec *r, const char *name);
int request_cookie_count(request_rec *r, const char *name);

/* 1 for the question that a browser asks ahead of a request (Fetch, "CORS-preflight"); it never carries credentials. */
int request_is_preflight(const request_rec *r);

/* 1 when clients are to call by https and this one did not: httpd's own notion (ServerName https://… behind a proxy). */
int request_is_insecure(const request_rec *r);

/* The name that its pages and its lines in the log have in common, made on first use. */
const char *request_reference(request_rec *r);
/* When it came, in UTC, for people. */
const char *request_time_text(const request_rec *r);

/* The client's address for throttles (mod_remoteip's view). */
const char *request_address(const request_rec *r);
/* The same, but for IPv6 the /64 that it is in: whoever has one of its addresses has them all. */
const char *request_network(const request_rec *r);
/* The same, but for IPv6 the /48, of which a customer may have all. */
const char *request_site(const request_rec *r);

#endif
