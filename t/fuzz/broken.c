/*
 * The end of a target whose property does not hold: a message, and the crash that a fuzzer looks for.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

void fuzz_broken(const char *property, const char *file, int line)
{
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, property);
    abort();
}
