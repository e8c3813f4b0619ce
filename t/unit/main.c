#include "tap.h"
#include "base/crypto.h"

#include <apr_general.h>

#include <stdio.h>

/* With a driver and its DBDParams: what is tested of the store on both databases (t/94-store.t). */
int main(int argc, char **argv)
{
    static void (*const tests[])(apr_pool_t *) = {
        test_accept,        test_address,      test_admin,  test_apps_of_users, test_array,    test_audit,
        test_authorization, test_authorize,    test_cache,  test_chain,         test_client,   test_client_document,
        test_colour,        test_consent,      test_counts, test_crypto,        test_failure,  test_fold,
        test_gpt,           test_host,         test_json,   test_manifest,      test_metadata, test_meter,
        test_openapi,       test_origins,      test_params, test_password,      test_pkce,     test_policy,
        test_prompt,        test_registration, test_scope,  test_server_uri,    test_template, test_text,
        test_times,         test_token,        test_uri,    test_verify,
    };

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (apr_initialize() != APR_SUCCESS || crypto_init() != APR_SUCCESS) {
        printf("Bail out! APR or OpenSSL does not start\n");
        return 1;
    }
    if (argc == 3) {
        apr_pool_t *p;

        apr_pool_create(&p, NULL);
        test_actions(p, argv[1], argv[2]);
        test_listing(p, argv[1], argv[2]);
        apr_pool_destroy(p);
        apr_terminate();
        return tap_done();
    }
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        apr_pool_t *p;

        apr_pool_create(&p, NULL);
        tests[i](p);
        apr_pool_destroy(p);
    }
    apr_terminate();
    return tap_done();
}
