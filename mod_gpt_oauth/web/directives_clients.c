#include <apr_strings.h>

#include "web/directives.h"

const char *clients_set_registration(cmd_parms *cmd, void *dir, const char *who)
{
    static const char *const words[] = {
        [REGISTRATION_OFF] = "off", [REGISTRATION_TOKEN] = "token", [REGISTRATION_OPEN] = "open"
    };

    (void)dir;
    for (int i = 0; i < (int)(sizeof(words) / sizeof(words[0])); i++) {
        if (strcasecmp(who, words[i]) == 0) {
            directives_server(cmd)->registration = i;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool,
                        "GPTOAuthRegistration %s: write off, open (any app may register itself) or token (only with a key from "
                        "`gptoauth key add NAME --register`)",
                        who);
}
