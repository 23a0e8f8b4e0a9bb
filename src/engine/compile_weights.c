/* SPDX-License-Identifier: MIT */
/* Other numbers for rules, groups and stages: weights.lua changes what the rules declare, a model
 * its own copy of it. A number replaces what a rule declares; it never adds a rule, a bound or a
 * condition. */
#include "engine/compile_weights.h"

#include "base/limits.h"
#include "engine/scan.h"
#include "engine/slip.h"

#include <math.h>
#include <stdlib.h>

static int64_t thousandths(double points)
{
    return (int64_t)llround(points * 1000);
}

static void report(const struct rp_weighing *w, enum rp_code code,
                   const struct rp_node_field *field, const char *hint, const char *text)
{
    rp_compile_report(w->compile, code, field->place, (int)field->key.len, rp_str_from(hint),
                      "%.*s of '%.*s': %s", RP_STR_ARG(w->what), RP_STR_ARG(field->key), text);
}

static bool is_points(const struct rp_node *node)
{
    return node->type == RP_NODE_NUMBER && isfinite(node->number) &&
           fabs(node->number) <= RP_POINTS_MAX;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void unknown_rule(struct rp_compile *compile, const struct rp_node_field *field)
{
    struct rp_guess guess = rp_guess(field->key);
    const struct rp_names *names = &compile->scope->names[RP_REF_RULE];

    if (compile->scope->quiet || rp_scope_has(compile->scope, RP_REF_RULE, field->key))
        return; /* declared, and broken: reported there */
    for (uint32_t i = 0; rp_guess_pays(compile->diagnosis) && i < names->count; i++)
        rp_guess_offer(&guess, names->items[i]);
    rp_compile_report(compile, RP_CODE_OVERRIDE, field->place, (int)field->key.len,
                      rp_guess_hint(compile->arena, &guess), "weights for unknown rule '%.*s'",
                      RP_STR_ARG(field->key));
}

static void weigh_score(struct rp_weighing *w, const struct rp_node_field *field, uint32_t index)
{
    uint32_t count = w->compile->rules->scores[index].award_count;
    struct rp_award *awards = w->model->awards[index];

    if (is_points(&field->value) && count == 1) {
        awards[0].points = field->value.number;
        return;
    }
    if (field->value.type != RP_NODE_TABLE || field->value.field_count == 0) {
        report(w, RP_CODE_OVERRIDE_FORM, field,
               count > 1 ? "name the dimension: { engagement = 10 }" : "write a number",
               "this cannot be points");
        return;
    }
    for (uint32_t i = 0; i < field->value.field_count; i++) {
        const struct rp_node_field *one = &field->value.fields[i];
        uint32_t dim = rp_map_get(&w->compile->dims, one->key);
        bool found = false;

        for (uint32_t j = 0; j < count && is_points(&one->value); j++) {
            if (awards[j].dim != dim)
                continue;
            awards[j].points = one->value.number;
            found = true;
        }
        if (!found)
            report(w, RP_CODE_OVERRIDE_FORM, one, "name a dimension of the rule",
                   "the rule gives it no points");
    }
}

/* One number scales bands? No: a fit with `when` has one number; others have one for each band. */
static void weigh_fit(struct rp_weighing *w, const struct rp_node_field *field, uint32_t index)
{
    const struct rp_fit *fit = &w->compile->rules->fits[index];
    const struct rp_node *value = &field->value;
    double *points = w->model->fit_points[index];

    if (fit->op == RP_FIT_WHEN && is_points(value)) {
        points[0] = value->number;
        return;
    }
    if (fit->op == RP_FIT_WHEN || value->type != RP_NODE_TABLE ||
        value->item_count != fit->band_count) {
        report(w, RP_CODE_OVERRIDE_FORM, field,
               fit->op == RP_FIT_WHEN ? "write a number"
                                      : "write a list with a number for each of its bands",
               "this does not fit the rule");
        return;
    }
    for (uint32_t i = 0; i < fit->band_count; i++) {
        if (!is_points(&value->items[i])) {
            report(w, RP_CODE_OVERRIDE_FORM, field, "write numbers", "a band is no number");
            return;
        }
        points[i] = value->items[i].number;
    }
}

void rp_weigh_rule(struct rp_weighing *w, const struct rp_node_field *field)
{
    uint32_t score = rp_map_get(&w->compile->scores, field->key);
    uint32_t fit = rp_map_get(&w->compile->fits, field->key);

    if (score != RP_MAP_NONE)
        weigh_score(w, field, score);
    else if (fit != RP_MAP_NONE)
        weigh_fit(w, field, fit);
    else
        unknown_rule(w->compile, field);
}

/* ---- Groups ---------------------------------------------------------------------------------- */

void rp_weigh_group(struct rp_weighing *w, const struct rp_node_field *field, struct rp_str name)
{
    uint32_t number = rp_map_get(&w->compile->groups, name);
    struct rp_group *group;

    if (number == RP_MAP_NONE) {
        if (!rp_scope_has(w->compile->scope, RP_REF_GROUP, name))
            rp_scope_unknown(w->compile->scope, RP_REF_GROUP, name, field->place,
                             (int)field->key.len);
        return;
    }
    group = &w->model->groups[number];
    for (uint32_t i = 0; field->value.type == RP_NODE_TABLE && i < field->value.field_count; i++) {
        const struct rp_node_field *one = &field->value.fields[i];
        bool cap = rp_str_is(one->key, "cap") && group->has_cap;
        bool floor_bound = rp_str_is(one->key, "floor") && group->has_floor;

        if (cap && is_points(&one->value) && one->value.number >= 0)
            group->cap = thousandths(one->value.number);
        else if (floor_bound && is_points(&one->value) && one->value.number <= 0)
            group->floor = thousandths(one->value.number);
        else
            report(w, RP_CODE_OVERRIDE_FORM, one, "write the `cap` or `floor` that the group has",
                   "this cannot be changed");
    }
    if (field->value.type != RP_NODE_TABLE)
        report(w, RP_CODE_OVERRIDE_FORM, field, "write { cap = 35 }", "a table is needed");
}

/* ---- Stages ---------------------------------------------------------------------------------- */

/* Changes every bound of that kind on that dimension within the condition. */
static uint32_t move_bounds(struct rp_cond *cond, enum rp_cond_op op, uint32_t dim, int64_t value)
{
    uint32_t changed = 0;

    if (cond == NULL)
        return 0;
    for (uint32_t i = 0; cond->op == op && i < cond->bound_count; i++) {
        if (cond->bounds[i].dim != dim)
            continue;
        cond->bounds[i].value = value;
        changed++;
    }
    for (uint32_t i = 0; i < cond->part_count; i++)
        changed += move_bounds(&cond->parts[i], op, dim, value);
    return changed;
}

static void weigh_thresholds(struct rp_weighing *w, const struct rp_node *table,
                             struct rp_cond *cond, enum rp_cond_op op)
{
    for (uint32_t i = 0; table->type == RP_NODE_TABLE && i < table->field_count; i++) {
        const struct rp_node_field *one = &table->fields[i];
        uint32_t dim = rp_map_get(&w->compile->dims, one->key);

        if (dim == RP_MAP_NONE && !rp_str_is(one->key, "total"))
            rp_scope_unknown(w->compile->scope, RP_REF_DIMENSION_OR_TOTAL, one->key, one->place,
                             (int)one->key.len);
        else if (!is_points(&one->value) ||
                 move_bounds(cond, op, dim, thousandths(one->value.number)) == 0)
            report(w, RP_CODE_BOUNDS, one,
                   op == RP_COND_BELOW ? "`leave` has no below for it"
                                       : "`enter` has no at_least for it",
                   "the stage has no such threshold");
    }
}

void rp_weigh_stage(struct rp_weighing *w, const struct rp_node_field *field, struct rp_str name)
{
    uint32_t number = rp_map_get(&w->compile->stages, name);
    struct rp_stage *stage;

    if (number == RP_MAP_NONE) {
        rp_scope_unknown(w->compile->scope, RP_REF_STAGE, name, field->place, (int)field->key.len);
        return;
    }
    stage = &w->model->stages[number];
    if (field->value.type != RP_NODE_TABLE) {
        report(w, RP_CODE_OVERRIDE_FORM, field, "write { enter = { engagement = 55 } }",
               "a table is needed");
        return;
    }
    for (uint32_t i = 0; i < field->value.field_count; i++) {
        const struct rp_node_field *one = &field->value.fields[i];

        if (rp_str_is(one->key, "enter") && one->value.type == RP_NODE_TABLE)
            weigh_thresholds(w, &one->value, stage->enter, RP_COND_AT_LEAST);
        else if (rp_str_is(one->key, "leave") && one->value.type == RP_NODE_TABLE)
            weigh_thresholds(w, &one->value, stage->leave, RP_COND_BELOW);
        else
            report(w, RP_CODE_OVERRIDE_FORM, one,
                   "write { enter = { engagement = 55 }, leave = { engagement = 25 } }",
                   "a stage has `enter` and `leave`");
    }
}

/* ---- weights.lua ----------------------------------------------------------------------------- */

void rp_compile_weights(struct rp_compile *compile)
{
    const struct rp_node *weights = compile->weights;
    struct rp_rules *rules = compile->rules;
    struct rp_model declared;
    struct rp_weighing w = {compile, &declared, RP_STR("weights")};

    if (weights == NULL)
        return;
    if (weights->type == RP_NODE_TABLE && weights->item_count > 0) {
        struct rp_place place = weights->items[0].place;
        struct rp_str source = compile->files->items[place.file].text;

        rp_compile_report(
            compile, RP_CODE_OVERRIDE_FORM, place, 1,
            rp_slip_loose(compile->arena, rp_source_line(source, place.line), place.column),
            "weights.lua holds a value without a name");
        return;
    }
    if (weights->type != RP_NODE_TABLE) {
        rp_compile_report(compile, RP_CODE_OVERRIDE_FORM, weights->place, 1,
                          RP_STR("write return { viewed_pricing = 12 }"),
                          "weights.lua must return one table of names and numbers");
        return;
    }
    rp_weighed_open(compile->arena, rules, &declared);
    declared.groups = rules->groups;
    declared.stages = rules->stages;
    for (uint32_t i = 0; i < weights->field_count; i++) {
        const struct rp_node_field *field = &weights->fields[i];
        struct rp_str key = field->key;

        if (rp_str_starts(key, RP_STR("group:")))
            rp_weigh_group(&w, field, (struct rp_str){key.ptr + 6, key.len - 6});
        else if (rp_str_starts(key, RP_STR("stage:")))
            rp_weigh_stage(&w, field, (struct rp_str){key.ptr + 6, key.len - 6});
        else
            rp_weigh_rule(&w, field);
    }
    rp_weighed_keep(rules, &declared);
}
