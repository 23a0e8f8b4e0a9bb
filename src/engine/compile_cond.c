/* SPDX-License-Identifier: MIT */
/* Conditions, and the event kinds that they and rules name. Each condition keeps its own text, for
 * reasons and why-not. A table of fields is the conjunction of its fields; what stands in it
 * without a key is a further condition. */
#include "base/mem.h"
#include "engine/compile.h"

#include <math.h>

#define SEGMENT_DEPTH_MAX 16

static void compile_cond(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_cond *cond);

static int64_t thousandths(double points)
{
    return (int64_t)llround(points * 1000);
}

/* ---- Event kinds ----------------------------------------------------------------------------- */

uint32_t rp_compile_kind(struct rp_compile *compile, struct rp_str name, struct rp_place place)
{
    static const struct {
        const char *name;
        enum rp_event_type type;
    } types[] = {{"page", RP_PAGE},
                 {"screen", RP_SCREEN},
                 {"identify", RP_IDENTIFY},
                 {"group", RP_GROUP},
                 {"alias", RP_ALIAS}};
    struct rp_rules *rules = compile->rules;
    struct rp_kind kind = {.type = RP_TRACK, .place = place};
    uint32_t known = rp_map_get(&compile->kinds, name);

    if (known != RP_MAP_NONE)
        return known;
    for (size_t i = 0; i < RP_COUNT(types); i++)
        if (rp_str_is(name, types[i].name))
            kind.type = types[i].type;
    kind.any = rp_str_is(name, "*");
    kind.name = rp_compile_keep(compile, name);
    rules->kinds =
        rp_grow(rules->kinds, &compile->kind_cap, rules->kind_count + 1u, sizeof *rules->kinds);
    rules->kinds[rules->kind_count] = kind;
    rp_map_put(compile->arena, &compile->kinds, kind.name, rules->kind_count);
    return rules->kind_count++;
}

uint32_t *rp_compile_kinds(struct rp_compile *compile, const struct rp_node *node,
                           uint32_t *ret_count)
{
    uint32_t count, kept = 0;
    const struct rp_node *items = rp_node_list(node, &count);
    uint32_t *kinds = RP_ARENA_ARRAY(&compile->rules->arena, uint32_t, count);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t kind = rp_compile_kind(compile, items[i].text, items[i].place);
        bool twice = false;

        for (uint32_t j = 0; j < kept; j++)
            twice |= kinds[j] == kind;
        if (!twice)
            kinds[kept++] = kind;
    }
    *ret_count = kept;
    return kinds;
}

void rp_compile_events(struct rp_compile *compile)
{
    struct rp_declared *event;
    uint32_t at = 0;

    while ((event = rp_compile_next(compile, "event", &at)) != NULL) {
        uint32_t kind = rp_compile_kind(compile, event->name, event->place);
        uint32_t count;
        const struct rp_node *items = rp_node_list(rp_node_get(&event->body, "also"), &count);
        struct rp_alias *also = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_alias, count);

        for (uint32_t i = 0; i < count; i++) {
            const struct rp_node *where = rp_node_get(&items[i], "where");

            also[i].event = rp_compile_keep(
                compile, items[i].type == RP_NODE_TABLE ? items[i].items[0].text : items[i].text);
            if (where)
                also[i].where = rp_compile_cond(compile, where, RP_BARE_EVENT);
        }
        compile->rules->kinds[kind].also = also;
        compile->rules->kinds[kind].also_count = count;
        compile->rules->kinds[kind].place = event->place;
    }
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static void compile_field(struct rp_compile *compile, const struct rp_node_field *field,
                          struct rp_cond *cond)
{
    struct rp_buf text = {0};
    struct rp_node one = {.type = RP_NODE_TABLE, .field_count = 1};
    struct rp_node_field copy = *field;

    cond->op = RP_COND_FIELD;
    cond->place = field->place;
    cond->field = rp_compile_field(compile, field->key, field->place, (int)field->key.len);
    rp_compile_match(compile, &field->value, cond->field, &cond->match);
    one.fields = &copy;
    rp_node_print(&text, &one); /* "{ path = glob \"/x\" }" */
    cond->text = rp_compile_keep(compile, (struct rp_str){text.ptr + 2, text.len - 4});
    rp_buf_fini(&text);
}

static void compile_table(struct rp_compile *compile, const struct rp_node *node,
                          struct rp_cond *cond)
{
    uint32_t count = node->field_count + node->item_count;
    struct rp_cond *parts;

    if (count == 1 && node->field_count == 1) {
        compile_field(compile, &node->fields[0], cond);
        return;
    }
    if (count == 1) {
        compile_cond(compile, &node->items[0], cond);
        return;
    }
    parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_cond, count);
    for (uint32_t i = 0; i < node->field_count; i++)
        compile_field(compile, &node->fields[i], &parts[i]);
    for (uint32_t i = 0; i < node->item_count; i++)
        compile_cond(compile, &node->items[i], &parts[node->field_count + i]);
    cond->op = RP_COND_ALL;
    cond->parts = parts;
    cond->part_count = count;
}

/* ---- Constructors ---------------------------------------------------------------------------- */

typedef void compile_fn(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_cond *cond);

static void compile_parts(struct rp_compile *compile, const struct rp_node *list,
                          struct rp_cond *cond)
{
    cond->parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_cond, list->item_count);
    cond->part_count = list->item_count;
    for (uint32_t i = 0; i < list->item_count; i++)
        compile_cond(compile, &list->items[i], &cond->parts[i]);
}

/* any { path = "/a", form = "b" }: each field is a part too. */
static void compile_join(struct rp_compile *compile, const struct rp_node *list,
                         struct rp_cond *cond)
{
    uint32_t count = list->item_count + list->field_count;
    struct rp_cond *parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_cond, count);

    compile_parts(compile, list, cond);
    if (list->field_count == 0)
        return;
    for (uint32_t i = 0; i < list->item_count; i++)
        parts[i] = cond->parts[i];
    for (uint32_t i = 0; i < list->field_count; i++)
        compile_field(compile, &list->fields[i], &parts[list->item_count + i]);
    cond->parts = parts;
    cond->part_count = count;
}

static void compile_any(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_cond *cond)
{
    cond->op = RP_COND_ANY;
    compile_join(compile, &node->items[0], cond);
}

static void compile_all(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_cond *cond)
{
    cond->op = RP_COND_ALL;
    compile_join(compile, &node->items[0], cond);
}

static void compile_none(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_cond *cond)
{
    cond->op = RP_COND_NO;
    compile_join(compile, &node->items[0], cond);
}

static void compile_some(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_cond *cond)
{
    cond->op = RP_COND_SOME;
    cond->times = (uint32_t)node->items[0].number;
    compile_join(compile, &node->items[1], cond);
    if (cond->times > cond->part_count)
        rp_compile_report(compile, RP_CODE_RANGE, node->items[0].place,
                          rp_node_width(&node->items[0]), RP_STR("ask for fewer"),
                          "%.*s: some(%u, …) has only %u parts", RP_STR_ARG(compile->what),
                          cond->times, cond->part_count);
}

static void compile_did(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_cond *cond)
{
    const struct rp_node *options = node->item_count > 1 ? &node->items[1] : NULL;
    bool ever = rp_node_flag(options, "ever", false);
    enum rp_bare bare = compile->bare;
    uint32_t kind_count;
    uint32_t *kinds = rp_compile_kinds(compile, &node->items[0], &kind_count);

    cond->op = RP_COND_COUNT;
    cond->times = (uint32_t)rp_node_number(options, "times", 1);
    cond->days = (uint32_t)rp_node_number(options, "days", 0);
    cond->within_ms = rp_node_span(options, "within", 0);
    cond->since = cond->within_ms > 0 ? RP_SINCE_WITHIN : ever ? RP_SINCE_EVER : RP_SINCE_ENTRY;
    if (cond->within_ms > 0 && ever)
        rp_compile_report(compile, RP_CODE_CONFLICT, node->place, rp_node_width(node),
                          RP_STR("keep `within` or `ever`"), "%.*s: did has `within` and `ever`",
                          RP_STR_ARG(compile->what));
    compile->bare = RP_BARE_EVENT;
    cond->counter = rp_compile_counter(compile, RP_COUNTER_EVENTS, kinds, kind_count,
                                       rp_node_get(options, "where"), RP_NONE);
    compile->bare = bare;
    rp_compile_counter_needs(compile, cond->counter, cond->days > 0 ? cond->days : cond->times,
                             cond->within_ms, cond->days > 0, ever);
}

static void compile_visits(struct rp_compile *compile, const struct rp_node *node,
                           struct rp_cond *cond)
{
    const struct rp_node *options = node->item_count > 0 ? &node->items[0] : NULL;

    cond->op = RP_COND_COUNT;
    cond->times = (uint32_t)rp_node_number(options, "times", 1);
    cond->within_ms = rp_node_span(options, "within", 0);
    cond->since = cond->within_ms > 0 ? RP_SINCE_WITHIN : RP_SINCE_EVER;
    cond->counter = rp_compile_counter(compile, RP_COUNTER_VISITS, NULL, 0, NULL, RP_NONE);
    rp_compile_counter_needs(compile, cond->counter, cond->times, cond->within_ms, false,
                             cond->within_ms == 0);
}

struct rp_bound *rp_compile_bounds(struct rp_compile *compile, const struct rp_node *table,
                                   uint32_t *ret_count)
{
    struct rp_bound *bounds =
        RP_ARENA_ARRAY(&compile->rules->arena, struct rp_bound, table->field_count);
    uint32_t count = 0;

    for (uint32_t i = 0; i < table->field_count; i++) {
        const struct rp_node_field *field = &table->fields[i];

        if (field->value.type != RP_NODE_NUMBER)
            continue; /* held */
        bounds[count++] = (struct rp_bound){.dim = rp_map_get(&compile->dims, field->key),
                                            .value = thousandths(field->value.number)};
    }
    *ret_count = count;
    return bounds;
}

static void compile_bounds(struct rp_compile *compile, const struct rp_node *node,
                           struct rp_cond *cond)
{
    cond->op = strcmp(node->call->name, "below") == 0 ? RP_COND_BELOW : RP_COND_AT_LEAST;
    cond->bounds = rp_compile_bounds(compile, &node->items[0], &cond->bound_count);
    cond->held_ms = rp_node_span(&node->items[0], "held", 0);
    if (cond->bound_count == 0)
        rp_compile_report(compile, RP_CODE_CONDITION, node->place, rp_node_width(node),
                          RP_STR("name a dimension and a value"), "%.*s: %s has no bound",
                          RP_STR_ARG(compile->what), node->call->name);
}

/* "A1": a label of the state dimension, then one of the accumulating one. */
static bool is_grade(const struct rp_grade *grade, struct rp_str name)
{
    for (uint32_t i = 0; i < grade->label_counts[0]; i++) {
        struct rp_str first = grade->labels[0][i].label;

        if (!rp_str_starts(name, first))
            continue;
        if (grade->label_counts[1] == 0 && name.len == first.len)
            return true;
        for (uint32_t j = 0; j < grade->label_counts[1]; j++)
            if (rp_str_eq((struct rp_str){name.ptr + first.len, name.len - first.len},
                          grade->labels[1][j].label))
                return true;
    }
    for (uint32_t j = 0; grade->label_counts[0] == 0 && j < grade->label_counts[1]; j++)
        if (rp_str_eq(name, grade->labels[1][j].label))
            return true;
    return false;
}

static void check_grade(struct rp_compile *compile, const struct rp_node *node, struct rp_str name)
{
    const struct rp_grade *grade = &compile->rules->grade;

    if (compile->scope->quiet || is_grade(grade, name))
        return;
    rp_compile_report(compile, RP_CODE_CHOICE, node->place, rp_node_width(node),
                      grade->label_counts[0] + grade->label_counts[1] == 0
                          ? RP_STR("declare grade { fit = { A = 60 }, engagement = … }")
                          : RP_STR("a grade joins a label of each dimension, such as \"A1\""),
                      "%.*s: there is no grade \"%.*s\"", RP_STR_ARG(compile->what),
                      RP_STR_ARG(name));
}

static void compile_grade_in(struct rp_compile *compile, const struct rp_node *node,
                             struct rp_cond *cond)
{
    uint32_t count;
    const struct rp_node *items = rp_node_list(&node->items[0], &count);

    cond->op = RP_COND_GRADE_IN;
    cond->names = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, count);
    cond->name_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct rp_str text = rp_arena_str(&compile->rules->arena, items[i].text);
        char *upper = RP_ARENA_ARRAY(&compile->rules->arena, char, text.len + 1);

        for (size_t j = 0; j < text.len; j++)
            upper[j] =
                text.ptr[j] >= 'a' && text.ptr[j] <= 'z' ? (char)(text.ptr[j] - 32) : text.ptr[j];
        cond->names[i] = (struct rp_str){upper, text.len};
        check_grade(compile, &items[i], cond->names[i]);
    }
}

static void compile_in_stage(struct rp_compile *compile, const struct rp_node *node,
                             struct rp_cond *cond)
{
    cond->op = RP_COND_IN_STAGE;
    cond->stage = rp_map_get(&compile->stages, node->items[0].text);
    cond->at_least_ms = rp_node_span(node->item_count > 1 ? &node->items[1] : NULL, "at_least", 0);
}

static void compile_in_status(struct rp_compile *compile, const struct rp_node *node,
                              struct rp_cond *cond)
{
    struct rp_str name = node->items[0].text;
    const char *dot = memchr(name.ptr, '.', name.len);

    cond->op = RP_COND_IN_STATUS;
    cond->stage = RP_NONE;
    if (dot) {
        struct rp_str stage = {name.ptr, (size_t)(dot - name.ptr)};

        cond->stage = rp_map_get(&compile->stages, stage);
        name = (struct rp_str){dot + 1, name.len - stage.len - 1};
    }
    cond->names = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, 1);
    cond->names[0] = rp_compile_keep(compile, name);
    cond->name_count = 1;
}

static void compile_in_segment(struct rp_compile *compile, const struct rp_node *node,
                               struct rp_cond *cond)
{
    uint32_t number = rp_map_get(&compile->segments, node->items[0].text);

    cond->op = RP_COND_IN_SEGMENT;
    cond->names = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, 1);
    cond->names[0] = rp_compile_keep(compile, node->items[0].text);
    cond->name_count = 1;
    cond->parts = RP_ARENA_NEW(&compile->rules->arena, struct rp_cond);
    cond->part_count = 1;
    cond->parts[0].op = RP_COND_KNOWN;
    if (number == RP_MAP_NONE || compile->declared[number].broken)
        return;
    if (compile->depth >= SEGMENT_DEPTH_MAX) {
        rp_compile_report(compile, RP_CODE_SELF, node->place, rp_node_width(node),
                          RP_STR("break the circle"),
                          "segment \"%.*s\" refers to itself, directly or through others",
                          RP_STR_ARG(node->items[0].text));
        compile->declared[number].broken = true;
        return;
    }
    struct rp_node body = compile->declared[number].body;

    body.field_count = 0; /* `why` is no condition */
    compile->depth++;
    compile_cond(compile, &body, &cond->parts[0]);
    compile->depth--;
}

static void compile_inactive(struct rp_compile *compile, const struct rp_node *node,
                             struct rp_cond *cond)
{
    (void)compile;
    cond->op = RP_COND_INACTIVE;
    (void)rp_duration_parse(node->items[0].text, &cond->held_ms);
}

static void compile_known(struct rp_compile *compile, const struct rp_node *node,
                          struct rp_cond *cond)
{
    (void)compile;
    (void)node;
    cond->op = RP_COND_KNOWN;
}

static void compile_in_scope(struct rp_compile *compile, const struct rp_node *node,
                             struct rp_cond *cond, enum rp_bare bare)
{
    enum rp_bare before = compile->bare;

    compile->bare = bare;
    compile_table(compile, &node->items[0], cond);
    compile->bare = before;
}

static void compile_trait(struct rp_compile *compile, const struct rp_node *node,
                          struct rp_cond *cond)
{
    compile_in_scope(compile, node, cond, RP_BARE_LEAD);
}

static void compile_context(struct rp_compile *compile, const struct rp_node *node,
                            struct rp_cond *cond)
{
    compile_in_scope(compile, node, cond, RP_BARE_CONTEXT);
}

static void compile_filled(struct rp_compile *compile, const struct rp_node *node,
                           struct rp_cond *cond)
{
    const struct rp_node *list = &node->items[0];

    cond->op = RP_COND_FILLED;
    cond->names = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, list->item_count);
    cond->fields = RP_ARENA_ARRAY(&compile->rules->arena, uint32_t, list->item_count);
    cond->name_count = list->item_count;
    cond->times = (uint32_t)rp_node_number(list, "at_least", list->item_count);
    for (uint32_t i = 0; i < list->item_count; i++) {
        cond->names[i] = rp_compile_keep(compile, list->items[i].text);
        cond->fields[i] = rp_compile_lead_field(compile, list->items[i].text, list->items[i].place,
                                                rp_node_width(&list->items[i]));
        compile->rules->fields[cond->fields[i]].keeps_text = true;
    }
}

static const struct {
    const char *name;
    compile_fn *compile;
} conditions[] = {
    {"any", compile_any},
    {"all", compile_all},
    {"none", compile_none},
    {"some", compile_some},
    {"did", compile_did},
    {"visits", compile_visits},
    {"at_least", compile_bounds},
    {"below", compile_bounds},
    {"grade_in", compile_grade_in},
    {"in_stage", compile_in_stage},
    {"in_status", compile_in_status},
    {"in_segment", compile_in_segment},
    {"inactive", compile_inactive},
    {"known", compile_known},
    {"trait", compile_trait},
    {"context", compile_context},
    {"filled", compile_filled},
};

/* A score depends on the lead's events alone, not on what rules made of them. */
static void check_pure(struct rp_compile *compile, const struct rp_node *node,
                       const struct rp_cond *cond)
{
    static const char *const decided[] = {"at_least", "below",     "grade_in",
                                          "in_stage", "in_status", NULL};

    if (!compile->facts_forbidden)
        return;
    for (size_t i = 0; decided[i]; i++)
        if (rp_node_is_call(node, decided[i]))
            rp_compile_report(compile, RP_CODE_STAGE_FACT, node->place, rp_node_width(node),
                              RP_STR("use it in a stage's or an action's condition"),
                              "%.*s cannot ask %s: rules decide it", RP_STR_ARG(compile->what),
                              decided[i]);
    if (cond->op == RP_COND_COUNT && cond->since == RP_SINCE_ENTRY)
        rp_compile_report(compile, RP_CODE_STAGE_FACT, node->place, rp_node_width(node),
                          RP_STR("add within = \"30d\" or ever = true"),
                          "%.*s: did counts since the stage was entered, which a score cannot know",
                          RP_STR_ARG(compile->what));
}

static void compile_cond(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_cond *cond)
{
    *cond = (struct rp_cond){.place = node->place,
                             .op = RP_COND_KNOWN,
                             .counter = RP_NONE,
                             .field = RP_NONE,
                             .stage = RP_NONE};
    if (node->type == RP_NODE_TABLE) {
        compile_table(compile, node, cond);
    } else if (node->type == RP_NODE_CALL) {
        for (size_t i = 0; i < RP_COUNT(conditions); i++)
            if (strcmp(node->call->name, conditions[i].name) == 0)
                conditions[i].compile(compile, node, cond);
        check_pure(compile, node, cond);
    }
    if (cond->text.len == 0 || node->type == RP_NODE_CALL)
        cond->text = rp_compile_print(compile, node);
}

struct rp_cond *rp_compile_cond(struct rp_compile *compile, const struct rp_node *node,
                                enum rp_bare bare)
{
    enum rp_bare before = compile->bare;
    struct rp_cond *cond;

    if (node == NULL)
        return NULL;
    cond = RP_ARENA_NEW(&compile->rules->arena, struct rp_cond);
    compile->bare = bare;
    compile_cond(compile, node, cond);
    compile->bare = before;
    return cond;
}
