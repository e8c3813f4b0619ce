/*
 * Consents, authorization codes and what they are redeemed for (RFC 6749 section 4.1): every condition stands in the statement
 * that spends the code. Called by grant/authorize.c and grant/redeem.c.
 */
#include <apr_strings.h>

#include "base/fold.h"
#include "store/token_row.h"

/*
 * The key of a consent, resources included: hashed, since an index entry of PostgreSQL may not exceed 2,704 bytes and a redirect
 * URI can.
 */
static void consent_hash(store_t *store, const char *username, const char *client_id, const char *redirect_uri, const char *scope,
                         const char *resource, digest_t *hash)
{
    const char *text = apr_pstrcat(store->pool, store->issuer, "\n", username, "\n", client_id, "\n", redirect_uri, "\n", scope,
                                   "\n", resource, NULL);

    crypto_sha256(text, strlen(text), hash);
}

/* given is where a module wrote that does not know asked. */
store_status_t store_consent_get(store_t *store, const char *username, const char *client_id, const char *redirect_uri,
                                 const char *asked, const char *resource, const char **given)
{
    static const op_t op = {
        .sql = "SELECT COALESCE(given, scope) FROM oauth_consent"
               " WHERE consent_hash = $1 AND issuer = $2 AND username = $3 AND client_id = $4"
               " AND redirect_uri = $5 AND COALESCE(asked, scope) = $6 AND COALESCE(ends_at, created_at + 31536000) > $7",
    };
    digest_t hash;
    const value_t args[] = {
        v_digest(&hash),      v_text(store->issuer), v_text(username),     v_text(client_id),
        v_text(redirect_uri), v_text(asked),         v_number(store->now),
    };

    consent_hash(store, username, client_id, redirect_uri, asked, resource, &hash);
    return db_text(store, &op, args, COUNT(args), given);
}

store_status_t store_consent_forget(store_t *store, const char *username, const char *client_id, const char *redirect_uri,
                                    apr_int64_t since)
{
    static const op_t op = {
        .sql = "DELETE FROM oauth_consent WHERE username = $2 AND client_id = $3 AND issuer = $1 AND redirect_uri = $4"
               " AND created_at >= $5 RETURNING 1",
        .done = "SELECT 1", /* gone is gone */
    };
    const value_t args[] = { v_text(store->issuer), v_text(username), v_text(client_id), v_text(redirect_uri), v_number(since) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

#define INSERT_CODE                                                                                                              \
    "INSERT INTO oauth_code (code_hash, issuer, transaction_id, grant_id, client_id, username, scope, resource, redirect_uri,"   \
    " redirect_given, challenge, created_at, expires_at)"                                                                        \
    " SELECT $1, $2, $3, $4, client_id, username, $7, $8, $9, $10, $11, $12, $13"                                                \
    " FROM (SELECT $5 AS client_id, $6 AS username) AS asked WHERE " CLIENT_AND_USER_LIVE                                        \
    " AND NOT EXISTS (SELECT 1 FROM oauth_user"                                                                                  \
    " WHERE (name = $17 OR folded = $17) AND disabled_at IS NOT NULL)"                                                           \
    " ON CONFLICT DO NOTHING RETURNING grant_id"
#define INSERT_CONSENT                                                                                                           \
    "INSERT INTO oauth_consent (consent_hash, issuer, username, client_id, redirect_uri, scope, created_at, asked, ends_at)"     \
    " SELECT $15, $2, $6, $5, $9, $7, $12, $16, $19 "
#define OVER_THE_OLD                                                                                                             \
    "WHERE $16 IS NOT NULL ON CONFLICT (consent_hash)"                                                                           \
    " DO UPDATE SET scope = excluded.scope, created_at = excluded.created_at, given = NULL, asked = excluded.asked,"             \
    " ends_at = excluded.ends_at"
/* Until it is redeemed the grant ends with its code. */
#define INSERT_GRANT                                                                                                             \
    "INSERT INTO oauth_grant (id, issuer, client_id, username, scope, resource, created_at, expires_at, ends_at, selector_hash," \
    " redirect_uri) SELECT $4, $2, $5, $6, $7, $8, $12, $14, $13, $18, $9 "
/*
 * Beyond those used last, with room for one. Whoever uses one just now keeps it. Two that PostgreSQL runs at once may leave one
 * too many: neither sees the other's grant, and a lock within the statement would not help, as it sees what there was at its
 * beginning. A transaction of two statements for each code is more than that is worth, since the next one ends all that are over.
 */
#define TOO_MANY                                                                                                                 \
    "SELECT id FROM oauth_grant WHERE username = $6 AND issuer = $2 AND client_id = $5 AND redirect_uri = $9"                    \
    " AND revoked_at IS NULL AND CASE WHEN expires_at < ends_at THEN expires_at ELSE ends_at END > $12"                          \
    " ORDER BY COALESCE(used_at, created_at) DESC, created_at DESC, id LIMIT 1000 OFFSET " SQL_NUMBER(GRANTS_MAX) " - 1"
#define END_THEM(they) "UPDATE oauth_grant SET revoked_at = $12 WHERE revoked_at IS NULL AND id " they

/* Of the administrator's clients; others are touched by the ones who let them in (registrations.c). */
#define LET_IN "UPDATE oauth_client SET let_in_at = $12 WHERE "
#define NOT_LET_IN                                                                                                               \
    "id = $5 AND source = '" CLIENT_ADMIN "' AND (let_in_at IS NULL OR let_in_at < $12 - " SQL_NUMBER(TOUCH_INTERVAL) ")"

store_status_t store_code_issue(store_t *store, const code_t *code, const consent_t *consent, apr_int64_t *ended)
{
    static const op_t op = {
        .sql = "WITH code AS (" INSERT_CODE "),"
               " consent AS (" INSERT_CONSENT "FROM code " OVER_THE_OLD "),"
               " ended AS (" END_THEM("= ANY (ARRAY(SELECT id FROM oauth_grant WHERE EXISTS (SELECT 1 FROM code)"
                                      " AND id IN (" TOO_MANY ") FOR UPDATE SKIP LOCKED))") " RETURNING 1),"
               " made AS (" INSERT_GRANT "FROM code RETURNING 1),"
               " used AS (" LET_IN "id = (SELECT id FROM oauth_client WHERE " NOT_LET_IN
               " AND EXISTS (SELECT 1 FROM code) FOR UPDATE SKIP LOCKED))"
               " SELECT (SELECT count(*) FROM ended) FROM made",
        .steps = {
            INSERT_CODE,
            INSERT_CONSENT OVER_THE_OLD,
            END_THEM("IN (" TOO_MANY ")"),
            "SELECT changes()",
            INSERT_GRANT,
            LET_IN NOT_LET_IN,
        },
        .done = "SELECT 1 FROM oauth_code WHERE code_hash = $1 AND issuer = $2",
    };
    const char *asked = consent ? consent->asked : NULL;
    digest_t hash;
    const value_t args[] = {
        v_digest(&code->hash),
        v_text(store->issuer),
        v_text(code->transaction_id),
        v_text(code->grant_id),
        v_text(code->client_id),
        v_text(code->username),
        v_text(code->scope),
        v_text(code->resource),
        v_text(code->redirect_uri),
        v_number(code->redirect_given != 0),
        v_text(code->challenge),
        v_number(store->now),
        v_number(code->expires_at),
        v_number(code->grant_expires_at),
        v_digest(&hash),
        v_text(asked),
        v_text(name_fold(store->pool, code->username)),
        v_digest(&code->selector_hash),
        v_number(consent ? consent->ends_at : 0),
    };

    consent_hash(store, code->username, code->client_id, code->redirect_uri, asked ? asked : "", code->resource, &hash);
    return db_number(store, &op, args, COUNT(args), ended);
}

store_status_t store_code_get(store_t *store, const digest_t *hash, code_t **out)
{
    static const op_t op = {
        .sql = "SELECT c.grant_id, c.client_id, c.username, c.scope, c.resource, c.redirect_uri, c.redirect_given,"
               " c.challenge, c.expires_at, g.expires_at, c.spent_at, g.revoked_at,"
               " CASE WHEN u.disabled_at IS NULL THEN 0 ELSE 1 END"
               " FROM oauth_code c JOIN oauth_grant g ON g.id = c.grant_id AND g.issuer = c.issuer"
               " LEFT JOIN oauth_user u ON u.name = c.username"
               " WHERE c.code_hash = $1 AND c.issuer = $2",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer) };
    const cell_t *cell;
    code_t *code;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status != STORE_OK) {
        return status;
    }
    code = apr_pcalloc(store->pool, sizeof(*code));
    code->hash = *hash;
    code->grant_id = next_text(&cell);
    code->client_id = next_text(&cell);
    code->username = next_text(&cell);
    code->scope = next_text(&cell);
    code->resource = next_text(&cell);
    code->redirect_uri = next_text(&cell);
    code->redirect_given = next_flag(&cell);
    code->challenge = next_text(&cell);
    code->expires_at = next_number(&cell);
    code->grant_expires_at = next_number(&cell);
    code->spent_at = next_number(&cell);
    code->revoked_at = next_number(&cell);
    code->user_disabled = next_flag(&cell);
    *out = code;
    return STORE_OK;
}

#define SPEND_CODE                                                                                                               \
    "UPDATE oauth_code SET spent_at = $5 WHERE code_hash = $7 AND issuer = $2 AND client_id = $8 AND redirect_uri = $9"          \
    " AND challenge = $10 AND spent_at IS NULL AND expires_at > $5 AND " CLIENT_AND_USER_LIVE                                    \
    " AND grant_id = $11 AND EXISTS (SELECT 1 FROM oauth_grant g WHERE g.id = $11 AND g.revoked_at IS NULL AND g.expires_at > $5)"
#define SPENT " RETURNING grant_id"
#define START_GRANT                                                                                                              \
    "UPDATE oauth_grant SET selector_hash = $12, generation = $13, secret_hash = $14, salt = $15,"                               \
    " refresh_expires_at = NULLIF($16, 0), rotated_at = $5, used_at = $5, ends_at = $17"
#define STILL_LIVES "issuer = $2 AND revoked_at IS NULL AND expires_at > $5 RETURNING id"
#define FIND_PIN                                                                                                                 \
    "SELECT id FROM oauth_client WHERE id = $8"                                                                                  \
    " AND (gpt_id = $18 OR (gpt_open = 1 AND (secret_hash = $19 OR gpt_id IS NULL)))"
#define CLOSE_PIN "UPDATE oauth_client SET gpt_id = $18, gpt_open = 0 WHERE id = $8 AND gpt_open = 1 AND secret_hash = $19"

/*
 * On PostgreSQL the code's row comes first: of two redemptions the second waits for it, sees spent_at and updates nothing. Then
 * the grant's: whoever revokes it at this moment either waits, and kills it with its new token, or is waited for, and no token is
 * made; the code is spent all the same, which makes no difference to a dead grant.
 *
 * A pin is locked before everything else, so that of two first exchanges the second sees what the first one pinned and leaves its
 * code alone; and it closes last, when the exchange has succeeded.
 */
store_status_t store_code_redeem(store_t *store, const code_t *code, const pin_t *pin, const refresh_t *refresh,
                                 const access_token_t *token)
{
    static const op_t plain = {
        .sql = "WITH spent AS (" SPEND_CODE SPENT "),"
               " live AS (" START_GRANT " WHERE id = (SELECT grant_id FROM spent) AND " STILL_LIVES ") "
               INSERT_TOKEN("$11") " FROM live RETURNING 1",
        .steps = {
            SPEND_CODE SPENT,
            START_GRANT " WHERE id = $11 AND " STILL_LIVES,
            INSERT_TOKEN("$11"),
        },
        .done = SELECT_TOKEN("1"),
    };
    static const op_t pinned = {
        .sql = "WITH pin AS (" FIND_PIN " FOR NO KEY UPDATE),"
               " spent AS (" SPEND_CODE " AND EXISTS (SELECT 1 FROM pin)" SPENT "),"
               " live AS (" START_GRANT " WHERE id = (SELECT grant_id FROM spent) AND " STILL_LIVES "),"
               " closed AS (" CLOSE_PIN " AND EXISTS (SELECT 1 FROM live)) "
               INSERT_TOKEN("$11") " FROM live RETURNING 1",
        .steps = {
            FIND_PIN,
            SPEND_CODE SPENT,
            START_GRANT " WHERE id = $11 AND " STILL_LIVES,
            INSERT_TOKEN("$11"),
            CLOSE_PIN,
        },
        .done = SELECT_TOKEN("1"),
    };
    const apr_int64_t refresh_end = refresh ? refresh->expires_at : 0;
    const value_t args[] = {
        TOKEN_ARGS(store, token),
        v_digest(&code->hash),
        v_text(code->client_id),
        v_text(code->redirect_uri),
        v_text(code->challenge),
        v_text(code->grant_id),
        v_digest(refresh ? &refresh->selector_hash : NULL),
        v_number(refresh ? (apr_int64_t)refresh->generation : 0),
        v_digest(refresh ? &refresh->secret_hash : NULL),
        v_digest(refresh ? &refresh->salt : NULL),
        v_number(refresh_end),
        v_number(refresh_end > token->expires_at ? refresh_end : token->expires_at),
        v_text(pin ? pin->gpt_id : NULL),
        v_digest(pin ? pin->secret_hash : NULL),
    };

    return pin ? db_run(store, &pinned, args, COUNT(args), NULL) : db_run(store, &plain, args, COUNT(args) - 2, NULL);
}
