/* SPDX-License-Identifier: MIT */
/* What becomes of the rule files when an arm of an experiment becomes the control: the arm's
 * numbers are written into weights.lua when all of them come from there, else the control's model
 * takes them over in its own declaration. Nothing is written to disk here. */
#ifndef RP_ENGINE_PROMOTE_H
#define RP_ENGINE_PROMOTE_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/load.h"

struct rp_promotion {
    uint32_t file;           /* in files */
    size_t at, len;          /* of the text that changes: the declaration, lines of weights.lua */
    struct rp_str was, text; /* as it stands, as it will */
    struct rp_str whole;     /* the file afterwards */
};

/* EINPUT when there is no such model, or the declaration is not plain text (made in a loop). */
int rp_promote(struct rp_arena *arena, const struct rp_files *files,
               const struct rp_declarations *declarations, struct rp_str control, struct rp_str arm,
               struct rp_promotion *ret_promotion, struct rp_err *err);

/* Whether a model of some rules scores and moves leads as one of other rules that differ from them
 * in numbers only: what the promoted rules must come to. */
bool rp_models_alike(const struct rp_rules *rules_a, uint32_t model_a,
                     const struct rp_rules *rules_b, uint32_t model_b);

#endif
