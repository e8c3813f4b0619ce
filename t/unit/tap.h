/*
 * A printer of the Test Anything Protocol, and the tests that main runs.
 */
#ifndef GPT_OAUTH_T_TAP_H
#define GPT_OAUTH_T_TAP_H

#include <apr_pools.h>

/* One line "ok" or "not ok" with a printf name. A failure says where it stands. Both return whether it passed. */
#define ok(condition, ...)       tap_ok(!!(condition), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, wanted, ...) tap_is_str(got, wanted, __FILE__, __LINE__, __VA_ARGS__)

int tap_ok(int passed, const char *file, int line, const char *name, ...) __attribute__((format(printf, 4, 5)));

/* Either string may be NULL; NULL equals NULL only. */
int tap_is_str(const char *got, const char *wanted, const char *file, int line, const char *name, ...)
    __attribute__((format(printf, 5, 6)));

/* Prints the plan; returns main's exit status. */
int tap_done(void);

/* JSON that is written with ' for ". */
const char *quoted(apr_pool_t *p, const char *text);

/* Each is handed a pool of its own, which dies with it. */
void test_accept(apr_pool_t *p);
void test_actions(apr_pool_t *p, const char *driver, const char *params);
void test_address(apr_pool_t *p);
void test_admin(apr_pool_t *p);
void test_apps_of_users(apr_pool_t *p);
void test_array(apr_pool_t *p);
void test_audit(apr_pool_t *p);
void test_authorization(apr_pool_t *p);
void test_authorize(apr_pool_t *p);
void test_cache(apr_pool_t *p);
void test_chain(apr_pool_t *p);
void test_client(apr_pool_t *p);
void test_colour(apr_pool_t *p);
void test_consent(apr_pool_t *p);
void test_counts(apr_pool_t *p);
void test_crypto(apr_pool_t *p);
void test_client_document(apr_pool_t *p);
void test_failure(apr_pool_t *p);
void test_fold(apr_pool_t *p);
void test_gpt(apr_pool_t *p);
void test_host(apr_pool_t *p);
void test_json(apr_pool_t *p);
void test_listing(apr_pool_t *p, const char *driver, const char *params);
void test_manifest(apr_pool_t *p);
void test_metadata(apr_pool_t *p);
void test_meter(apr_pool_t *p);
void test_openapi(apr_pool_t *p);
void test_origins(apr_pool_t *p);
void test_params(apr_pool_t *p);
void test_password(apr_pool_t *p);
void test_pkce(apr_pool_t *p);
void test_policy(apr_pool_t *p);
void test_prompt(apr_pool_t *p);
void test_registration(apr_pool_t *p);
void test_scope(apr_pool_t *p);
void test_server_uri(apr_pool_t *p);
void test_template(apr_pool_t *p);
void test_text(apr_pool_t *p);
void test_times(apr_pool_t *p);
void test_token(apr_pool_t *p);
void test_uri(apr_pool_t *p);
void test_verify(apr_pool_t *p);

#endif
