/*
 * Answers which section covers a path or a line, and reads sections off the tree of lines that httpd keeps of its configuration.
 * resource.c, web/setup, the Require lines and the OpenAPI document ask.
 */
#include "web/config/section.h"

#include <apr_strings.h>

static int begins(const ap_directive_t *at, const char *name)
{
    return strncasecmp(at->directive, name, strlen(name)) == 0;
}

const ap_directive_t *section_around(const ap_directive_t *line)
{
    const ap_directive_t *at = line->parent;

    /* <If> and <ElseIf> are sections, <IfModule>, <IfDefine> and their like are not. */
    while (at && (begins(at, "<Require") || begins(at, "<Limit") || (begins(at, "<If") && at->directive[strlen("<If")]))) {
        at = at->parent;
    }
    return at;
}

static int is_location(const ap_directive_t *at)
{
    return strcasecmp(at->directive, "<Location") == 0;
}

const char *section_path(apr_pool_t *p, const ap_directive_t *section)
{
    const char *end = strrchr(section->args, '>'); /* as httpd has it: in quotes there may be others */
    const char *args = end ? apr_pstrmemdup(p, section->args, (apr_size_t)(end - section->args)) : section->args;
    const char *path = is_location(section) ? ap_getword_conf(p, &args) : "";

    return path[0] == '/' && !strpbrk(path, "*?[") ? path : NULL;
}

const char *section_location(apr_pool_t *p, const ap_directive_t *line)
{
    for (const ap_directive_t *outer = line->parent; outer; outer = outer->parent) {
        if (is_location(outer)) {
            return section_path(p, outer);
        }
    }
    return NULL;
}

const char *section_auth_type(apr_pool_t *p, const ap_directive_t *line)
{
    for (const ap_directive_t *outer = line->parent; outer; outer = outer->parent) {
        for (const ap_directive_t *at = outer->first_child; at; at = at->next) {
            if (strcasecmp(at->directive, "AuthType") == 0) {
                const char *args = at->args;

                return ap_getword_conf(p, &args);
            }
        }
    }
    return NULL;
}

int section_has_requirement(const ap_directive_t *first)
{
    for (const ap_directive_t *at = first; at; at = at->next) {
        if ((strcasecmp(at->directive, "Require") == 0 && strcasecmp(at->args, "all granted") != 0) ||
            section_has_requirement(at->first_child)) {
            return 1;
        }
    }
    return 0;
}

const ap_directive_t *section_find_line(const ap_directive_t *first, const char *directive,
                                        int (*matches)(const ap_directive_t *line, const void *baton), const void *baton)
{
    for (const ap_directive_t *at = first; at; at = at->next) {
        const ap_directive_t *inside;

        if (strcasecmp(at->directive, directive) == 0 && (!matches || matches(at, baton))) {
            return at;
        }
        inside = section_find_line(at->first_child, directive, matches, baton);
        if (inside) {
            return inside;
        }
    }
    return NULL;
}

int path_is_within(const char *path, const char *root)
{
    apr_size_t same = 0;

    while (root[same] && path[same] == root[same]) {
        same++;
    }
    if (root[same]) {
        return root[same] == '/' && !root[same + 1] && !path[same];
    }
    return (same > 0 && root[same - 1] == '/') || path[same] == '/' || !path[same];
}

int section_says_auth(const section_t *section)
{
    return section->conf->auth_path != NULL;
}

int section_says_credentials(const section_t *section)
{
    return section->conf->ways_in != NULL;
}

const section_t *section_at(const apr_array_header_t *sections, const char *path, section_says_t *says)
{
    for (int i = sections->nelts - 1; i >= 0; i--) {
        const section_t *section = &APR_ARRAY_IDX(sections, i, section_t);

        if (section->path && path_is_within(path, section->path) && (!says || says(section))) {
            return section;
        }
    }
    return NULL;
}

const section_t *section_maybe_at(const apr_array_header_t *sections, const char *path, section_says_t *says)
{
    const section_t *found = path ? section_at(sections, path, says) : NULL;

    for (int i = sections->nelts - 1; !found && i >= 0; i--) {
        const section_t *section = &APR_ARRAY_IDX(sections, i, section_t);

        found = (!path || !section->path) && (!says || says(section)) ? section : NULL;
    }
    return found;
}

const section_t *section_of_line(apr_pool_t *p, const apr_array_header_t *sections, const ap_directive_t *line,
                                 section_says_t *says)
{
    const char *path = section_location(p, line);

    for (const ap_directive_t *home = section_around(line); home; home = section_around(home)) {
        for (int i = 0; i < sections->nelts; i++) {
            const section_t *section = &APR_ARRAY_IDX(sections, i, section_t);

            if (section_around(section->at) == home && (!says || says(section))) {
                return section;
            }
        }
    }
    return path ? section_at(sections, path, says) : NULL;
}

static int is_inside(const ap_directive_t *line, const ap_directive_t *outer)
{
    while (line && line != outer) {
        line = line->parent;
    }
    return line != NULL;
}

static const ap_directive_t *virtual_host_of(const ap_directive_t *line)
{
    while (line && strcasecmp(line->directive, "<VirtualHost") != 0) {
        line = line->parent;
    }
    return line;
}

/* Which of two lines comes first; NULL: neither is there. */
static const ap_directive_t *first_of(const ap_directive_t *first, const ap_directive_t *one, const ap_directive_t *other)
{
    const ap_directive_t *found = NULL;

    for (const ap_directive_t *at = first; at && !found; at = at->next) {
        found = at == one || at == other ? at : first_of(at->first_child, one, other);
    }
    return found;
}

static int adds_to_others(const ap_directive_t *line, const void *baton)
{
    (void)baton;
    return strcasecmp(line->args, "Off") != 0;
}

int section_overrules(const section_t *section, const ap_directive_t *line)
{
    const ap_directive_t *home = section_around(section->at);

    if (!home || is_inside(line, home) || !section_has_requirement(home->first_child) ||
        section_find_line(home->first_child, "AuthMerging", adds_to_others, NULL)) {
        return 0;
    }
    return virtual_host_of(home) != virtual_host_of(line) ? virtual_host_of(home) != NULL
                                                          : first_of(ap_conftree, home, line) == line;
}
