/* SPDX-License-Identifier: MIT */
/* Counts of rules in a running core: what each was asked, gave, cost and failed; which keep
 * failing. Of the thread that owns the core. */
#ifndef RP_CORE_COUNTS_H
#define RP_CORE_COUNTS_H

#include "base/buf.h"
#include "core/core.h"
#include "model/rule_count.h"

/* [score] of the active rules; NULL before there are any. Valid until the next swap of rules. */
const struct rp_rule_count *rp_core_rule_counts(const struct rp_core *core);

/* Indices of score rules whose tests keep failing (model/rule_count.h), ascending; how many, at
 * most `max`. Cheap: looks only at rules that have a test. What to do: load the same sources again
 * with these names in rp_load_options.disabled, and those disabled before, and swap. */
uint32_t rp_core_rules_failing(const struct rp_core *core, uint32_t *ret_rules, uint32_t max);
/* Why: `its test failed at 57 of its last 100 runs; correct the test and save`. */
struct rp_str rp_core_failing_reason(struct rp_arena *arena, const struct rp_core *core,
                                     uint32_t rule);

/* ripen_rule_…{rule="…"} in Prometheus text: rules that failed or are out of action first, then
 * those that were asked most; RP_METRIC_RULES_MAX at most. */
void rp_core_counts_print(const struct rp_core *core, struct rp_buf *out);

#endif
