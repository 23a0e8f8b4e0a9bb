/* SPDX-License-Identifier: MIT */
/* Numbers that replace those of the rules, for weights.lua and for models. */
#ifndef RP_ENGINE_COMPILE_WEIGHTS_H
#define RP_ENGINE_COMPILE_WEIGHTS_H

#include "engine/compile.h"

/* Whose numbers are changed; all arrays of the model are its own to write. */
struct rp_weighing {
    struct rp_compile *compile;
    struct rp_model *model;
    struct rp_str what; /* `weights`, `model "x"`: for messages */
};

/* Each takes one field `name = number or table` and reports what it cannot be. */
void rp_weigh_rule(struct rp_weighing *w, const struct rp_node_field *field);
void rp_weigh_group(struct rp_weighing *w, const struct rp_node_field *field, struct rp_str name);
void rp_weigh_stage(struct rp_weighing *w, const struct rp_node_field *field, struct rp_str name);

/* Awards of all scores and points of all fits, copied into the arena as the rules declare them. */
void rp_weighed_open(struct rp_arena *arena, const struct rp_rules *rules,
                     struct rp_model *ret_model);
/* Puts a model's awards and points of fits into the rules themselves. */
void rp_weighed_keep(struct rp_rules *rules, const struct rp_model *model);

#endif
