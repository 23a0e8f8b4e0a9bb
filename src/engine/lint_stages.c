/* SPDX-License-Identifier: MIT */
/* The ways between stages: those that nothing leads to, those that nothing leads out of, entries
 * that contradict the stages they are asked from. */
#include "engine/lint.h"

#define NAME(thing) RP_STR_ARG((thing).name)

/* ---- Ways in --------------------------------------------------------------------------------- */

/* Marks what can be reached from the first stage by `enter` and `leave`. */
static void mark_reached(const struct rp_rules *rules, bool *reached)
{
    bool more = rules->stage_count > 0;

    if (more)
        reached[0] = true;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < rules->stage_count; i++) {
            const struct rp_stage *stage = &rules->stages[i];
            bool before = reached[i];

            for (uint32_t j = 0; stage->enter && j < stage->from_count; j++)
                reached[i] |= reached[stage->from[j]];
            more |= reached[i] != before;
            if (reached[i] && stage->leave && stage->leave_to < rules->stage_count &&
                !reached[stage->leave_to])
                more = reached[stage->leave_to] = true;
        }
    }
}

static bool is_fallen_back_to(const struct rp_rules *rules, uint32_t stage)
{
    for (uint32_t i = 0; i < rules->stage_count; i++)
        if (rules->stages[i].leave && rules->stages[i].leave_to == stage)
            return true;
    return false;
}

static void lint_ways_in(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;
    bool *reached = RP_ARENA_ARRAY(compile->arena, bool, rules->stage_count);

    mark_reached(rules, reached);
    for (uint32_t i = 1; i < rules->stage_count; i++) {
        const struct rp_stage *stage = &rules->stages[i];

        if (reached[i])
            continue;
        if (stage->enter == NULL && !is_fallen_back_to(rules, i))
            rp_compile_report(compile, RP_CODE_NEVER_ENTERED, stage->place, (int)stage->name.len,
                              RP_STR("add a stage with enter = …"),
                              "stage \"%.*s\" is never entered", NAME(*stage));
        else
            rp_compile_report(compile, RP_CODE_NEVER_ENTERED, stage->place, 5,
                              RP_STR("name a stage in `from` that leads can be in"),
                              "stage \"%.*s\" is never entered: no stage that leads to it is",
                              NAME(*stage));
    }
}

/* in_stage("x") among the conditions that must all hold, where x is none of `from`. */
static void lint_entry(struct rp_compile *compile, const struct rp_stage *stage,
                       const struct rp_cond *cond)
{
    bool possible = false;

    if (cond == NULL)
        return;
    if (cond->op == RP_COND_ALL)
        for (uint32_t i = 0; i < cond->part_count; i++)
            lint_entry(compile, stage, &cond->parts[i]);
    if (cond->op != RP_COND_IN_STAGE || cond->stage >= compile->rules->stage_count)
        return;
    for (uint32_t i = 0; i < stage->from_count; i++)
        possible |= stage->from[i] == cond->stage;
    if (!possible)
        rp_compile_report(compile, RP_CODE_NEVER_ENTERED, cond->place, 8,
                          RP_STR("add that stage to `from`, or ask for one of those"),
                          "stage \"%.*s\" is never entered: it asks for stage \"%.*s\", which is "
                          "not among those it is entered from",
                          NAME(*stage), NAME(compile->rules->stages[cond->stage]));
}

/* ---- Ways out -------------------------------------------------------------------------------- */

static bool is_left_for_another(const struct rp_rules *rules, uint32_t stage)
{
    for (uint32_t i = 0; i < rules->stage_count; i++)
        for (uint32_t j = 0; rules->stages[i].enter && j < rules->stages[i].from_count; j++)
            if (rules->stages[i].from[j] == stage)
                return true;
    return false;
}

/* leave = below { d = … } on a dimension that nothing lowers. */
static void lint_leave(struct rp_compile *compile, const struct rp_stage *stage)
{
    const struct rp_cond *leave = stage->leave;

    if (leave == NULL || leave->op != RP_COND_BELOW)
        return;
    for (uint32_t i = 0; i < leave->bound_count; i++) {
        uint32_t dim = leave->bounds[i].dim;
        struct rp_reach reach;

        if (dim == RP_NONE || dim >= compile->rules->dim_count)
            continue;
        reach = rp_reach_of(compile->rules, &compile->rules->models[0], dim);
        if (reach.used && !reach.falls)
            rp_compile_report(compile, RP_CODE_NEVER_FALLS, leave->place, 5,
                              RP_STR("give the dimension a half_life"),
                              "stage \"%.*s\" is never left: nothing lowers \"%.*s\"", NAME(*stage),
                              NAME(compile->rules->dims[dim]));
    }
}

void rp_lint_stages(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;

    lint_ways_in(compile);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        const struct rp_stage *stage = &rules->stages[i];

        lint_entry(compile, stage, stage->enter);
        lint_leave(compile, stage);
        if (!stage->terminal && stage->leave == NULL && !is_left_for_another(rules, i))
            rp_compile_report(compile, RP_CODE_NEVER_LEFT, stage->place, (int)stage->name.len,
                              RP_STR("add leave, or terminal = true"),
                              "stage \"%.*s\" is never left", NAME(*stage));
    }
}
