/*
 * HTTP as the clients of the server speak it, over libcurl: certificates are always checked, redirects never followed, and
 * neither time nor memory is without bound. One http_t is one client, with its cookies.
 */
#ifndef GPT_OAUTH_CLI_HTTP_H
#define GPT_OAUTH_CLI_HTTP_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct http_t http_t;

typedef struct http_request_t {
    const char *method; /* NULL: GET, or POST with a form */
    const char *url;
    const char *basic_user, *basic_password; /* Authorization: Basic; form-encoded as RFC 6749 section 2.3.1 has it when encode */
    int encode;
    const char *bearer;       /* Authorization: Bearer */
    const char *headers[4];   /* "Name: value"; NULL ends them */
    apr_array_header_t *form; /* const char *, name and value in turn; NULL: no body */
} http_request_t;

typedef struct http_answer_t {
    const char *problem; /* a sentence when no answer came; all below is empty then, but for remedy */
    const char *remedy;  /* what to do about the problem, or NULL */
    int is_tls;          /* the problem is about TLS or the certificate */
    int status;
    apr_table_t *headers; /* names may occur often */
    const char *type;     /* of the content, without parameters and in lower case; "" for none */
    const char *body;     /* ends with NUL */
    apr_size_t size;
    int is_cut;    /* there was more of it than anybody should send */
    int elapsed;   /* milliseconds */
    apr_time_t at; /* when it came */
} http_answer_t;

/* Of the first https answer. */
typedef struct http_certificate_t {
    const char *subject, *issuer; /* as "CN = …"; NULL when libcurl did not tell */
    apr_int64_t expires_at;       /* 0: not known */
} http_certificate_t;

/* NULL, or the sentence that this command was built without libcurl. */
const char *http_missing(void);

/*
 * name is what the server's logs know the caller by. connect_to (HOST:PORT, or NULL) is where the host of origin really is asked.
 * ca_file (or NULL) is trusted in place of the system's authorities. NULL and *http, which dies with the pool; or a sentence.
 */
const char *http_open(apr_pool_t *p, const char *name, const char *origin, const char *connect_to, const char *ca_file,
                      http_t **http);

/* In p. Never NULL. */
http_answer_t *http_send(http_t *http, apr_pool_t *p, const http_request_t *request);

/* NULL before the first https answer. */
const http_certificate_t *http_certificate(const http_t *http);

/* The form as it travels. */
const char *http_form(apr_pool_t *p, const apr_array_header_t *form);

/* "200 OK": the status and its words. */
const char *http_status_text(apr_pool_t *p, int status);

#endif
