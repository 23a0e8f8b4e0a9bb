/* SPDX-License-Identifier: MIT */
/* A card's file through the engine, row by row. Each row is an identify with the values that the
 * card asks for, as a client would send them. */
#include "base/json_write.h"
#include "base/when.h"
#include "core/learn.h"
#include "engine/fold.h"
#include "engine/vm.h"

#include <math.h>
#include <stdio.h>

#define ANY_TIME INT64_C(1767225600000) /* 2026-01-01: a profile has no time */

int rp_learn_refused(const struct rp_findings *findings, int status, struct rp_err *err)
{
    for (size_t i = 0; status == RIPEN_ERULE && i < findings->count; i++)
        if (findings->items[i].severity == RP_SEVERITY_ERROR)
            return rp_err_set(err, status, "the learned rules do not load: line %d: %.*s (%.*s)",
                              findings->items[i].line, RP_STR_ARG(findings->items[i].message),
                              RP_STR_ARG(findings->items[i].hint));
    return status;
}

static int load(struct rp_arena *arena, struct rp_str lua, struct rp_rules **ret_rules,
                struct rp_err *err)
{
    struct rp_source source = {RP_STR("learned.lua"), lua};
    struct rp_files files = {&source, 1};
    struct rp_findings findings = {0};
    const int status =
        rp_load(arena, &files, &(struct rp_load_options){0}, ret_rules, &findings, err);

    return rp_learn_refused(&findings, status, err);
}

static struct rp_str identify(struct rp_arena *arena, const struct rp_learned *learned,
                              const struct rp_learn_table *table, uint32_t row)
{
    struct rp_buf item = {0};
    struct rp_jw jw = rp_jw(&item);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "identify");
    rp_jw_put_text(&jw, "anonymousId", "a");
    rp_jw_put_text(&jw, "messageId", "m");
    rp_jw_key(&jw, "traits");
    rp_jw_object(&jw);
    for (uint32_t i = 0; i < learned->card.count; i++) {
        const struct rp_learn_column *column = &table->columns[learned->card.attributes[i].column];
        if (column->kind == RP_LEARN_TEXT && column->level[row] != RP_LEARN_NONE) {
            rp_jw_key_str(&jw, column->name);
            rp_jw_str(&jw, column->levels[column->level[row]]);
        } else if (column->kind == RP_LEARN_NUMBER && !isnan(column->value[row])) {
            rp_jw_key_str(&jw, column->name);
            rp_jw_number(&jw, column->value[row]);
        }
    }
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    const struct rp_str text = rp_arena_str(arena, rp_buf_view(&item));
    rp_buf_fini(&item);
    return text;
}

static int check_row(const struct rp_learned *learned, const struct rp_learn_table *table,
                     struct rp_fold *fold, uint32_t dim, uint32_t row, struct rp_err *err)
{
    const struct rp_envelope envelope = {.received_ms = ANY_TIME, .sent_ms = RP_NEVER};
    const int64_t want = (int64_t)rp_learn_points(&learned->card, table, row) * 1000;
    struct rp_decision decision = {0};
    struct rp_lead lead;
    struct rp_event event;
    struct rp_str message;

    if (rp_event_parse(fold->arena, identify(fold->arena, learned, table, row), &envelope, &event,
                       &message) != RP_REJECT_NONE)
        return rp_err_set(err, RIPEN_EINPUT, "row %u cannot be a profile: %.*s", row + 1,
                          RP_STR_ARG(message));
    rp_lead_init(&lead);
    rp_fold_event(fold, &lead, &event, &decision);
    const int64_t got = rp_lead_score(fold, &lead, 0, dim, ANY_TIME);
    rp_lead_fini(&lead);
    if (got != want)
        return rp_err_set(err, RIPEN_ERULE,
                          "row %u has %lld points by the card, and %lld by its rules", row + 1,
                          (long long)want / 1000, (long long)got / 1000);
    return 0;
}

int rp_learn_check(const struct rp_learned *learned, const struct rp_learn_table *table,
                   struct rp_str dimension, struct rp_str lua, struct rp_err *err)
{
    struct rp_arena arena, row_arena;
    struct rp_rules *rules = NULL;
    struct rp_fold fold;
    uint32_t dim = 0;

    rp_arena_init(&arena);
    rp_arena_init(&row_arena);
    int status = load(&arena, lua, &rules, err);
    if (status == 0) {
        while (dim < rules->dim_count && !rp_str_eq(rules->dims[dim].name, dimension))
            dim++;
        RP_ASSERT(dim < rules->dim_count);
        rp_fold_init(&fold, rules, NULL, &row_arena);
        for (uint32_t row = 0; status == 0 && row < table->rows; row++) {
            status = check_row(learned, table, &fold, dim, row, err);
            rp_arena_reset(&row_arena);
        }
        rp_fold_fini(&fold);
    }
    rp_rules_free(rules);
    rp_arena_fini(&row_arena);
    rp_arena_fini(&arena);
    return status;
}
