/* SPDX-License-Identifier: MIT */
/* The end of the road for our own bugs: says which expression was false and where, and aborts. It
 * uses nothing that could fail in turn: no allocation, no log. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void rp_check_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "ripen: internal error: %s is false at %s:%d\n", expr, file, line);
    fflush(stderr);
    abort();
}
