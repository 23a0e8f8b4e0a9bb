/* SPDX-License-Identifier: MIT */
/* Runs the groups of unit_deliver; the exit code is the number of groups with failures. */
#include "suite.h"

#include <signal.h>

int main(void)
{
    static int (*const groups[])(void) = {rp_test_sign,           rp_test_guard,   rp_test_retry,
                                          rp_test_lanes,          rp_test_pace,    rp_test_deliver,
                                          rp_test_deliver_bounds, rp_test_breaker, rp_test_crm,
                                          rp_test_mail,           rp_test_pause};
    int failed = 0;

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        failed += groups[i]() != 0;
    return failed;
}
