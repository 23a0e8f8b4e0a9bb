/* SPDX-License-Identifier: MIT */
/* Thresholds above what rules can give. The most that a dimension can hold follows from points,
 * repetition, decay, caps and ranges: hits as close together as limit and cooldown allow, each
 * worth less with age. Points given by hand are left out. Each model is looked at with its own
 * numbers. */
#include "base/limits.h"
#include "engine/lint.h"

#include <math.h>

#define NAME(thing) RP_STR_ARG((thing).name)

/* ---- One rule -------------------------------------------------------------------------------- */

/* What hits of 1 point each, `period_ms` apart for ever, are worth at most. */
static double worth_of_hits(const struct rp_decay *decay, int64_t period_ms)
{
    double ratio, hits;

    if (period_ms <= 0 || decay->span_ms <= 0)
        return (double)INFINITY;
    ratio = (double)period_ms / (double)decay->span_ms;
    hits = floor(1 / ratio);
    switch (decay->kind) {
    case RP_DECAY_NONE:
        break;
    case RP_DECAY_HALF_LIFE:
        return 1 / (1 - exp2(-ratio));
    case RP_DECAY_LINEAR:
        return 1 + hits - ratio * hits * (hits + 1) / 2;
    case RP_DECAY_EXPIRE:
        return 1 + hits;
    }
    return (double)INFINITY;
}

/* How many hits' worth a rule's award can hold. */
static double worth_of_rule(const struct rp_score *score, const struct rp_decay *decay)
{
    double worth = (double)INFINITY;

    if (score->once)
        return 1;
    if (score->limit_times > 0 && score->limit_per_ms == 0)
        worth = score->limit_times;
    else if (score->limit_times > 0)
        worth = score->limit_times * worth_of_hits(decay, score->limit_per_ms);
    worth = fmin(worth, worth_of_hits(decay, score->cooldown_ms));
    return score->once_per == RP_NONE ? worth : fmin(worth, RP_ONCE_KEYS_MAX);
}

static double points_of_hit(const struct rp_score *score, const struct rp_award *award)
{
    if (score->per_field == RP_NONE || award->points == 0)
        return award->points;
    return copysign(isnan(score->per_max) ? (double)INFINITY : score->per_max, award->points);
}

/* ---- A dimension that accumulates ------------------------------------------------------------ */

struct sides {
    double up, down;
};

static void add(struct sides *to, double points)
{
    if (points > 0)
        to->up += points;
    else
        to->down += points;
}

/* What the group's cap and floor leave of what its rules could give. */
static struct sides cut_by_group(const struct rp_group *group, const struct rp_decay *slowest,
                                 struct sides given)
{
    double times = group->per_ms > 0 ? worth_of_hits(slowest, group->per_ms) : 1;

    if (group->has_cap && group->cap == 0)
        given.up = 0;
    else if (group->has_cap)
        given.up = fmin(given.up, (double)group->cap / 1000 * times);
    if (group->has_floor && group->floor == 0)
        given.down = 0;
    else if (group->has_floor)
        given.down = fmax(given.down, (double)group->floor / 1000 * times);
    return given;
}

static bool decays_slower(const struct rp_decay *a, const struct rp_decay *b)
{
    if (a->kind == RP_DECAY_NONE || b->kind == RP_DECAY_NONE)
        return a->kind == RP_DECAY_NONE;
    return worth_of_hits(a, 86400000) > worth_of_hits(b, 86400000);
}

struct group_sum {
    struct sides given;
    const struct rp_decay *slowest; /* NULL: no rule yet */
};

static void add_award(const struct rp_rules *rules, const struct rp_score *score,
                      const struct rp_award *award, struct group_sum *groups, struct sides *free,
                      struct rp_reach *reach)
{
    const struct rp_decay *decay = &rules->sums[award->sum].decay;
    double points = points_of_hit(score, award);
    struct group_sum *group = NULL;

    reach->rises |= points > 0;
    reach->falls |= points < 0 || decay->kind != RP_DECAY_NONE;
    if (points != 0)
        points *= worth_of_rule(score, decay);
    if (score->group != RP_NONE && rules->groups[score->group].dim == award->dim)
        group = &groups[score->group];
    add(group ? &group->given : free, points);
    if (group && (group->slowest == NULL || decays_slower(decay, group->slowest)))
        group->slowest = decay;
}

static struct sides reach_of_awards(const struct rp_rules *rules, const struct rp_model *model,
                                    uint32_t dim, struct rp_reach *reach)
{
    struct rp_arena arena;
    struct group_sum *groups;
    struct sides sum = {0};

    rp_arena_init(&arena);
    groups = RP_ARENA_ARRAY(&arena, struct group_sum, rules->group_count);
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        for (uint32_t j = 0; j < score->award_count; j++) {
            if (score->awards[j].dim != dim)
                continue;
            reach->used = true;
            if (score->enabled && !score->shadow && !(model->without && model->without[i]))
                add_award(rules, score, &model->awards[i][j], groups, &sum, reach);
        }
    }
    for (uint32_t i = 0; i < rules->group_count; i++) {
        struct sides left = {0};

        if (groups[i].slowest)
            left = cut_by_group(&model->groups[i], groups[i].slowest, groups[i].given);
        sum.up += left.up;
        sum.down += left.down;
    }
    rp_arena_fini(&arena);
    return sum;
}

/* ---- A state dimension ----------------------------------------------------------------------- */

static void widen(struct sides *sides, double points)
{
    if (isnan(points))
        return;
    sides->up = fmax(sides->up, points);
    sides->down = fmin(sides->down, points);
}

static struct sides reach_of_fit(const struct rp_fit *fit, const double *points)
{
    struct sides one = {0};

    widen(&one, fit->missing);
    widen(&one, fit->other);
    if (fit->op == RP_FIT_WHEN)
        widen(&one, points ? points[0] : fit->points);
    for (uint32_t j = 0; j < fit->band_count; j++)
        widen(&one, points                    ? points[j]
                    : fit->op == RP_FIT_BANDS ? fit->bands[j].points
                    : fit->op == RP_FIT_WORDS ? fit->words[j].points
                                              : fit->values[j].points);
    return one;
}

static struct sides reach_of_fits(const struct rp_rules *rules, const struct rp_model *model,
                                  uint32_t dim, struct rp_reach *reach)
{
    struct sides sum = {0};

    for (uint32_t i = 0; i < rules->fit_count; i++) {
        const struct rp_fit *fit = &rules->fits[i];
        struct sides one;

        if (fit->dim != dim)
            continue;
        reach->used = true;
        if (!fit->enabled || fit->shadow || (model->without_fits && model->without_fits[i]))
            continue;
        one = reach_of_fit(fit, model->fit_points ? model->fit_points[i] : NULL);
        sum.up += one.up;
        sum.down += one.down;
    }
    reach->rises = reach->falls = true;
    return sum;
}

/* ---- Both, and the total --------------------------------------------------------------------- */

static int64_t thousandths(double points)
{
    if (points > 1e15)
        return INT64_MAX;
    if (points < -1e15)
        return INT64_MIN;
    return (int64_t)llround(points * 1000);
}

static double points_of(int64_t value)
{
    return value == INT64_MAX   ? (double)INFINITY
           : value == INT64_MIN ? -(double)INFINITY
                                : (double)value / 1000;
}

static struct rp_reach reach_of_total(const struct rp_rules *rules, const struct rp_model *model)
{
    struct rp_reach total = {0};
    struct sides sum = {0};

    for (uint32_t i = 0; i < rules->dim_count; i++) {
        double weight = (double)rules->dims[i].weight / 1000;
        struct rp_reach one;

        if (rules->dims[i].weight == 0)
            continue;
        one = rp_reach_of(rules, model, i);
        total.used |= one.used;
        total.rises |= one.rises;
        total.falls |= one.falls;
        if (one.highest != 0)
            add(&sum, points_of(one.highest) * weight);
        if (one.lowest != 0)
            add(&sum, points_of(one.lowest) * weight);
    }
    total.highest = thousandths(sum.up);
    total.lowest = thousandths(sum.down);
    return total;
}

struct rp_reach rp_reach_of(const struct rp_rules *rules, const struct rp_model *model,
                            uint32_t dim)
{
    struct rp_reach reach = {0};
    struct sides sides;

    if (dim == RP_NONE)
        return reach_of_total(rules, model);
    sides = rules->dims[dim].state ? reach_of_fits(rules, model, dim, &reach)
                                   : reach_of_awards(rules, model, dim, &reach);
    reach.highest = thousandths(sides.up);
    reach.lowest = thousandths(sides.down);
    if (rules->dims[dim].by != RP_NONE) /* a sum of values of which there may be any number */
        reach.highest = reach.rises ? INT64_MAX : 0;
    if (rules->dims[dim].ranged) {
        if (rules->dims[dim].max < reach.highest)
            reach.highest = rules->dims[dim].max;
        if (rules->dims[dim].min > reach.lowest)
            reach.lowest = rules->dims[dim].min;
    }
    return reach;
}

/* ---- Thresholds ------------------------------------------------------------------------------ */

/* The reach of every dimension, and of the total behind them, in one model. */
struct seen {
    struct rp_compile *compile;
    const struct rp_model *model;
    const struct rp_reach *reach, *control; /* control: of model 0; NULL: this is it */
    struct rp_place place;                  /* of the model, when it is not the control */
};

static uint32_t slot_of(const struct rp_rules *rules, uint32_t dim)
{
    return dim == RP_NONE || dim >= rules->dim_count ? rules->dim_count : dim;
}

static struct rp_str name_of(const struct rp_rules *rules, uint32_t dim)
{
    return dim == RP_NONE ? RP_STR("the total") : rules->dims[dim].name;
}

/* A model is told of only where the control has no such finding. */
static bool is_too_high(const struct seen *seen, uint32_t dim, int64_t value)
{
    uint32_t slot = slot_of(seen->compile->rules, dim);

    return value > seen->reach[slot].highest &&
           !(seen->control && seen->control[slot].highest == seen->reach[slot].highest &&
             value > seen->control[slot].highest);
}

static void report(const struct seen *seen, struct rp_place place, int width, struct rp_str hint,
                   struct rp_str message)
{
    struct rp_compile *compile = seen->compile;

    if (seen->control)
        rp_compile_report(compile, RP_CODE_UNREACHABLE, seen->place, 5, hint,
                          "model \"%.*s\": %.*s", NAME(*seen->model), RP_STR_ARG(message));
    else
        rp_compile_report(compile, RP_CODE_UNREACHABLE, place, width, hint, "%.*s",
                          RP_STR_ARG(message));
}

static void too_high(const struct seen *seen, struct rp_place place, int width, struct rp_str what,
                     uint32_t dim, int64_t value)
{
    const struct rp_rules *rules = seen->compile->rules;

    report(seen, place, width, RP_STR("lower the threshold, or give more points"),
           rp_arena_printf(seen->compile->arena, "%.*s: %.*s never reaches %g, at most %g",
                           RP_STR_ARG(what), RP_STR_ARG(name_of(rules, dim)), (double)value / 1000,
                           (double)seen->reach[slot_of(rules, dim)].highest / 1000));
}

static void lint_bounds(const struct seen *seen, struct rp_str what, const struct rp_cond *cond)
{
    const struct rp_rules *rules = seen->compile->rules;

    for (uint32_t i = 0; i < cond->bound_count; i++) {
        const struct rp_bound *bound = &cond->bounds[i];
        const struct rp_reach *reach = &seen->reach[slot_of(rules, bound->dim)];

        if (bound->dim != RP_NONE && bound->dim >= rules->dim_count)
            continue;
        if (cond->op == RP_COND_AT_LEAST && is_too_high(seen, bound->dim, bound->value))
            too_high(seen, cond->place, 8, what, bound->dim, bound->value);
        else if (cond->op == RP_COND_BELOW && bound->value <= reach->lowest && !seen->control)
            report(seen, cond->place, 5, RP_STR("raise the bound"),
                   rp_arena_printf(seen->compile->arena, "%.*s: %.*s is never below %g",
                                   RP_STR_ARG(what), RP_STR_ARG(name_of(rules, bound->dim)),
                                   (double)bound->value / 1000));
    }
}

static void lint_cond(const struct seen *seen, struct rp_str what, const struct rp_cond *cond)
{
    if (cond == NULL)
        return;
    if (cond->op == RP_COND_AT_LEAST || cond->op == RP_COND_BELOW)
        lint_bounds(seen, what, cond);
    for (uint32_t i = 0; i < cond->part_count; i++)
        lint_cond(seen, what, &cond->parts[i]);
}

static void lint_trigger(const struct seen *seen, struct rp_str what, struct rp_place place,
                         const struct rp_trigger *trigger)
{
    if (trigger->op == RP_TRIGGER_CROSSED && is_too_high(seen, trigger->index, trigger->threshold))
        too_high(seen, place, 6, what, trigger->index, trigger->threshold);
    for (uint32_t i = 0; i < trigger->part_count; i++)
        lint_trigger(seen, what, place, &trigger->parts[i]);
}

static void lint_grade(const struct seen *seen)
{
    struct rp_compile *compile = seen->compile;
    const struct rp_grade *grade = &compile->rules->grade;
    struct rp_declared *declared;
    uint32_t at = 0;

    if (seen->control || (declared = rp_compile_next(compile, "grade", &at)) == NULL)
        return;
    for (int side = 0; side < 2; side++) {
        const struct rp_node_field *labels =
            grade->dims[side] == RP_NONE
                ? NULL
                : rp_node_field(&declared->body, compile->rules->dims[grade->dims[side]].name);

        for (uint32_t i = 0; labels && i < grade->label_counts[side]; i++) {
            const struct rp_grade_label *label = &grade->labels[side][i];
            const struct rp_node_field *field = rp_node_field(&labels->value, label->label);

            if (field && is_too_high(seen, grade->dims[side], label->at_least))
                too_high(seen, field->place, (int)field->key.len,
                         rp_arena_printf(compile->arena, "grade %.*s", RP_STR_ARG(label->label)),
                         grade->dims[side], label->at_least);
        }
    }
}

static void lint_model(const struct seen *seen)
{
    struct rp_compile *compile = seen->compile;
    const struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < rules->stage_count; i++) {
        const struct rp_stage *stage = &seen->model->stages[i];
        struct rp_str what = rp_arena_printf(compile->arena, "stage \"%.*s\"", NAME(*stage));

        lint_cond(seen, what, stage->enter);
        lint_cond(seen, what, stage->leave);
    }
    for (uint32_t i = 0; i < rules->action_count; i++) {
        const struct rp_action *action = &rules->actions[i];
        struct rp_str what = rp_arena_printf(compile->arena, "action \"%.*s\"", NAME(*action));

        lint_trigger(seen, what, action->place, &action->on);
        lint_cond(seen, what, action->when);
    }
    lint_grade(seen);
}

void rp_lint_thresholds(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;
    const struct rp_reach *control = NULL;

    for (uint32_t i = 0; i < rules->model_count; i++) {
        struct rp_reach *reach =
            RP_ARENA_ARRAY(compile->arena, struct rp_reach, rules->dim_count + 1);
        struct seen seen = {.compile = compile,
                            .model = &rules->models[i],
                            .reach = reach,
                            .control = control,
                            .place = rules->models[i].place};

        for (uint32_t dim = 0; dim < rules->dim_count; dim++)
            reach[dim] = rp_reach_of(rules, seen.model, dim);
        reach[rules->dim_count] = rp_reach_of(rules, seen.model, RP_NONE);
        lint_model(&seen);
        if (control == NULL)
            control = reach;
    }
}
