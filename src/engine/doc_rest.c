/* SPDX-License-Identifier: MIT */
/* The page's end: declarations of every other kind, field by field out of the schema, and lists. */
#include "engine/doc.h"
#include "engine/words.h"

/* Kinds that have a section of their own, or that are said elsewhere. */
static const char *const told[] = {"dimension", "total", "grade",  "group",  "score",    "fit",
                                   "stages",    "stage", "status", "action", "sequence", "test"};

enum { VALUES_SHOWN = 40 };

static bool is_told(const char *name)
{
    for (size_t i = 0; i < RP_COUNT(told); i++)
        if (strcmp(told[i], name) == 0)
            return true;
    return false;
}

static void put_field(struct rp_page *page, const struct rp_schema_field *field,
                      const struct rp_node *value)
{
    if (!value)
        return;
    rp_buf_printf(&page->cell, "%s%s: ", page->cell.len > 0 ? "; " : "", field->name);
    rp_words_value(&page->cell, field, value);
}

static void put_row(struct rp_page *page, const struct rp_shown *shown,
                    const struct rp_declared *one)
{
    const struct rp_schema_shape *shape = &one->decl->shape;

    rp_page_row_begin(page);
    rp_buf_str(&page->cell, one->name);
    rp_page_cell(page);
    for (uint32_t i = 0; shape->item && i < one->body.item_count; i++) {
        rp_buf_text(&page->cell, i ? ", " : "");
        rp_words_value(&page->cell, shape->item, &one->body.items[i]);
    }
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        put_field(page, field, rp_node_get(&one->body, field->name));
    for (uint32_t i = 0; shape->entry && i < one->body.field_count; i++) {
        rp_buf_printf(&page->cell, "%s%.*s: ", page->cell.len > 0 ? "; " : "",
                      RP_STR_ARG(one->body.fields[i].key));
        rp_words_value(&page->cell, shape->entry, &one->body.fields[i].value);
    }
    rp_page_cell(page);
    rp_doc_place(page, shown, one);
    rp_page_cell(page);
    rp_page_row_end(page);
}

static void put_lists(struct rp_page *page, const struct rp_rules *rules)
{
    if (rules->list_count == 0)
        return;
    rp_page_heading(page, RP_STR("Lists"));
    rp_page_table_begin(page, "Name|#Values|The first of them");
    for (uint32_t i = 0; i < rules->list_count; i++) {
        const struct rp_list *list = &rules->lists[i];
        uint32_t shown = list->count < VALUES_SHOWN ? list->count : VALUES_SHOWN;

        rp_page_row_begin(page);
        rp_buf_str(&page->cell, list->name);
        rp_page_cell(page);
        rp_buf_printf(&page->cell, "%u", list->count);
        rp_page_number(page);
        for (uint32_t j = 0; j < shown; j++)
            rp_buf_printf(&page->cell, "%s%.*s", j ? ", " : "", RP_STR_ARG(list->values[j]));
        rp_buf_text(&page->cell, shown < list->count ? " …" : "");
        rp_page_cell(page);
        rp_page_row_end(page);
    }
    rp_page_table_end(page);
}

void rp_doc_rest(struct rp_page *page, const struct rp_shown *shown)
{
    uint32_t kinds = 0;

    for (const struct rp_schema_decl *decl = rp_schema_decls; decl->name; decl++) {
        const struct rp_declared *one;
        uint32_t at = 0, rows = 0;

        if (is_told(decl->name))
            continue;
        while ((one = rp_doc_next(shown, decl->name, &at))) {
            if (rows++ == 0) {
                if (kinds++ == 0)
                    rp_page_section(page, "rest", "Names, exceptions and settings");
                rp_page_heading(page, rp_str_from(decl->name));
                rp_buf_text(&page->cell, decl->doc);
                rp_page_note(page);
                rp_page_table_begin(page, "Name|What it says|Written in");
            }
            put_row(page, shown, one);
        }
        if (rows > 0)
            rp_page_table_end(page);
    }
    if (kinds == 0 && shown->rules->list_count > 0)
        rp_page_section(page, "rest", "Names, exceptions and settings");
    put_lists(page, shown->rules);
}
