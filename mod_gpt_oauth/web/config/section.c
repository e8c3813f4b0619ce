/*
 * Reads sections off the tree of lines that httpd keeps of its configuration. resource.c, web/setup and the Require lines ask.
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

const char *section_location(apr_pool_t *p, const ap_directive_t *line)
{
    for (const ap_directive_t *outer = line->parent; outer; outer = outer->parent) {
        if (strcasecmp(outer->directive, "<Location") == 0) {
            const char *args = outer->args, *path = ap_getword_conf(p, &args);

            path = apr_pstrndup(p, path, strcspn(path, ">"));
            return strpbrk(path, "~*?[") ? NULL : path;
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
    apr_size_t size = strlen(root);

    size -= size > 0 && root[size - 1] == '/';
    return strncmp(path, root, size) == 0 && (path[size] == '/' || !path[size]);
}
