/* SPDX-License-Identifier: MIT */
/* What readers ask: who is this, and which leads are there. Any mode; cheap for a million leads. */
#ifndef RP_STORE_REPORTS_H
#define RP_STORE_REPORTS_H

#include "base/arena.h"
#include "model/lead.h"
#include "store/states.h"

/* A lead by public id, else e-mail (any case), else userId, else anonymousId. ENOTFOUND with a
 * sentence that names it. */
RP_MUST_USE int rp_lead_find(struct rp_store *store, struct rp_str text, int64_t *ret_lead,
                             struct rp_err *err);

struct rp_lead_row {
    int64_t lead;
    struct rp_str public_id;
    struct rp_state_summary summary; /* as of summary.scored_ms */
    int64_t created_ms, updated_ms, stage_since_ms;
    uint32_t generation;
    struct rp_str cells; /* for rp_lead_cells_set; "" unless asked for */
};

struct rp_lead_filter {
    struct rp_str stage; /* "" all */
    int64_t after;       /* leads with a higher number only: the last of the page before */
    bool cells;          /* read the cells too */
};

/* A page of leads that have a state, in the order of their numbers, merged ones left out. Texts in
 * the arena. ret_count < max: the end. */
RP_MUST_USE int rp_lead_list(struct rp_arena *arena, struct rp_store *store,
                             const struct rp_lead_filter *filter, size_t max,
                             struct rp_lead_row **ret_rows, size_t *ret_count, struct rp_err *err);

#endif
