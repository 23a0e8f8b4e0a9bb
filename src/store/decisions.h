/* SPDX-License-Identifier: MIT */
/* Stage decisions and faults: records of what was decided, when, why and under which generation.
 * Never rewritten. */
#ifndef RP_STORE_DECISIONS_H
#define RP_STORE_DECISIONS_H

#include "base/arena.h"
#include "model/decision.h"
#include "store/db.h"

struct rp_move_row {
    int64_t id, lead, event; /* event 0: a timer or a person */
    struct rp_str from, to, because, reasons;
    int64_t at_ms;
    uint32_t generation;
    bool passing;
};

RP_MUST_USE int rp_move_add(struct rp_store *store, const struct rp_move_row *row, int64_t *ret_id,
                            struct rp_err *err);
/* All of a lead, oldest first; texts in the arena. */
RP_MUST_USE int rp_move_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                             struct rp_move_row **ret_rows, size_t *ret_count, struct rp_err *err);
/* One decision by its number; ENOTFOUND. */
RP_MUST_USE int rp_move_get(struct rp_arena *arena, struct rp_store *store, int64_t id,
                            struct rp_move_row *ret_row, struct rp_err *err);

RP_MUST_USE int rp_fault_add(struct rp_store *store, int64_t event, const struct rp_fault *fault,
                             struct rp_err *err);
RP_MUST_USE int rp_fault_list(struct rp_arena *arena, struct rp_store *store, int64_t event,
                              struct rp_fault **ret_rows, size_t *ret_count, struct rp_err *err);

#endif
