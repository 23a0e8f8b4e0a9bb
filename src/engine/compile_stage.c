/* SPDX-License-Identifier: MIT */
/* Stages: their order, from where each is entered, and by which conditions. */
#include "engine/compile.h"
#include "model/lead.h"

#define STAGES_MAX 1000

static void add_stage(struct rp_compile *compile, const struct rp_node *name, bool side)
{
    struct rp_rules *rules = compile->rules;
    struct rp_stage *stage;

    if (name->type != RP_NODE_TEXT)
        return;
    if (rp_map_get(&compile->stages, name->text) != RP_MAP_NONE) {
        rp_compile_report(compile, RP_CODE_DUPLICATE_NAME, name->place, rp_node_width(name),
                          RP_STR("remove one of them"), "stages names \"%.*s\" twice",
                          RP_STR_ARG(name->text));
        return;
    }
    stage = &rules->stages[rules->stage_count];
    *stage = (struct rp_stage){.name = rp_compile_keep(compile, name->text),
                               .place = name->place,
                               .side = side,
                               .leave_to = RP_STAGE_NONE,
                               .due_calendar = RP_NONE};
    rp_map_put(compile->arena, &compile->stages, stage->name, rules->stage_count++);
}

void rp_compile_stage_names(struct rp_compile *compile)
{
    struct rp_declared *stages;
    const struct rp_node *side;
    uint32_t at = 0, side_count;

    stages = rp_compile_next(compile, "stages", &at);
    if (stages == NULL)
        return;
    side = rp_node_list(rp_node_get(&stages->body, "side"), &side_count);
    if (stages->body.item_count + side_count > STAGES_MAX) {
        rp_compile_report(compile, RP_CODE_TOO_MANY, stages->place, 6, RP_STR("use fewer stages"),
                          "there are more than %d stages", STAGES_MAX);
        return;
    }
    compile->rules->stages = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_stage,
                                            stages->body.item_count + side_count);
    for (uint32_t i = 0; i < stages->body.item_count; i++)
        add_stage(compile, &stages->body.items[i], false);
    for (uint32_t i = 0; i < side_count; i++)
        add_stage(compile, &side[i], true);
}

/* Every earlier main stage; for a side stage every main stage. */
static void default_from(struct rp_compile *compile, uint32_t number)
{
    struct rp_rules *rules = compile->rules;
    struct rp_stage *stage = &rules->stages[number];

    stage->from = RP_ARENA_ARRAY(&rules->arena, uint16_t, rules->stage_count);
    for (uint32_t i = 0; i < number; i++)
        if (!rules->stages[i].side)
            stage->from[stage->from_count++] = (uint16_t)i;
}

static void compile_from(struct rp_compile *compile, const struct rp_node *from, uint32_t number)
{
    struct rp_stage *stage = &compile->rules->stages[number];
    uint32_t count;
    const struct rp_node *items = rp_node_list(from, &count);

    stage->from = RP_ARENA_ARRAY(&compile->rules->arena, uint16_t, count);
    stage->from_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = rp_map_get(&compile->stages, items[i].text);

        if (other == number)
            rp_compile_report(compile, RP_CODE_SELF, items[i].place, rp_node_width(&items[i]),
                              RP_STR("name other stages"), "%.*s cannot be entered from itself",
                              RP_STR_ARG(compile->what));
        else if (other != RP_MAP_NONE)
            stage->from[stage->from_count++] = (uint16_t)other;
    }
}

/* The main stage before it; RP_STAGE_NONE for the first. */
static uint16_t stage_before(const struct rp_rules *rules, uint32_t number)
{
    for (uint32_t i = number; i > 0; i--)
        if (!rules->stages[i - 1].side)
            return (uint16_t)(i - 1);
    return RP_STAGE_NONE;
}

static void compile_leave(struct rp_compile *compile, const struct rp_declared *declared,
                          uint32_t number)
{
    struct rp_stage *stage = &compile->rules->stages[number];
    const struct rp_node *to = rp_node_get(&declared->body, "leave_to");

    stage->leave = rp_compile_cond(compile, rp_node_get(&declared->body, "leave"), RP_BARE_EVENT);
    if (to) {
        uint32_t other = rp_map_get(&compile->stages, to->text);

        stage->leave_to = other == RP_MAP_NONE ? RP_STAGE_NONE : (uint16_t)other;
        if (stage->leave == NULL)
            rp_compile_report(compile, RP_CODE_MISSING_FIELD, to->place, rp_node_width(to),
                              RP_STR("add leave = …"), "%.*s has `leave_to` without `leave`",
                              RP_STR_ARG(compile->what));
        if (other == number)
            rp_compile_report(compile, RP_CODE_SELF, to->place, rp_node_width(to),
                              RP_STR("name another stage"), "%.*s cannot be left to itself",
                              RP_STR_ARG(compile->what));
    } else if (stage->leave) {
        stage->leave_to = stage_before(compile->rules, number);
        if (stage->leave_to == RP_STAGE_NONE)
            rp_compile_report(
                compile, RP_CODE_MISSING_FIELD, declared->place, 5, RP_STR("add leave_to = \"…\""),
                "%.*s: no stage lies before it to fall back to", RP_STR_ARG(compile->what));
    }
}

static void compile_stage(struct rp_compile *compile, struct rp_declared *declared)
{
    uint32_t number = rp_map_get(&compile->stages, declared->name);
    const struct rp_node *from = rp_node_get(&declared->body, "from");
    struct rp_stage *stage;

    if (number == RP_MAP_NONE) {
        rp_scope_unknown(compile->scope, RP_REF_STAGE, declared->name, declared->place, 5);
        return;
    }
    stage = &compile->rules->stages[number];
    stage->declared = true;
    stage->place = declared->place;
    stage->terminal = rp_node_flag(&declared->body, "terminal", false);
    stage->stay_ms = rp_node_span(&declared->body, "stay", 0);
    if (from)
        compile_from(compile, from, number);
    else
        default_from(compile, number);
    stage->enter = rp_compile_cond(compile, rp_node_get(&declared->body, "enter"), RP_BARE_EVENT);
    compile_leave(compile, declared, number);
    rp_compile_status_names(compile, rp_node_get(&declared->body, "status"), stage);
    rp_compile_due(compile, &declared->body, stage);
}

void rp_compile_stages(struct rp_compile *compile)
{
    struct rp_declared *declared;
    uint32_t at = 0;

    rp_compile_calendars(compile);
    while ((declared = rp_compile_next(compile, "stage", &at)) != NULL)
        compile_stage(compile, declared);
    rp_compile_statuses(compile);
}
