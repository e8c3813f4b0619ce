/*
 * Unset values, merges and defaults of the configuration, and what each server makes of its own once: origin, names of cookies,
 * scopes. httpd creates and merges; web/setup/check.c finishes.
 */
#include "web/config/config.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "base/crypto.h"
#include "base/scope.h"
#include "base/uri.h"
#include "private.h"

/* mod_dbd's */
#define DEFAULT_DBD_MIN  1
#define DEFAULT_DBD_KEEP 2
#define DEFAULT_DBD_MAX  10

#define PICK(member)        conf->member = add->member ? add->member : base->member
#define PICK_NUMBER(member) conf->member = add->member != CONFIG_UNSET ? add->member : base->member

server_conf_t *config_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &gpt_oauth_module);
}

const dir_conf_t *config_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &gpt_oauth_module);
}

void *config_server_create(apr_pool_t *p, server_rec *s)
{
    server_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)s;
    conf->issuer = NULL;
    conf->is_guard = 0;
    conf->resources = NULL;
    conf->path = NULL;
    conf->hidden_scopes = NULL;
    conf->login_providers = NULL;
    conf->user_name_env = NULL;
    conf->user_name_header = NULL;
    conf->brand = NULL;
    conf->links = NULL;
    conf->pages_dir = NULL;
    conf->policy = apr_pcalloc(p, sizeof(*conf->policy));
    conf->policy->scopes = NULL;
    conf->policy->code_lifetime = CONFIG_UNSET;
    conf->policy->access_lifetime = CONFIG_UNSET;
    conf->policy->refresh_idle = CONFIG_UNSET;
    conf->policy->refresh_total = CONFIG_UNSET;
    conf->policy->refresh_grace = CONFIG_UNSET;
    conf->policy->session_lifetime = CONFIG_UNSET;
    conf->policy->documents = DOCUMENTS_UNSET;
    conf->policy->document_hosts = NULL;
    conf->registration = CONFIG_UNSET;
    conf->dbd_driver = NULL;
    conf->dbd_params = NULL;
    conf->dbd_min = CONFIG_UNSET;
    conf->dbd_keep = CONFIG_UNSET;
    conf->dbd_max = CONFIG_UNSET;
    conf->listen = NULL;
    conf->cache_slots = CONFIG_UNSET;
    conf->cache_ttl = CONFIG_UNSET;
    conf->audit_log = NULL;
    conf->admins = NULL;
    conf->help_desk = NULL;
    conf->status_addresses = NULL;
    conf->is_status_closed = 0;
    conf->takes_any_certificate = 0;
    conf->server_name = NULL;
    conf->manifest = NULL;
    conf->hidden_manifest = NULL;
    conf->openapi_file = NULL;
    conf->sections = apr_array_make(p, 4, sizeof(section_t));
    conf->requirements = apr_array_make(p, 4, sizeof(requirement_t));
    conf->services = apr_array_make(p, 2, sizeof(section_t));
    return conf;
}

void *config_server_merge(apr_pool_t *p, void *base_, void *add_)
{
    const server_conf_t *base = base_, *add = add_;
    server_conf_t *conf = apr_pcalloc(p, sizeof(*conf));
    int has_documents = add->policy->documents != DOCUMENTS_UNSET;

    /* Each virtual host names its own issuer or has none: two hosts with one issuer by accident would share sessions. */
    conf->issuer = add->issuer;
    conf->is_guard = add->is_guard;
    conf->resources = add->resources;
    PICK(path);
    conf->hidden_scopes = add->policy->scopes ? base->policy->scopes : NULL;
    PICK(login_providers);
    conf->user_name_env = add->user_name_env || add->user_name_header ? add->user_name_env : base->user_name_env;
    conf->user_name_header = add->user_name_env || add->user_name_header ? add->user_name_header : base->user_name_header;
    PICK(brand);
    PICK(links);
    PICK(pages_dir);
    conf->policy = apr_pcalloc(p, sizeof(*conf->policy));
    PICK(policy->scopes);
    PICK_NUMBER(policy->code_lifetime);
    PICK_NUMBER(policy->access_lifetime);
    PICK_NUMBER(policy->refresh_idle);
    PICK_NUMBER(policy->refresh_total);
    PICK_NUMBER(policy->refresh_grace);
    PICK_NUMBER(policy->session_lifetime);
    conf->policy->documents = has_documents ? add->policy->documents : base->policy->documents;
    conf->policy->document_hosts = has_documents ? add->policy->document_hosts : base->policy->document_hosts;
    PICK_NUMBER(registration);
    PICK(dbd_driver);
    PICK(dbd_params);
    PICK_NUMBER(dbd_min);
    PICK_NUMBER(dbd_keep);
    PICK_NUMBER(dbd_max);
    PICK(listen);
    PICK_NUMBER(cache_slots);
    PICK_NUMBER(cache_ttl);
    PICK(audit_log);
    PICK(admins);
    PICK(help_desk);
    PICK(status_addresses);
    conf->is_status_closed = add->status_addresses ? add->is_status_closed : base->is_status_closed;
    conf->takes_any_certificate = base->takes_any_certificate || add->takes_any_certificate;
    conf->server_name = add->server_name;
    PICK(manifest);
    conf->hidden_manifest = add->manifest ? base->manifest : NULL;
    PICK(openapi_file);
    /* The main server's sections are in force in every virtual host. */
    conf->sections = apr_array_append(p, base->sections, add->sections);
    conf->requirements = apr_array_append(p, base->requirements, add->requirements);
    conf->services = apr_array_append(p, base->services, add->services);
    return conf;
}

void *config_dir_create(apr_pool_t *p, char *path)
{
    dir_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    (void)path;
    conf->auth_path = NULL;
    conf->resource = NULL;
    conf->ways_in = NULL;
    conf->service_key = NULL;
    conf->require_audience = CONFIG_UNSET;
    conf->pass_token = CONFIG_UNSET;
    conf->pass_headers = CONFIG_UNSET;
    conf->allow_origins = NULL;
    return conf;
}

void *config_dir_merge(apr_pool_t *p, void *base_, void *add_)
{
    const dir_conf_t *base = base_, *add = add_;
    dir_conf_t *conf = apr_palloc(p, sizeof(*conf));

    PICK(auth_path);
    /* An AuthType of its own makes a resource of its own. */
    conf->resource = add->resource || add->auth_path ? add->resource : base->resource;
    PICK(ways_in);
    PICK(service_key);
    PICK_NUMBER(require_audience);
    PICK_NUMBER(pass_token);
    PICK_NUMBER(pass_headers);
    PICK(allow_origins);
    return conf;
}

const ways_in_t *config_ways_in(const dir_conf_t *dir)
{
    static const ways_in_t usual = { 1, 0, NULL };

    return dir->ways_in ? dir->ways_in : &usual;
}

int config_pass_token(const dir_conf_t *dir)
{
    return dir->pass_token == 1;
}

int config_require_audience(const dir_conf_t *dir)
{
    /* Who hands tokens on must at least know that they were meant for him. */
    return dir->require_audience == CONFIG_UNSET ? config_pass_token(dir) : dir->require_audience;
}

int config_pass_headers(const dir_conf_t *dir)
{
    return dir->pass_headers == CONFIG_UNSET ? PASS_HEADERS_ON : dir->pass_headers;
}

static void apply_defaults(server_conf_t *conf)
{
#define DEFAULT(member, value) conf->member = conf->member == CONFIG_UNSET ? (value) : conf->member
    conf->path = conf->path ? conf->path : "/oauth";
    DEFAULT(policy->code_lifetime, 60);
    DEFAULT(policy->access_lifetime, 3600);
    DEFAULT(policy->refresh_idle, 90 * 86400);
    DEFAULT(policy->refresh_total, 365 * 86400);
    DEFAULT(policy->refresh_grace, 120);
    DEFAULT(policy->session_lifetime, 8 * 3600);
    DEFAULT(registration, REGISTRATION_OFF);
    if (conf->policy->documents == DOCUMENTS_UNSET) {
        conf->policy->documents = CLIENT_DOCUMENTS_PINNED;
    }
    DEFAULT(dbd_min, DEFAULT_DBD_MIN);
    DEFAULT(dbd_keep, DEFAULT_DBD_KEEP);
    DEFAULT(dbd_max, DEFAULT_DBD_MAX);
    DEFAULT(cache_slots, 131072);
    DEFAULT(cache_ttl, 600);
#undef DEFAULT
}

static const char *scopes_problem(apr_pool_t *p, const server_conf_t *conf, policy_t *policy)
{
    const char *problem = policy_finish_scopes(p, policy);

    if (problem || conf->is_guard) {
        return problem;
    }
    if (policy->scopes->nelts == 0) {
        return "no scope is defined, so no token could be issued: write for example "
               "GPTOAuthScope notes.read \"Read your notes\" default";
    }
    if (!*policy->default_scopes) {
        return "no scope is marked as default, and GPTs often ask for none: add the word default to the GPTOAuthScope that "
               "a request without a scope should get";
    }
    return NULL;
}

static const char *finish_scopes(apr_pool_t *p, const server_conf_t *conf)
{
    policy_t both = { .scopes = NULL }, *policy = conf->policy;
    const char *problem;

    if (!policy->scopes) {
        policy->scopes = apr_array_make(p, 0, sizeof(scope_def_t));
    }
    problem = scopes_problem(p, conf, policy);
    if (!problem || !conf->hidden_scopes) {
        return problem;
    }
    both.scopes = apr_array_append(p, policy->scopes, conf->hidden_scopes);
    return scopes_problem(p, conf, &both)
               ? problem
               : apr_pstrcat(p, problem,
                             "; the GPTOAuthScope lines of this virtual host replace those of the main "
                             "server, so write here what it needs of them",
                             NULL);
}

/* Where the resources of this virtual host are: with the issuer, or where a guard says. */
static const char *finish_origin(apr_pool_t *p, server_conf_t *conf, const uri_t *issuer)
{
    uri_t uri = *issuer;

    conf->issuer_path = issuer->path;
    if (conf->is_guard) {
        if (!conf->resources || conf->resources->nelts != 1 ||
            !uri_parse(p, APR_ARRAY_IDX(conf->resources, 0, const char *), &uri) || *uri.path) {
            return "a guard must know the address by which clients reach this virtual host: write one line "
                   "GPTOAuthResource https://NAME, without a path, outside of all sections";
        }
    }
    conf->origin = uri_origin(p, &uri);
    conf->is_secure = strcmp(uri.scheme, "https") == 0;
    return NULL;
}

const char *config_finish(apr_pool_t *p, server_conf_t *conf, log_code_t *code)
{
    digest_t hash;
    uri_t uri;
    const char *prefix, *problem;

    apply_defaults(conf);
    if (!conf->issuer || !uri_parse(p, conf->issuer, &uri)) {
        return NULL;
    }
    *code = LOG_GUARD_ADDRESS;
    problem = finish_origin(p, conf, &uri);
    if (problem) {
        return problem;
    }

    crypto_sha256(conf->issuer, strlen(conf->issuer), &hash);
    conf->tag = crypto_base64url(p, hash.byte, 6);
    /* The prefix makes browsers insist on Secure, Path=/ and no Domain: no other host can plant the cookie. */
    prefix = conf->is_secure ? COOKIE_PREFIX_HOST COOKIE_PREFIX : COOKIE_PREFIX;
    conf->session_cookie = apr_pstrcat(p, prefix, "session-", conf->tag, NULL);
    conf->transaction_cookie = apr_pstrcat(p, prefix, "form-", conf->tag, NULL);
    conf->browser_cookie = apr_pstrcat(p, prefix, "known-", conf->tag, NULL);

    conf->policy->issuer = conf->issuer;
    *code = LOG_SCOPES;
    return finish_scopes(p, conf);
}
