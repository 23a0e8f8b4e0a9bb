/* SPDX-License-Identifier: MIT */
/* Walks a declared tree beside its schema. One recursive function for values; messages name the
 * field, the declaration and what would be right. Knows no single declaration: what only one of
 * them demands is checked where it is compiled. */
#include "engine/check.h"

#include "base/limits.h"
#include "base/num.h"
#include "engine/scan.h"
#include "engine/slip.h"

#include <math.h>

struct check {
    struct rp_scope *scope;
    const struct rp_declared *declared;
    struct rp_str what; /* `score "viewed_pricing"` */
    bool failed;
};

int rp_node_width(const struct rp_node *node)
{
    size_t width = 1;

    if (node->place.column == 0)
        return 1;
    if (node->type == RP_NODE_TEXT)
        width = node->text.len + 2;
    else if (node->type == RP_NODE_CALL)
        width = strlen(node->call->name);
    return width > 60 ? 60 : (int)width;
}

static void complain(struct check *check, enum rp_code code, const struct rp_node *node,
                     struct rp_str hint, struct rp_str message)
{
    check->failed = true;
    rp_diagnose(check->scope->diagnosis, code, node->place, rp_node_width(node), hint, "%.*s",
                RP_STR_ARG(message));
}

static struct rp_str line_of(const struct check *check, const struct rp_node *node)
{
    const struct rp_files *files = check->scope->diagnosis->files;

    return node->place.file < files->count
               ? rp_source_line(files->items[node->place.file].text, node->place.line)
               : RP_STR("");
}

/* What a value without a field was meant as. */
static struct rp_str loose(const struct check *check, const struct rp_node *node)
{
    return rp_slip_loose(check->scope->arena, line_of(check, node), node->place.column);
}

static void check_value(struct check *check, const struct rp_schema_field *field,
                        const struct rp_node *node);
static void check_table(struct check *check, const struct rp_schema_shape *shape,
                        const struct rp_node *node, const char *called);

/* ---- What is wanted, in words ---------------------------------------------------------------- */

/* "a text or a list of texts {…}"; the constructors of CALL by name. */
static struct rp_str wanted(struct check *check, const struct rp_schema_field *field)
{
    struct rp_buf text = {0};
    struct rp_str result;

    for (const struct rp_schema_want *want = rp_schema_wants; want->want; want++) {
        if (!(field->wants & want->want))
            continue;
        rp_buf_text(&text, text.len > 0 ? " or " : "");
        rp_buf_text(&text, want->text);
    }
    if (field->wants & RP_WANT_CALL) {
        int named = 0;

        for (const struct rp_schema_call *call = rp_schema_calls; call->name && named < 4; call++) {
            if (!(call->makes & field->makes))
                continue;
            rp_buf_text(&text, text.len > 0 ? " or " : "");
            rp_buf_text(&text, call->name);
            named++;
        }
        if (field->makes & RP_MAKES_SECRET)
            rp_buf_text(&text, text.len > 0 ? " or env \"NAME\"" : "env \"NAME\" or file \"PATH\"");
    }
    result = rp_arena_str(check->scope->arena, rp_buf_view(&text));
    rp_buf_fini(&text);
    return result;
}

static enum rp_code code_of(const struct rp_schema_field *field, const struct rp_node *node)
{
    if (node->type == RP_NODE_FUNCTION)
        return RP_CODE_FUNCTION;
    if (field->wants & RP_WANT_MATCH)
        return RP_CODE_MATCHER;
    if (field->wants & (RP_WANT_WHEN | RP_WANT_FIELDS))
        return RP_CODE_CONDITION;
    if (field->wants & RP_WANT_TRIGGER)
        return RP_CODE_TRIGGER;
    if (field->wants & RP_WANT_COUNT)
        return RP_CODE_MEASURE;
    if (field->wants & RP_WANT_DURATION)
        return RP_CODE_DURATION;
    if (field->wants & RP_WANT_DATE)
        return RP_CODE_DATE;
    if ((field->wants & (RP_WANT_CALL | RP_WANT_TEXT)) == RP_WANT_CALL &&
        (field->makes & RP_MAKES_SECRET))
        return RP_CODE_SECRET;
    if ((field->wants & RP_WANT_CALL) && (field->makes & (RP_MAKES_STEP | RP_MAKES_IN_STEP)))
        return RP_CODE_STEP;
    if ((field->wants & RP_WANT_CALL) && (field->makes & RP_MAKES_PART))
        return RP_CODE_PART;
    return RP_CODE_TYPE;
}

static void wrong_type(struct check *check, const struct rp_schema_field *field,
                       const struct rp_node *node)
{
    struct rp_arena *arena = check->scope->arena;
    struct rp_str want = wanted(check, field);
    struct rp_str hint = RP_STR("");

    if (node->type == RP_NODE_TEXT && (field->wants & RP_WANT_NUMBER)) {
        double number;

        if (rp_number_parse(node->text, &number))
            hint = rp_arena_printf(arena, "write %.*s without quotes", RP_STR_ARG(node->text));
    } else if (node->type == RP_NODE_OTHER && (field->wants & (RP_WANT_TEXT | RP_WANT_TEXTS))) {
        hint = rp_slip_unquoted(arena, line_of(check, node), node->place.column);
    } else if (node->type == RP_NODE_NUMBER && (field->wants & RP_WANT_DURATION)) {
        hint = rp_arena_printf(arena, "write \"%gd\" for days or \"%gh\" for hours", node->number,
                               node->number);
    }
    complain(check, code_of(field, node), node, hint,
             rp_arena_printf(arena, "'%s' of %.*s must be %.*s, not %s", field->name,
                             RP_STR_ARG(check->what), RP_STR_ARG(want), rp_node_type_name(node)));
}

/* ---- Texts and numbers ----------------------------------------------------------------------- */

static bool is_choice(const char *choices, struct rp_str text)
{
    for (const char *at = choices; *at;) {
        const char *bar = strchr(at, '|');
        size_t len = bar ? (size_t)(bar - at) : strlen(at);

        if (rp_str_eq((struct rp_str){at, len}, text))
            return true;
        at += len + (bar != NULL);
    }
    return false;
}

static void check_choice(struct check *check, const struct rp_schema_field *field,
                         const struct rp_node *node)
{
    struct rp_arena *arena = check->scope->arena;
    struct rp_guess guess = rp_guess(node->text);
    struct rp_str hint;

    if (is_choice(field->choices, node->text))
        return;
    for (const char *at = field->choices; *at;) {
        const char *bar = strchr(at, '|');
        size_t len = bar ? (size_t)(bar - at) : strlen(at);

        rp_guess_offer(&guess, (struct rp_str){at, len});
        at += len + (bar != NULL);
    }
    hint = rp_guess_hint(arena, &guess);
    if (hint.len == 0) {
        struct rp_buf list = {0};

        for (const char *at = field->choices; *at; at++)
            rp_buf_text(&list, *at == '|' ? ", " : (char[]){*at, '\0'});
        hint = rp_arena_printf(arena, "one of: %s", list.ptr);
        rp_buf_fini(&list);
    }
    complain(check, RP_CODE_CHOICE, node, hint,
             rp_arena_printf(arena, "'%s' of %.*s cannot be \"%.*s\"", field->name,
                             RP_STR_ARG(check->what), RP_STR_ARG(node->text)));
}

static void check_reference(struct check *check, const struct rp_schema_field *field,
                            const struct rp_node *node)
{
    if (field->ref == RP_REF_NONE || rp_scope_has(check->scope, field->ref, node->text))
        return;
    rp_scope_unknown(check->scope, field->ref, node->text, node->place, rp_node_width(node));
    if (!check->scope->quiet)
        check->failed |= !(field->ref == RP_REF_ENDPOINT);
}

static void check_number(struct check *check, const struct rp_schema_field *field,
                         const struct rp_node *node)
{
    struct rp_arena *arena = check->scope->arena;
    bool bounded = field->min < 0 || field->max > 0 || field->min > 0;

    if (!isfinite(node->number) ||
        (bounded && (node->number < field->min || node->number > field->max))) {
        struct rp_buf low = {0};
        struct rp_str hint = RP_STR("");

        if (bounded) {
            rp_number_print(&low, field->min);
            rp_buf_text(&low, " to ");
            rp_number_print(&low, field->max);
            hint = rp_arena_printf(arena, "from %s", low.ptr);
        }
        rp_buf_fini(&low);
        complain(check, RP_CODE_RANGE, node, hint,
                 rp_arena_printf(arena, "'%s' of %.*s cannot be %g", field->name,
                                 RP_STR_ARG(check->what), node->number));
    } else if (field->whole && node->number != floor(node->number)) {
        complain(check, RP_CODE_RANGE, node, RP_STR("write a whole number"),
                 rp_arena_printf(arena, "'%s' of %.*s cannot be %g", field->name,
                                 RP_STR_ARG(check->what), node->number));
    }
}

static struct rp_str duration_hint(struct rp_arena *arena, struct rp_str text)
{
    struct rp_str hint = RP_STR("write for example \"30m\", \"12h\", \"7d\", \"2w\"");
    struct rp_buf guess = {0};

    if (rp_duration_guess(&guess, text))
        hint = rp_arena_printf(arena, "write \"%.*s\"", RP_STR_ARG(rp_buf_view(&guess)));
    rp_buf_fini(&guess);
    return hint;
}

/* True when the text is one of what is wanted; complains about its form. */
static bool check_text(struct check *check, const struct rp_schema_field *field,
                       const struct rp_node *node)
{
    struct rp_arena *arena = check->scope->arena;
    int64_t ms;

    if (field->wants & (RP_WANT_MATCH | RP_WANT_VALUE))
        return true;
    if (field->wants & RP_WANT_DURATION) {
        if (!rp_duration_parse(node->text, &ms))
            complain(check, RP_CODE_DURATION, node, duration_hint(arena, node->text),
                     rp_arena_printf(arena, "'%s' of %.*s: \"%.*s\" is not a duration", field->name,
                                     RP_STR_ARG(check->what), RP_STR_ARG(node->text)));
        return true;
    }
    if (field->wants & RP_WANT_DATE) {
        if (!rp_time_parse(node->text, &ms))
            complain(check, RP_CODE_DATE, node,
                     RP_STR("write for example \"2026-03-02T09:00:00Z\""),
                     rp_arena_printf(arena, "'%s' of %.*s: \"%.*s\" is not a date", field->name,
                                     RP_STR_ARG(check->what), RP_STR_ARG(node->text)));
        return true;
    }
    if (!(field->wants & RP_WANT_TEXT))
        return false;
    if (field->choices)
        check_choice(check, field, node);
    else
        check_reference(check, field, node);
    return true;
}

/* ---- Fields, conditions, triggers ------------------------------------------------------------ */

static const struct rp_schema_field match_field = {.name = "value", .wants = RP_WANT_MATCH};

static void check_fields(struct check *check, const struct rp_node *node)
{
    for (uint32_t i = 0; i < node->field_count; i++) {
        struct rp_schema_field field = match_field;

        field.name = rp_arena_str(check->scope->arena, node->fields[i].key).ptr;
        check_value(check, &field, &node->fields[i].value);
    }
}

/* The arguments of a constructor; what SAME stands for is what `outer` wants. */
static void check_call(struct check *check, const struct rp_schema_field *outer,
                       const struct rp_node *node)
{
    const struct rp_schema_call *call = node->call;
    struct rp_arena *arena = check->scope->arena;
    struct rp_str before = check->what;
    uint32_t params = 0;

    check->what = rp_arena_printf(arena, "%s in %.*s", call->name, RP_STR_ARG(before));
    for (; params < RP_SCHEMA_PARAMS && call->params[params].name; params++) {
        const struct rp_schema_field *param = &call->params[params];
        const struct rp_node *argument = params < node->item_count ? &node->items[params] : NULL;

        if (argument == NULL || argument->type == RP_NODE_NIL) {
            if (param->required)
                complain(check, RP_CODE_MISSING_FIELD, node, rp_str_from(call->example),
                         rp_arena_printf(arena, "%s in %.*s needs '%s'", call->name,
                                         RP_STR_ARG(before), param->name));
            continue;
        }
        if (param->wants & RP_WANT_SAME) {
            struct rp_schema_field each = *outer;
            struct rp_schema_shape list = {.item = &each, .item_min = 1};
            struct rp_schema_field same = {
                .name = param->name, .wants = RP_WANT_TABLE, .shape = &list};

            each.name = param->name;
            check_value(check, &same, argument);
        } else {
            check_value(check, param, argument);
        }
    }
    if (node->item_count > params)
        complain(check, RP_CODE_TYPE, node, rp_str_from(call->example),
                 rp_arena_printf(arena, "%s in %.*s takes %u arguments, not %u", call->name,
                                 RP_STR_ARG(before), params, node->item_count));
    check->what = before;
}

static uint32_t makes_of(const struct rp_schema_field *field)
{
    return (field->wants & (RP_WANT_MATCH | RP_WANT_VALUE) ? RP_MAKES_MATCH : 0u) |
           (field->wants & RP_WANT_WHEN ? (uint32_t)RP_MAKES_COND : 0u) |
           (field->wants & RP_WANT_COUNT ? (uint32_t)RP_MAKES_COUNT : 0u) |
           (field->wants & RP_WANT_TRIGGER ? RP_MAKES_TRIGGER | RP_MAKES_COND : 0u) |
           (field->wants & RP_WANT_CALL ? field->makes : 0u);
}

/* A table in the place of a condition: fields, and conditions without a key. */
static void check_when(struct check *check, const struct rp_schema_field *field,
                       const struct rp_node *node)
{
    if (node->field_count + node->item_count == 0)
        complain(check, RP_CODE_CONDITION, node, RP_STR("leave it out when it always holds"),
                 rp_arena_printf(check->scope->arena, "'%s' of %.*s is empty", field->name,
                                 RP_STR_ARG(check->what)));
    check_fields(check, node);
    for (uint32_t i = 0; i < node->item_count; i++)
        check_value(check, field, &node->items[i]);
}

static void check_values(struct check *check, const struct rp_node *node)
{
    static const struct rp_schema_field any = {
        .name = "value", .wants = RP_WANT_VALUE, .placeholders = true};

    for (uint32_t i = 0; i < node->item_count; i++)
        check_value(check, &any, &node->items[i]);
    for (uint32_t i = 0; i < node->field_count; i++)
        check_value(check, &any, &node->fields[i].value);
}

static bool check_node_table(struct check *check, const struct rp_schema_field *field,
                             const struct rp_node *node)
{
    if (field->wants & RP_WANT_TABLE) {
        check_table(check, field->shape, node, field->name);
    } else if (field->wants & RP_WANT_TEXTS) {
        struct rp_schema_field each = *field;
        struct rp_schema_shape list = {.item = &each, .item_min = 1};

        each.wants = RP_WANT_TEXT;
        check_table(check, &list, node, field->name);
    } else if (field->wants & RP_WANT_WHEN) {
        check_when(check, field, node);
    } else if (field->wants & RP_WANT_FIELDS) {
        if (node->item_count > 0)
            complain(check, RP_CODE_CONDITION, &node->items[0], loose(check, &node->items[0]),
                     rp_arena_printf(check->scope->arena,
                                     "'%s' of %.*s holds a value without a field", field->name,
                                     RP_STR_ARG(check->what)));
        check_fields(check, node);
    } else if (field->wants & RP_WANT_VALUE) {
        check_values(check, node);
    } else {
        return false;
    }
    return true;
}

static void check_value(struct check *check, const struct rp_schema_field *field,
                        const struct rp_node *node)
{
    bool right = false;

    switch ((enum rp_node_type)node->type) {
    case RP_NODE_UNKNOWN: /* reported where it was read */
        check->failed = true;
        return;
    case RP_NODE_BOOL:
        right = field->wants & (RP_WANT_BOOL | RP_WANT_MATCH | RP_WANT_VALUE);
        break;
    case RP_NODE_NUMBER:
        right = field->wants & (RP_WANT_NUMBER | RP_WANT_MATCH | RP_WANT_VALUE);
        if (right)
            check_number(check, field, node);
        break;
    case RP_NODE_TEXT:
        right = check_text(check, field, node);
        break;
    case RP_NODE_TABLE:
        right = check_node_table(check, field, node);
        break;
    case RP_NODE_CALL:
        right = node->call->makes & makes_of(field);
        if (right)
            check_call(check, field, node);
        break;
    case RP_NODE_FUNCTION:
        right = field->wants & RP_WANT_FUNCTION;
        break;
    case RP_NODE_NIL:
    case RP_NODE_OTHER:
        break;
    }
    if (!right)
        wrong_type(check, field, node);
}

/* ---- Tables by their shape ------------------------------------------------------------------- */

static const struct rp_schema_field *find_field(const struct rp_schema_shape *shape,
                                                struct rp_str key)
{
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        if (rp_str_is(key, field->name))
            return field;
    return NULL;
}

static void unknown_field(struct check *check, const struct rp_schema_shape *shape,
                          const struct rp_node_field *entry, const char *called)
{
    struct rp_arena *arena = check->scope->arena;
    struct rp_guess guess = rp_guess(entry->key);
    struct rp_str hint;

    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        rp_guess_offer(&guess, rp_str_from(field->name));
    hint = rp_guess_hint(arena, &guess);
    if (hint.len == 0 && shape->fields) {
        struct rp_buf list = {0};

        for (const struct rp_schema_field *field = shape->fields; field->name; field++)
            rp_buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", field->name);
        hint = rp_arena_printf(arena, "it has: %s", list.ptr);
        rp_buf_fini(&list);
    }
    check->failed = true;
    rp_diagnose(check->scope->diagnosis, RP_CODE_FIELD, entry->place, (int)entry->key.len, hint,
                "unknown field '%.*s' in %s%s%.*s", RP_STR_ARG(entry->key), called ? called : "",
                called ? " of " : "", RP_STR_ARG(check->what));
}

static void check_entry(struct check *check, const struct rp_schema_shape *shape,
                        const struct rp_node_field *entry, const char *called)
{
    const struct rp_schema_field *field = find_field(shape, entry->key);

    if (field == NULL && shape->entry == NULL) {
        unknown_field(check, shape, entry, called);
        return;
    }
    if (field) {
        check_value(check, field, &entry->value);
        return;
    }
    if (shape->key != RP_REF_NONE && !rp_scope_has(check->scope, shape->key, entry->key)) {
        rp_scope_unknown(check->scope, shape->key, entry->key, entry->place, (int)entry->key.len);
        check->failed |= !check->scope->quiet;
    }
    struct rp_schema_field named = *shape->entry;

    named.name = rp_arena_str(check->scope->arena, entry->key).ptr;
    check_value(check, &named, &entry->value);
}

static void check_table(struct check *check, const struct rp_schema_shape *shape,
                        const struct rp_node *node, const char *called)
{
    struct rp_arena *arena = check->scope->arena;

    for (uint32_t i = 0; i < node->field_count; i++)
        check_entry(check, shape, &node->fields[i], called);
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        if (field->required && rp_node_get(node, field->name) == NULL)
            complain(check, RP_CODE_MISSING_FIELD, node, rp_str_from(field->doc),
                     rp_arena_printf(arena, "%s%s%.*s needs '%s'", called ? called : "",
                                     called ? " of " : "", RP_STR_ARG(check->what), field->name));
    for (uint32_t i = 0; i < node->item_count; i++) {
        if (shape->item) {
            struct rp_schema_field each = *shape->item;

            if (node->item_count > 1)
                each.name = rp_arena_printf(arena, "%s %u", each.name, i + 1).ptr;
            check_value(check, &each, &node->items[i]);
            continue;
        }
        complain(check, RP_CODE_FIELD, &node->items[i], loose(check, &node->items[i]),
                 rp_arena_printf(arena, "%s%s%.*s holds a value without a field",
                                 called ? called : "", called ? " of " : "",
                                 RP_STR_ARG(check->what)));
        break;
    }
    if (node->item_count < shape->item_min)
        complain(check, RP_CODE_MISSING_FIELD, node,
                 shape->item ? rp_str_from(shape->item->doc) : RP_STR(""),
                 rp_arena_printf(arena, "%s%s%.*s needs at least %u entr%s", called ? called : "",
                                 called ? " of " : "", RP_STR_ARG(check->what), shape->item_min,
                                 shape->item_min == 1 ? "y" : "ies"));
}

void rp_check_declared(struct rp_scope *scope, struct rp_declared *declared, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct rp_declared *one = &declared[i];
        struct check check = {.scope = scope, .declared = one};

        if (one->broken || !one->complete || one->body.type != RP_NODE_TABLE)
            continue;
        if (one->name.len > 0)
            check.what = rp_arena_printf(scope->arena, "%s \"%.*s\"", one->decl->name,
                                         RP_STR_ARG(one->name));
        else
            check.what = rp_str_from(one->decl->name);
        check_table(&check, &one->decl->shape, &one->body, NULL);
        one->broken = check.failed;
    }
}
