#include "web/fetch.h"

#include <apr_shm.h>
#include <apr_strings.h>
#include <http_log.h>
#include <stdatomic.h>
#include <string.h>

#include "base/address.h"
#include "base/crypto.h"
#include "private.h"
#include "web/throttle.h"

#ifdef GPT_OAUTH_CURL
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS   5000
#define TURN         10 /* seconds: whoever died in it blocks his host no longer */
#define WAIT_STEP    50000
#define WAIT_MAX     6000000
#define BACK_OFF     60
#define LIFETIME     3600 /* of a document that says nothing of it */
#define LIFETIME_MIN 60
#define LIFETIME_MAX 86400

#define BUSY_SLOTS   16 /* so many fetches at once */
#define FAILED_SLOTS 1024

/* Whose it is in the upper half, until when in the lower. */
typedef _Atomic(apr_uint64_t) mark_t;

static struct {
    mark_t busy[BUSY_SLOTS];
    mark_t failed[FAILED_SLOTS];
} * marks;
static digest_t key;

int fetch_is_possible(void)
{
    return 1;
}

apr_status_t fetch_create(apr_pool_t *pconf)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, sizeof(*marks), NULL, pconf);

    if (rv == APR_SUCCESS) {
        marks = apr_shm_baseaddr_get(shm);
        memset(marks, 0, sizeof(*marks));
        crypto_random(key.byte, sizeof(key.byte));
    }
    return rv;
}

void fetch_child_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static apr_uint32_t seconds_now(void)
{
    return (apr_uint32_t)apr_time_sec(apr_time_now());
}

/* Which host an URL asks, in a form that nobody can aim at: the key is made at the start. */
static apr_uint64_t host_bits(apr_pool_t *p, const char *url)
{
    const char *host = document_host(p, url);
    apr_uint64_t bits;
    digest_t hash;

    crypto_hmac(key.byte, sizeof(key.byte), host, strlen(host), &hash);
    memcpy(&bits, hash.byte, sizeof(bits));
    return bits;
}

static mark_t *failed_mark(apr_uint64_t host)
{
    return &marks->failed[host % FAILED_SLOTS];
}

static int has_failed(apr_uint64_t host)
{
    apr_uint64_t seen = atomic_load(failed_mark(host));

    return seen >> 32 == host >> 32 && (apr_uint32_t)seen > seconds_now();
}

static void blame(void *baton, const char *url, const char *problem)
{
    request_rec *r = ((fetch_t *)baton)->r;
    apr_uint64_t host = host_bits(r->pool, url);

    atomic_store(failed_mark(host), (host >> 32 << 32) | (seconds_now() + BACK_OFF));
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "GPT015: no client metadata from %s: %s; its host is asked again in a minute",
                  log_quote(r->pool, url, 200), problem);
}

/* Hosts that share a slot wait for each other, which costs but a moment. */
static mark_t *turn_of(apr_uint64_t host)
{
    return &marks->busy[host % BUSY_SLOTS];
}

static int take_turn(mark_t *slot, apr_uint64_t *ticket)
{
    apr_uint64_t seen = atomic_load(slot);
    apr_uint32_t unique;

    if ((apr_uint32_t)seen > seconds_now()) {
        return 0;
    }
    crypto_random(&unique, sizeof(unique));
    *ticket = (apr_uint64_t)unique << 32 | (seconds_now() + TURN);
    return atomic_compare_exchange_strong(slot, &seen, *ticket);
}

static int enter(void *baton, const char *url)
{
    fetch_t *fetch = baton;
    mark_t *slot = turn_of(host_bits(fetch->r->pool, url));

    if (take_turn(slot, &fetch->ticket)) {
        return 1;
    }
    /* Who waits holds a thread, as who fetches does: there must not be more and more of them. */
    if (throttle_count(fetch->r, THROTTLE_DOCUMENT, NULL)) {
        return 0;
    }
    for (int waited = 0; waited < WAIT_MAX; waited += WAIT_STEP) {
        apr_sleep(WAIT_STEP);
        if (take_turn(slot, &fetch->ticket)) {
            return 1;
        }
    }
    return 0;
}

static void leave(void *baton, const char *url)
{
    fetch_t *fetch = baton;

    atomic_compare_exchange_strong(turn_of(host_bits(fetch->r->pool, url)), &fetch->ticket, 0);
}

typedef struct transfer_t {
    char *text;
    apr_size_t size;
    const char *problem; /* more to the point than what curl says of it */
} transfer_t;

static size_t receive(char *data, size_t one, size_t count, void *baton)
{
    transfer_t *transfer = baton;

    if (one * count > DOCUMENT_MAX - transfer->size) {
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
        transfer->problem = "the name of its host leads to an address that is not public";
        return CURL_SOCKET_BAD;
    }
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

static void set_up(CURL *curl, const char *url, struct curl_slist *headers, transfer_t *transfer)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* nor one of the environment: it would look the name up by itself */
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mod_gpt_oauth");
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* past the timeout, wait for no resolver either */
#endif
}

/* NULL, or what went wrong. */
static const char *transfer_problem(apr_pool_t *p, CURL *curl, CURLcode rc, const transfer_t *transfer)
{
    const char *type = NULL;
    long status = 0;

    if (rc != CURLE_OK) {
        return transfer->problem ? transfer->problem : curl_easy_strerror(rc);
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    if (status != 200) {
        return apr_psprintf(p, "its server answers %ld%s", status, status / 100 == 3 ? ", and redirects are not followed" : "");
    }
    return is_json(type) ? NULL : "it is not served as application/json";
}

static const char *transfer_document(apr_pool_t *p, const char *url, fetched_t *fetched)
{
    transfer_t transfer = { .text = apr_palloc(p, DOCUMENT_MAX) };
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    CURL *curl = curl_easy_init();
    const char *problem = "libcurl has no memory";

    if (curl && headers) {
        set_up(curl, url, headers, &transfer);
        problem = transfer_problem(p, curl, curl_easy_perform(curl), &transfer);
        fetched->lifetime = problem ? 0 : lifetime(p, curl);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    fetched->text = transfer.text;
    fetched->size = transfer.size;
    return problem;
}

static const char *fetch_document(void *baton, const char *url, fetched_t *fetched)
{
    request_rec *r = ((fetch_t *)baton)->r;
    const char *problem;

    if (has_failed(host_bits(r->pool, url))) {
        return "a document of its host could not be fetched a moment ago";
    }
    if (throttle_count(r, THROTTLE_DOCUMENT, NULL)) {
        return "too many documents were asked for from this address";
    }
    problem = transfer_document(r->pool, url, fetched);
    if (problem) {
        blame(baton, url, problem);
    }
    return problem;
}

document_fetcher_t fetch_for(request_rec *r, fetch_t *fetch)
{
    fetch->r = r;
    return (document_fetcher_t){ enter, fetch_document, blame, leave, fetch };
}

#else

int fetch_is_possible(void)
{
    return 0;
}

apr_status_t fetch_create(apr_pool_t *pconf)
{
    (void)pconf;
    return APR_SUCCESS;
}

void fetch_child_init(void)
{
}

/* Never called: configurations that would need it are refused. */
document_fetcher_t fetch_for(request_rec *r, fetch_t *fetch)
{
    fetch->r = r;
    return (document_fetcher_t){ 0 };
}

#endif
