/*
 * Which browser somebody uses, as far as he should recognise it in a list of his own.
 */
#ifndef GPT_OAUTH_BASE_BROWSER_H
#define GPT_OAUTH_BASE_BROWSER_H

/* The family that a User-Agent (or NULL) tells of: a constant such as "Firefox", and "" for all that is not known. */
const char *browser_family(const char *user_agent);

#endif
