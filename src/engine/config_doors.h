/* SPDX-License-Identifier: MIT */
/* Inside of engine/: the doors that ripen.lua declares (source, form, cloudevents), out of their
 * trees. Secrets are left to config.c. Texts are copied into the arena. */
#ifndef RP_ENGINE_CONFIG_DOORS_H
#define RP_ENGINE_CONFIG_DOORS_H

#include "engine/config.h"
#include "engine/tree.h"

void rp_doors_take_source(struct rp_arena *arena, const struct rp_declared *declared,
                          struct rp_source_door *ret_source);
void rp_doors_take_form(struct rp_arena *arena, const struct rp_declared *declared,
                        struct rp_form_door *ret_form);
void rp_doors_take_cloud(struct rp_arena *arena, const struct rp_declared *declared,
                         struct rp_doors *doors);
/* A `redirect` or `next` of a form that is neither a path nor a web address; NULL: none. */
const struct rp_node *rp_doors_bad_address(const struct rp_node *body);

#endif
