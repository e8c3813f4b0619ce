/*
 * The configuration. Members are set by directives.c; UNSET and NULL mean "not written" until config_finish, which check.c calls
 * for every server once after the merge; read-only from then on.
 */
#ifndef GPT_OAUTH_WEB_CONFIG_H
#define GPT_OAUTH_WEB_CONFIG_H

#include <httpd.h>
#include <ap_expr.h>
#include <http_config.h>
#include <mod_auth.h>

#include "base/crypto.h"
#include "base/log_code.h"
#include "grant/policy.h"
#include "store/source.h"

#define CONFIG_UNSET (-1)
#define AUTH_TYPE    "GPTOAuth"
#define OWN_PROVIDER "gpt-oauth"

/* Names of cookies: [__Host-]gpt-oauth-, a word in lower case, a hyphen, the issuer's tag. */
#define COOKIE_PREFIX      "gpt-oauth-"
#define COOKIE_PREFIX_HOST "__Host-"

/* Who may register clients (RFC 7591): nobody, who has a key for it, anybody. */
enum { REGISTRATION_OFF, REGISTRATION_TOKEN, REGISTRATION_OPEN };

/* GPTOAuthPassHeaders: whether backends are told who calls, and how. */
enum { PASS_HEADERS_OFF, PASS_HEADERS_ON, PASS_HEADERS_ENCODED };

typedef struct login_provider_t {
    const char *name;
    const authn_provider *provider;
} login_provider_t;

typedef struct dir_conf_t dir_conf_t;

/* GPTOAuthCredentials: the ways into a section. */
typedef struct ways_in_t {
    int oauth;                   /* tokens */
    int service;                 /* service keys in the Authorization header */
    apr_array_header_t *headers; /* const char *: service keys in headers of these names */
} ways_in_t;

/* GPTOAuthServiceKey: a key from elsewhere than the database. */
typedef struct service_secret_t {
    const char *name; /* of its principal */
    digest_t hash;
} service_secret_t;

/* A section that says AuthType GPTOAuth or GPTOAuthResource, noted for the checks and for what `resource` may name. */
typedef struct section_t {
    const server_rec *server; /* where it was written */
    const ap_directive_t *at;
    const char *path; /* of a plain <Location>; NULL: of another section, which must say GPTOAuthResource */
    const dir_conf_t *conf;
} section_t;

/* A Require line of this module, once for each scope that it names. */
typedef struct requirement_t {
    const ap_directive_t *at;
    const char *scope; /* NULL: Require oauth-client */
} requirement_t;

/* GPTOAuthAdmin, GPTOAuthHelpDesk. */
typedef struct role_rule_t {
    apr_array_header_t *names;  /* const char *; NULL: none */
    const ap_expr_info_t *expr; /* NULL: none */
    const char *text;           /* of the expression */
} role_rule_t;

typedef struct server_conf_t {
    const char *issuer;            /* never inherited by virtual hosts; NULL: the module is off here */
    int is_guard;                  /* GPTOAuthIssuer URL guard: another host serves the issuer */
    apr_array_header_t *resources; /* const char *: GPTOAuthResource outside of sections, normalised; not inherited either */
    const char *path;              /* GPTOAuthPath */
    apr_array_header_t *login_providers; /* login_provider_t */
    const char *user_name_env;           /* GPTOAuthUserName env:NAME */
    const char *user_name_header;        /* GPTOAuthUserName header:NAME */
    struct brand_t *brand;               /* GPTOAuthBrand; NULL: not written */
    apr_array_header_t *links;           /* brand_link_t: GPTOAuthLink; NULL: none */
    const char *pages_dir;               /* GPTOAuthPages; NULL: none */
    policy_t *policy;                    /* scopes, lifetimes, GPTOAuthClientMetadata; never NULL, and of this server alone */
    int registration;                    /* REGISTRATION_OFF and so on */
    const char *dbd_driver;              /* mod_dbd's directives, overheard */
    const char *dbd_params;
    int dbd_min;
    int dbd_keep;
    int dbd_max;
    const char *listen;                   /* GPTOAuthListen; "" for off; NULL: not written, where DBDParams say */
    int cache_slots;                      /* GPTOAuthCache; 0: off. Of the main server, as is the next */
    apr_int64_t cache_ttl;                /* GPTOAuthCacheTTL, in seconds */
    const char *audit_log;                /* GPTOAuthAuditLog; NULL: none */
    role_rule_t *admins;                  /* GPTOAuthAdmin; NULL: nobody, and there is no console */
    role_rule_t *help_desk;               /* GPTOAuthHelpDesk; NULL: nobody */
    apr_array_header_t *status_addresses; /* apr_ipsubnet_t *: GPTOAuthStatus; NULL: not written */
    int is_status_closed;                 /* GPTOAuthStatus none: not for loopback either */
    int takes_any_certificate;            /* SSLVerifyClient optional_no_ca, overheard */
    apr_table_t *manifest;                /* GPTOAuthManifest; NULL: not written, and not served */
    const char *openapi_file;             /* GPTOAuthOpenAPI */
    apr_array_header_t *sections;         /* section_t */
    apr_array_header_t *requirements;     /* requirement_t */
    apr_array_header_t *services;         /* section_t: that say GPTOAuthCredentials or GPTOAuthServiceKey */

    const ap_directive_t *server_name; /* ServerName, overheard; never inherited; NULL: not written, and httpd guesses */
    /* The main server's lines, which those of this virtual host replace; NULL: none. */
    apr_array_header_t *hidden_scopes;
    apr_table_t *hidden_manifest;

    /* Derived by config_finish, as the second half of the policy is; nothing of it without an issuer. */
    apr_array_header_t *guarded; /* resource_t */
    const char *origin;          /* scheme://host[:port] of the issuer, or of what a guard guards */
    const char *issuer_path;     /* of the issuer; "" for none */
    int is_secure;               /* the origin is https */
    const char *tag;             /* a hash of the issuer, for the names of cookies; NULL without one */
    const char *session_cookie;
    const char *transaction_cookie;
    const char *browser_cookie;
    int is_beside; /* no issuer here, but at another host of this httpd; by check.c */

    const char *manifest_text; /* by manifest.c and openapi.c, where theirs is written */
    const char *openapi_text;

    const struct pages_t *pages; /* by check.c; NULL: no virtual host has an issuer */

    struct listener_t *listener;   /* the same, at the first virtual host with its database; NULL: elsewhere, or none */
    struct leader_t *housekeeping; /* the same */
    struct meter_t *meter;         /* made in post_config, shared by all processes; NULL: no issuer */
    struct audit_log_t *audit;     /* opened in post_config, shared by all processes; NULL: none */
    struct cache_t *cache;         /* made in post_config, shared by all processes; NULL: off */
    store_source_t *source;        /* made in child_init */
    struct readiness_t *readiness; /* the same */
} server_conf_t;

struct dir_conf_t {
    const char *auth_path; /* where AuthType GPTOAuth was written; NULL outside of it */
    const char *resource;  /* GPTOAuthResource, normalised */
    const ways_in_t *ways_in;
    const service_secret_t *service_key;
    int require_audience;
    int pass_token;
    int pass_headers;                  /* PASS_HEADERS_OFF and so on */
    apr_array_header_t *allow_origins; /* const char *: origins, or one "*" */
};

extern const command_rec config_directives[];

void *config_server_create(apr_pool_t *p, server_rec *s);
void *config_server_merge(apr_pool_t *p, void *base, void *add);
void *config_dir_create(apr_pool_t *p, char *path);
/* Runs for each request whose sections differ: assignments only. */
void *config_dir_merge(apr_pool_t *p, void *base, void *add);

/* Applies defaults and derives; NULL, or a sentence about what is wrong, and *code. */
const char *config_finish(apr_pool_t *p, server_conf_t *conf, log_code_t *code);

server_conf_t *config_server(const server_rec *s);
const dir_conf_t *config_dir(const request_rec *r);

/* With their defaults. */
const ways_in_t *config_ways_in(const dir_conf_t *dir);
int config_require_audience(const dir_conf_t *dir);
int config_pass_token(const dir_conf_t *dir);
int config_pass_headers(const dir_conf_t *dir);

#endif
