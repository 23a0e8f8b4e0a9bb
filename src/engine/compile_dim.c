/* SPDX-License-Identifier: MIT */
/* Dimensions, the total, grades, groups, and the accumulators that dimensions and decays make. */
#include "base/mem.h"
#include "engine/compile.h"

#include <math.h>
#include <stdlib.h>

static int64_t thousandths(double points)
{
    return (int64_t)llround(points * 1000);
}

struct rp_decay rp_compile_decay(struct rp_compile *compile, const struct rp_node *body,
                                 struct rp_decay fallback)
{
    static const struct {
        const char *name;
        enum rp_decay_kind kind;
    } kinds[] = {{"half_life", RP_DECAY_HALF_LIFE},
                 {"linear", RP_DECAY_LINEAR},
                 {"expire", RP_DECAY_EXPIRE}};
    const struct rp_node *decay = rp_node_get(body, "decay");
    struct rp_decay result = fallback;
    int found = 0;

    if (decay && decay->type == RP_NODE_TEXT) {
        result = (struct rp_decay){.kind = RP_DECAY_NONE};
        found++;
    }
    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        int64_t span = rp_node_span(decay, kinds[i].name, 0);

        if (i == 0 && span == 0)
            span = rp_node_span(body, kinds[i].name, 0);
        if (span <= 0)
            continue;
        result = (struct rp_decay){.kind = kinds[i].kind, .span_ms = span};
        found++;
    }
    if (found > 1)
        rp_compile_report(compile, RP_CODE_CONFLICT, body->place, 1,
                          RP_STR("keep one of half_life, linear, expire, \"none\""),
                          "%.*s fades in two ways", RP_STR_ARG(compile->what));
    if (decay && found == 0)
        rp_compile_report(compile, RP_CODE_MISSING_FIELD, decay->place, 1,
                          RP_STR("write for example decay = { linear = \"60d\" }"),
                          "%.*s: decay says nothing", RP_STR_ARG(compile->what));
    return result;
}

uint32_t rp_compile_sum(struct rp_compile *compile, uint32_t dim, struct rp_decay decay)
{
    struct rp_rules *rules = compile->rules;

    for (uint32_t i = 0; i < rules->sum_count; i++)
        if (rules->sums[i].dim == dim && rules->sums[i].decay.kind == decay.kind &&
            rules->sums[i].decay.span_ms == decay.span_ms)
            return i;
    rules->sums =
        rp_grow(rules->sums, &compile->sum_cap, rules->sum_count + 1u, sizeof *rules->sums);
    rules->sums[rules->sum_count] = (struct rp_sum){.dim = dim, .decay = decay};
    return rules->sum_count++;
}

static uint32_t count_of(struct rp_compile *compile, const char *decl)
{
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, decl, &at) != NULL)
        count++;
    return count;
}

static void compile_dim(struct rp_compile *compile, const struct rp_declared *declared,
                        struct rp_dim *dim)
{
    const struct rp_node *range = rp_node_get(&declared->body, "range");
    const struct rp_node *by = rp_node_get(&declared->body, "by");

    dim->name = rp_compile_keep(compile, declared->name);
    dim->place = declared->place;
    dim->state = rp_str_is(rp_node_text(&declared->body, "kind"), "state");
    dim->by = RP_NONE;
    dim->decay = rp_compile_decay(compile, &declared->body, (struct rp_decay){0});
    if (range) {
        dim->ranged = true;
        dim->min = thousandths(range->items[0].number);
        dim->max = thousandths(range->items[1].number);
        if (dim->min >= dim->max)
            rp_compile_report(compile, RP_CODE_RANGE, range->place, 1,
                              RP_STR("write the lowest value, then the highest"),
                              "range of %.*s is empty", RP_STR_ARG(compile->what));
    }
    if (dim->state && (dim->decay.kind != RP_DECAY_NONE || by))
        rp_compile_report(compile, RP_CODE_CONFLICT, declared->place, 9,
                          RP_STR("a state dimension is counted anew: it neither fades nor splits"),
                          "%.*s has kind = \"state\" and a decay or `by`",
                          RP_STR_ARG(compile->what));
    if (by) {
        compile->bare = RP_BARE_EVENT;
        dim->by = rp_compile_field(compile, by->text, by->place, rp_node_width(by));
        compile->rules->fields[dim->by].keeps_text = true;
    }
}

static void compile_total(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *total;
    uint32_t at = 0;

    total = rp_compile_next(compile, "total", &at);
    for (uint32_t i = 0; i < rules->dim_count; i++) {
        if (total)
            rules->dims[i].weight = thousandths(rp_node_number(
                &total->body, rp_arena_str(compile->arena, rules->dims[i].name).ptr, 0));
        else
            rules->dims[i].weight = rules->dims[i].by == RP_NONE ? 1000 : 0;
    }
}

void rp_compile_dims(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0;

    rules->dims = RP_ARENA_ARRAY(&rules->arena, struct rp_dim, count_of(compile, "dimension"));
    while ((declared = rp_compile_next(compile, "dimension", &at)) != NULL) {
        struct rp_dim *dim = &rules->dims[rules->dim_count];

        compile_dim(compile, declared, dim);
        rp_map_put(compile->arena, &compile->dims, dim->name, rules->dim_count++);
        if (!dim->state)
            (void)rp_compile_sum(compile, rules->dim_count - 1, dim->decay);
    }
    compile_total(compile);
}

/* ---- Grades ---------------------------------------------------------------------------------- */

static int compare_labels(const void *left, const void *right)
{
    const struct rp_grade_label *a = left, *b = right;

    return (a->at_least < b->at_least) - (a->at_least > b->at_least);
}

void rp_compile_grade(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_grade *result = &rules->grade;
    struct rp_declared *grade;
    uint32_t at = 0;

    result->dims[0] = result->dims[1] = RP_NONE;
    grade = rp_compile_next(compile, "grade", &at);
    for (uint32_t i = 0; grade && i < grade->body.field_count; i++) {
        const struct rp_node_field *field = &grade->body.fields[i];
        uint32_t dim = rp_map_get(&compile->dims, field->key);
        uint32_t half, count = field->value.field_count;

        if (dim == RP_MAP_NONE)
            continue;
        half = rules->dims[dim].state ? 0 : 1;
        if (result->dims[half] != RP_NONE) {
            rp_compile_report(compile, RP_CODE_CONFLICT, field->place, (int)field->key.len,
                              RP_STR("a grade joins one state dimension and one that accumulates"),
                              "grade has two dimensions of one kind");
            continue;
        }
        result->dims[half] = dim;
        result->labels[half] = RP_ARENA_ARRAY(&rules->arena, struct rp_grade_label, count);
        result->label_counts[half] = count;
        for (uint32_t j = 0; j < count; j++)
            result->labels[half][j] = (struct rp_grade_label){
                .label = rp_compile_keep(compile, field->value.fields[j].key),
                .at_least = thousandths(field->value.fields[j].value.number)};
        if (count > 1)
            qsort(result->labels[half], count, sizeof *result->labels[half], compare_labels);
    }
}

/* ---- Groups ---------------------------------------------------------------------------------- */

void rp_compile_groups(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0;

    rules->groups = RP_ARENA_ARRAY(&rules->arena, struct rp_group, count_of(compile, "group"));
    while ((declared = rp_compile_next(compile, "group", &at)) != NULL) {
        const struct rp_node *name = rp_node_get(&declared->body, "dimension");
        struct rp_group group = {.place = declared->place};

        group.name = rp_compile_keep(compile, declared->name);
        group.dim = rp_map_get(&compile->dims, name ? name->text : RP_STR("engagement"));
        group.has_cap = rp_node_get(&declared->body, "cap") != NULL;
        group.has_floor = rp_node_get(&declared->body, "floor") != NULL;
        group.cap = thousandths(rp_node_number(&declared->body, "cap", 0));
        group.floor = thousandths(rp_node_number(&declared->body, "floor", 0));
        group.per_ms = rp_node_span(&declared->body, "per", 0);
        if (group.dim == RP_MAP_NONE) {
            if (name == NULL && !compile->scope->quiet)
                rp_compile_report(compile, RP_CODE_WHICH_DIMENSION, declared->place, 5,
                                  RP_STR("add dimension = \"…\""), "%.*s names no dimension",
                                  RP_STR_ARG(compile->what));
            declared->broken = true;
            continue;
        }
        if (rules->dims[group.dim].state)
            rp_compile_report(compile, RP_CODE_STATE_RULE, declared->place, 5,
                              RP_STR("groups bound dimensions that accumulate"),
                              "%.*s bounds a state dimension", RP_STR_ARG(compile->what));
        if (!group.has_cap && !group.has_floor)
            rp_compile_report(compile, RP_CODE_MISSING_FIELD, declared->place, 5,
                              RP_STR("add cap or floor"), "%.*s bounds nothing",
                              RP_STR_ARG(compile->what));
        rules->groups[rules->group_count] = group;
        rp_map_put(compile->arena, &compile->groups, group.name, rules->group_count++);
    }
}
