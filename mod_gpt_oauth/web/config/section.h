/*
 * The sections of the configuration: which of them covers a path, by one rule for configtest and for what is published, and
 * questions to the lines as they were written (ap_directive_t). Asked while the configuration is read and checked.
 */
#ifndef GPT_OAUTH_WEB_SECTION_H
#define GPT_OAUTH_WEB_SECTION_H

#include <httpd.h>
#include <http_config.h>

#include "web/config/config.h"

/* What a section has to say itself, to be the answer; NULL for any. */
typedef int section_says_t(const section_t *section);

int section_says_auth(const section_t *section);        /* AuthType GPTOAuth */
int section_says_credentials(const section_t *section); /* GPTOAuthCredentials */

/*
 * The section (of sections, section_t) that covers path and says it: of several plain <Location> the last, as httpd merges them
 * in the order in which they stand, however long their paths are. NULL: none does.
 */
const section_t *section_at(const apr_array_header_t *sections, const char *path, section_says_t *says);

/* The same, or the last one that might, as path is not known (NULL) or the section is no plain <Location>. */
const section_t *section_maybe_at(const apr_array_header_t *sections, const char *path, section_says_t *says);

/* The same for a line: the section that it stands in, one around that, or the one that covers the path of its <Location>. */
const section_t *section_of_line(apr_pool_t *p, const apr_array_header_t *sections, const ap_directive_t *line,
                                 section_says_t *says);

/*
 * 1 when the Require lines of section take the place of this one, as httpd merges it later, and without AuthMerging: it is
 * further down, or in a virtual host while the line is not, and is not a section around the line.
 */
int section_overrules(const section_t *section, const ap_directive_t *line);

/* The innermost section around a line that is in force by itself: not <IfModule>, <Limit>, <RequireAny> and their like. */
const ap_directive_t *section_around(const ap_directive_t *line);

/* The path of a plain <Location>; NULL: another section, or one that stands for many paths, <Location ~ "..."> and wildcards. */
const char *section_path(apr_pool_t *p, const ap_directive_t *section);

/* The path of the innermost plain <Location> around a line; NULL: none, or one that stands for many paths. */
const char *section_location(apr_pool_t *p, const ap_directive_t *line);

/* The value of the AuthType that stands in the same section as a line, or in one around it; NULL: none does. */
const char *section_auth_type(apr_pool_t *p, const ap_directive_t *line);

/* 1 when these, or what they enclose, hold a Require that asks for anything. */
int section_has_requirement(const ap_directive_t *first);

/* The first line of that directive for which matches is 1 (NULL: any), among these and what they enclose; NULL: there is none. */
const ap_directive_t *section_find_line(const ap_directive_t *first, const char *directive,
                                        int (*matches)(const ap_directive_t *line, const void *baton), const void *baton);

/* 1 when path is root or below it, as <Location root> would have it; a slash at the end of root is ignored. For requests too. */
int path_is_within(const char *path, const char *root);

#endif
