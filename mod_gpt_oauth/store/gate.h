/*
 * The gate before a pool of connections that waits without limit and connects under its own lock (see source.h). Any thread.
 */
#ifndef GPT_OAUTH_STORE_GATE_H
#define GPT_OAUTH_STORE_GATE_H

#include <apr_pools.h>

typedef struct gate_t gate_t;

typedef enum {
    GATE_OPEN,    /* inside, and the only one who opens until gate_opened or gate_failed */
    GATE_FULL,    /* max were inside, and had opened */
    GATE_OPENING, /* another one is still opening */
    GATE_SHUT     /* connecting has just failed slowly */
} gate_answer_t;

/* p lives as long as the process. */
apr_status_t gate_create(gate_t **gate, apr_pool_t *p, int max);

/* Waits until deadline (see base/clock.h), a second at most; *waited: how long for one of max to leave, in microseconds. */
gate_answer_t gate_enter(gate_t *gate, apr_int64_t deadline, apr_int64_t *waited);

/* The connection is there: the next one may open. */
void gate_opened(gate_t *gate);

/* There is no connection, and the caller is outside again. slowly shuts the gate for a second, for those who wait too. */
void gate_failed(gate_t *gate, int slowly);

/* Whoever was let in and has opened leaves in the end. */
void gate_leave(gate_t *gate);

#endif
