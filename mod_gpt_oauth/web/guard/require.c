/*
 * The two kinds of Require line that the module adds to mod_authz_core: reads them, notes them for configtest and the metadata
 * of resources, and judges requests by them. mod_gpt_oauth.c registers them; guard.c makes the challenge of what they lacked.
 */
#include "web/guard/require.h"

#include <httpd.h>
#include <ap_provider.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_request.h>
#include <mod_auth.h>

#include "base/scope.h"
#include "private.h"
#include "web/config/config.h"
#include "web/guard/guard.h"
#include "web/guard/need.h"
#include "web/http/request.h"
#include "web/config/section.h"

#define NOT_IN_HTACCESS_TEXT " is not allowed in .htaccess: write it in a <Location> of the server's configuration"

static void note(cmd_parms *cmd, const char *scope)
{
    server_conf_t *conf = ap_get_module_config(cmd->server->module_config, &gpt_oauth_module);
    requirement_t *requirement = apr_array_push(conf->requirements);

    requirement->at = cmd->directive;
    requirement->scope = scope;
}

/* NULL inside of <RequireNone>. A section by itself is as <RequireAny>; <Limit> and its like might as well not be there. */
static apr_array_header_t *branches_of(apr_pool_t *p, const ap_directive_t *line)
{
    apr_array_header_t *branches = apr_array_make(p, 2, sizeof(branch_t));
    const ap_directive_t *section = section_around(line);

    for (const ap_directive_t *at = line->parent; at && at != section; at = at->parent) {
        if (strcasecmp(at->directive, "<RequireNone") == 0) {
            return NULL;
        }
        if (strcasecmp(at->directive, "<RequireAny") == 0) {
            APR_ARRAY_PUSH(branches, branch_t) = (branch_t){ at, line };
        }
        if (strncasecmp(at->directive, "<Require", strlen("<Require")) == 0) {
            line = at;
        }
    }
    APR_ARRAY_PUSH(branches, branch_t) = (branch_t){ section, line };
    return branches;
}

static const char *parse_scopes(cmd_parms *cmd, const char *args, const void **parsed)
{
    scope_line_t *line = apr_pcalloc(cmd->pool, sizeof(*line));
    const char *scope;

    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        return "Require oauth-scope" NOT_IN_HTACCESS_TEXT;
    }
    line->branches = branches_of(cmd->pool, cmd->directive);
    if (!line->branches || strncasecmp(cmd->directive->args, "not ", 4) == 0) {
        return "Require not oauth-scope would make clients ask for that very scope: require what is needed instead";
    }
    line->scopes = "";
    while (*(scope = ap_getword_conf(cmd->pool, &args))) {
        if (!scope_token_valid(scope)) {
            return apr_psprintf(cmd->pool, "Require oauth-scope %s: this is not a scope; separate several with spaces", scope);
        }
        if (strcmp(scope, SCOPE_OFFLINE) == 0) {
            return "Require oauth-scope offline_access: this scope opens nothing; a client uses it to ask for a refresh token; "
                   "write a scope of GPTOAuthScope";
        }
        note(cmd, scope);
        line->scopes = scope_union(cmd->pool, line->scopes, scope);
    }
    if (!*line->scopes) {
        return "Require oauth-scope needs the name of at least one scope, such as Require oauth-scope notes.read";
    }
    *parsed = line;
    return NULL;
}

static authz_status check_scopes(request_rec *r, const char *args, const void *parsed)
{
    const scope_line_t *line = parsed;
    const access_t *access;

    (void)args;
    need_note(r, line);
    if (!r->user) {
        return AUTHZ_DENIED_NO_USER;
    }
    access = guard_access(r);
    if (access && scope_subset(line->scopes, access->scope)) {
        return AUTHZ_GRANTED;
    }
    request_record(r)->lacks_scope = access != NULL;
    return AUTHZ_DENIED;
}

static const char *parse_clients(cmd_parms *cmd, const char *args, const void **parsed)
{
    apr_array_header_t *clients = apr_array_make(cmd->pool, 2, sizeof(const char *));
    const char *client;

    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        return "Require oauth-client" NOT_IN_HTACCESS_TEXT;
    }
    while (*(client = ap_getword_conf(cmd->pool, &args))) {
        APR_ARRAY_PUSH(clients, const char *) = client;
    }
    note(cmd, NULL);
    *parsed = clients;
    return clients->nelts ? NULL : "Require oauth-client needs at least one client id; `gptoauth client list` shows them";
}

static authz_status check_clients(request_rec *r, const char *args, const void *parsed)
{
    const apr_array_header_t *clients = parsed;
    const access_t *access;

    (void)args;
    if (!r->user) {
        return AUTHZ_DENIED_NO_USER;
    }
    access = guard_access(r);
    for (int i = 0; access && access->client_id && i < clients->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(clients, i, const char *), access->client_id) == 0) {
            return AUTHZ_GRANTED;
        }
    }
    return AUTHZ_DENIED;
}

static const authz_provider scope_provider = { check_scopes, parse_scopes };
static const authz_provider client_provider = { check_clients, parse_clients };

void require_register(apr_pool_t *p)
{
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "oauth-scope", AUTHZ_PROVIDER_VERSION, &scope_provider,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "oauth-client", AUTHZ_PROVIDER_VERSION, &client_provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}
