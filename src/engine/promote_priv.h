/* SPDX-License-Identifier: MIT */
/* What the two ways of a promotion share. Internal to engine/. */
#ifndef RP_ENGINE_PROMOTE_PRIV_H
#define RP_ENGINE_PROMOTE_PRIV_H

#include "engine/promote.h"
#include "engine/tree.h"

/* The fields of a model over those of everything that it is like, `like` and `why` left out. Stops
 * before the model `until` ("": never); *ret_met: it came to it. */
struct rp_node rp_promote_merged(struct rp_arena *arena, const struct rp_declarations *declarations,
                                 struct rp_str model, struct rp_str until, bool *ret_met);

/* The promotion as an edit of weights.lua; false: the numbers do not come from there. */
bool rp_promote_in_weights(struct rp_arena *arena, const struct rp_files *files,
                           const struct rp_declarations *declarations, struct rp_str control,
                           struct rp_str arm, struct rp_promotion *ret_promotion);

#endif
