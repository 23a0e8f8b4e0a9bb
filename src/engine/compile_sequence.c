/* SPDX-License-Identifier: MIT */
/* Sequences: what starts and ends them, when they may send, their steps. Knows names and forms, not
 * how a sequence runs (sequence.c). Ways lead forward only, so that every instance comes to an end
 * and does each step once. */
#include "base/hash.h"
#include "engine/compile.h"

/* ---- What starts and ends -------------------------------------------------------------------- */

static bool is_trigger(const struct rp_node *node, bool starts)
{
    static const char *const names[] = {"entered", "left", "fired",
                                        "crossed", "late", "entered_status"};

    if (starts && rp_node_is_call(node, "did"))
        return true;
    for (size_t i = 0; i < RP_COUNT(names); i++) {
        if (rp_node_is_call(node, names[i]))
            return true;
    }
    return false;
}

/* A trigger within all{…} or none{…} is no condition. */
static void refuse_triggers(struct rp_compile *compile, const struct rp_node *node)
{
    if (node->type == RP_NODE_CALL && is_trigger(node, false))
        rp_compile_report(compile, RP_CODE_TRIGGER, node->place, rp_node_width(node),
                          RP_STR("join it with any { … } only"),
                          "%.*s: %s is a moment; it cannot be joined with what else must hold",
                          RP_STR_ARG(compile->what), node->call->name);
    for (uint32_t i = 0; i < node->item_count; i++)
        refuse_triggers(compile, &node->items[i]);
    for (uint32_t i = 0; i < node->field_count; i++)
        refuse_triggers(compile, &node->fields[i].value);
}

static uint32_t count_occasions(const struct rp_node *node)
{
    uint32_t count = 0;

    if (node == NULL)
        return 0;
    if (!rp_node_is_call(node, "any"))
        return 1;
    for (uint32_t i = 0; i < node->items[0].item_count; i++)
        count += count_occasions(&node->items[0].items[i]);
    return count + (node->items[0].field_count > 0);
}

static void compile_occasions(struct rp_compile *compile, const struct rp_node *node, bool starts,
                              struct rp_occasion *list, uint32_t *count)
{
    struct rp_occasion *one;

    if (node == NULL)
        return;
    if (rp_node_is_call(node, "any")) {
        struct rp_node fields = node->items[0];

        for (uint32_t i = 0; i < fields.item_count; i++)
            compile_occasions(compile, &fields.items[i], starts, list, count);
        fields.item_count = 0;
        if (fields.field_count > 0)
            compile_occasions(compile, &fields, starts, list, count);
        return;
    }
    one = &list[(*count)++];
    *one = (struct rp_occasion){.text = rp_compile_print(compile, node)};
    if (node->type == RP_NODE_CALL && is_trigger(node, starts)) {
        one->trigger = RP_ARENA_NEW(&compile->rules->arena, struct rp_trigger);
        rp_compile_trigger(compile, node, one->trigger);
        return;
    }
    refuse_triggers(compile, node);
    one->cond = rp_compile_cond(compile, node, RP_BARE_EVENT);
}

static struct rp_occasion *occasions(struct rp_compile *compile, const struct rp_node *node,
                                     bool starts, uint32_t *ret_count)
{
    struct rp_occasion *list =
        RP_ARENA_ARRAY(&compile->rules->arena, struct rp_occasion, count_occasions(node) + 1);

    *ret_count = 0;
    compile_occasions(compile, node, starts, list, ret_count);
    return list;
}

/* ---- When it may send ------------------------------------------------------------------------ */

static void compile_zones(struct rp_compile *compile, const struct rp_node *node,
                          struct rp_send_window *send)
{
    uint32_t count = 0;
    const struct rp_node *items = node ? rp_node_list(node, &count) : NULL;

    send->zones = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_zone_source, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct rp_zone_source *source = &send->zones[send->zone_count];
        struct rp_str text = items[i].text;

        if (items[i].type != RP_NODE_TEXT)
            continue;
        *source = (struct rp_zone_source){RP_NONE, rp_compile_keep(compile, text)};
        if (rp_str_starts(text, RP_STR("lead."))) {
            source->field =
                rp_compile_field(compile, text, items[i].place, rp_node_width(&items[i]));
            compile->rules->fields[source->field].keeps_text = true;
        } else if (!rp_zone_known(text)) {
            rp_compile_report(compile, RP_CODE_TYPE, items[i].place, rp_node_width(&items[i]),
                              RP_STR("write a zone such as \"Europe/Paris\", or a field of the "
                                     "lead such as \"lead.timezone\""),
                              "%.*s: \"%.*s\" is no time zone that this system knows",
                              RP_STR_ARG(compile->what), RP_STR_ARG(text));
        }
        send->zone_count++;
    }
}

static void compile_send(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_send_window *send)
{
    uint32_t calendar;

    if (node == NULL)
        return;
    send->set = true;
    calendar = rp_compile_calendar_of(compile, node);
    send->hours = calendar == RP_NONE ? (struct rp_calendar){.days = 0x7f, .to_s = 86400}
                                      : compile->rules->calendars[calendar];
    rp_compile_hours(compile, node, &send->hours);
    compile_zones(compile, rp_node_get(node, "tz"), send);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static uint32_t need_step(struct rp_compile *compile, const struct rp_sequence *sequence,
                          uint32_t from, const struct rp_node *name)
{
    struct rp_guess guess;

    if (name == NULL || name->type != RP_NODE_TEXT)
        return RP_NONE;
    guess = rp_guess(name->text);
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        rp_guess_offer(&guess, sequence->steps[i].name);
        if (!rp_str_eq(sequence->steps[i].name, name->text))
            continue;
        if (i > from)
            return i;
        rp_compile_report(compile, RP_CODE_STEP_BACK, name->place, rp_node_width(name),
                          RP_STR("name a later step; `reenter` starts a sequence again"),
                          "%.*s goes back from step \"%.*s\" to \"%.*s\"",
                          RP_STR_ARG(compile->what), RP_STR_ARG(sequence->steps[from].name),
                          RP_STR_ARG(name->text));
        return RP_NONE;
    }
    rp_compile_report(compile, RP_CODE_NO_STEP, name->place, rp_node_width(name),
                      rp_guess_hint(compile->arena, &guess), "%.*s has no step \"%.*s\"",
                      RP_STR_ARG(compile->what), RP_STR_ARG(name->text));
    return RP_NONE;
}

static void compile_branch(struct rp_compile *compile, const struct rp_sequence *sequence,
                           uint32_t step, const struct rp_node *fields, struct rp_step_item *item)
{
    item->op = RP_STEP_BRANCH;
    item->ways = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_way, fields->item_count);
    for (uint32_t i = 0; i < fields->item_count; i++) {
        struct rp_way *way = &item->ways[item->way_count++];

        way->when = rp_compile_cond(compile, rp_node_get(&fields->items[i], "when"), RP_BARE_EVENT);
        way->go = need_step(compile, sequence, step, rp_node_get(&fields->items[i], "go"));
    }
    item->otherwise = need_step(compile, sequence, step, rp_node_get(fields, "otherwise"));
}

static void compile_item(struct rp_compile *compile, const struct rp_sequence *sequence,
                         uint32_t step, const struct rp_node *node, struct rp_step_item *item)
{
    const struct rp_node *first = node->item_count > 0 ? &node->items[0] : NULL;

    *item = (struct rp_step_item){.place = node->place, .otherwise = RP_NONE};
    if (rp_node_is_call(node, "stop")) {
        item->op = RP_STEP_STOP;
    } else if (rp_node_is_call(node, "wait")) {
        item->op = RP_STEP_WAIT;
        if (first->type == RP_NODE_TEXT)
            (void)rp_duration_parse(first->text, &item->span_ms);
    } else if (rp_node_is_call(node, "wait_until")) {
        struct rp_node conditions = *first;

        conditions.field_count = 0;
        item->op = RP_STEP_WAIT_UNTIL;
        item->span_ms = rp_node_span(first, "timeout", 0);
        item->until = rp_compile_cond(compile, &conditions, RP_BARE_EVENT);
    } else if (rp_node_is_call(node, "branch")) {
        compile_branch(compile, sequence, step, first, item);
    } else {
        item->op = RP_STEP_ACT;
        item->part = RP_ARENA_NEW(&compile->rules->arena, struct rp_action_part);
        rp_compile_part(compile, node, item->part);
    }
}

static void compile_step(struct rp_compile *compile, struct rp_sequence *sequence, uint32_t number,
                         const struct rp_node *parts)
{
    struct rp_step *step = &sequence->steps[number];

    step->items = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_step_item, parts->item_count);
    for (uint32_t i = 0; i < parts->item_count; i++) {
        struct rp_step_item *item = &step->items[i];

        compile_item(compile, sequence, number, &parts->items[i], item);
        step->item_count++;
        if (item->op != RP_STEP_ACT)
            continue;
        for (uint32_t j = 0; j < i; j++) {
            if (step->items[j].op == RP_STEP_ACT && step->items[j].part->kind == item->part->kind)
                item->ordinal++;
        }
        if (item->part->kind != RP_ACTION_EMAIL)
            continue;
        rp_compile_mail_way(compile, item->part, sequence->purpose);
        if (sequence->purpose.len == 0)
            sequence->purpose = RP_STR("marketing");
    }
}

/* Names first: a branch may name a step that comes later. */
static void name_steps(struct rp_compile *compile, struct rp_sequence *sequence,
                       const struct rp_node *steps)
{
    sequence->steps = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_step, steps->item_count);
    for (uint32_t i = 0; i < steps->item_count; i++) {
        struct rp_step *step = &sequence->steps[i];
        const struct rp_node *name = &steps->items[i].items[0];

        *step = (struct rp_step){.name = rp_compile_keep(compile, name->text),
                                 .id = rp_hash(name->text),
                                 .place = steps->items[i].place};
        for (uint32_t j = 0; j < i; j++) {
            if (!rp_str_eq(sequence->steps[j].name, name->text))
                continue;
            rp_compile_report(compile, RP_CODE_DUPLICATE_NAME, steps->items[i].place,
                              rp_node_width(&steps->items[i]), RP_STR("rename one of them"),
                              "%.*s has two steps \"%.*s\"", RP_STR_ARG(compile->what),
                              RP_STR_ARG(name->text));
            break;
        }
        sequence->step_count++;
    }
}

static void compile_sequence(struct rp_compile *compile, struct rp_declared *declared,
                             struct rp_sequence *sequence)
{
    const struct rp_node *body = &declared->body, *steps = rp_node_get(body, "steps");

    *sequence =
        (struct rp_sequence){.name = rp_compile_keep(compile, declared->name),
                             .why = rp_compile_keep(compile, rp_node_text(body, "why")),
                             .id = rp_hash(declared->name),
                             .place = declared->place,
                             .reenter_ms = rp_node_span(body, "reenter", 0),
                             .purpose = rp_compile_keep(compile, rp_node_text(body, "purpose")),
                             .enabled = rp_node_flag(body, "enabled", true)};
    sequence->starts = occasions(compile, rp_node_get(body, "start"), true, &sequence->start_count);
    sequence->exits = occasions(compile, rp_node_get(body, "exit"), false, &sequence->exit_count);
    compile_send(compile, rp_node_get(body, "send"), &sequence->send);
    name_steps(compile, sequence, steps);
    for (uint32_t i = 0; i < steps->item_count; i++)
        compile_step(compile, sequence, i, &steps->items[i].items[1]);
}

void rp_compile_sequences(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "sequence", &at) != NULL)
        count++;
    rules->sequences = RP_ARENA_ARRAY(&rules->arena, struct rp_sequence, count);
    at = 0;
    while ((declared = rp_compile_next(compile, "sequence", &at)) != NULL)
        compile_sequence(compile, declared, &rules->sequences[rules->sequence_count++]);
}
