/* SPDX-License-Identifier: MIT */
/* What became of a rule: counted beside the evaluation for reports and for the search for rules
 * that keep failing. Nothing that decides ever reads it. */
#ifndef RP_MODEL_RULE_COUNT_H
#define RP_MODEL_RULE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct rp_rule_count {
    uint64_t runs;    /* events that asked it: of its kind, and past the index */
    uint64_t hits;    /* its `when` and its test held */
    uint64_t granted; /* hits that gave points */
    uint64_t tests, faults, steps, test_ns; /* runs of its test: all, failed; Lua steps; time */
    uint64_t recent[2];                     /* the last RP_RECENT_TESTS runs, newest in bit 0 */
    uint32_t window;                        /* runs that recent tells of; none of before a start */
    bool changed;                           /* since it was written to the store */
};

#define RP_RECENT_TESTS   100
#define RP_FAULTS_FAILING 20 /* so many of them, and more than half, are too many */

/* One run of the rule's test. */
void rp_rule_count_test(struct rp_rule_count *count, bool failed, uint64_t steps, uint64_t ns);
/* Failed runs among the last *ret_runs (at most RP_RECENT_TESTS). */
uint32_t rp_rule_count_recent(const struct rp_rule_count *count, uint32_t *ret_runs);
/* True when the rule keeps failing: at least RP_FAULTS_FAILING and more than half of its recent
 * runs. Counts of before a restart are not recent. */
bool rp_rule_count_failing(const struct rp_rule_count *count);

#endif
