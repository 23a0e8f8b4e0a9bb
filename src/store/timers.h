/* SPDX-License-Identifier: MIT */
/* What time will do, and statuses: the next timer of each lead, written behind with its state, and
 * the history of statuses, which is never rewritten. */
#ifndef RP_STORE_TIMERS_H
#define RP_STORE_TIMERS_H

#include "base/arena.h"
#include "store/db.h"

#include <stddef.h>
#include <stdint.h>

/* Sets a lead's next timer; due_ms 0: it has none. */
RP_MUST_USE int rp_timer_put(struct rp_store *store, int64_t lead, int64_t due_ms, int kind,
                             struct rp_err *err);
/* A lead's next timer; 0 when it has none. */
RP_MUST_USE int rp_timer_get(struct rp_store *store, int64_t lead, int64_t *ret_due_ms,
                             int *ret_kind, struct rp_err *err);

/* All timers in the order of leads, for a start: `take` is called for each. */
typedef void rp_timer_fn(void *ctx, int64_t lead, int64_t due_ms);
RP_MUST_USE int rp_timer_each(struct rp_store *store, rp_timer_fn *take, void *ctx,
                              struct rp_err *err);
/* How many leads have one. */
int64_t rp_timer_count(struct rp_store *store);

/* A status that a lead came into. */
struct rp_status_row {
    int64_t id, lead, event; /* event 0: a timer */
    struct rp_str stage, from, to, because;
    int64_t at_ms;
    uint32_t generation;
};
RP_MUST_USE int rp_status_add(struct rp_store *store, const struct rp_status_row *row,
                              struct rp_err *err);
/* The newest of a lead; ENOTFOUND when it never had one. */
RP_MUST_USE int rp_status_last(struct rp_store *store, int64_t lead, struct rp_status_row *ret_row,
                               struct rp_err *err);
/* All of a lead, oldest first; names live until close. */
RP_MUST_USE int rp_status_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                               struct rp_status_row **ret_rows, size_t *ret_count,
                               struct rp_err *err);

#endif
