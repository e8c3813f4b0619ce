/*
 * Knows the callback URLs of ChatGPT's custom GPTs. Called by grant/client.c, which pins a client to one of them, and by the
 * command where it says which one that is.
 */
#include "base/gpt.h"

#include <apr_strings.h>
#include <string.h>

#include "base/array.h"

/* After "g-". */
#define ID_MAX        64
#define ID_CHARACTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"

const char *gpt_id_of(apr_pool_t *p, const char *redirect_uri)
{
    static const char *const starts[] = { "https://chat.openai.com/aip/", "https://chatgpt.com/aip/" };

    for (int i = 0; i < COUNT(starts); i++) {
        apr_size_t start = strlen(starts[i]), size;
        const char *id = redirect_uri + start;

        if (strncmp(redirect_uri, starts[i], start) != 0 || strncmp(id, "g-", 2) != 0) {
            continue;
        }
        size = strspn(id + 2, ID_CHARACTERS);
        if (size > 0 && size <= ID_MAX && !strcmp(id + 2 + size, "/oauth/callback")) {
            return apr_pstrmemdup(p, id, 2 + size);
        }
    }
    return NULL;
}
