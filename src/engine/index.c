/* SPDX-License-Identifier: MIT */
/* See index.h. */
#include "engine/index.h"

struct rp_index {
    const struct rp_rules *rules;
};

struct rp_index *rp_index_new(struct rp_rules *rules)
{
    struct rp_index *index = RP_ARENA_NEW(&rules->arena, struct rp_index);

    index->rules = rules;
    return index;
}

struct rp_index_plan rp_index_plan(const struct rp_rules *rules, uint32_t kind)
{
    struct rp_index_plan plan = {0};

    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        for (uint32_t k = 0; score->enabled && k < score->on_count; k++)
            plan.rules += score->on[k] == kind;
    }
    plan.max_candidates = plan.rules;
    return plan;
}
