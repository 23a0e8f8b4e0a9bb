/* SPDX-License-Identifier: MIT */
/* Runs the groups of the engine's unit tests; the status is the number of groups that failed. */
#include "unit/engine/groups.h"

int main(void)
{
    int failed = 0;

    failed += rp_test_load() != 0;
    failed += rp_test_help() != 0;
    failed += rp_test_eval() != 0;
    failed += rp_test_timers() != 0;
    failed += rp_test_promote() != 0;
    return failed;
}
