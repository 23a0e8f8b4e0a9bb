/* SPDX-License-Identifier: MIT */
/* What each rule gives a lead at a moment, and whether a stage would have been entered without it.
 * For back-tests and reports: costs a fold of the lead's history. One thread. */
#ifndef RP_ENGINE_WEIGH_H
#define RP_ENGINE_WEIGH_H

#include "engine/fold.h"

struct rp_weigh;
struct rp_weigh *rp_weigh_new(const struct rp_rules *rules);
void rp_weigh_free(struct rp_weigh *weigh); /* NULL: no effect */

/* Before the lead's history is folded with rp_weigh_trace (ctx: the struct rp_weigh). What the
 * model gives counts, as of now_ms. */
void rp_weigh_begin(struct rp_weigh *weigh, uint32_t model, int64_t now_ms);
rp_trace_fn rp_weigh_trace;
/* Behind it: `lead` has the cells of that fold; adds the fit rules. */
void rp_weigh_end(struct rp_weigh *weigh, struct rp_fold *fold, const struct rp_lead *lead);

/* Points of a rule in a dimension, thousandths; fit rules come behind the score rules. */
int64_t rp_weigh_points(const struct rp_weigh *weigh, uint32_t rule, uint32_t dim);
/* Whether without the rule's points some threshold of the stage's `enter` that holds now would not
 * hold. */
bool rp_weigh_needed(const struct rp_weigh *weigh, uint32_t rule, uint32_t stage);
/* The same without a history: which fit rules give the lead points now; `gives` has room for all of
 * them. */
void rp_weigh_fits(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms, bool *gives);

#endif
