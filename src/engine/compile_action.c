/* SPDX-License-Identifier: MIT */
/* Actions: what starts them, and what they send. */
#include "engine/compile.h"
#include "model/owner.h"

#include <math.h>

/* ---- Triggers -------------------------------------------------------------------------------- */

static void trigger_parts(struct rp_compile *compile, const struct rp_node *items, uint32_t count,
                          struct rp_trigger *trigger)
{
    trigger->op = RP_TRIGGER_ANY;
    trigger->parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_trigger, count);
    trigger->part_count = count;
    for (uint32_t i = 0; i < count; i++)
        rp_compile_trigger(compile, &items[i], &trigger->parts[i]);
}

/* did { "a", "b" } is any of the two. */
static void compile_did(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_trigger *trigger)
{
    const struct rp_node *options = node->item_count > 1 ? &node->items[1] : NULL;
    const struct rp_node *where = rp_node_get(options, "where");
    uint32_t count;
    uint32_t *kinds = rp_compile_kinds(compile, &node->items[0], &count);
    struct rp_trigger *parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_trigger, count);

    if (options && (rp_node_get(options, "times") || rp_node_get(options, "days") ||
                    rp_node_get(options, "within") || rp_node_get(options, "ever")))
        rp_compile_report(compile, RP_CODE_CONFLICT, node->place, rp_node_width(node),
                          RP_STR("ask how often and when in `when`"),
                          "%.*s: a trigger is one event, so did takes `where` only",
                          RP_STR_ARG(compile->what));
    for (uint32_t i = 0; i < count; i++)
        parts[i] = (struct rp_trigger){.op = RP_TRIGGER_DID,
                                       .index = kinds[i],
                                       .where = rp_compile_cond(compile, where, RP_BARE_EVENT)};
    if (count == 1)
        *trigger = parts[0];
    else
        *trigger = (struct rp_trigger){.op = RP_TRIGGER_ANY, .parts = parts, .part_count = count};
}

void rp_compile_trigger(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_trigger *trigger)
{
    const char *name = node->type == RP_NODE_CALL ? node->call->name : "";
    struct rp_str first = node->item_count > 0 && node->items[0].type == RP_NODE_TEXT
                              ? node->items[0].text
                              : RP_STR("");

    *trigger = (struct rp_trigger){.op = RP_TRIGGER_ANY, .index = RP_NONE};
    if (strcmp(name, "any") == 0) {
        trigger_parts(compile, node->items[0].items, node->items[0].item_count, trigger);
    } else if (strcmp(name, "did") == 0) {
        compile_did(compile, node, trigger);
    } else if (strcmp(name, "entered") == 0 || strcmp(name, "left") == 0 ||
               strcmp(name, "late") == 0) {
        trigger->op = name[0] == 'e'   ? RP_TRIGGER_ENTERED
                      : name[1] == 'e' ? RP_TRIGGER_LEFT
                                       : RP_TRIGGER_LATE;
        trigger->index = rp_map_get(&compile->stages, first);
    } else if (strcmp(name, "fired") == 0) {
        trigger->op = RP_TRIGGER_FIRED;
        trigger->index = rp_map_get(&compile->scores, first);
    } else if (strcmp(name, "crossed") == 0) {
        trigger->op = RP_TRIGGER_CROSSED;
        trigger->index = rp_map_get(&compile->dims, first);
        trigger->threshold = (int64_t)llround(node->items[1].number * 1000);
    } else if (strcmp(name, "entered_status") == 0) {
        const char *dot = memchr(first.ptr, '.', first.len);
        struct rp_str stage = {first.ptr, dot ? (size_t)(dot - first.ptr) : 0};

        trigger->op = RP_TRIGGER_ENTERED_STATUS;
        trigger->index = dot ? rp_map_get(&compile->stages, stage) : RP_NONE;
        if (dot)
            first = (struct rp_str){dot + 1, first.len - stage.len - 1};
        trigger->status = rp_status_id(first);
    } else {
        rp_compile_report(compile, RP_CODE_TRIGGER, node->place, rp_node_width(node),
                          RP_STR("move conditions to `when`"), "%.*s: %s starts nothing",
                          RP_STR_ARG(compile->what), rp_node_type_name(node));
    }
}

/* ---- Trees ----------------------------------------------------------------------------------- */

static void compile_tree(struct rp_compile *compile, const struct rp_node *node, struct rp_str key,
                         struct rp_tree *tree)
{
    *tree = (struct rp_tree){.key = rp_compile_keep(compile, key)};
    switch ((enum rp_node_type)node->type) {
    case RP_NODE_BOOL:
        tree->type = RP_BOOL;
        tree->number = node->flag;
        break;
    case RP_NODE_NUMBER:
        tree->type = RP_NUMBER;
        tree->number = node->number;
        break;
    case RP_NODE_TEXT:
        tree->type = RP_STRING;
        rp_compile_template(compile, node, &tree->text);
        break;
    case RP_NODE_TABLE: {
        bool list = node->item_count > 0 && node->field_count == 0;

        tree->type = list ? RP_ARRAY : RP_OBJECT;
        tree->part_count = list ? node->item_count : node->field_count;
        tree->parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_tree, tree->part_count);
        for (uint32_t i = 0; i < tree->part_count; i++) {
            if (list)
                compile_tree(compile, &node->items[i], RP_STR(""), &tree->parts[i]);
            else
                compile_tree(compile, &node->fields[i].value, node->fields[i].key, &tree->parts[i]);
        }
        if (node->item_count > 0 && node->field_count > 0)
            rp_compile_report(
                compile, RP_CODE_TYPE, node->place, 1, RP_STR("give every value a key, or none"),
                "%.*s: a table is either a list or an object", RP_STR_ARG(compile->what));
        break;
    }
    case RP_NODE_NIL:
    case RP_NODE_CALL:
    case RP_NODE_FUNCTION:
    case RP_NODE_UNKNOWN:
    case RP_NODE_OTHER:
        tree->type = RP_NULL;
        break;
    }
}

static struct rp_tree *tree_of(struct rp_compile *compile, const struct rp_node *node)
{
    struct rp_tree *tree = RP_ARENA_NEW(&compile->rules->arena, struct rp_tree);

    compile_tree(compile, node, RP_STR(""), tree);
    return tree;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum rp_action_kind kind;
} kinds[] = {
    {"webhook", RP_ACTION_WEBHOOK}, {"notify", RP_ACTION_NOTIFY}, {"task", RP_ACTION_TASK},
    {"set", RP_ACTION_SET},         {"email", RP_ACTION_EMAIL},   {"assign", RP_ACTION_ASSIGN},
    {"crm", RP_ACTION_CRM},
};

static struct rp_str endpoint_of(const struct rp_node *fields)
{
    const struct rp_node *to = rp_node_get(fields, "to");

    if (rp_node_is_call(to, "endpoint") && to->item_count > 0)
        return to->items[0].text;
    return to && to->type == RP_NODE_TEXT ? to->text : RP_STR("");
}

static uint32_t team_of(struct rp_compile *compile, const struct rp_node *fields)
{
    struct rp_str name = rp_node_text(fields, "team");

    return name.len ? rp_rules_team(compile->rules, name) : RP_NONE;
}

static void compile_assign(struct rp_compile *compile, const struct rp_node *node,
                           struct rp_action_part *part)
{
    const struct rp_node *fields = &node->items[0];

    part->team = team_of(compile, fields);
    if (part->to.len)
        rp_compile_template(compile, rp_node_get(fields, "to"), &part->text);
    part->keep_owner = rp_node_flag(fields, "keep_owner", false);
    part->not_to_refuser = rp_node_get(fields, "not_to") != NULL;
    if ((rp_node_get(fields, "team") != NULL) == (part->to.len > 0) || part->to.len > RP_OWNER_MAX)
        rp_compile_report(compile, RP_CODE_MISSING_FIELD, node->place, rp_node_width(node),
                          RP_STR("write assign { team = \"sdr\" }"),
                          "%.*s: assign names either a team or one person's address",
                          RP_STR_ARG(compile->what));
    if (part->team != RP_NONE)
        part->to = compile->rules->teams[part->team].name;
}

/* What goes to a CRM that is none, or as a webhook to one, is given up at once. */
static void check_receiver(struct rp_compile *compile, const struct rp_node *node,
                           const struct rp_action_part *part)
{
    const struct rp_load_options *options = compile->scope->options;
    const struct rp_node *to = rp_node_get(&node->items[0], "to");
    bool crm = part->kind == RP_ACTION_CRM;

    for (size_t i = 0; options && i < options->endpoint_count; i++) {
        if (!rp_str_eq(options->endpoints[i].name, part->to) || options->endpoints[i].crm == crm)
            continue;
        rp_compile_report(compile, RP_CODE_RECEIVER, to->place, rp_node_width(to),
                          crm ? RP_STR("add preset = \"hubspot\", \"salesforce\", \"pipedrive\" "
                                       "or \"rest\" to it in ripen.lua")
                              : RP_STR("write into it with crm {…}, or name another endpoint"),
                          crm ? "%.*s: endpoint \"%.*s\" is no CRM, so crm {…} cannot write into it"
                              : "%.*s: endpoint \"%.*s\" is a CRM, which takes crm {…} only",
                          RP_STR_ARG(compile->what), RP_STR_ARG(part->to));
    }
}

void rp_compile_part(struct rp_compile *compile, const struct rp_node *node,
                     struct rp_action_part *part)
{
    const struct rp_node *fields = &node->items[0];
    const struct rp_node *text;

    *part = (struct rp_action_part){.place = node->place, .team = RP_NONE};
    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        if (strcmp(node->call->name, kinds[i].name) != 0)
            continue;
        part->kind = kinds[i].kind;
    }
    part->to = rp_compile_keep(compile, endpoint_of(fields));
    switch (part->kind) {
    case RP_ACTION_WEBHOOK:
        check_receiver(compile, node, part);
        if (rp_node_get(fields, "body"))
            part->body = tree_of(compile, rp_node_get(fields, "body"));
        break;
    case RP_ACTION_NOTIFY:
        check_receiver(compile, node, part);
        rp_compile_template(compile, rp_node_get(fields, "text"), &part->text);
        break;
    case RP_ACTION_TASK:
        text = rp_node_get(fields, "note");
        rp_compile_template(compile, text, &part->text);
        part->due_ms = rp_node_span(fields, "due", 0);
        part->due_calendar = rp_compile_calendar_of(compile, fields);
        part->team = team_of(compile, fields);
        if (part->to.len == 0)
            part->to =
                part->team == RP_NONE ? RP_STR("owner") : compile->rules->teams[part->team].name;
        part->to_owner = rp_str_is(part->to, "owner");
        break;
    case RP_ACTION_ASSIGN:
        compile_assign(compile, node, part);
        break;
    case RP_ACTION_EMAIL:
        part->to = RP_STR(RP_MAIL_DOOR);
        part->email = rp_compile_email(compile, fields);
        break;
    case RP_ACTION_CRM:
        check_receiver(compile, node, part);
        part->body = tree_of(compile, fields);
        break;
    case RP_ACTION_SET:
        part->body = tree_of(compile, fields);
        break;
    }
}

static void compile_action(struct rp_compile *compile, struct rp_declared *declared,
                           struct rp_action *action)
{
    const struct rp_node *body = &declared->body;
    uint32_t team = RP_NONE;

    *action =
        (struct rp_action){.name = rp_compile_keep(compile, declared->name),
                           .why = rp_compile_keep(compile, rp_node_text(body, "why")),
                           .place = declared->place,
                           .even_when_passing = rp_node_flag(body, "even_when_passing", false),
                           .enabled = rp_node_flag(body, "enabled", true),
                           .part_count = body->item_count};
    rp_compile_trigger(compile, rp_node_get(body, "on"), &action->on);
    action->when = rp_compile_cond(compile, rp_node_get(body, "when"), RP_BARE_EVENT);
    compile->asked = action->when;
    action->parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_action_part, body->item_count);
    for (uint32_t i = 0; i < body->item_count; i++) {
        struct rp_action_part *part = &action->parts[i];

        rp_compile_part(compile, &body->items[i], part);
        if (part->kind == RP_ACTION_EMAIL)
            rp_compile_mail_way(compile, part, RP_STR(""));
        if (part->kind == RP_ACTION_ASSIGN && part->team != RP_NONE)
            team = part->team;
        if (part->kind == RP_ACTION_TASK && part->to_owner && part->team == RP_NONE)
            part->team = team; /* when nobody owns the lead, the task is the team's */
    }
    compile->asked = NULL;
}

void rp_compile_actions(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "action", &at) != NULL)
        count++;
    rules->actions = RP_ARENA_ARRAY(&rules->arena, struct rp_action, count);
    at = 0;
    while ((declared = rp_compile_next(compile, "action", &at)) != NULL)
        compile_action(compile, declared, &rules->actions[rules->action_count++]);
}

/* What `set` parts of actions and steps set are facts of the lead, known before conditions are
 * read. */
static void find_facts(struct rp_compile *compile, const struct rp_node *node)
{
    if (rp_node_is_call(node, "set") && node->item_count > 0)
        for (uint32_t i = 0; i < node->items[0].field_count; i++)
            if (rp_map_get(&compile->spellings, node->items[0].fields[i].key) == RP_MAP_NONE)
                rp_map_put(compile->arena, &compile->facts, node->items[0].fields[i].key, 1);
    for (uint32_t i = 0; i < node->item_count; i++)
        find_facts(compile, &node->items[i]);
    for (uint32_t i = 0; i < node->field_count; i++)
        find_facts(compile, &node->fields[i].value);
}

void rp_compile_fact_names(struct rp_compile *compile)
{
    for (uint32_t i = 0; i < compile->count; i++)
        if (strcmp(compile->declared[i].decl->name, "action") == 0 ||
            strcmp(compile->declared[i].decl->name, "sequence") == 0)
            find_facts(compile, &compile->declared[i].body);
}
