/*
 * The sections of the configuration: questions to it as it was written (ap_directive_t), asked while it is read and checked.
 */
#ifndef GPT_OAUTH_WEB_SECTION_H
#define GPT_OAUTH_WEB_SECTION_H

#include <httpd.h>
#include <http_config.h>

/* The innermost section around a line that is in force by itself: not <IfModule>, <Limit>, <RequireAny> and their like. */
const ap_directive_t *section_around(const ap_directive_t *line);

/* The path of the innermost plain <Location> around a line; NULL: none, or one that stands for many paths. */
const char *section_location(apr_pool_t *p, const ap_directive_t *line);

/* The value of the AuthType that stands in the same section as a line, or in one around it; NULL: none does. */
const char *section_auth_type(apr_pool_t *p, const ap_directive_t *line);

/* 1 when these, or what they enclose, hold a Require that asks for anything. */
int section_has_requirement(const ap_directive_t *first);

/* The first line of that directive for which matches is 1 (NULL: any), among these and what they enclose; NULL: there is none. */
const ap_directive_t *section_find_line(const ap_directive_t *first, const char *directive,
                                        int (*matches)(const ap_directive_t *line, const void *baton), const void *baton);

/* 1 when path is root or below it, as <Location root> would have it; a slash at the end of root is passed over. */
int path_is_within(const char *path, const char *root);

#endif
