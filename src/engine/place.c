/* SPDX-License-Identifier: MIT */
/* Joins the trees that Lua gave with the outline of the source text, so that every field has its
 * line and column. Where the source is not plain (a variable, a helper function), a node keeps the
 * place of what surrounds it. Also finds keys that stand twice, which Lua silently drops. */
#include "engine/declare.h"
#include "engine/scan.h"

#include <stdlib.h>

static void place_table(struct rp_node *node, const struct rp_bracket *span);

static const struct rp_bracket *last_table(const struct rp_bracket_item *item)
{
    for (uint32_t i = item->span_count; i > 0; i--)
        if (item->spans[i - 1].open == '{')
            return &item->spans[i - 1];
    return NULL;
}

static void place_value(struct rp_node *node, const struct rp_bracket_item *item)
{
    node->place.line = item->value_line;
    node->place.column = item->value_column;
    if (node->type == RP_NODE_TABLE) {
        if (item->span_count == 1 && item->spans[0].open == '{')
            place_table(node, &item->spans[0]);
        return;
    }
    if (node->type != RP_NODE_CALL)
        return;
    for (uint32_t i = 0; i < node->item_count; i++)
        node->items[i].place = node->place;
    if (item->span_count == 0)
        return;
    if (node->call->curried) {
        const struct rp_bracket *body = last_table(item);

        if (body && node->item_count == 2 && node->items[1].type == RP_NODE_TABLE)
            place_table(&node->items[1], body);
    } else if (item->spans[0].open == '(') {
        for (uint32_t i = 0; i < node->item_count && i < item->spans[0].item_count; i++)
            place_value(&node->items[i], &item->spans[0].items[i]);
    } else if (node->item_count > 0 && node->items[0].type == RP_NODE_TABLE) {
        place_table(&node->items[0], &item->spans[0]);
    }
}

static void place_field(struct rp_node *node, const struct rp_bracket_item *item)
{
    for (uint32_t i = 0; i < node->field_count; i++) {
        if (!rp_str_eq(node->fields[i].key, item->key))
            continue;
        node->fields[i].place.line = item->line;
        node->fields[i].place.column = item->column;
        place_value(&node->fields[i].value, item);
        return;
    }
}

static void place_table(struct rp_node *node, const struct rp_bracket *span)
{
    uint32_t position = 0;

    for (uint32_t i = 0; i < span->item_count; i++) {
        const struct rp_bracket_item *item = &span->items[i];

        if (item->key.len > 0)
            place_field(node, item);
        else if (position < node->item_count)
            place_value(&node->items[position++], item);
    }
}

void rp_place_declared(struct rp_declared *declared, uint32_t count, uint32_t file,
                       const struct rp_outline *outline)
{
    for (uint32_t i = 0; i < count; i++) {
        struct rp_declared *one = &declared[i];
        const struct rp_site *site;
        const struct rp_bracket *body;

        if (one->place.file != file)
            continue;
        site = rp_outline_site(outline, one->decl->name, one->name, one->place.line);
        if (site == NULL)
            continue;
        one->place.column = site->column;
        one->body.place = one->place;
        body = last_table(&site->value);
        if (body && one->body.type == RP_NODE_TABLE)
            place_table(&one->body, body);
    }
}

void rp_place_returned(struct rp_node *node, uint32_t file, const struct rp_outline *outline)
{
    for (uint32_t i = outline->site_count; i > 0; i--) {
        const struct rp_site *site = &outline->sites[i - 1];

        if (!rp_str_is(site->callee, "return"))
            continue;
        node->place = (struct rp_place){.file = file, .line = site->line, .column = site->column};
        if (node->type == RP_NODE_TABLE && last_table(&site->value))
            place_table(node, last_table(&site->value));
        return;
    }
}

/* ---- Keys given twice ------------------------------------------------------------------------ */

static int compare_items(const void *left, const void *right)
{
    const struct rp_bracket_item *const *a = left, *const *b = right;
    int order = rp_str_cmp((*a)->key, (*b)->key);

    if (order == 0)
        order = ((*a)->line > (*b)->line) - ((*a)->line < (*b)->line);
    return order != 0 ? order : ((*a)->column > (*b)->column) - ((*a)->column < (*b)->column);
}

static void find_duplicates(struct rp_diagnosis *diagnosis, uint32_t file,
                            const struct rp_bracket *span)
{
    const struct rp_bracket_item **keyed;
    uint32_t count = 0;

    keyed = RP_ARENA_ARRAY(diagnosis->arena, const struct rp_bracket_item *, span->item_count);
    for (uint32_t i = 0; i < span->item_count; i++) {
        const struct rp_bracket_item *item = &span->items[i];

        if (item->key.len > 0)
            keyed[count++] = item;
        for (uint32_t j = 0; j < item->span_count; j++)
            find_duplicates(diagnosis, file, &item->spans[j]);
    }
    if (count < 2)
        return;
    qsort(keyed, count, sizeof *keyed, compare_items);
    for (uint32_t i = 1; i < count; i++) {
        struct rp_place place = {.file = file, .line = keyed[i]->line, .column = keyed[i]->column};

        if (rp_str_eq(keyed[i]->key, keyed[i - 1]->key))
            rp_diagnose(diagnosis, RP_CODE_DUPLICATE_KEY, place, (int)keyed[i]->key.len,
                        rp_arena_printf(diagnosis->arena, "the first stands on line %d",
                                        keyed[i - 1]->line),
                        "'%.*s' is given twice, only the last would count",
                        RP_STR_ARG(keyed[i]->key));
    }
}

void rp_place_duplicates(struct rp_diagnosis *diagnosis, uint32_t file,
                         const struct rp_outline *outline)
{
    for (uint32_t i = 0; i < outline->site_count; i++)
        for (uint32_t j = 0; j < outline->sites[i].value.span_count; j++)
            find_duplicates(diagnosis, file, &outline->sites[i].value.spans[j]);
    for (uint32_t i = 0; i < outline->loose_count; i++)
        find_duplicates(diagnosis, file, &outline->loose[i]);
}
