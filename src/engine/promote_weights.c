/* SPDX-License-Identifier: MIT */
/* A promotion within weights.lua: when all that the arm does otherwise than the control are numbers
 * which the control takes from there, those numbers are written in their places and nothing else of
 * the file is touched, so that comments and order stay. The models keep their declarations.
 *
 * Where a number is not written plainly, where the control has one of its own over it, or where a
 * third model would change with it, the control's model is rewritten instead (promote.c). */
#include "engine/promote_priv.h"
#include "engine/scan.h"

#include <stdlib.h>
#include <string.h>

enum { EDITS_MAX = 1024 };

struct edit {
    const struct rp_node *was; /* in weights.lua */
    double number;
    size_t at, len; /* of its text */
};

struct weighing {
    struct rp_arena *arena;
    const struct rp_declarations *declarations;
    struct rp_str control, arm;
    struct rp_node over; /* what the control's model says itself */
    struct edit *edits;
    size_t count;
};

/* ---- Which numbers -----------------------------------------------------------------------------
 */

/* The arm's numbers against those of weights.lua, of the same form. */
static bool take_numbers(struct weighing *w, const struct rp_node *was, const struct rp_node *now)
{
    if (was->type == RP_NODE_NUMBER && now->type == RP_NODE_NUMBER) {
        if (was->number != now->number) {
            if (w->count == EDITS_MAX)
                return false;
            w->edits[w->count++] = (struct edit){.was = was, .number = now->number};
        }
        return true;
    }
    if (was->type != RP_NODE_TABLE || now->type != RP_NODE_TABLE ||
        (now->item_count > 0 && now->item_count != was->item_count))
        return false;
    for (uint32_t i = 0; i < now->item_count; i++) {
        if (!take_numbers(w, &was->items[i], &now->items[i]))
            return false;
    }
    for (uint32_t i = 0; i < now->field_count; i++) {
        const struct rp_node_field *below = rp_node_field(was, now->fields[i].key);

        if (!below || !take_numbers(w, &below->value, &now->fields[i].value))
            return false;
    }
    return true;
}

/* Whether `node` has something for each number of the arm; `any`: for one of them. */
static bool covers(const struct rp_node *node, const struct rp_node *arm, bool any)
{
    if (!node || node->type != RP_NODE_TABLE || arm->type != RP_NODE_TABLE || arm->item_count > 0)
        return node != NULL;
    for (uint32_t i = 0; i < arm->field_count; i++) {
        const struct rp_node_field *field = rp_node_field(node, arm->fields[i].key);

        if (covers(field ? &field->value : NULL, &arm->fields[i].value, any) == any)
            return any;
    }
    return !any;
}

/* A third model that neither follows the control nor has these numbers itself would change. */
static bool others_stay(const struct weighing *w, const char *section, const struct rp_node *table)
{
    for (uint32_t i = 0; i < w->declarations->count; i++) {
        const struct rp_declared *one = &w->declarations->items[i];
        struct rp_node own;
        bool met;

        if (strcmp(one->decl->name, "model") != 0 || rp_str_eq(one->name, w->control) ||
            rp_str_eq(one->name, w->arm))
            continue;
        own = rp_promote_merged(w->arena, w->declarations, one->name, w->control, &met);
        if (!met && !covers(rp_node_get(&own, section), table, false))
            return false;
    }
    return true;
}

static bool take_section(struct weighing *w, const char *section, const char *prefix,
                         const struct rp_node *table)
{
    const struct rp_node *over = rp_node_get(&w->over, section);

    if ((over && covers(over, table, true)) || !others_stay(w, section, table))
        return false;
    for (uint32_t i = 0; i < table->field_count; i++) {
        struct rp_str key =
            rp_arena_printf(w->arena, "%s%.*s", prefix, RP_STR_ARG(table->fields[i].key));
        const struct rp_node_field *was = rp_node_field(&w->declarations->weights, key);

        if (!was || !take_numbers(w, &was->value, &table->fields[i].value))
            return false;
    }
    return true;
}

/* Every field of the arm is numbers of weights.lua. */
static bool take_all(struct weighing *w, const struct rp_node *arm)
{
    static const char *const sections[][2] = {
        {"points", ""}, {"group", "group:"}, {"stage", "stage:"}};

    for (uint32_t i = 0; i < arm->field_count; i++) {
        bool taken = false;

        for (size_t s = 0; s < RP_COUNT(sections) && !taken; s++) {
            taken = rp_str_is(arm->fields[i].key, sections[s][0]) &&
                    take_section(w, sections[s][0], sections[s][1], &arm->fields[i].value);
        }
        if (!taken)
            return false;
    }
    return w->count > 0;
}

/* ---- Where they stand --------------------------------------------------------------------------
 */

static bool is_mark(const struct rp_token *token, const char *marks)
{
    return token->type == RP_TOKEN_MARK && token->text.len == 1 &&
           strchr(marks, token->text.ptr[0]) != NULL;
}

/* The text of a number that stands alone: behind `=` or in a list, and before what ends it. */
static bool find_number(struct rp_str text, struct edit *edit)
{
    struct rp_scan scan = rp_scan_start(text);
    struct rp_token before = {0};
    struct rp_token token = rp_scan_next(&scan);
    bool minus;
    char *end;

    while (token.type != RP_TOKEN_END &&
           (token.line != edit->was->place.line || token.column != edit->was->place.column)) {
        before = token;
        token = rp_scan_next(&scan);
    }
    edit->at = token.at;
    minus = is_mark(&token, "-");
    token = minus ? rp_scan_next(&scan) : token;
    if (token.type != RP_TOKEN_NUMBER || !is_mark(&before, "={,;"))
        return false;
    edit->len = token.at + token.text.len - edit->at;
    if ((minus ? -1 : 1) * strtod(token.text.ptr, &end) != edit->was->number ||
        end != token.text.ptr + token.text.len)
        return false;
    token = rp_scan_next(&scan);
    return is_mark(&token, ",;}");
}

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a;
    const struct edit *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

/* The file with the numbers in their places; from the first line that changes to the last. */
static void write_numbers(struct weighing *w, struct rp_str text, struct rp_promotion *p)
{
    struct rp_buf out = {0};
    size_t from = w->edits[0].at;
    size_t until = w->edits[w->count - 1].at;
    size_t at = 0;

    while (from > 0 && text.ptr[from - 1] != '\n')
        from--;
    while (until < text.len && text.ptr[until] != '\n')
        until++;
    for (size_t i = 0; i < w->count; i++) {
        rp_buf_str(&out, (struct rp_str){text.ptr + at, w->edits[i].at - at});
        rp_buf_printf(&out, "%.15g", w->edits[i].number);
        at = w->edits[i].at + w->edits[i].len;
    }
    rp_buf_str(&out, (struct rp_str){text.ptr + at, text.len - at});
    p->whole = rp_arena_str(w->arena, rp_buf_view(&out));
    p->at = from;
    p->len = until - from;
    p->was = (struct rp_str){text.ptr + from, p->len};
    p->text = (struct rp_str){p->whole.ptr + from, p->whole.len - from - (text.len - until)};
    rp_buf_fini(&out);
}

bool rp_promote_in_weights(struct rp_arena *arena, const struct rp_files *files,
                           const struct rp_declarations *declarations, struct rp_str control,
                           struct rp_str arm, struct rp_promotion *ret_promotion)
{
    struct weighing w = {.arena = arena,
                         .declarations = declarations,
                         .control = control,
                         .arm = arm,
                         .edits = RP_ARENA_ARRAY(arena, struct edit, EDITS_MAX)};
    struct rp_str text;
    struct rp_node own;
    bool met;

    if (declarations->weights.type != RP_NODE_TABLE)
        return false;
    w.over = rp_promote_merged(arena, declarations, control, RP_STR(""), &met);
    own = rp_promote_merged(arena, declarations, arm, control, &met);
    if ((!met && w.over.field_count > 0) || !take_all(&w, &own))
        return false;
    *ret_promotion = (struct rp_promotion){.file = declarations->weights.place.file};
    text = files->items[ret_promotion->file].text;
    for (size_t i = 0; i < w.count; i++) {
        if (!find_number(text, &w.edits[i]))
            return false;
    }
    qsort(w.edits, w.count, sizeof(*w.edits), by_place);
    for (size_t i = 1; i < w.count; i++) {
        if (w.edits[i].at == w.edits[i - 1].at)
            return false; /* two numbers out of one: a table that is named twice */
    }
    write_numbers(&w, text, ret_promotion);
    return true;
}
