/* SPDX-License-Identifier: MIT */
/* What lies behind the watermark: nodes and events that the states may lack. A reader beside the
 * server looks through it once a question and then completes any number of leads. */
#ifndef RP_CORE_RECENT_H
#define RP_CORE_RECENT_H

#include "base/arena.h"
#include "base/err.h"
#include "model/lead.h"
#include "store/db.h"

struct rp_recent {
    struct rp_recent_head {
        int64_t node, event, received_ms;
    } * heads; /* newest event of each node that has one there, by node */
    struct rp_recent_node {
        int64_t lead, node;
    } * nodes; /* nodes added, by lead */
    size_t head_count, node_count;
};

/* Lives in the arena. Cheap when the states are complete. */
int rp_recent_load(struct rp_arena *arena, struct rp_store *store, struct rp_recent *ret_recent,
                   struct rp_err *err);
/* True when events of the lead lie there. */
bool rp_recent_concerns(const struct rp_recent *recent, const struct rp_lead *lead);
/* Completes nodes, heads and updated_ms of a lead read from its state. */
void rp_recent_apply(const struct rp_recent *recent, struct rp_lead *lead);

#endif
