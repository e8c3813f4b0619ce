/*
 * Decodes forms and queries strictly, keeping order and repetition, as RFC 6749 section 3.1 forbids a parameter to occur twice;
 * reads a JSON body into the same shape. Called for the endpoints' requests, and wherever a query is read or written.
 */
#include "base/params.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <string.h>

#include "base/json.h"
#include "base/text.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *params_decode(apr_pool_t *p, const char *data, apr_size_t size, param_fault_t *fault)
{
    char *out = apr_palloc(p, size + 1);
    char *o = out;

    for (apr_size_t i = 0; i < size; i++) {
        char c = data[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < size ? hex_value(data[i + 1]) : -1;
            int low = i + 2 < size ? hex_value(data[i + 2]) : -1;

            if (high < 0 || low < 0) {
                *fault = PARAM_BAD_ENCODING;
                return NULL;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        *o++ = c;
    }
    *o = '\0';
    if (memchr(out, '\0', (apr_size_t)(o - out))) {
        *fault = PARAM_NUL;
        return NULL;
    }
    if (!utf8_valid(out, (apr_size_t)(o - out))) {
        *fault = PARAM_NOT_UTF8;
        return NULL;
    }
    *fault = PARAM_FINE;
    return out;
}

const char *params_encode(apr_pool_t *p, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, strlen(value) * 3 + 1);
    char *o = out;

    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;

        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("-._~", c)) {
            *o++ = (char)c;
        } else {
            *o++ = '%';
            *o++ = hex[c >> 4];
            *o++ = hex[c & 15];
        }
    }
    *o = '\0';
    return out;
}

static params_t *params_make(apr_pool_t *p)
{
    params_t *params = apr_palloc(p, sizeof(*params));

    params->list = apr_array_make(p, 8, sizeof(param_t));
    params->malformed = NULL;
    return params;
}

static void add(params_t *params, const char *name, const char *value, param_fault_t fault)
{
    param_t *param;

    if (params->list->nelts == PARAMS_MAX_COUNT) {
        params->malformed = "the request has too many parameters";
        return;
    }
    param = apr_array_push(params->list);
    param->name = name;
    param->value = value ? value : "";
    param->fault = fault;
}

static void add_piece(apr_pool_t *p, params_t *params, const char *piece, apr_size_t size)
{
    const char *equals, *name, *value = "";
    apr_size_t name_size;
    param_fault_t fault;

    if (size == 0 || *piece == '=') {
        return;
    }
    equals = memchr(piece, '=', size);
    name_size = equals ? (apr_size_t)(equals - piece) : size;
    name = params_decode(p, piece, name_size, &fault);
    if (!name) {
        params->malformed = "the name of a parameter is not percent-encoded UTF-8";
        return;
    }
    if (equals) {
        value = params_decode(p, equals + 1, size - name_size - 1, &fault);
    }
    add(params, name, value, fault);
}

params_t *params_parse_form(apr_pool_t *p, const char *data, apr_size_t size)
{
    params_t *params = params_make(p);

    for (apr_size_t start = 0, end; start < size && !params->malformed; start = end + 1) {
        for (end = start; end < size && data[end] != '&'; end++) {}
        add_piece(p, params, data + start, end - start);
    }
    return params;
}

static int is_known(const char *const *known, const char *name)
{
    while (*known && strcmp(*known, name) != 0) {
        known++;
    }
    return *known != NULL;
}

static void add_json(params_t *params, const char *name, const json_t *value, const char *const *known)
{
    if (json_is_string(value) && *name) {
        add(params, name, json_string_value(value), PARAM_FINE);
    } else if (!json_is_string(value) && !json_is_null(value) && is_known(known, name)) {
        params->malformed = apr_pstrcat(params->list->pool, "The value of ", name, " in the JSON body is not a string.", NULL);
    }
}

params_t *params_parse_json(apr_pool_t *p, const char *data, apr_size_t size, const char *const *known)
{
    params_t *params = params_make(p);
    json_t *object = json_parse_object(p, data, size); /* p owns it, so its strings are not copied */
    const char *name;
    json_t *value;

    if (!object) {
        params->malformed = "The body is not a JSON object, a name is in it twice, or it has too much in it.";
        return params;
    }
    json_object_foreach(object, name, value)
    {
        if (json_is_array(value) && !strcmp(name, "resource")) {
            size_t index;
            json_t *item;

            json_array_foreach(value, index, item)
            {
                add_json(params, name, item, known);
            }
        } else {
            add_json(params, name, value, known);
        }
    }
    return params;
}

int params_count(const params_t *params, const char *name)
{
    int count = 0;

    for (int i = 0; i < params->list->nelts; i++) {
        count += !strcmp(APR_ARRAY_IDX(params->list, i, param_t).name, name);
    }
    return count;
}

const param_t *params_find(const params_t *params, const char *name)
{
    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        if (!strcmp(param->name, name)) {
            return param;
        }
    }
    return NULL;
}

const char *params_get(const params_t *params, const char *name)
{
    const param_t *param = params_find(params, name);

    return param && *param->value ? param->value : NULL;
}

apr_array_header_t *params_get_all(apr_pool_t *p, const params_t *params, const char *name)
{
    apr_array_header_t *values = apr_array_make(p, 1, sizeof(const char *));

    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        if (!strcmp(param->name, name) && *param->value) {
            APR_ARRAY_PUSH(values, const char *) = param->value;
        }
    }
    return values;
}

/* Only a name that looks like OAuth's own is repeated to the client. */
static const char *subject(apr_pool_t *p, const char *name)
{
    apr_size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return name[size] || size > 40 ? "a parameter" : apr_pstrcat(p, "the parameter ", name, NULL);
}

const char *params_first_fault(apr_pool_t *p, const params_t *params, const char *repeatable, const char **problem)
{
    static const char *const faults[] = {
        [PARAM_BAD_ENCODING] = " has a % without two hex digits after it",
        [PARAM_NUL] = " contains a NUL",
        [PARAM_NOT_UTF8] = " is not UTF-8",
    };
    apr_hash_t *seen = apr_hash_make(p);

    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);
        const char *what = faults[param->fault];

        if (!what && apr_hash_get(seen, param->name, APR_HASH_KEY_STRING) &&
            (!repeatable || strcmp(param->name, repeatable) != 0)) {
            what = " is given more than once";
        }
        apr_hash_set(seen, param->name, APR_HASH_KEY_STRING, param);
        if (what) {
            *problem = apr_pstrcat(p, subject(p, param->name), what, NULL);
            return param->name;
        }
    }
    return NULL;
}
