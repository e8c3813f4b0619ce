/*
 * Requests by libcurl, with its errors as sentences and what to do about them; without libcurl, the sentence that it is missing.
 * Called by cli/doctor/ and, through dialog.c, by cli/try/.
 */
#include "cli/client/http.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "base/array.h"
#include "base/file.h"
#include "base/params.h"
#include "base/uri.h"

/* The GPT builder refuses a schema of more than 1 MB, and ChatGPT hears nothing of more than 100,000 characters. */
#define BODY_MAX        (1024 * 1024 + 4096)
#define HEADERS_MAX     (64 * 1024)
#define CA_FILE_MAX     (4 * 1024 * 1024)
#define CONNECT_TIMEOUT 5000L
#define TIMEOUT         20000L

/* As GPT actions call: what a firewall thinks of robots shows here, and not on the day of the release. */
#define USER_AGENT "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot "

#ifdef GPT_OAUTH_CURL

#include <curl/curl.h>

struct http_t {
    apr_pool_t *pool;
    CURL *curl;
    const char *caller; /* name/version */
    const char *ca_file;
    struct curl_slist *connect_to;
    int is_near; /* asked without a proxy */
    http_certificate_t *certificate;
};

/* What comes in. */
typedef struct inbox_t {
    apr_pool_t *pool;
    http_answer_t *answer;
    char *body;
    apr_size_t capacity, header_size;
} inbox_t;

static apr_status_t close_http(void *data)
{
    http_t *http = data;

    curl_easy_cleanup(http->curl);
    curl_slist_free_all(http->connect_to);
    return APR_SUCCESS;
}

const char *http_open(apr_pool_t *p, const char *name, const char *origin, const char *connect_to, const char *ca_file,
                      http_t **http)
{
    http_t *made = apr_pcalloc(p, sizeof(*made));
    file_t authorities; /* read here, as libcurl would wait for a pipe and read a device for ever */
    const char *problem = ca_file ? file_read(p, ca_file, CA_FILE_MAX, &authorities) : NULL;
    uri_t uri;

    if (problem) {
        return apr_psprintf(p, "--cacert %s cannot be read: %s", ca_file, problem);
    }

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(made->curl = curl_easy_init()) || !uri_parse(p, origin, &uri)) {
        return "libcurl is not usable";
    }
    made->pool = p;
    made->caller = apr_pstrcat(p, name, "/" GPT_OAUTH_VERSION, NULL);
    made->ca_file = ca_file;
    made->is_near = connect_to || uri_host_is_loopback(uri.host);
    if (connect_to) {
        made->connect_to =
            curl_slist_append(NULL, apr_pstrcat(p, uri.host, ":", uri.port ? uri.port : "", ":", connect_to, NULL));
    }
    apr_pool_cleanup_register(p, made, close_http, apr_pool_cleanup_null);
    *http = made;
    return NULL;
}

static size_t take_body(char *bytes, size_t one, size_t count, void *data)
{
    inbox_t *inbox = data;
    http_answer_t *answer = inbox->answer;
    apr_size_t size = one * count;

    if (answer->size + size > BODY_MAX) {
        size = BODY_MAX - answer->size;
        answer->is_cut = 1;
    }
    if (answer->size + size + 1 > inbox->capacity) {
        char *more;

        inbox->capacity = 2 * (answer->size + size) + 1;
        more = apr_palloc(inbox->pool, inbox->capacity);
        memcpy(more, inbox->body, answer->size);
        inbox->body = more;
    }
    memcpy(inbox->body + answer->size, bytes, size);
    answer->size += size;
    return answer->is_cut ? 0 : size; /* less than came: curl stops */
}

static size_t take_header(char *bytes, size_t one, size_t count, void *data)
{
    inbox_t *inbox = data;
    apr_size_t size = one * count;
    char *line = apr_pstrmemdup(inbox->pool, bytes, size), *colon = strchr(line, ':');

    inbox->header_size += size;
    if (inbox->header_size > HEADERS_MAX) {
        return 0;
    }
    if (strncmp(line, "HTTP/", 5) == 0) {
        apr_table_clear(inbox->answer->headers); /* what came before was "100 Continue" */
    } else if (colon) {
        *colon = '\0';
        for (++colon; apr_isspace(*colon); ++colon) {}
        apr_collapse_spaces(line, line);
        for (char *end = colon + strlen(colon); end > colon && apr_isspace(end[-1]);) {
            *--end = '\0';
        }
        apr_table_add(inbox->answer->headers, line, colon);
    }
    return size;
}

static void set_problem(const http_t *http, apr_pool_t *p, const char *url, CURLcode code, const char *detail,
                        http_answer_t *answer)
{
    uri_t uri;
    const char *where = uri_parse(p, url, &uri) ? uri_origin(p, &uri) : url;
    const char *because = *detail ? detail : curl_easy_strerror(code);

    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        answer->problem = apr_psprintf(p, "the name of %s cannot be resolved", where);
        answer->remedy = "create a DNS record for it, or give the server's address with --connect-to HOST:PORT";
        break;
    case CURLE_COULDNT_CONNECT:
        answer->problem = apr_psprintf(p, "nothing answers at %s", where);
        answer->remedy =
            "start httpd, or look at Listen, the firewall and the issuer; --connect-to HOST:PORT asks another address";
        break;
    case CURLE_OPERATION_TIMEDOUT:
        answer->problem = apr_psprintf(p, "no answer from %s within %ld s", where, TIMEOUT / 1000);
        answer->remedy = "look into httpd's error log; a firewall that drops packets looks the same";
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        answer->is_tls = 1;
        answer->problem = apr_psprintf(p, "the certificate of %s is refused: %s", where, because);
        answer->remedy =
            http->ca_file ? "--cacert must name the authority that signed it"
                          : "use a certificate from a public authority for exactly this name, with its intermediate certificates "
                            "in SSLCertificateFile (mod_md can get one); --cacert FILE trusts one of your own here";
        break;
    case CURLE_SSL_CONNECT_ERROR:
        answer->is_tls = 1;
        answer->problem = apr_psprintf(p, "TLS with %s fails: %s", where, because);
        answer->remedy = "does this port speak https at all? Look at SSLEngine and SSLProtocol: TLS 1.2 or newer is needed";
        break;
    case CURLE_SSL_CACERT_BADFILE:
        answer->is_tls = 1;
        answer->problem = apr_psprintf(p, "the authorities cannot be read: %s", because);
        answer->remedy = "--cacert names a file with certificates in PEM, readable by the owner of the database";
        break;
    default: answer->problem = apr_psprintf(p, "no answer from %s: %s", where, because); break;
    }
}

static void note_certificate(http_t *http)
{
    struct curl_certinfo *chain = NULL;

    if (http->certificate || curl_easy_getinfo(http->curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
        chain->num_of_certs < 1) {
        return;
    }
    http->certificate = apr_pcalloc(http->pool, sizeof(*http->certificate));
    for (const struct curl_slist *field = chain->certinfo[0]; field; field = field->next) {
        if (strncmp(field->data, "Subject:", 8) == 0) {
            http->certificate->subject = apr_pstrdup(http->pool, field->data + 8);
        } else if (strncmp(field->data, "Issuer:", 7) == 0) {
            http->certificate->issuer = apr_pstrdup(http->pool, field->data + 7);
        } else if (strncmp(field->data, "Expire date:", 12) == 0) {
            time_t end = curl_getdate(field->data + 12, NULL);

            http->certificate->expires_at = end > 0 ? (apr_int64_t)end : 0;
        }
    }
}

static struct curl_slist *headers_of(apr_pool_t *p, const http_request_t *request)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

    if (request->basic_user) {
        const char *user = request->basic_user, *password = request->basic_password;
        const char *pair;

        if (request->encode) {
            user = params_encode(p, user);
            password = params_encode(p, password);
        }
        pair = apr_pstrcat(p, user, ":", password, NULL);
        headers =
            curl_slist_append(headers, apr_pstrcat(p, "Authorization: Basic ",
                                                   apr_pencode_base64(p, pair, APR_ENCODE_STRING, APR_ENCODE_NONE, NULL), NULL));
    } else if (request->bearer) {
        headers = curl_slist_append(headers, apr_pstrcat(p, "Authorization: Bearer ", request->bearer, NULL));
    }
    for (int i = 0; i < COUNT(request->headers) && request->headers[i]; i++) {
        headers = curl_slist_append(headers, request->headers[i]);
    }
    return headers;
}

/* curl_easy_setopt fails for want of memory, or for an option that this libcurl was built without: then the request does. */
#define SET(option, value) (code = code ? code : curl_easy_setopt(http->curl, option, value))

/* What holds for every request. */
static CURLcode set_up_connection(const http_t *http, apr_pool_t *p)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT);
    SET(CURLOPT_TIMEOUT_MS, TIMEOUT);
    SET(CURLOPT_USERAGENT, apr_pstrcat(p, USER_AGENT, http->caller, NULL));
    /* httpd puts it behind each line of its error log: nobody is to take these requests for an attack. */
    SET(CURLOPT_REFERER, http->caller);
    SET(CURLOPT_COOKIEFILE, "");
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CERTINFO, 1L);
    if (http->ca_file) {
        SET(CURLOPT_CAINFO, http->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (http->is_near) {
        SET(CURLOPT_PROXY, "");
    }
    if (http->connect_to) {
        SET(CURLOPT_CONNECT_TO, http->connect_to);
    }
    return code;
}

static CURLcode set_up(const http_t *http, apr_pool_t *p, const http_request_t *request, inbox_t *inbox,
                       struct curl_slist *headers, char *detail)
{
    CURLcode code = set_up_connection(http, p);
    const char *body = request->form ? http_form(p, request->form) : NULL;

    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_HTTPGET, 1L); /* whatever the last request was; curl_easy_reset would leak the list of cookie files */
    SET(CURLOPT_CUSTOMREQUEST, NULL);
    SET(CURLOPT_ERRORBUFFER, detail);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, inbox);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, inbox);
    if (body) {
        SET(CURLOPT_COPYPOSTFIELDS, body);
    }
    if (request->method && strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (request->method) {
        SET(CURLOPT_CUSTOMREQUEST, request->method);
    }
    return code;
}

#undef SET

static const char *media_type(apr_pool_t *p, const char *header)
{
    char *type = apr_pstrmemdup(p, header, strcspn(header, "; \t"));

    for (char *c = type; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return type;
}

http_answer_t *http_send(http_t *http, apr_pool_t *p, const http_request_t *request)
{
    http_answer_t *answer = apr_pcalloc(p, sizeof(*answer));
    inbox_t inbox = { .pool = p, .answer = answer, .body = apr_palloc(p, 4096), .capacity = 4096 };
    struct curl_slist *headers = headers_of(p, request);
    char detail[CURL_ERROR_SIZE] = "";
    long status = 0;
    apr_time_t start = apr_time_now();
    const char *type;
    CURLcode code;

    answer->headers = apr_table_make(p, 16);
    code = set_up(http, p, request, &inbox, headers, detail);
    code = code ? code : curl_easy_perform(http->curl);
    curl_slist_free_all(headers);
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    note_certificate(http);

    answer->at = apr_time_now();
    answer->elapsed = (int)apr_time_as_msec(answer->at - start);
    if (code != CURLE_OK && !answer->is_cut) {
        set_problem(http, p, request->url, code, apr_pstrdup(p, detail), answer);
        answer->size = 0;
        apr_table_clear(answer->headers);
    } else {
        answer->status = (int)status;
    }
    inbox.body[answer->size] = '\0';
    answer->body = inbox.body;
    type = apr_table_get(answer->headers, "Content-Type");
    answer->type = type ? media_type(p, type) : "";
    return answer;
}

const http_certificate_t *http_certificate(const http_t *http)
{
    return http->certificate;
}

const char *http_missing(void)
{
    return NULL;
}

#else

const char *http_missing(void)
{
    return "this gptoauth was built without libcurl, which it needs to ask the server: install libcurl's development files "
           "(Debian: apt install libcurl4-openssl-dev), then configure and build again";
}

const char *http_open(apr_pool_t *p, const char *name, const char *origin, const char *connect_to, const char *ca_file,
                      http_t **http)
{
    (void)p, (void)name, (void)origin, (void)connect_to, (void)ca_file;
    *http = NULL;
    return http_missing();
}

http_answer_t *http_send(http_t *http, apr_pool_t *p, const http_request_t *request)
{
    (void)http, (void)request;
    return apr_pcalloc(p, sizeof(http_answer_t));
}

const http_certificate_t *http_certificate(const http_t *http)
{
    (void)http;
    return NULL;
}

#endif
