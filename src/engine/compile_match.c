/* SPDX-License-Identifier: MIT */
/* Matchers: the comparison of a field with values. Operands are folded and read as numbers once,
 * here; the field learns whether it must be kept as text or number. */
#include "base/num.h"
#include "base/text.h"
#include "engine/compile.h"

#include <math.h>

struct rp_scalar rp_compile_scalar(struct rp_compile *compile, const struct rp_node *node)
{
    struct rp_scalar scalar = {.type = RP_STRING, .number = (double)NAN};

    if (node->type == RP_NODE_NUMBER) {
        struct rp_buf text = {0};

        scalar.type = RP_NUMBER;
        scalar.number = node->number;
        rp_number_print(&text, node->number);
        scalar.text = rp_compile_keep(compile, rp_buf_view(&text));
        scalar.folded = scalar.text;
        rp_buf_fini(&text);
    } else if (node->type == RP_NODE_BOOL) {
        scalar.type = RP_BOOL;
        scalar.number = node->flag;
        scalar.text = node->flag ? RP_STR("true") : RP_STR("false");
        scalar.folded = scalar.text;
    } else {
        double number;

        scalar.text = rp_compile_keep(compile, node->text);
        scalar.folded = rp_text_fold(&compile->rules->arena, scalar.text);
        if (rp_number_parse(node->text, &number))
            scalar.number = number;
    }
    return scalar;
}

static void keep_for(struct rp_compile *compile, uint32_t field, const struct rp_scalar *scalar)
{
    struct rp_field *slot = &compile->rules->fields[field];

    slot->keeps_text |= scalar->type == RP_STRING || scalar->type == RP_BOOL;
    slot->keeps_number |= !isnan(scalar->number);
}

static const struct {
    const char *name;
    enum rp_match_op op;
    bool text; /* the operand is a text that is looked for */
} match_ops[] = {
    {"eq", RP_MATCH_EQ, false},
    {"exact", RP_MATCH_EXACT, true},
    {"ne", RP_MATCH_NE, false},
    {"gt", RP_MATCH_GT, false},
    {"gte", RP_MATCH_GTE, false},
    {"lt", RP_MATCH_LT, false},
    {"lte", RP_MATCH_LTE, false},
    {"between", RP_MATCH_BETWEEN, false},
    {"one_of", RP_MATCH_ONE_OF, false},
    {"none_of", RP_MATCH_NONE_OF, false},
    {"glob", RP_MATCH_GLOB, true},
    {"contains", RP_MATCH_CONTAINS, true},
    {"starts_with", RP_MATCH_STARTS, true},
    {"ends_with", RP_MATCH_ENDS, true},
    {"word", RP_MATCH_WORD, true},
    {"in_list", RP_MATCH_IN_LIST, true},
    {"exists", RP_MATCH_EXISTS, false},
    {"missing", RP_MATCH_MISSING, false},
    {"before_date", RP_MATCH_BEFORE, true},
    {"after_date", RP_MATCH_AFTER, true},
    {"any", RP_MATCH_ANY, false},
    {"all", RP_MATCH_ALL, false},
    {"none", RP_MATCH_NO, false},
};

static void fill_values(struct rp_compile *compile, const struct rp_node *items, uint32_t count,
                        uint32_t field, struct rp_matcher *match)
{
    match->values = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_scalar, count);
    match->value_count = count;
    for (uint32_t i = 0; i < count; i++) {
        match->values[i] = rp_compile_scalar(compile, &items[i]);
        keep_for(compile, field, &match->values[i]);
    }
}

static void fill_parts(struct rp_compile *compile, const struct rp_node *list, uint32_t field,
                       struct rp_matcher *match)
{
    match->parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_matcher, list->item_count);
    match->part_count = list->item_count;
    for (uint32_t i = 0; i < list->item_count; i++)
        rp_compile_match(compile, &list->items[i], field, &match->parts[i]);
}

/* between(200, 50) never holds: whoever writes it means the other order. */
static void check_between(struct rp_compile *compile, const struct rp_node *node)
{
    if (node->items[0].number > node->items[1].number)
        rp_compile_report(compile, RP_CODE_RANGE, node->place, rp_node_width(node),
                          RP_STR("write the smaller number first"),
                          "%.*s: between(%g, %g) never holds", RP_STR_ARG(compile->what),
                          node->items[0].number, node->items[1].number);
}

/* path = gt(5): a field that is always a text has no size. */
static void check_number(struct rp_compile *compile, const struct rp_node *node, uint32_t field,
                         enum rp_match_op op)
{
    static const char *const texts[] = {"path",  "url",        "title",     "referrer", "search",
                                        "email", "first_name", "last_name", "name",     NULL};
    const struct rp_field *slot = &compile->rules->fields[field];

    if (op != RP_MATCH_GT && op != RP_MATCH_GTE && op != RP_MATCH_LT && op != RP_MATCH_LTE &&
        op != RP_MATCH_BETWEEN)
        return;
    for (size_t i = 0; texts[i]; i++)
        if (rp_str_is(slot->key, texts[i]))
            rp_compile_report(compile, RP_CODE_TEXT_NUMBER, node->place, rp_node_width(node),
                              RP_STR("compare it with a text, or name another field"),
                              "%.*s: '%.*s' is a text, compared with a number",
                              RP_STR_ARG(compile->what), RP_STR_ARG(slot->name));
}

static void compile_call(struct rp_compile *compile, const struct rp_node *node, uint32_t field,
                         struct rp_matcher *match)
{
    const struct rp_node *first = node->item_count > 0 ? &node->items[0] : NULL;
    size_t at = 0;

    while (at < RP_COUNT(match_ops) && strcmp(match_ops[at].name, node->call->name) != 0)
        at++;
    if (at == RP_COUNT(match_ops)) {
        rp_compile_report(compile, RP_CODE_MATCHER, node->place, rp_node_width(node), RP_STR(""),
                          "%.*s: %s is no matcher here", RP_STR_ARG(compile->what),
                          node->call->name);
        match->op = RP_MATCH_EXISTS;
        return;
    }
    match->op = match_ops[at].op;
    check_number(compile, node, field, match->op);
    if (match_ops[at].text)
        compile->rules->fields[field].keeps_text = true;
    switch (match->op) {
    case RP_MATCH_ANY:
    case RP_MATCH_ALL:
    case RP_MATCH_NO:
        fill_parts(compile, first, field, match);
        break;
    case RP_MATCH_ONE_OF:
    case RP_MATCH_NONE_OF:
        fill_values(compile, first->items, first->item_count, field, match);
        break;
    case RP_MATCH_IN_LIST:
        match->list = rp_compile_list(compile, first->text, first->place, rp_node_width(first));
        break;
    case RP_MATCH_BEFORE:
    case RP_MATCH_AFTER:
        (void)rp_time_parse(first->text, &match->at_ms);
        break;
    case RP_MATCH_EXISTS:
    case RP_MATCH_MISSING:
        break;
    case RP_MATCH_BETWEEN:
        check_between(compile, node);
        fill_values(compile, node->items, 2, field, match);
        break;
    case RP_MATCH_EQ:
    case RP_MATCH_EXACT:
    case RP_MATCH_NE:
    case RP_MATCH_GT:
    case RP_MATCH_GTE:
    case RP_MATCH_LT:
    case RP_MATCH_LTE:
    case RP_MATCH_GLOB:
    case RP_MATCH_CONTAINS:
    case RP_MATCH_STARTS:
    case RP_MATCH_ENDS:
    case RP_MATCH_WORD:
        fill_values(compile, first, 1, field, match);
        break;
    }
}

void rp_compile_match(struct rp_compile *compile, const struct rp_node *node, uint32_t field,
                      struct rp_matcher *ret_match)
{
    *ret_match = (struct rp_matcher){.op = RP_MATCH_EQ, .list = RP_NONE};
    if (node->type == RP_NODE_CALL)
        compile_call(compile, node, field, ret_match);
    else
        fill_values(compile, node, 1, field, ret_match);
}
