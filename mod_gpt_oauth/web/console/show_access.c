/*
 * Throttles at the console: whose sign-ins are refused for too many wrong passwords. In the table of views.c.
 */
#include "base/array.h"
#include "private.h"
#include "store/listing.h"
#include "store/throttles.h"
#include "web/console/page.h"
#include "web/console/views.h"

static void add_row(console_t *c, console_table_t *table, const throttled_t *throttled)
{
    const char *const fields[] = { "user", throttled->name, "address", throttled->address, NULL };

    console_cell(table, *throttled->name ? throttled->name : "(anybody)", NULL);
    console_cell(table, *throttled->address ? throttled->address : "(anywhere)", NULL);
    console_cell(table, console_time(c, throttled->until_at, "-"), NULL);
    console_cell(table, throttled->host, NULL);
    if (!*throttled->name || console_may_touch(c, throttled->name)) {
        console_button(c, table, "throttle_lift", "Lift", fields);
    } else {
        console_cell(table, "", NULL);
    }
}

int view_throttles(console_t *c)
{
    static const char *const header[] = { "User", "Address", "Until", "Recorded by", "" };
    apr_array_header_t *throttles;
    console_table_t table;
    int count;

    if (store_throttle_list(&c->visit.store, NULL, &throttles) == STORE_DOWN) {
        return console_down(c);
    }
    count = throttles->nelts < LISTING_PAGE ? throttles->nelts : LISTING_PAGE;
    console_begin(c, "Throttles", "throttles");
    console_text(c, "Sign-ins that are refused for too many wrong passwords. A throttle ends by itself.");
    table = console_table(c, NULL, header, (int)COUNT(header), "No sign-in is refused for too many wrong passwords.");
    for (int i = 0; i < count; i++) {
        add_row(c, &table, APR_ARRAY_IDX(throttles, i, const throttled_t *));
    }
    if (count < throttles->nelts) {
        console_warn(c, "There are more. Lift these, or use `gptoauth throttle`.");
    }
    return console_send(c, HTTP_OK);
}
