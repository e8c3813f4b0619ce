/*
 * The meters (base/meter.h) of this httpd: one for each issuer, which the virtual hosts that serve or guard it share.
 */
#ifndef GPT_OAUTH_WEB_METERS_H
#define GPT_OAUTH_WEB_METERS_H

#include <httpd.h>

/* post_config: makes them, or finds those from before the restart; or what the system says. */
apr_status_t meters_post_config(server_rec *main_server);

void meters_child_init(apr_pool_t *pchild);

/* The hook monitor, which httpd's parent calls every ten seconds or so: notes the numbers, for those of the last hour. */
int meters_monitor(apr_pool_t *p, server_rec *main_server);

#endif
