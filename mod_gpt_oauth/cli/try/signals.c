/*
 * Ctrl-C and its like during `gptoauth try`: what was written down for the while must be taken back, come what may.
 */
#include "cli/try/steps.h"

volatile sig_atomic_t try_interrupted;

static void note_signal(int number)
{
    try_interrupted = number;
}

void try_hear_signals(void)
{
    struct sigaction note = { .sa_handler = note_signal };

    sigaction(SIGINT, &note, NULL);
    sigaction(SIGTERM, &note, NULL);
    sigaction(SIGHUP, &note, NULL);
}
