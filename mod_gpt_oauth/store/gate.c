/*
 * Lets at most so many threads at connections, and only one at a time open a new one. Called by lease.c alone; the header says
 * why.
 */
#include "store/gate.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "store/value.h"

#define LONGEST_WAIT (1 * SECOND)
#define SHUT_FOR     (1 * SECOND)

struct gate_t {
    apr_thread_mutex_t *mutex; /* guards all below */
    apr_thread_cond_t *changed;
    int max;
    int inside;
    int opening;
    apr_int64_t shut_until;
};

apr_status_t gate_create(gate_t **out, apr_pool_t *p, int max)
{
    gate_t *gate = apr_pcalloc(p, sizeof(*gate));
    apr_status_t rv = apr_thread_mutex_create(&gate->mutex, APR_THREAD_MUTEX_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    gate->max = max > 0 ? max : 1;
    *out = gate;
    return apr_thread_cond_create(&gate->changed, p);
}

gate_answer_t gate_enter(gate_t *gate, apr_int64_t deadline, apr_int64_t *waited)
{
    apr_int64_t now = clock_us(), before;
    gate_answer_t answer;
    int is_full;

    *waited = 0;
    if (deadline > now + LONGEST_WAIT) {
        deadline = now + LONGEST_WAIT;
    }
    apr_thread_mutex_lock(gate->mutex);
    for (;;) {
        if (now < gate->shut_until) {
            answer = GATE_SHUT;
            break;
        }
        if (gate->inside < gate->max && !gate->opening) {
            gate->inside++;
            gate->opening = 1;
            answer = GATE_OPEN;
            break;
        }
        if (now >= deadline) {
            answer = gate->opening ? GATE_OPENING : GATE_FULL;
            break;
        }
        /* Late or spurious, it makes no difference: the state is looked at again. */
        is_full = !gate->opening;
        before = now;
        (void)apr_thread_cond_timedwait(gate->changed, gate->mutex, deadline - now);
        now = clock_us();
        *waited += is_full ? now - before : 0;
    }
    apr_thread_mutex_unlock(gate->mutex);
    return answer;
}

void gate_opened(gate_t *gate)
{
    apr_thread_mutex_lock(gate->mutex);
    gate->opening = 0;
    apr_thread_cond_signal(gate->changed);
    apr_thread_mutex_unlock(gate->mutex);
}

void gate_failed(gate_t *gate, int slowly)
{
    apr_thread_mutex_lock(gate->mutex);
    gate->opening = 0;
    gate->inside--;
    if (slowly) {
        gate->shut_until = clock_us() + SHUT_FOR;
        apr_thread_cond_broadcast(gate->changed);
    } else {
        apr_thread_cond_signal(gate->changed);
    }
    apr_thread_mutex_unlock(gate->mutex);
}

void gate_leave(gate_t *gate)
{
    apr_thread_mutex_lock(gate->mutex);
    gate->inside--;
    apr_thread_cond_signal(gate->changed);
    apr_thread_mutex_unlock(gate->mutex);
}
