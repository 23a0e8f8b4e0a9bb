/* SPDX-License-Identifier: MIT */
/* Events that Ripen itself sends to a lead: what people decide through it. They are judged like any
 * other. */
#ifndef RP_CORE_OWN_EVENT_H
#define RP_CORE_OWN_EVENT_H

#include "core/core_priv.h"

/* A track named `event`, in a run of its own. `properties` is a JSON object; with a message_id that
 * the lead has already nothing happens ("": one is made). Verdicts as of a batch go onto out.
 * EINPUT: the rules refuse it, and err says why. */
int rp_core_own_event(struct rp_core *core, int64_t lead, const char *event,
                      struct rp_str message_id, struct rp_str properties, struct rp_buf *out,
                      struct rp_err *err);

/* A node by which an event reaches the lead: its userId, else an anonymousId, else an e-mail; its
 * value lives in the core's arena. ENOTFOUND: it has none. */
int rp_core_best_node(struct rp_core *core, int64_t id, struct rp_identity *ret_node,
                      struct rp_err *err);

#endif
