/*
 * Setters of how apps become known that no administrator made: GPTOAuthRegistration (RFC 7591) and GPTOAuthClientMetadata.
 */
#include <apr_strings.h>

#include "base/array.h"
#include "grant/client_document.h"
#include "web/setup/directives.h"
#include "web/http/fetch.h"

const char *set_registration(cmd_parms *cmd, void *dir, const char *who)
{
    static const char *const words[] = {
        [REGISTRATION_OFF] = "off", [REGISTRATION_TOKEN] = "token", [REGISTRATION_OPEN] = "open"
    };

    int registration = array_word(words, COUNT(words), who);

    (void)dir;
    if (registration >= 0) {
        config_server(cmd->server)->registration = registration;
        return NULL;
    }
    return apr_psprintf(cmd->pool,
                        "GPTOAuthRegistration %s: write off, open (any app may register itself) or token (only with a key from "
                        "`gptoauth key add NAME --register`)",
                        who);
}

const char *set_client_metadata(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    static const char *const words[] = {
        [CLIENT_DOCUMENTS_OFF] = "off", [CLIENT_DOCUMENTS_PINNED] = "pinned", [CLIENT_DOCUMENTS_FETCH] = "fetch"
    };
    policy_t *policy = config_server(cmd->server)->policy;
    int known = argc > 0 ? array_word(words, COUNT(words), argv[0]) : -1;

    (void)dir;
    policy->document_hosts = NULL;
    if (known < 0) {
        return "GPTOAuthClientMetadata: write off, pinned (the documents built in), or fetch and, if not from anywhere, "
               "the hosts from which documents may be fetched";
    }
    policy->documents = (client_documents_t)known;
    if (argc > 1 && policy->documents != CLIENT_DOCUMENTS_FETCH) {
        return apr_psprintf(cmd->pool, "GPTOAuthClientMetadata %s: write hosts, such as %s, only after fetch", argv[0], argv[1]);
    }
    if (policy->documents == CLIENT_DOCUMENTS_FETCH && !fetch_is_possible()) {
        return "GPTOAuthClientMetadata fetch: this module was built without libcurl; install libcurl4-openssl-dev and "
               "build it again, or write pinned";
    }
    for (int i = 1; i < argc; i++) {
        const char *problem = client_document_url_problem(cmd->pool, apr_pstrcat(cmd->pool, "https://", argv[i], "/", NULL));

        if (problem || strchr(argv[i], '/')) {
            return apr_psprintf(cmd->pool,
                                "GPTOAuthClientMetadata fetch %s: write a host in lower case, and :PORT if it is not 443, "
                                "such as claude.ai",
                                argv[i]);
        }
        if (!policy->document_hosts) {
            policy->document_hosts = apr_array_make(cmd->pool, 4, sizeof(const char *));
        }
        APR_ARRAY_PUSH(policy->document_hosts, const char *) = argv[i];
    }
    return NULL;
}
