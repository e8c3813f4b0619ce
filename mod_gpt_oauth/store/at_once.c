/*
 * The usual requests of the token endpoint, each in one statement: the proof of the client, all that must hold of the grant or
 * the code, and what is written. Whatever is unusual changes nothing here. Called by grant/refresh.c and grant/redeem.c.
 */
#include "store/at_once.h"

#include "store/token_row.h"

/* Arguments of both: after TOKEN_ARGS, where scope and resource are conditions, the proof and the link that begins. */
#define PROOF_ARGS(proof)                                                                                                        \
    v_text((proof)->client_id), v_digest((proof)->has_secret ? &(proof)->secret_hash : NULL), v_text((proof)->auth_method)
#define LINK_ARGS(link, token)                                                                                                   \
    v_number((link)->generation), v_digest(&(link)->secret_hash), v_digest(&(link)->salt), v_number((link)->expires_at),         \
        v_number((link)->expires_at > (token)->expires_at ? (link)->expires_at : (token)->expires_at)

/*
 * What client_authenticate asks for, of a client that may have codes and refresh tokens and nothing else. While there is an old
 * secret, somebody must end it or find that it is the one in use.
 */
#define PROVEN                                                                                                                   \
    "EXISTS (SELECT 1 FROM oauth_client c WHERE c.id = $7 AND (c.issuer IS NULL OR c.issuer = $2) AND c.disabled_at IS NULL"     \
    " AND c.grant_types = 'authorization_code refresh_token' AND CASE WHEN $8 IS NULL THEN c.is_public = 1"                      \
    " ELSE c.is_public = 0 AND c.secret_hash = $8 AND c.old_secret_hash IS NULL AND COALESCE(c.auth_method, $9) = $9 END"
#define USER_LIVES    "(SELECT u.disabled_at FROM oauth_user u WHERE u.name = username) IS NULL"
#define GRANT_LIVES   "revoked_at IS NULL AND expires_at > $5"
#define AS_GRANTED    "($3 IS NULL OR scope = $3) AND ($4 IS NULL OR resource = $4)"
#define WITHIN(until) "CASE WHEN expires_at < " until " THEN expires_at ELSE " until " END"

#define BEGIN_LINK                                                                                                               \
    "generation = $10, secret_hash = $11, salt = $12, refresh_expires_at = " WITHIN("$13") ", rotated_at = $5, used_at = $5,"    \
                                                                                           " ends_at = " WITHIN("$14")
#define ISSUED " RETURNING id, username, scope, " WITHIN("$6") " AS until"
#define INSERT                                                                                                                   \
    "INSERT INTO oauth_access_token (token_hash, issuer, scope, resource, created_at, expires_at, grant_id)"                     \
    " SELECT $1, $2, scope, resource, $5, "
#define DONE                                                                                                                     \
    "SELECT g.id, g.username, t.scope, t.expires_at FROM oauth_access_token t JOIN oauth_grant g ON g.id = t.grant_id"           \
    " WHERE t.token_hash = $1 AND t.issuer = $2 AND g.issuer = $2"

static store_status_t run(store_t *store, const op_t *op, const value_t *args, int nargs, issued_t *issued)
{
    const cell_t *cell;
    store_status_t status = db_first(store, op, args, nargs, &cell);

    if (status == STORE_OK) {
        issued->grant_id = next_text(&cell);
        issued->username = next_text(&cell);
        issued->scope = next_text(&cell);
        issued->expires_at = next_number(&cell);
    }
    return status;
}

#define ROTATE                                                                                                                   \
    "UPDATE oauth_grant SET previous_hash = secret_hash, repeats = 0, " BEGIN_LINK                                               \
    " WHERE selector_hash = $15 AND issuer = $2 AND client_id = $7 AND generation = $16 AND secret_hash = $17"                   \
    " AND refresh_expires_at > $5 AND " GRANT_LIVES " AND " AS_GRANTED " AND " USER_LIVES " AND " PROVEN ")" ISSUED

store_status_t store_refresh_at_once(store_t *store, const proof_t *proof, const refresh_t *presented, const refresh_t *next,
                                     const access_token_t *token, issued_t *issued)
{
    static const op_t op = {
        .sql = "WITH live AS (" ROTATE ", resource), token AS (" INSERT "until, id FROM live)"
               " SELECT id, username, scope, until FROM live",
        .steps = { ROTATE, INSERT WITHIN("$6") ", id FROM oauth_grant WHERE selector_hash = $15 AND issuer = $2" },
        .done = DONE,
    };
    const value_t args[] = {
        TOKEN_ARGS(store, token),        PROOF_ARGS(proof),
        LINK_ARGS(next, token),          v_digest(&presented->selector_hash),
        v_number(presented->generation), v_digest(&presented->secret_hash),
    };

    return run(store, &op, args, COUNT(args), issued);
}

/* With PKCE the redirect URI may be left out. A GPT may have to be pinned, which takes more than this. */
#define SPEND                                                                                                                    \
    "UPDATE oauth_code SET spent_at = $5 WHERE code_hash = $16 AND issuer = $2 AND client_id = $7 AND challenge = $17"           \
    " AND ($18 IS NULL OR redirect_uri = $18)"                                                                                   \
    " AND spent_at IS NULL AND expires_at > $5 AND " AS_GRANTED " AND " USER_LIVES " AND " PROVEN " AND c.is_gpt = 0)"           \
    " AND EXISTS (SELECT 1 FROM oauth_grant g WHERE g.id = grant_id AND g.revoked_at IS NULL AND g.expires_at > $5)"             \
    " RETURNING grant_id"
#define START(spent)                                                                                                             \
    "UPDATE oauth_grant SET selector_hash = $15, " BEGIN_LINK " WHERE id = (" spent ") AND issuer = $2 AND " GRANT_LIVES ISSUED
#define SPENT "SELECT grant_id FROM oauth_code WHERE code_hash = $16"

store_status_t store_redeem_at_once(store_t *store, const proof_t *proof, const redemption_t *redemption, const refresh_t *link,
                                    const access_token_t *token, issued_t *issued)
{
    /* In the order of store_code_redeem's. */
    static const op_t op = {
        .sql = "WITH spent AS (" SPEND "), live AS (" START(
            "SELECT grant_id FROM spent") ", resource),"
                                          " token AS (" INSERT "until, id FROM live) SELECT id, username, scope, until FROM live",
        .steps = { SPEND, START(SPENT), INSERT WITHIN("$6") ", id FROM oauth_grant WHERE id = (" SPENT ")" },
        .done = DONE,
    };
    const value_t args[] = {
        TOKEN_ARGS(store, token),         PROOF_ARGS(proof),
        LINK_ARGS(link, token),           v_digest(&link->selector_hash),
        v_digest(&redemption->code_hash), v_text(redemption->challenge),
        v_text(redemption->redirect_uri),
    };

    return run(store, &op, args, COUNT(args), issued);
}
