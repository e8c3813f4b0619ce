/*
 * Where in the chain of a grant a refresh token stands (grant/chain): the current one, the one before within its grace, a replay
 * (RFC 9700 section 4.14), or none of it.
 */
#include "tap.h"
#include "base/array.h"
#include "base/crypto.h"
#include "grant/chain.h"

#include <string.h>

#define GRACE   30
#define ROTATED 1000

static refresh_parts_t token(apr_uint32_t generation, char secret)
{
    refresh_parts_t parts;

    memset(&parts, 0, sizeof(parts));
    parts.generation = generation;
    memset(parts.secret, secret, sizeof(parts.secret));
    return parts;
}

static void hash_of(char secret, digest_t *hash)
{
    refresh_parts_t parts = token(0, secret);

    crypto_sha256(parts.secret, sizeof(parts.secret), hash);
}

/* A grant whose current token has the secret 'c', and the one before it 'p'. */
static grant_t chain(apr_uint32_t generation)
{
    grant_t grant;

    memset(&grant, 0, sizeof(grant));
    grant.generation = generation;
    grant.rotated_at = ROTATED;
    grant.has_previous = generation > 1;
    hash_of('c', &grant.secret_hash);
    hash_of('p', &grant.previous_hash);
    return grant;
}

static void test_places(void)
{
    static const char *const words[] = { "current", "a retry", "a replay", "a stranger" };
    const struct {
        const char *what;
        apr_uint32_t generation; /* of the grant */
        apr_uint32_t shown;      /* of the token */
        char secret;
        apr_int64_t now, grace;
        chain_place_t wanted;
    } rows[] = {
        { "the newest", 5, 5, 'c', ROTATED, GRACE, CHAIN_CURRENT },
        { "the newest, long after", 5, 5, 'c', ROTATED + 1000000, GRACE, CHAIN_CURRENT },
        { "the newest, without a grace", 5, 5, 'c', ROTATED, 0, CHAIN_CURRENT },
        { "the first of all", 1, 1, 'c', ROTATED, GRACE, CHAIN_CURRENT },
        { "the newest generation with another secret", 5, 5, 'x', ROTATED, GRACE, CHAIN_STRANGER },
        { "the newest generation with the secret before", 5, 5, 'p', ROTATED, GRACE, CHAIN_STRANGER },
        { "case 262: the one before, at once", 5, 4, 'p', ROTATED, GRACE, CHAIN_RETRY },
        { "case 262: the one before, in the last second of the grace", 5, 4, 'p', ROTATED + GRACE - 1, GRACE, CHAIN_RETRY },
        { "the one before, when the grace ends", 5, 4, 'p', ROTATED + GRACE, GRACE, CHAIN_REPLAY },
        { "the one before, long after", 5, 4, 'p', ROTATED + 86400, GRACE, CHAIN_REPLAY },
        { "case 261: the one before, without a grace", 5, 4, 'p', ROTATED, 0, CHAIN_REPLAY },
        { "case 261: the one before, without a grace, where a clock lags behind", 5, 4, 'p', ROTATED - 1, 0, CHAIN_REPLAY },
        { "the one before, where a clock lags behind", 5, 4, 'p', ROTATED - 2, GRACE, CHAIN_RETRY },
        { "the generation before with another secret", 5, 4, 'x', ROTATED, GRACE, CHAIN_STRANGER },
        { "the generation before with the newest secret", 5, 4, 'c', ROTATED, GRACE, CHAIN_STRANGER },
        { "two before, within the grace", 5, 3, 'p', ROTATED, GRACE, CHAIN_REPLAY },
        { "an old one with the newest secret", 5, 1, 'c', ROTATED, GRACE, CHAIN_REPLAY },
        { "generation 0", 5, 0, 'x', ROTATED, GRACE, CHAIN_REPLAY },
        { "one that is yet to come", 5, 6, 'c', ROTATED, GRACE, CHAIN_STRANGER },
        { "the last of all numbers", 5, 0xffffffff, 'c', ROTATED, GRACE, CHAIN_STRANGER },
        { "the last of all numbers, and it is that", 0xffffffff, 0xffffffff, 'c', ROTATED, GRACE, CHAIN_CURRENT },
        { "before the last of all numbers", 0xffffffff, 0xfffffffe, 'p', ROTATED, GRACE, CHAIN_RETRY },
        { "the last of all numbers, and the chain begins anew", 0, 0xffffffff, 'p', ROTATED, GRACE, CHAIN_STRANGER },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        refresh_parts_t parts = token(rows[i].shown, rows[i].secret);
        grant_t grant = chain(rows[i].generation);
        chain_place_t got = chain_place(&parts, &grant, rows[i].now, rows[i].grace);

        ok(got == rows[i].wanted, "chain: %s is %s", rows[i].what, words[rows[i].wanted]);
    }
}

/* Memory of zeros must not stand for a token whose hash happens to be there. */
static void test_no_previous(void)
{
    refresh_parts_t parts = token(4, 'p');
    grant_t grant = chain(5);

    grant.has_previous = 0;
    ok(chain_place(&parts, &grant, ROTATED, GRACE) == CHAIN_STRANGER, "chain: where none was before, none is a retry");
}

/* In each byte, so that no comparison stops short. */
static void test_whole_secret(void)
{
    int wrong = 0;

    for (int i = 0; i < TOKEN_SECRET_SIZE; i++) {
        refresh_parts_t current = token(5, 'c'), previous = token(4, 'p');
        grant_t grant = chain(5);

        current.secret[i] ^= 1;
        previous.secret[i] ^= 1;
        wrong += chain_place(&current, &grant, ROTATED, GRACE) != CHAIN_STRANGER;
        wrong += chain_place(&previous, &grant, ROTATED, GRACE) != CHAIN_STRANGER;
    }
    ok(!wrong, "chain: one bit makes a stranger of a token");
}

void test_chain(apr_pool_t *p)
{
    (void)p;
    test_places();
    test_no_previous();
    test_whole_secret();
}
