/* SPDX-License-Identifier: MIT */
/* The declared trees of a load after it: finding one, and the numbers of weights.lua put where the
 * rules have theirs, for those who show rules. compile_weights.c does the same to the compiled
 * rules and judges; here everything was judged already. */
#include "engine/tree.h"

#include <math.h>

struct weigh {
    struct rp_declarations *declarations;
    struct rp_override *items;
    uint32_t count, cap;
};

struct rp_declared *rp_declarations_find(const struct rp_declarations *declarations,
                                         const char *decl, struct rp_str name)
{
    for (uint32_t i = 0; i < declarations->count; i++) {
        struct rp_declared *one = &declarations->items[i];

        if (strcmp(one->decl->name, decl) == 0 && rp_str_eq(one->name, name))
            return one;
    }
    return NULL;
}

void rp_declarations_fini(struct rp_declarations *declarations)
{
    rp_arena_fini(&declarations->arena);
    *declarations = (struct rp_declarations){0};
}

static void add(struct weigh *weigh, const struct rp_declared *declared, struct rp_str field,
                double was, const struct rp_node *value)
{
    if (weigh->count == weigh->cap) {
        uint32_t cap = weigh->cap ? weigh->cap * 2 : 16;
        struct rp_override *wider =
            RP_ARENA_ARRAY(&weigh->declarations->arena, struct rp_override, cap);

        if (weigh->count > 0)
            memcpy(wider, weigh->items, weigh->count * sizeof *wider);
        weigh->items = wider;
        weigh->cap = cap;
    }
    weigh->items[weigh->count++] = (struct rp_override){.declared = declared,
                                                        .field = field,
                                                        .was = was,
                                                        .value = value->number,
                                                        .place = value->place};
}

/* Puts a number where one stands. */
static void put(struct weigh *weigh, const struct rp_declared *declared, struct rp_node *node,
                struct rp_str field, const struct rp_node *value)
{
    add(weigh, declared, field, node->number, value);
    node->number = value->number;
}

static struct rp_node *member(struct rp_node *table, struct rp_str key)
{
    for (uint32_t i = 0; table->type == RP_NODE_TABLE && i < table->field_count; i++)
        if (rp_str_eq(table->fields[i].key, key))
            return &table->fields[i].value;
    return NULL;
}

static struct rp_str path(struct weigh *weigh, const char *head, struct rp_str tail)
{
    return rp_arena_printf(&weigh->declarations->arena, "%s.%.*s", head, RP_STR_ARG(tail));
}

/* ---- Rules and groups ------------------------------------------------------------------------ */

/* Points that `points` names, or that `per` gives for each. */
static void weigh_points(struct weigh *weigh, struct rp_declared *declared,
                         const struct rp_node *value)
{
    struct rp_node *points = member(&declared->body, RP_STR("points"));
    const char *head = "points";

    if (points == NULL) {
        struct rp_node *per = member(&declared->body, RP_STR("per"));

        points = per ? member(per, RP_STR("points")) : NULL;
        head = "per.points";
    }
    if (points == NULL)
        return;
    if (value->type == RP_NODE_NUMBER && points->type == RP_NODE_TABLE && points->field_count == 1)
        put(weigh, declared, &points->fields[0].value, path(weigh, head, points->fields[0].key),
            value);
    else if (value->type == RP_NODE_NUMBER)
        put(weigh, declared, points, rp_str_from(head), value);
    for (uint32_t i = 0; value->type == RP_NODE_TABLE && i < value->field_count; i++) {
        const struct rp_node_field *one = &value->fields[i];
        struct rp_node *target = points->type == RP_NODE_TABLE ? member(points, one->key) : points;

        if (target)
            put(weigh, declared, target,
                points->type == RP_NODE_TABLE ? path(weigh, head, one->key) : rp_str_from(head),
                &one->value);
    }
}

static void weigh_bands(struct weigh *weigh, struct rp_declared *declared,
                        const struct rp_node *value)
{
    static const char *const forms[] = {"bands", "words", "values"};

    for (size_t i = 0; i < RP_COUNT(forms); i++) {
        struct rp_node *bands = member(&declared->body, rp_str_from(forms[i]));

        for (uint32_t j = 0; bands && j < bands->item_count && j < value->item_count; j++) {
            struct rp_node *points = member(&bands->items[j], RP_STR("points"));

            if (points)
                put(weigh, declared, points,
                    rp_arena_printf(&weigh->declarations->arena, "%s.%u.points", forms[i], j + 1),
                    &value->items[j]);
        }
    }
}

static void weigh_group(struct weigh *weigh, struct rp_declared *declared,
                        const struct rp_node *value)
{
    for (uint32_t i = 0; i < value->field_count; i++) {
        struct rp_node *bound = member(&declared->body, value->fields[i].key);

        if (bound)
            put(weigh, declared, bound, value->fields[i].key, &value->fields[i].value);
    }
}

/* ---- Stages ---------------------------------------------------------------------------------- */

/* Every bound on that dimension in the calls of that name; returns how many. */
static uint32_t move_bounds(struct weigh *weigh, const struct rp_declared *declared,
                            struct rp_node *node, const char *call, const char *head,
                            const struct rp_node_field *bound)
{
    uint32_t moved = 0;

    if (rp_node_is_call(node, call)) {
        struct rp_node *value = node->item_count > 0 ? member(&node->items[0], bound->key) : NULL;

        if (value) {
            put(weigh, declared, value, path(weigh, head, bound->key), &bound->value);
            moved++;
        }
        return moved;
    }
    for (uint32_t i = 0; i < node->item_count; i++)
        moved += move_bounds(weigh, declared, &node->items[i], call, head, bound);
    for (uint32_t i = 0; node->type == RP_NODE_TABLE && i < node->field_count; i++)
        moved += move_bounds(weigh, declared, &node->fields[i].value, call, head, bound);
    return moved;
}

static void weigh_stage(struct weigh *weigh, struct rp_declared *declared,
                        const struct rp_node *value)
{
    static const char *const calls[][2] = {{"enter", "at_least"}, {"leave", "below"}};

    for (size_t i = 0; i < RP_COUNT(calls); i++) {
        const struct rp_node *bounds = rp_node_get(value, calls[i][0]);
        struct rp_node *condition = member(&declared->body, rp_str_from(calls[i][0]));

        for (uint32_t j = 0; bounds && condition && j < bounds->field_count; j++) {
            const struct rp_node_field *bound = &bounds->fields[j];

            if (move_bounds(weigh, declared, condition, calls[i][1], calls[i][0], bound) == 0)
                add(weigh, declared, path(weigh, calls[i][0], bound->key), (double)NAN,
                    &bound->value); /* within a segment, for this stage only */
        }
    }
}

uint32_t rp_declarations_weigh(struct rp_declarations *declarations,
                               struct rp_override **ret_overrides)
{
    struct weigh weigh = {.declarations = declarations};
    const struct rp_node *weights = &declarations->weights;

    for (uint32_t i = 0; weights->type == RP_NODE_TABLE && i < weights->field_count; i++) {
        const struct rp_node_field *field = &weights->fields[i];
        struct rp_str key = field->key, tail = {key.ptr + 6, key.len > 6 ? key.len - 6 : 0};
        struct rp_declared *declared;

        if (rp_str_starts(key, RP_STR("group:"))) {
            if ((declared = rp_declarations_find(declarations, "group", tail)))
                weigh_group(&weigh, declared, &field->value);
        } else if (rp_str_starts(key, RP_STR("stage:"))) {
            if ((declared = rp_declarations_find(declarations, "stage", tail)))
                weigh_stage(&weigh, declared, &field->value);
        } else if ((declared = rp_declarations_find(declarations, "score", key))) {
            weigh_points(&weigh, declared, &field->value);
        } else if ((declared = rp_declarations_find(declarations, "fit", key))) {
            if (field->value.type == RP_NODE_NUMBER)
                weigh_points(&weigh, declared, &field->value);
            else
                weigh_bands(&weigh, declared, &field->value);
        }
    }
    *ret_overrides = weigh.items;
    return weigh.count;
}
