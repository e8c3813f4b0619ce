/*
 * Lines of the error log. Each has a code (base/log_code.h), which brings its level, and says why and what to do; never a token,
 * code, secret, password or cookie. Formats are literals. "private.h" has to be included too, or the line is not the module's.
 */
#ifndef GPT_OAUTH_WEB_LOG_H
#define GPT_OAUTH_WEB_LOG_H

#include <httpd.h>
#include <http_log.h>

#include "base/log_code.h"

/* APLOG_WARNING and so on. */
int log_level(log_code_t code);

/* About a request. */
#define log_request(r, code, format, ...)                                                                                        \
    ap_log_rerror(APLOG_MARK, log_level(code), 0, r, "%s: " format, log_code_name(code), ##__VA_ARGS__)

/* About a server, with the reason that rv stands for, if any, in front. */
#define log_server(s, rv, code, format, ...)                                                                                     \
    ap_log_error(APLOG_MARK, log_level(code), rv, s, "%s: " format, log_code_name(code), ##__VA_ARGS__)

/* About the configuration, while it is read: to the terminal of configtest as well. */
#define log_config(s, code, format, ...)                                                                                         \
    ap_log_error(APLOG_MARK, APLOG_STARTUP | log_level(code), 0, s, "%s: " format, log_code_name(code), ##__VA_ARGS__)

#endif
