/*
 * Notes the scopes that Require lines ask for, and only for who is refused makes one set of them, as most requests are not. Lines
 * are noted by require.c; guard.c asks for the challenge.
 */
#include "web/guard/need.h"

#include "base/scope.h"
#include "web/http/request.h"

void need_note(request_rec *r, const scope_line_t *line)
{
    request_t *record = request_record(r);

    if (!record->scope_lines) {
        record->scope_lines = apr_array_make(r->pool, 4, sizeof(const scope_line_t *));
    }
    APR_ARRAY_PUSH(record->scope_lines, const scope_line_t *) = line;
}

/* Is it part of the alternatives (branch_t) that were taken? Takes those about which nothing was said yet. */
static int take(apr_array_header_t *branches, const scope_line_t *line)
{
    for (int i = line->branches->nelts - 1; i >= 0; i--) {
        const branch_t *branch = &APR_ARRAY_IDX(line->branches, i, branch_t), *taken = NULL;

        for (int j = 0; j < branches->nelts && !taken; j++) {
            const branch_t *other = &APR_ARRAY_IDX(branches, j, branch_t);

            taken = other->any == branch->any ? other : NULL;
        }
        if (!taken) {
            APR_ARRAY_PUSH(branches, branch_t) = *branch;
        } else if (taken->line != branch->line) {
            return 0;
        }
    }
    return 1;
}

const char *need_of(request_rec *r)
{
    const apr_array_header_t *lines = request_record(r)->scope_lines;
    apr_array_header_t *branches = apr_array_make(r->pool, 4, sizeof(branch_t));
    const char *need = "";

    for (int i = 0; lines && i < lines->nelts; i++) {
        const scope_line_t *line = APR_ARRAY_IDX(lines, i, const scope_line_t *);

        if (take(branches, line)) {
            need = scope_union(r->pool, need, line->scopes);
        }
    }
    return lines ? need : NULL;
}
