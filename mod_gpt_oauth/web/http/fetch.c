/*
 * Fetches client metadata documents for the authorization endpoint. Without libcurl nothing is fetched, and configurations that
 * would need it are refused. The defences stand in fetch.h; whose turn it is and what failed lately are known to turns.c.
 */
#include "web/http/fetch.h"

#include <apr_strings.h>
#include <string.h>

#include "base/address.h"
#include "base/meter.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/log.h"
#include "web/http/throttle.h"

#ifdef GPT_OAUTH_CURL
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS   5000
#define HEADERS_MAX  65536 /* bytes, those behind the body included */
#define LIFETIME     3600  /* of a document that says nothing of it */
#define LIFETIME_MIN 60
#define LIFETIME_MAX 86400

int fetch_is_possible(void)
{
    return 1;
}

void fetch_child_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

typedef struct transfer_t {
    char *text;
    apr_size_t size, headers;
    const char *problem;      /* more to the point than what curl says of it */
    int is_private, is_asked; /* some address of its host is not public; some was asked, or is being asked */
} transfer_t;

/* libcurl hands over what comes behind the body too, and bounds that by nothing. */
static size_t count_headers(char *line, size_t one, size_t count, void *baton)
{
    transfer_t *transfer = baton;

    (void)line;
    if (one * count > HEADERS_MAX - transfer->headers) {
        transfer->problem = "its headers are larger than 64 KB";
        return 0;
    }
    transfer->headers += one * count;
    return one * count;
}

static size_t receive(char *data, size_t one, size_t count, void *baton)
{
    transfer_t *transfer = baton;

    if (one * count > CLIENT_DOCUMENT_MAX - transfer->size) {
        transfer->problem = "the document is larger than 16 KB";
        return 0;
    }
    memcpy(transfer->text + transfer->size, data, one * count);
    transfer->size += one * count;
    return one * count;
}

/* Here the address is the one that is connected to: no second look-up of the name comes in between. */
static curl_socket_t open_socket(void *baton, curlsocktype purpose, struct curl_sockaddr *address)
{
    transfer_t *transfer = baton;

    if (purpose != CURLSOCKTYPE_IPCXN || !address_is_public(&address->addr)) {
        transfer->is_private = 1;
        return CURL_SOCKET_BAD;
    }
    transfer->is_asked = 1;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int is_json(const char *type)
{
    apr_size_t size = type ? strcspn(type, "; \t") : 0;

    return (size == 16 && strncasecmp(type, "application/json", 16) == 0) ||
           (size > 17 && strncasecmp(type, "application/", 12) == 0 && strncasecmp(type + size - 5, "+json", 5) == 0);
}

/* The value of max-age, or 0 for no-store and no-cache, or what is usual here. */
static apr_int64_t lifetime(apr_pool_t *p, CURL *curl)
{
    struct curl_header *header;
    apr_int64_t found = LIFETIME;
    char *rest, *word;

    if (curl_easy_header(curl, "Cache-Control", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
        for (word = apr_strtok(apr_pstrdup(p, header->value), ", \t", &rest); word; word = apr_strtok(NULL, ", \t", &rest)) {
            if (strncasecmp(word, "max-age=", 8) == 0) {
                found = apr_strtoi64(word + 8, NULL, 10);
            } else if (strcasecmp(word, "no-store") == 0 || strcasecmp(word, "no-cache") == 0) {
                found = 0;
                break;
            }
        }
    }
    return found < LIFETIME_MIN ? LIFETIME_MIN : found > LIFETIME_MAX ? LIFETIME_MAX : found;
}

/* Each of these is a part of the defence: where libcurl cannot do one of them, nothing is asked. */
static CURLcode set_up(CURL *curl, const char *url, struct curl_slist *headers, transfer_t *transfer)
{
    CURLcode code = CURLE_OK;

#define SET(option, value) (code = code ? code : curl_easy_setopt(curl, option, value))
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* nor one of the environment: it would look the name up by itself */
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, receive);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, count_headers);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_USERAGENT, "mod_gpt_oauth");
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* past the timeout, wait for no resolver either */
#endif
#undef SET
    return code;
}

/* What all documents of a host share. An answer that is slow is none of it: one slow page would shut out all others there. */
static int is_of_host(CURL *curl, CURLcode code)
{
    curl_off_t connected = 0;

    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return curl_easy_getinfo(curl, CURLINFO_APPCONNECT_TIME_T, &connected) != CURLE_OK || connected == 0;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return 1;
    default: return 0;
    }
}

/* NULL, or what is wrong with the answer. */
static const char *answer_problem(apr_pool_t *p, CURL *curl, long *status)
{
    const char *type = NULL;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    if (*status != 200) {
        return apr_psprintf(p, "its server answers %ld%s", *status, *status / 100 == 3 ? ", and redirects are not followed" : "");
    }
    return is_json(type) ? NULL : "it is not served as application/json";
}

/* Logs a failure, and blames whom it concerns. */
static void blame(request_rec *r, log_code_t code, const char *url, const char *problem, int whole_host, failed_t how)
{
    if (whole_host) {
        turns_blame_host(r->pool, url, how);
    } else {
        turns_blame_url(r->pool, url, how);
    }
    log_request(r, code, "no client metadata from %s: %s; %s is asked again in a minute", log_quote(r->pool, url, 200), problem,
                whole_host ? "its host" : "it");
}

static void blame_document(void *baton, const char *url, const char *problem)
{
    blame(((fetch_t *)baton)->r, LOG_DOCUMENT_REFUSED, url, problem, 0, FAILED_REFUSED);
}

static void count(request_rec *r, document_meter_t result)
{
    meter_add(config_server(r->server)->meter, METER_DOCUMENTS + (int)result, 1);
}

/* A socket that was not opened is no silence: the name has been made to lead where nobody may be asked. */
static const char *judge(request_rec *r, CURL *curl, CURLcode code, const char *url, const transfer_t *transfer,
                         fetched_t *fetched)
{
    int is_private = transfer->is_private && !transfer->is_asked;
    const char *refused = is_private ? "the name of its host leads to an address that is not public" : transfer->problem;
    const char *problem = refused;
    log_code_t cause;
    long status = 0;
    failed_t how;

    if (code == CURLE_OK) {
        problem = answer_problem(r->pool, curl, &status);
    } else if (!problem) {
        problem = curl_easy_strerror(code);
    }
    if (!problem) {
        count(r, DOCUMENT_METER_SUCCESS);
    } else {
        how = refused || (code == CURLE_OK && status / 100 != 5) ? FAILED_REFUSED : FAILED_SILENT;
        fetched->is_silent = how == FAILED_SILENT;
        fetched->is_withdrawn = how == FAILED_REFUSED;
        cause = is_private ? LOG_DOCUMENT_PRIVATE : how == FAILED_REFUSED ? LOG_DOCUMENT_REFUSED : LOG_DOCUMENT_SILENT;
        count(r, how == FAILED_REFUSED ? DOCUMENT_METER_REFUSED : DOCUMENT_METER_SILENT);
        blame(r, cause, url, problem, is_of_host(curl, code), how);
    }
    return problem;
}

static const char *transfer_document(request_rec *r, const char *url, fetched_t *fetched)
{
    transfer_t transfer = { .text = apr_palloc(r->pool, CLIENT_DOCUMENT_MAX) };
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    CURL *curl = curl_easy_init();
    CURLcode code = curl && headers ? set_up(curl, url, headers, &transfer) : CURLE_OUT_OF_MEMORY;
    const char *problem;

    if (code == CURLE_OK) {
        problem = judge(r, curl, curl_easy_perform(curl), url, &transfer, fetched);
        fetched->lifetime = problem ? 0 : lifetime(r->pool, curl);
    } else {
        problem = apr_psprintf(r->pool, "libcurl cannot be told to fetch safely (%s): is it the one this module was built with?",
                               curl_easy_strerror(code));
        log_request(r, LOG_FETCH_UNSAFE, "no client metadata from %s: %s", log_quote(r->pool, url, 200), problem);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    fetched->text = transfer.text;
    fetched->size = transfer.size;
    return problem;
}

static int enter(void *baton, const char *url)
{
    fetch_t *fetch = baton;

    return turn_take(fetch->r, url, &fetch->turn);
}

static const char *fetch_document(void *baton, const char *url, fetched_t *fetched)
{
    request_rec *r = ((fetch_t *)baton)->r;
    failed_t failed = turns_failed(r->pool, url);

    memset(fetched, 0, sizeof(*fetched));
    fetched->is_silent = failed == FAILED_SILENT;
    if (failed != FAILED_NOT) {
        return "it could not be fetched a moment ago";
    }
    if (!((fetch_t *)baton)->turn.is_counted && throttle_count(r, THROTTLE_DOCUMENT, NULL)) {
        return "too many documents were asked for from this address";
    }
    return transfer_document(r, url, fetched);
}

static void leave(void *baton, const char *url)
{
    (void)url;
    turn_leave(&((fetch_t *)baton)->turn);
}

client_document_fetcher_t fetch_for(request_rec *r, fetch_t *fetch)
{
    fetch->r = r;
    return (client_document_fetcher_t){ enter, fetch_document, blame_document, leave, fetch };
}

#else

int fetch_is_possible(void)
{
    return 0;
}

void fetch_child_init(void)
{
}

/* Never called: configurations that would need it are refused. */
client_document_fetcher_t fetch_for(request_rec *r, fetch_t *fetch)
{
    fetch->r = r;
    return (client_document_fetcher_t){ 0 };
}

#endif
