/* SPDX-License-Identifier: MIT */
/* Whether two models score and move leads alike, each in its own rules: what a promotion must come
 * to, whichever file it edits. The rules around them are the same but for numbers. */
#include "engine/promote.h"

static bool conds_alike(const struct rp_cond *a, const struct rp_cond *b)
{
    if (!a || !b)
        return a == b;
    if (a->op != b->op || a->bound_count != b->bound_count || a->part_count != b->part_count)
        return false;
    for (uint32_t i = 0; i < a->bound_count; i++) {
        if (a->bounds[i].dim != b->bounds[i].dim || a->bounds[i].value != b->bounds[i].value)
            return false;
    }
    for (uint32_t i = 0; i < a->part_count; i++) {
        if (!conds_alike(&a->parts[i], &b->parts[i]))
            return false;
    }
    return true;
}

static bool scores_alike(const struct rp_rules *rules, const struct rp_model *a,
                         const struct rp_model *b)
{
    for (uint32_t i = 0; i < rules->score_count; i++) {
        if (a->without[i] != b->without[i])
            return false;
        for (uint32_t j = 0; j < rules->scores[i].award_count && !a->without[i]; j++) {
            if (a->awards[i][j].dim != b->awards[i][j].dim ||
                a->awards[i][j].points != b->awards[i][j].points)
                return false;
        }
    }
    return true;
}

static bool fits_alike(const struct rp_rules *rules, const struct rp_model *a,
                       const struct rp_model *b)
{
    for (uint32_t i = 0; i < rules->fit_count; i++) {
        uint32_t count = rules->fits[i].op == RP_FIT_WHEN ? 1 : rules->fits[i].band_count;

        if (a->without_fits[i] != b->without_fits[i])
            return false;
        for (uint32_t band = 0; band < count && !a->without_fits[i]; band++) {
            if (a->fit_points[i][band] != b->fit_points[i][band])
                return false;
        }
    }
    return true;
}

bool rp_models_alike(const struct rp_rules *rules_a, uint32_t model_a,
                     const struct rp_rules *rules_b, uint32_t model_b)
{
    const struct rp_model *a = &rules_a->models[model_a];
    const struct rp_model *b = &rules_b->models[model_b];

    if (rules_a->score_count != rules_b->score_count || rules_a->fit_count != rules_b->fit_count ||
        rules_a->group_count != rules_b->group_count ||
        rules_a->stage_count != rules_b->stage_count || !scores_alike(rules_a, a, b) ||
        !fits_alike(rules_a, a, b))
        return false;
    for (uint32_t i = 0; i < rules_a->group_count; i++) {
        if (a->groups[i].cap != b->groups[i].cap || a->groups[i].floor != b->groups[i].floor)
            return false;
    }
    for (uint32_t i = 0; i < rules_a->stage_count; i++) {
        if (!conds_alike(a->stages[i].enter, b->stages[i].enter) ||
            !conds_alike(a->stages[i].leave, b->stages[i].leave))
            return false;
    }
    return true;
}
