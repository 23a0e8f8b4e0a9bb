/* SPDX-License-Identifier: MIT */
/* The window of recent runs is a shift register of a bit each. Knows numbers only. */
#include "model/rule_count.h"

#include "base/check.h"

#define HIGH_BITS (RP_RECENT_TESTS - 64)
#define HIGH_MASK ((UINT64_C(1) << HIGH_BITS) - 1)

void rp_rule_count_test(struct rp_rule_count *count, bool failed, uint64_t steps, uint64_t ns)
{
    uint64_t carried = count->recent[0] >> 63;

    count->recent[0] = count->recent[0] << 1 | (failed ? 1U : 0U);
    count->recent[1] = (count->recent[1] << 1 | carried) & HIGH_MASK;
    if (count->window < RP_RECENT_TESTS)
        count->window++;
    count->tests++;
    count->faults += failed;
    count->steps += steps;
    count->test_ns += ns;
}

uint32_t rp_rule_count_recent(const struct rp_rule_count *count, uint32_t *ret_runs)
{
    RP_ASSERT(count->window <= RP_RECENT_TESTS);
    *ret_runs = count->window;
    return (uint32_t)__builtin_popcountll(count->recent[0]) +
           (uint32_t)__builtin_popcountll(count->recent[1]);
}

bool rp_rule_count_failing(const struct rp_rule_count *count)
{
    uint32_t runs, failed = rp_rule_count_recent(count, &runs);

    return failed >= RP_FAULTS_FAILING && failed * 2 > runs;
}
