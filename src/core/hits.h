/* SPDX-License-Identifier: MIT */
/* What comes back through the links of an e-mail: pictures shown, links followed, unsubscriptions.
 * The doors hand over what the signed link says; here it becomes an event of whom it belongs to
 * now, and it is judged whether a person or a robot did it. */
#ifndef RP_CORE_HITS_H
#define RP_CORE_HITS_H

#include "core/core.h"
#include "model/link_token.h"

/* Texts live as long as the batch. */
struct rp_hit {
    struct rp_link link;
    int64_t received_ms;
    struct rp_str user_agent, address; /* of the network; "" */
    bool robot;                        /* by how it asked, whatever it did before */
};

#define RP_HIT_DELIVERED_MS 2000 /* sooner after the delivery nobody has read a mail */
#define RP_HIT_BURST_MS     5000 /* so many links within this time are followed by a robot: */
#define RP_HIT_BURST_LINKS  3
#define RP_HIT_ROBOT_MS     10000 /* what was done to the mail as shortly before is the robot's too */

/* Makes item->event of item->hit, or says why not in item->reject; in the run's transaction.
 * Whatever was taken for a person's and is a robot's is owed a correction. */
int rp_core_hit(struct rp_core *core, struct rp_arena *arena, struct rp_item *item,
                struct rp_err *err);
/* Voids what is owed, in runs of their own; false when nothing is left, or the disk failed: it is
 * tried again at the next call. */
bool rp_core_hits_step(struct rp_core *core);

#endif
