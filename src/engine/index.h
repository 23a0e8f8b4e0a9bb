/* SPDX-License-Identifier: MIT */
/* What the loader derives from finished rules so that an event touches only the declarations that can
 * concern it: which kinds an event has, which score rules may hit, which counters take it, and which
 * slots its values fill. Made once a generation in the rules' arena, read by the evaluation alone. */
#ifndef RP_ENGINE_INDEX_H
#define RP_ENGINE_INDEX_H

#include "engine/ruleset.h"

#include <stdint.h>

struct rp_index;

/* Derives the index; everything lives in rules->arena. Called once, when all else of the rules stands.
 * May add fields of its own behind rules->fields (touches that others are copied from). */
struct rp_index *rp_index_new(struct rp_rules *rules);

/* How events of one kind are dispatched, for `check --plan`. */
struct rp_index_plan {
    uint32_t rules;          /* enabled score rules on this kind */
    uint32_t indexed;        /* of them found through a value of the event */
    uint32_t max_candidates; /* most rules that one event of this kind can touch, lists apart */
    uint32_t counters;       /* counters that look at each such event */
    const uint32_t *fields;  /* the slots that they are indexed on, most used first */
    uint32_t field_count;
};

/* `kind` is an index of rules->kinds. */
struct rp_index_plan rp_index_plan(const struct rp_rules *rules, uint32_t kind);

#endif
