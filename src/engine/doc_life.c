/* SPDX-License-Identifier: MIT */
/* The page's stages, actions and sequences. */
#include "engine/doc.h"
#include "engine/words.h"

#include <stdio.h>

/* ---- Stages ---------------------------------------------------------------------------------- */

static void put_from(struct rp_page *page, const struct rp_rules *rules,
                     const struct rp_stage *stage)
{
    for (uint32_t i = 0; stage->enter && i < stage->from_count; i++)
        rp_buf_printf(&page->cell, "%s%.*s", i ? ", " : "",
                      RP_STR_ARG(rules->stages[stage->from[i]].name));
    rp_page_term(page, "Entered from");
}

static void put_condition(struct rp_page *page, const struct rp_node *body, const char *key,
                          const char *term)
{
    const struct rp_node *condition = rp_node_get(body, key);

    if (condition)
        rp_words_condition(&page->cell, condition);
    rp_page_term(page, term);
}

static void put_due(struct rp_page *page, const struct rp_node *due)
{
    struct rp_str hours = rp_node_text(due, "hours");

    if (due) {
        rp_buf_printf(&page->cell, "the lead must reach %.*s within ",
                      RP_STR_ARG(rp_node_text(due, "to")));
        rp_words_span(&page->cell, rp_node_text(due, "within"));
    }
    if (hours.len > 0)
        rp_buf_printf(&page->cell, " of the calendar %.*s", RP_STR_ARG(hours));
    rp_page_term(page, "Sales owe");
}

/* Statuses of a stage, with what begins and ends them. */
static void put_statuses(struct rp_page *page, const struct rp_shown *shown,
                         const struct rp_stage *stage)
{
    const struct rp_declared *one;
    uint32_t at = 0;

    while ((one = rp_doc_next(shown, "status", &at))) {
        const struct rp_node *enter = rp_node_get(&one->body, "enter");
        const struct rp_node *wake = rp_node_get(&one->body, "wake");
        struct rp_str rest = one->name;
        char term[128];

        if (!rp_str_starts(rest, stage->name) || rest.len <= stage->name.len ||
            rest.ptr[stage->name.len] != '.')
            continue;
        rest.ptr += stage->name.len + 1;
        rest.len -= stage->name.len + 1;
        if (enter)
            rp_words_condition(&page->cell, enter);
        if (rp_node_text(wake, "on").len > 0)
            rp_buf_printf(&page->cell, "; wakes up on the day in %.*s",
                          RP_STR_ARG(rp_node_text(wake, "on")));
        if (rp_node_text(wake, "otherwise").len > 0) {
            rp_buf_text(&page->cell, ", otherwise after ");
            rp_words_span(&page->cell, rp_node_text(wake, "otherwise"));
        }
        if (rp_node_text(wake, "to").len > 0)
            rp_buf_printf(&page->cell, ", as %.*s", RP_STR_ARG(rp_node_text(wake, "to")));
        snprintf(term, sizeof term, "Status %.*s", RP_STR_ARG(rest));
        rp_page_term(page, term);
    }
}

static void put_stage(struct rp_page *page, const struct rp_shown *shown,
                      const struct rp_stage *stage)
{
    const struct rp_rules *rules = shown->rules;
    const struct rp_declared *one = rp_declarations_find(shown->declarations, "stage", stage->name);
    const struct rp_node *body = one ? &one->body : NULL;

    rp_page_heading(page, stage->name);
    if (rp_node_text(body, "why").len > 0) {
        rp_buf_str(&page->cell, rp_node_text(body, "why"));
        rp_page_paragraph(page);
    }
    rp_page_terms_begin(page);
    if (stage->side)
        rp_buf_text(&page->cell, "beside the main road");
    else if (stage == rules->stages)
        rp_buf_text(&page->cell, "where every lead begins");
    rp_page_term(page, "Place");
    put_condition(page, body, "enter", "Entered when");
    put_from(page, rules, stage);
    put_condition(page, body, "leave", "Left when");
    if (stage->leave && stage->leave_to < rules->stage_count)
        rp_buf_str(&page->cell, rules->stages[stage->leave_to].name);
    rp_page_term(page, "Then to");
    rp_words_list(&page->cell, rp_node_get(body, "status"), ", ");
    rp_page_term(page, "Statuses");
    put_statuses(page, shown, stage);
    put_due(page, rp_node_get(body, "due"));
    if (rp_node_text(body, "stay").len > 0)
        rp_words_span(&page->cell, rp_node_text(body, "stay"));
    rp_page_term(page, "Stays at least");
    if (stage->terminal)
        rp_buf_text(&page->cell, "meant to be the last");
    rp_page_term(page, "End");
    if (one)
        rp_doc_place(page, shown, one);
    rp_page_term(page, "Written in");
    rp_page_terms_end(page);
}

void rp_doc_stages(struct rp_page *page, const struct rp_shown *shown)
{
    const struct rp_rules *rules = shown->rules;

    if (rules->stage_count == 0)
        return;
    rp_page_section(page, "stages", "The life cycle");
    for (uint32_t i = 0; i < rules->stage_count; i++)
        if (!rules->stages[i].side)
            rp_buf_printf(&page->cell, "%s%.*s", page->cell.len > 0 ? " → " : "",
                          RP_STR_ARG(rules->stages[i].name));
    rp_page_paragraph(page);
    for (uint32_t i = 0; i < rules->stage_count; i++)
        put_stage(page, shown, &rules->stages[i]);
}

/* ---- Actions and sequences ------------------------------------------------------------------- */

static void put_when(struct rp_page *page, const struct rp_declared *one, const char *on)
{
    const struct rp_node *trigger = rp_node_get(&one->body, on);
    const struct rp_node *when = rp_node_get(&one->body, "when");

    if (trigger)
        rp_words_trigger(&page->cell, trigger);
    if (when) {
        rp_buf_text(&page->cell, ", if ");
        rp_words_condition(&page->cell, when);
    }
    if (rp_node_flag(&one->body, "even_when_passing", false))
        rp_buf_text(&page->cell, "; also when the lead moves on at once");
    rp_page_term(page, "When");
}

static void put_head(struct rp_page *page, const struct rp_declared *one)
{
    rp_page_heading(page, one->name);
    rp_buf_str(&page->cell, rp_node_text(&one->body, "why"));
    if (!rp_node_flag(&one->body, "enabled", true))
        rp_buf_printf(&page->cell, "%sSwitched off.", page->cell.len > 0 ? " " : "");
    if (page->cell.len > 0)
        rp_page_paragraph(page);
    rp_page_terms_begin(page);
}

void rp_doc_actions(struct rp_page *page, const struct rp_shown *shown)
{
    const struct rp_declared *one;
    uint32_t at = 0, count = 0;

    while ((one = rp_doc_next(shown, "action", &at))) {
        if (count++ == 0)
            rp_page_section(page, "actions", "What happens then");
        put_head(page, one);
        put_when(page, one, "on");
        for (uint32_t i = 0; i < one->body.item_count; i++) {
            rp_words_part(&page->cell, &one->body.items[i]);
            rp_page_term(page, i ? "and" : "Ripen");
        }
        rp_doc_place(page, shown, one);
        rp_page_term(page, "Written in");
        rp_page_terms_end(page);
    }
}

static void put_steps(struct rp_page *page, const struct rp_node *steps)
{
    for (uint32_t i = 0; steps && i < steps->item_count; i++) {
        const struct rp_node *step = &steps->items[i];
        char term[128];

        if (step->type != RP_NODE_CALL || step->item_count < 2)
            continue;
        for (uint32_t j = 0; j < step->items[1].item_count; j++) {
            rp_buf_text(&page->cell, j ? "; " : "");
            rp_words_part(&page->cell, &step->items[1].items[j]);
        }
        snprintf(term, sizeof term, "%u. %.*s", i + 1, RP_STR_ARG(step->items[0].text));
        rp_page_term(page, term);
    }
}

void rp_doc_sequences(struct rp_page *page, const struct rp_shown *shown)
{
    static const struct rp_schema_field send = {.name = "send", .wants = RP_WANT_TABLE};
    const struct rp_declared *one;
    uint32_t at = 0, count = 0;

    while ((one = rp_doc_next(shown, "sequence", &at))) {
        const struct rp_node *leave = rp_node_get(&one->body, "exit");
        const struct rp_node *hours = rp_node_get(&one->body, "send");
        struct rp_str reenter = rp_node_text(&one->body, "reenter");

        if (count++ == 0)
            rp_page_section(page, "sequences", "Sequences of messages");
        put_head(page, one);
        put_when(page, one, "start");
        put_steps(page, rp_node_get(&one->body, "steps"));
        if (leave)
            rp_words_trigger(&page->cell, leave);
        rp_page_term(page, "Ends early when");
        if (reenter.len > 0) {
            rp_buf_text(&page->cell, "after ");
            rp_words_span(&page->cell, reenter);
        }
        rp_page_term(page, "May start again");
        rp_buf_str(&page->cell, rp_node_text(&one->body, "purpose"));
        rp_page_term(page, "Needs consent for");
        for (const struct rp_schema_field *f = one->decl->shape.fields; hours && f->name; f++)
            if (strcmp(f->name, send.name) == 0)
                rp_words_value(&page->cell, f, hours);
        rp_page_term(page, "Mails go out");
        rp_doc_place(page, shown, one);
        rp_page_term(page, "Written in");
        rp_page_terms_end(page);
    }
}
