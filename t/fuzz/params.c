/*
 * Request parameters (base/params), as a form and as JSON: what is handed out is UTF-8 without NUL, within bounds, and what was
 * parsed can be written and parsed again.
 */
#include "fuzz.h"
#include "base/params.h"
#include "base/text.h"

#include <apr_strings.h>

#include <string.h>

static void look(apr_pool_t *p, const params_t *params)
{
    const char *problem = NULL, *name;

    HOLDS(params->list->nelts <= PARAMS_MAX_COUNT);
    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        HOLDS(*param->name && utf8_valid(param->name, strlen(param->name)));
        HOLDS(utf8_valid(param->value, strlen(param->value)));
        HOLDS(param->fault == PARAM_FINE || !*param->value);
        HOLDS(params_count(params, param->name) > 0 && params_find(params, param->name) <= param);
    }
    name = params_first_fault(p, params, "resource", &problem);
    HOLDS(!name == !problem);
    HOLDS(!name || params_find(params, name));
    for (const char *c = problem; c && *c; c++) {
        HOLDS(*c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\'); /* fit for error_description */
    }
}

/* Written anew, with all that is fine. */
static const char *write_form(apr_pool_t *p, const params_t *params)
{
    apr_array_header_t *parts = apr_array_make(p, 8, sizeof(const char *));

    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        APR_ARRAY_PUSH(parts, const char *) =
            apr_pstrcat(p, params_encode(p, param->name), "=", params_encode(p, param->value), NULL);
    }
    return apr_array_pstrcat(p, parts, '&');
}

static void compare(const params_t *one, const params_t *other)
{
    HOLDS(!other->malformed && one->list->nelts == other->list->nelts);
    for (int i = 0; i < one->list->nelts; i++) {
        const param_t *a = &APR_ARRAY_IDX(one->list, i, param_t), *b = &APR_ARRAY_IDX(other->list, i, param_t);

        HOLDS(strcmp(a->name, b->name) == 0 && strcmp(a->value, b->value) == 0 && b->fault == PARAM_FINE);
    }
}

void fuzz_params(apr_pool_t *p, const char *data, apr_size_t size)
{
    static const char *const known[] = { "client_id", "code", "grant_type", "redirect_uri", "resource", "scope", NULL };
    const params_t *form = params_parse_form(p, data, size), *json = params_parse_json(p, data, size, known);
    const char *written = write_form(p, form);
    param_fault_t fault;
    const char *decoded = params_decode(p, data, size, &fault), *encoded;

    look(p, form);
    compare(form, params_parse_form(p, written, strlen(written)));
    look(p, json);
    written = write_form(p, json);
    compare(json, params_parse_form(p, written, strlen(written)));
    HOLDS(!decoded == (fault != PARAM_FINE));
    if (decoded) {
        HOLDS(strlen(decoded) <= size && utf8_valid(decoded, strlen(decoded)));
        encoded = params_encode(p, decoded);
        HOLDS(strcmp(params_decode(p, encoded, strlen(encoded), &fault), decoded) == 0);
    }
}
