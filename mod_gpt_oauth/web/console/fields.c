/*
 * Reads the fields of the console's forms. endpoint.c and the actions call it.
 */
#include "web/console/fields.h"

#include "base/text.h"
#include "web/console/page.h"

const char *field_text(const console_t *c, const char *name)
{
    const char *text = text_trim(c->visit.r->pool, params_get(c->params, name));

    return text && *text ? text : NULL;
}

const char *field_user(const console_t *c)
{
    return field_text(c, "user");
}

apr_array_header_t *field_texts(const console_t *c, const char *name)
{
    apr_array_header_t *all = params_get_all(c->visit.r->pool, c->params, name);
    apr_array_header_t *some = apr_array_make(c->visit.r->pool, 4, sizeof(const char *));

    for (int i = 0; i < all->nelts; i++) {
        const char *text = text_trim(c->visit.r->pool, APR_ARRAY_IDX(all, i, const char *));

        if (*text) {
            APR_ARRAY_PUSH(some, const char *) = text;
        }
    }
    return some;
}

const char *field_user_of_form(const console_t *c, audit_t *line, const char *view, const char **back, const char **problem)
{
    line->user = field_user(c);
    if (!line->user) {
        *problem = "Write the user's name.";
        return NULL;
    }
    *back = console_url(c, view, line->user, NULL, NULL);
    return line->user;
}
