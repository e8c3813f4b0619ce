/*
 * Looks at the database from this side: clock, rights, owners, connections, and clients, users and keys that cannot work. Called
 * by doctor.c.
 */
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "store/health.h"
#include "admin/keys.h"
#include "cli/doctor/checks.h"
#include "cli/output.h"

#define CLOCK_NOTICED 10 /* seconds */
#define POOL_DEFAULT  10 /* DBDMax of mod_dbd */

static const char *where(const doctor_t *doctor)
{
    return doctor->c->database->conf.file;
}

/* Both its clock and who may write. */
static void judge_health(doctor_t *doctor, const health_t *health)
{
    report_t *report = doctor->report;
    apr_int64_t ahead = health->now - apr_time_sec(apr_time_now()), off = ahead < 0 ? -ahead : ahead;

    if (health->is_behind) {
        report_add(report, PROBLEM, "database", "run `gptoauth migrate`",
                   "the tables are those of the version before, so what came since is off");
    } else {
        report_add(report, FINE, "database", NULL, "%s answers, and its tables are as this version needs them",
                   doctor->c->database->conf.driver);
    }
    if (off > CLOCK_NOTICED) {
        report_add(report, WARNING, "clock", "let all hosts follow NTP (timedatectl, chrony)",
                   "the database's clock is %" APR_INT64_T_FMT " s %s this host's", off, ahead < 0 ? "behind" : "ahead of");
    }
    if (health->is_read_only) {
        report_add(report, PROBLEM, "rights",
                   "DBDParams must point to the primary: target_session_attrs=read-write finds it among several hosts",
                   "the database is read-only, perhaps a standby");
    } else if (*health->forbidden) {
        report_add(report, PROBLEM, "rights", "as the owner of the tables run `gptoauth migrate --grant-to ROLE`",
                   "the role of DBDParams may not write: %s", health->forbidden);
    } else {
        report_add(report, FINE, "rights", NULL, "the role may write what the module writes");
    }
}

static void judge_spellings(doctor_t *doctor)
{
    const char *one, *other;

    if (store_user_twins(doctor->c->store, &one, &other) == STORE_OK) {
        report_add(
            doctor->report, WARNING, "users",
            "write AuthLDAPRemoteUserAttribute (or its like) for the sign-in provider, so that it gives one name for each user",
            "users come in several spellings of one name, such as %s and %s, each with grants of its own",
            terminal_text(doctor->report->pool, one), terminal_text(doctor->report->pool, other));
    }
}

static const char *finding_of(apr_pool_t *p, const intrusion_t *found, verdict_t *verdict, const char **remedy)
{
    const char *object = terminal_text(p, found->object), *role = terminal_text(p, found->role);

    *verdict = PROBLEM;
    if (strcmp(found->kind, "ahead") == 0) {
        *remedy = apr_psprintf(p, "drop schema %s or take it from %s: tables that are put there come before the module's", object,
                               role);
        return apr_psprintf(p, "schema %s, searched first as the role of DBDParams has that name, is open to %s", object, role);
    }
    if (strcmp(found->kind, "twin") == 0) {
        *remedy = "find out whose they are, and keep the module's tables in one schema of the search_path";
        return apr_psprintf(p, "schema %s of the search_path has other tables of the same names: %s", object, role);
    }
    if (strcmp(found->kind, "owner") == 0) {
        *remedy = "find out why; ALTER TABLE … OWNER TO gives them to the owner of the rest";
        return apr_psprintf(p, "%s owns %s and may do anything with it, while the other tables have another owner", role, object);
    }
    *verdict = WARNING;
    if (strcmp(found->kind, "schema") == 0) {
        *remedy = apr_psprintf(p, "as its owner, REVOKE CREATE ON SCHEMA %s FROM %s; or make the tables' owner its owner", object,
                               role);
        return apr_psprintf(
            p, "%s may create objects in schema %s of the search_path, which could come between the module and its tables", role,
            object);
    }
    *remedy = apr_psprintf(p, "REVOKE ALL ON … FROM %s, unless that is another server of yours", role);
    return apr_psprintf(p, "%s has rights on %s", role, object);
}

static void judge_owners(doctor_t *doctor)
{
    report_t *report = doctor->report;
    apr_array_header_t *list;

    if (store_owners(doctor->c->store, &list) != STORE_OK) {
        report_add(report, WARNING, "owners", NULL, "%s", doctor->c->store->problem);
        return;
    }
    for (int i = 0; i < list->nelts; i++) {
        verdict_t verdict;
        const char *remedy, *finding = finding_of(report->pool, &APR_ARRAY_IDX(list, i, intrusion_t), &verdict, &remedy);

        report_add(report, verdict, "owners", remedy, "%s", finding);
    }
    if (!list->nelts && store_source_has_roles(doctor->c->store->source)) {
        report_add(report, FINE, "owners", NULL, "nobody else can come between the module and its tables");
    }
}

/* A number from 1 on, or 0. */
static apr_int64_t number_of(const char *text)
{
    char *end;
    apr_int64_t number = text ? apr_strtoi64(text, &end, 10) : 0;

    return text && !*end && number > 0 && number < 100000 ? number : 0;
}

static void judge_pool(doctor_t *doctor, const health_t *health)
{
    report_t *report = doctor->report;
    const char *said = doctor->c->database->conf.max;
    apr_int64_t max = said ? number_of(said) : POOL_DEFAULT, children = number_of(doctor->c->args->children);
    apr_int64_t room = max ? health->connections / max : 0;
    const char *remedy = apr_psprintf(report->pool,
                                      "raise max_connections of PostgreSQL (or the limit of the role), or lower DBDMax in %s, or "
                                      "MaxRequestWorkers of httpd",
                                      where(doctor));

    if (!health->connections) {
        return; /* SQLite has no such limit */
    }
    if (health->is_pooled) {
        report_add(
            report, FINE, "pooler", NULL,
            "a connection pooler is in front of PostgreSQL; it must admit as many clients (pgbouncer: max_client_conn) as there "
            "are processes of httpd, times %" APR_INT64_T_FMT " (DBDMax), and twice that in a graceful restart",
            max ? max : POOL_DEFAULT);
        return;
    }
    if (room < 1 || room < children) {
        report_add(report, PROBLEM, "pool", remedy,
                   "PostgreSQL allows %" APR_INT64_T_FMT " connections, and %" APR_INT64_T_FMT
                   " processes of httpd may want %" APR_INT64_T_FMT " each (DBDMax)",
                   health->connections, children ? children : 1, max);
    } else if (room < 2 * (children ? children : 1)) {
        report_add(report, WARNING, "pool", remedy,
                   "PostgreSQL allows %" APR_INT64_T_FMT
                   " connections: enough, but not for a graceful restart, when there are twice as many processes",
                   health->connections);
    } else if (children) {
        report_add(report, FINE, "pool", NULL,
                   "%" APR_INT64_T_FMT " processes of httpd with %" APR_INT64_T_FMT
                   " connections each fit, also twice in a graceful restart",
                   children, max);
    } else {
        report_add(report, FINE, "pool", NULL,
                   "%" APR_INT64_T_FMT " connections are enough for %" APR_INT64_T_FMT
                   " processes of httpd (DBDMax %" APR_INT64_T_FMT
                   ", twice in a graceful restart): MaxRequestWorkers / ThreadsPerChild; --children checks it",
                   health->connections, room / 2, max);
    }
}

/* NULL: nothing is wrong with it. */
static const char *client_problem(const command_t *c, const client_t *client, const char **remedy)
{
    if (client->disabled_at) {
        *remedy = apr_psprintf(c->pool, "`gptoauth client enable %s` lets it in again", client->id);
        return "is disabled";
    }
    if (strstr(client->grant_types, "authorization_code") && !client->redirect_uris->nelts && !client->gpt_open &&
        !client->gpt_id) {
        *remedy = apr_psprintf(
            c->pool, "register one by `gptoauth client redirect %s URI`%s", client->id,
            client->is_gpt ? apr_psprintf(c->pool, ", or accept a GPT by `gptoauth client redirect %s --repin`", client->id)
                           : "");
        return "has no redirect URI, so nobody can be sent back to it";
    }
    if (client->gpt_open) {
        *remedy = "connect your GPT once, before another one that knows the secret does";
        return client->gpt_id ? "is open: the next GPT with its present secret will be pinned in place of the last"
                              : "is open: the first GPT with its secret will be pinned";
    }
    return NULL;
}

/* How many of a page have no problem. */
static int judge_page(doctor_t *doctor, const apr_array_header_t *clients)
{
    int fine = 0;

    for (int i = 0; i < clients->nelts; i++) {
        const client_t *client = APR_ARRAY_IDX(clients, i, const client_t *);
        const char *remedy = NULL, *problem = client_problem(doctor->c, client, &remedy);

        if (problem) {
            report_add(doctor->report, WARNING, "client", remedy, "\"%s\" %s", client->name, problem);
        }
        fine += !problem;
    }
    return fine;
}

static void judge_clients(doctor_t *doctor)
{
    apr_array_header_t *clients;
    const client_t *last = NULL;
    int fine = 0, are_any = 0;

    do {
        if (store_client_list(doctor->c->store, last, &clients) != STORE_OK) {
            return;
        }
        fine += judge_page(doctor, clients);
        are_any |= clients->nelts;
        last = clients->nelts ? APR_ARRAY_IDX(clients, clients->nelts - 1, const client_t *) : NULL;
    } while (clients->nelts == LIST_PAGE);
    if (!are_any) {
        report_add(doctor->report, WARNING, "client",
                   "`gptoauth client add NAME --gpt` makes one for a GPT, and prints what to paste; no need for MCP clients that "
                   "register themselves or have a document",
                   "there is none");
    } else if (fine) {
        report_add(doctor->report, FINE, "client", NULL, "%d %s ready; `gptoauth try` goes through it all with one", fine,
                   fine == 1 ? "is" : "are");
    }
}

static void judge_users(doctor_t *doctor)
{
    apr_array_header_t *users;
    const user_t *user = NULL;
    int active = 0;

    do {
        if (store_user_list(doctor->c->store, user, &users) != STORE_OK) {
            return;
        }
        for (int i = 0; i < users->nelts; i++) {
            user = APR_ARRAY_IDX(users, i, const user_t *);
            active += user->password_hash && !user->disabled_at;
        }
    } while (users->nelts == LIST_PAGE);
    if (active) {
        report_add(doctor->report, FINE, "user", NULL, "%d can sign in with a password of the module", active);
    } else {
        report_add(doctor->report, WARNING, "user",
                   "`gptoauth user add NAME` makes one; no need where GPTOAuthLoginProvider or another sign-in knows the users",
                   "nobody can sign in with a password of the module");
    }
}

static void judge_key(doctor_t *doctor, const service_key_t *key)
{
    apr_pool_t *p = doctor->c->pool;
    apr_int64_t now = doctor->c->store->now;

    if (!admin_key_ends_soon(key, now)) {
        return;
    }
    if (key->expires_at <= now) {
        report_add(doctor->report, WARNING, "key",
                   apr_psprintf(p, "`gptoauth key add` makes another; `gptoauth key revoke %s` ends this message",
                                terminal_text(p, key->name)),
                   "service key \"%s\" expired at %s", key->name, time_text(p, key->expires_at, "?"));
    } else {
        report_add(doctor->report, WARNING, "key",
                   apr_psprintf(p,
                                "`gptoauth key add` makes another: give it to whoever uses this one before then; `gptoauth key "
                                "revoke %s` ends this message",
                                terminal_text(p, key->name)),
                   "service key \"%s\" expires soon, at %s", key->name, time_text(p, key->expires_at, "?"));
    }
}

static void judge_keys(doctor_t *doctor)
{
    apr_array_header_t *keys;
    const service_key_t *key = NULL;

    do {
        if (store_key_list(doctor->c->store, key, &keys) != STORE_OK) {
            return;
        }
        for (int i = 0; i < keys->nelts; i++) {
            key = APR_ARRAY_IDX(keys, i, const service_key_t *);
            judge_key(doctor, key);
        }
    } while (keys->nelts == LIST_PAGE);
}

void doctor_database(doctor_t *doctor)
{
    const command_t *c = doctor->c;
    health_t health;

    if (c->problem) {
        report_add(doctor->report, PROBLEM, "database", NULL, "%s", c->problem);
        return;
    }
    c->store->issuer = c->server.issuer;
    if (store_health(c->store, &health) != STORE_OK) {
        const char *problem = c->database->problem ? c->database->problem : c->store->problem;

        report_add(doctor->report, PROBLEM, "database", NULL, "%s", problem ? problem : "it did not answer");
        return;
    }
    judge_health(doctor, &health);
    judge_owners(doctor);
    judge_spellings(doctor);
    judge_pool(doctor, &health);
    judge_clients(doctor);
    judge_users(doctor);
    judge_keys(doctor);
}
