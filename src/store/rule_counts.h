/* SPDX-License-Identifier: MIT */
/* The counts of rules, by name. */
#ifndef RP_STORE_RULE_COUNTS_H
#define RP_STORE_RULE_COUNTS_H

#include "base/arena.h"
#include "model/rule_count.h"
#include "store/db.h"

struct rp_rule_count_row {
    struct rp_str rule;
    struct rp_rule_count count; /* nothing recent */
};

/* All of them, by name. */
RP_MUST_USE int rp_rule_count_list(struct rp_arena *arena, struct rp_store *store,
                                   struct rp_rule_count_row **ret_rows, size_t *ret_count,
                                   struct rp_err *err);
/* Writes the totals as they stand; in a write transaction. */
RP_MUST_USE int rp_rule_count_put(struct rp_store *store, struct rp_str rule,
                                  const struct rp_rule_count *count, struct rp_err *err);
/* A rule that was called `was` is called `rule` now: its numbers go over, unless it has some under
 * the new name. */
RP_MUST_USE int rp_rule_count_rename(struct rp_store *store, struct rp_str was, struct rp_str rule,
                                     struct rp_err *err);

#endif
