/*
 * What the command adds to the sentences of admin/, which do not know how somebody came by them: the command that shows more, or
 * the option that was meant. Called by the *_cmd.c.
 */
#include <string.h>

#include "base/array.h"
#include "cli/command.h"
#include "cli/output.h"

/* Sentences by their beginning and end, as a name may stand between; NULL: by all of it. */
static const struct hint {
    const char *start, *end;
    const char *hint;
    int is_instead; /* in place of the sentence */
} hints[] = {
    { "no user signs in to a service account or a resource server", NULL, ": leave out --redirect", 0 },
    { "no user is asked about a service account or a resource server", NULL, ": leave out --website, --privacy and --terms", 0 },
    { "only a resource server has a resource: it is what that server guards", NULL,
      "--resource needs --resource-server: it is what that server guards", 1 },
    { "a resource server gets no tokens", NULL, ": leave out --scope", 0 },
    { "name the address at which the client receives its codes", NULL,
      " with --redirect URI (only with --gpt can this come later)", 0 },
    { "\"", "\" was not made for a GPT", "; `gptoauth client add NAME --gpt` makes a client for a GPT", 0 },
    { "\"", "\" says for itself where it receives its codes", "; `gptoauth client disable` keeps it out", 0 },
    { "give the redirect URIs that replace the present ones", NULL, ", or --repin", 0 },
    { "there is no user \"", "\" here", "; `gptoauth user list` shows them all", 0 },
    { "there is already a user \"", "\"", "; `gptoauth user passwd` sets a new password", 0 },
    { "there is already a user \"", "\", and two spellings of one name are one person",
      "; `gptoauth user passwd` with that spelling sets a new password", 0 },
    { "the user \"", "\" signs in elsewhere", "; `gptoauth user add` would give a password here", 0 },
    { "a key that lets apps register does nothing else", NULL,
      "a key made with --register does nothing else, so it takes neither --scope nor --introspect", 1 },
    { "a key ends after a time such as 90d or 1y, or with its last day, such as 2030-12-31", NULL,
      "--expires takes a time such as 90d or 1y, or the last day, such as 2030-12-31", 1 },
    { "a key cannot end in the past", NULL, "--expires names a time in the past", 1 },
    { "several issuers have a key \"", "\"", "; choose one with --issuer", 0 },
    { "there is no key \"", "\"", "; `gptoauth key list` shows them all", 0 },
    { "there is nothing to lift", NULL, "; `gptoauth throttle list` shows what is in force", 0 },
};

static int fits(const struct hint *hint, const char *problem)
{
    size_t size = strlen(problem), start = strlen(hint->start), end = hint->end ? strlen(hint->end) : 0;

    if (!hint->end) {
        return strcmp(problem, hint->start) == 0;
    }
    return size >= start + end && strncmp(problem, hint->start, start) == 0 && strcmp(problem + size - end, hint->end) == 0;
}

int fail_admin(const command_t *c, store_status_t status, const char *problem)
{
    if (status == STORE_DOWN) {
        return fail_down(c);
    }
    for (int i = 0; i < COUNT(hints); i++) {
        if (fits(&hints[i], problem)) {
            return fail("%s%s", hints[i].is_instead ? "" : problem, hints[i].hint);
        }
    }
    return fail("%s", problem);
}
