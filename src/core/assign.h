/* SPDX-License-Identifier: MIT */
/* Owners and tasks of a decision, put on record in its transaction; owners when leads become one
 * and two again. */
#ifndef RP_CORE_ASSIGN_H
#define RP_CORE_ASSIGN_H

#include "core/core_priv.h"

/* Lets `assign` of this core's fold ask the store whose turn it is. */
void rp_core_turns(struct rp_core *core);
/* The changes of hands that a decision brings. */
int rp_core_assigned(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                     const struct rp_decision *decision, int64_t now_ms, struct rp_err *err);
/* The task of an intent whose outbox row was just added. */
int rp_core_task(struct rp_core *core, const struct rp_cached *lead, const struct rp_intent *intent,
                 int64_t outbox, struct rp_err *err);
#define RP_ASSIGN_AGAIN_MS (INT64_C(3600) * 1000)       /* so often, */
#define RP_ASSIGN_WAITS_MS (INT64_C(30) * 86400 * 1000) /* and so long */
/* Looks again at assignments to a team that nobody could take: somebody may be back. The first who
 * can gets the lead, unless its owner was decided or it has left its stage since then; the row that
 * was held is done. A portion of them each hour, in the pauses of the core; false: no more now. */
bool rp_core_assign_step(struct rp_core *core);
/* `from` becomes part of `into`, whose owner stands; when nobody owns it, the other's owner does.
 */
int rp_core_owner_merged(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                         int64_t now_ms, struct rp_err *err);
/* It stands on its own again, with the owner that it had. */
int rp_core_owner_unmerged(struct rp_core *core, struct rp_cached *from, struct rp_err *err);

#endif
