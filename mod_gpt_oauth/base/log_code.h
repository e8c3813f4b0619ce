/*
 * What a line of the error log says by its code: one for each cause, so that whoever finds one in the log finds in
 * docs/endpoints.md what to do. A number keeps its meaning for good: a cause that is new has a new one, and one that is gone
 * leaves a gap.
 */
#ifndef GPT_OAUTH_BASE_LOG_CODE_H
#define GPT_OAUTH_BASE_LOG_CODE_H

/* Name, code, level as in APLOG_…, cause. t/02-guards.t holds the table in docs/endpoints.md to it. */
#define LOG_CODES(X)                                                                                                             \
    X(LOG_NO_DATABASE, "GPT002", ERR, "a child of httpd started without a connection to the database")                           \
    X(LOG_HTACCESS, "GPT003", WARNING, "a .htaccess file took part in a request for the sign-in page")                           \
    X(LOG_ENDPOINT_ASTRAY, "GPT004", ERR, "an endpoint is set up in a virtual host that does not serve it")                      \
    X(LOG_NO_ISSUER, "GPT005", ERR, "AuthType GPTOAuth is used in a virtual host without GPTOAuthIssuer")                        \
    X(LOG_PLAIN_HTTP, "GPT006", WARNING, "a request came over plain http")                                                       \
    X(LOG_TRACE, "GPT008", INFO, "a TRACE request was refused")                                                                  \
    X(LOG_IDENTITY_HEADERS, "GPT009", WARNING, "identity headers were removed in a virtual host without GPTOAuthIssuer")         \
    X(LOG_CLIENT_LET_IN, "GPT011", INFO, "a user let a client in")                                                               \
    X(LOG_TOKEN_ISSUED, "GPT012", INFO, "a token was issued")                                                                    \
    X(LOG_CLIENT_REGISTERED, "GPT013", INFO, "a client registered itself")                                                       \
    X(LOG_TOKEN_REVOKED, "GPT014", INFO, "a client revoked a token")                                                             \
    X(LOG_SIGNED_IN, "GPT015", INFO, "a user signed in")                                                                         \
    X(LOG_SIGNED_OUT, "GPT016", INFO, "a user signed out")                                                                       \
    X(LOG_PASSWORD_CHANGED, "GPT017", INFO, "a user changed the password")                                                       \
    X(LOG_TAKEN_BACK, "GPT018", INFO, "a user took back all that a client was granted")                                          \
    X(LOG_APPS_ASTRAY, "GPT019", ERR, "httpd signs users in for the authorization endpoint, and not for the page of their apps") \
    X(LOG_PROVIDER_DOWN, "GPT020", ERR, "a sign-in provider cannot answer")                                                      \
    X(LOG_SIGN_IN_DELAYED, "GPT022", WARNING, "a sign-in has to wait after too many wrong passwords")                            \
    X(LOG_SIGN_IN_FAILED, "GPT023", WARNING, "a sign-in failed")                                                                 \
    X(LOG_SIGN_INS_TURNED_AWAY, "GPT024", WARNING, "more people want to sign in than the processors can hash passwords for")     \
    X(LOG_PASSWORD_HASHED, "GPT025", TRACE1, "how long a password took to hash")                                                 \
    X(LOG_POOLER, "GPT026", NOTICE, "DBDParams point to a connection pooler")                                                    \
    X(LOG_THROTTLE_UNSEEN, "GPT027", WARNING, "a throttle is in force that could not be written to the database")                \
    X(LOG_USER_UNPROVEN, "GPT028", WARNING, "nobody vouches for the user whom httpd names")                                      \
    X(LOG_ERROR_DOCUMENT, "GPT029", WARNING, "an endpoint is set as an ErrorDocument")                                           \
    X(LOG_NO_THROTTLES, "GPT030", CRIT, "no shared memory for counting wrong passwords; httpd does not start")                   \
    X(LOG_NO_HASHING, "GPT031", CRIT, "no shared memory for taking turns at hashing passwords; httpd does not start")            \
    X(LOG_NO_FETCHING, "GPT032", CRIT, "no shared memory for fetching client metadata; httpd does not start")                    \
    X(LOG_DOCUMENT_SILENT, "GPT033", WARNING, "the server of an app's metadata document does not answer, or fails")              \
    X(LOG_DOCUMENT_PRIVATE, "GPT034", WARNING, "the host of an app's metadata document has no public address")                   \
    X(LOG_DOCUMENT_REFUSED, "GPT035", WARNING, "what an app's server sends cannot be used as a metadata document")               \
    X(LOG_FETCH_UNSAFE, "GPT036", ERR, "libcurl cannot be told to fetch safely")                                                 \
    X(LOG_NO_CACHE, "GPT037", CRIT, "no shared memory for GPTOAuthCache; httpd does not start")                                  \
    X(LOG_NO_SHARED_LEAD, "GPT038", CRIT, "no shared memory for taking turns at housekeeping; httpd does not start")             \
    X(LOG_MANIFEST_TOKEN, "GPT040", WARNING, "the manifest has no verification token")                                           \
    X(LOG_OPENAPI_BUILDER, "GPT042", WARNING, "the GPT builder would refuse or leave out something in the OpenAPI document")     \
    X(LOG_OPENAPI_SCHEME, "GPT043", WARNING, "no security scheme in the OpenAPI document is of the type that this server needs") \
    X(LOG_LISTENS, "GPT044", NOTICE, "revocations in the database are heard, so answers about tokens are cached")                \
    X(LOG_UNHEARD, "GPT045", WARNING, "revocations in the database cannot be heard, so nothing is cached")                       \
    X(LOG_DEAF, "GPT046", WARNING, "the same, although the database can be reached where httpd listens")                         \
    X(LOG_NO_HOUSEKEEPING, "GPT047", WARNING, "what expired long ago cannot be deleted from the database")                       \
    X(LOG_HEARD, "GPT048", DEBUG, "a revocation, or its end, was heard of from the database")                                    \
    X(LOG_AUDIT_LOST, "GPT049", ERR, "the audit log does not take lines, which are lost, or takes them again")                   \
    X(LOG_NO_AUDIT_LOG, "GPT050", CRIT, "GPTOAuthAuditLog cannot be opened; httpd does not start")                               \
    X(LOG_CONSOLE, "GPT051", INFO, "something was done at the console, or refused there by a rule")                              \
    X(LOG_CONSOLE_AGAIN, "GPT052", INFO, "a form of the console was sent again, and did nothing")                                \
    X(LOG_NOT_READY, "GPT053", WARNING, "/oauth/health?ready was asked for while the database cannot be used")                   \
    X(LOG_NO_METERS, "GPT054", CRIT, "no shared memory for counting what happens; httpd does not start")                         \
    X(LOG_BEHIND, "GPT055", WARNING, "the database has the schema of the version before, so what is new is off")                 \
    X(LOG_INVALID_REQUEST, "GPT100", WARNING, "a request is malformed, or its redirect URI is not the client's")                 \
    X(LOG_INVALID_CLIENT, "GPT101", WARNING, "a client is unknown, or fails to authenticate")                                    \
    X(LOG_INVALID_GRANT, "GPT102", WARNING, "a code or refresh token is wrong, used, expired or revoked")                        \
    X(LOG_UNAUTHORIZED_CLIENT, "GPT103", WARNING, "a client is disabled, or may not ask in this way")                            \
    X(LOG_UNSUPPORTED_GRANT_TYPE, "GPT104", WARNING, "a client asks with a grant_type that is not supported")                    \
    X(LOG_UNSUPPORTED_RESPONSE_TYPE, "GPT105", WARNING, "a client asks with a response_type that is not supported")              \
    X(LOG_INVALID_SCOPE, "GPT106", WARNING, "a client asks for a scope that is not defined, or not allowed to it")               \
    X(LOG_INVALID_TARGET, "GPT107", WARNING, "a client asks for a resource that is not protected here, or was not granted")      \
    X(LOG_ACCESS_DENIED, "GPT108", WARNING, "a user said no, or a user or client is not, or no longer, allowed")                 \
    X(LOG_CONSENT_REQUIRED, "GPT109", WARNING, "a client asks with prompt=none, and the user has not said yes before")           \
    X(LOG_LOGIN_REQUIRED, "GPT110", WARNING, "a client asks with prompt=none or max_age, and the user has to sign in first")     \
    X(LOG_REQUEST_NOT_SUPPORTED, "GPT111", WARNING, "a client sends the parameter request")                                      \
    X(LOG_REQUEST_URI_NOT_SUPPORTED, "GPT112", WARNING, "a client sends the parameter request_uri")                              \
    X(LOG_INVALID_TOKEN, "GPT113", INFO, "an access token is wrong, expired, revoked or for another resource")                   \
    X(LOG_INSUFFICIENT_SCOPE, "GPT114", WARNING, "a token or service key lacks a scope")                                         \
    X(LOG_INVALID_REDIRECT_URI, "GPT115", WARNING, "an app has a redirect URI that is not allowed")                              \
    X(LOG_INVALID_CLIENT_METADATA, "GPT116", WARNING, "the metadata of an app cannot be used")                                   \
    X(LOG_UNAVAILABLE, "GPT117", ERR, "the database cannot be used, or no provider could check a password")                      \
    X(LOG_SERVER_ERROR, "GPT118", ERR, "a client that registered itself was removed at the same moment")                         \
    X(LOG_FORM_REFUSED, "GPT120", WARNING, "a form from the sign-in or consent page is too old, or from another browser")        \
    X(LOG_KEY_REFUSED, "GPT121", WARNING, "a service key is wrong, expired or revoked, or was made for something else")          \
    X(LOG_NOT_A_PERSON, "GPT122", WARNING, "a page for people was asked for by another page, or one sent a form of its own")     \
    X(LOG_CONSOLE_REFUSED, "GPT123", WARNING, "somebody asked for the console, or for an action there, who may not")             \
    X(LOG_SECRETS_THROTTLED, "GPT130", WARNING, "too many wrong client secrets, answered 429")                                   \
    X(LOG_GRANTS_THROTTLED, "GPT131", WARNING, "too many wrong codes or refresh tokens, answered 429")                           \
    X(LOG_KEYS_THROTTLED, "GPT132", WARNING, "too many wrong service keys, answered 429")                                        \
    X(LOG_REGISTRATIONS_THROTTLED, "GPT133", WARNING, "too many new clients from one address, answered 429")                     \
    X(LOG_NO_SHA256, "GPT200", ERR, "OpenSSL cannot compute SHA-256")                                                            \
    X(LOG_GUARD_ADDRESS, "GPT201", ERR, "a guard does not know the address by which it is reached")                              \
    X(LOG_SCOPES, "GPT202", ERR, "scopes are missing, or do not fit together")                                                   \
    X(LOG_DBD_PARAMS, "GPT203", ERR, "DBDriver or DBDParams cannot be used")                                                     \
    X(LOG_NO_MOD_DBD, "GPT204", ERR, "mod_dbd is not loaded")                                                                    \
    X(LOG_DBD_POOL, "GPT205", ERR, "DBDMin, DBDKeep and DBDMax do not make a pool of connections")                               \
    X(LOG_NO_AUTHN_CORE, "GPT206", ERR, "mod_authn_core is not loaded, so AuthType has no effect")                               \
    X(LOG_REFRESH_LIFETIME, "GPT207", ERR, "GPTOAuthRefreshLifetime has the longer time first")                                  \
    X(LOG_NO_RESOURCE, "GPT208", ERR, "a guarded section that is not a plain <Location /path> has no name")                      \
    X(LOG_NO_REQUIREMENT, "GPT209", ERR, "a guarded section has no Require that asks for anything")                              \
    X(LOG_OWN_PATH, "GPT210", ERR, "AuthType GPTOAuth is set at one of the module's own URLs")                                   \
    X(LOG_OTHER_AUTH_TYPE, "GPT211", ERR, "a directive for tokens or keys is used where AuthType is not GPTOAuth")               \
    X(LOG_UNKNOWN_SCOPE, "GPT212", ERR, "Require oauth-scope names a scope that is not defined")                                 \
    X(LOG_KEY_USELESS, "GPT213", ERR, "GPTOAuthServiceKey is used where only tokens are accepted")                               \
    X(LOG_RESOURCE_USELESS, "GPT214", ERR, "GPTOAuthResource is used outside of sections, without GPTOAuthIssuer")               \
    X(LOG_MERGE_TRAILERS, "GPT215", ERR, "MergeTrailers is on")                                                                  \
    X(LOG_MANIFEST, "GPT216", ERR, "GPTOAuthManifest does not make a manifest that can be served")                               \
    X(LOG_OPENAPI, "GPT217", ERR, "the file of GPTOAuthOpenAPI cannot be read, or is not an OpenAPI document")                   \
    X(LOG_LISTEN, "GPT218", ERR, "GPTOAuthListen cannot be used")                                                                \
    X(LOG_PAGES, "GPT219", ERR, "a file of GPTOAuthPages cannot be used")                                                        \
    X(LOG_LDAP_SPELLINGS, "GPT220", WARNING, "a directory takes ALICE and alice for one user, and httpd for two")                \
    X(LOG_LONE_ISSUER, "GPT221", WARNING, "GPTOAuthIssuer is outside of every <VirtualHost>, and there are some")                \
    X(LOG_KEY_FILE_OPEN, "GPT222", WARNING, "everybody on this machine may read the file of GPTOAuthServiceKey")                 \
    X(LOG_SERVER_NAME, "GPT223", WARNING, "ServerName is another host than the issuer's")                                        \
    X(LOG_COLOUR, "GPT224", WARNING, "a colour of GPTOAuthBrand is hard to see")                                                 \
    X(LOG_SEVERAL_PROVIDERS, "GPT225", WARNING, "who has the same name at several sign-in providers is one user")                \
    X(LOG_AUDIT_OPEN, "GPT226", WARNING, "everybody on this machine may read the audit log")                                     \
    X(LOG_ADMINS_DIFFER, "GPT227", WARNING, "virtual hosts with one database have different administrators")

typedef enum {
#define LOG_CODE(code, name, level, cause) code,
    LOG_CODES(LOG_CODE)
#undef LOG_CODE
} log_code_t;

/* "GPT002" and the like. */
const char *log_code_name(log_code_t code);

const char *log_code_cause(log_code_t code);

#endif
