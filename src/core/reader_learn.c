/* SPDX-License-Identifier: MIT */
/* A table to learn from, out of the database. First pass: decisions say who is a row, when it was
 * decided and what became of it; histories say which traits and events there are. Then the active
 * rules are loaded once more with probes that keep each trait and count each event, and the second
 * pass folds every lead up to its decision and reads them: what the engine will see in the learned
 * rules is what was learned from.
 *
 * Invariant: nothing that happened or was received behind the decision is in a row; a trait that
 * was written later is noticed as such and marked. */
#include "base/hash.h"
#include "base/mem.h"
#include "core/learn_priv.h"
#include "core/reader_priv.h"
#include "model/event_props.h"
#include "store/facts.h"
#include "store/states.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 500, NAME_BYTES = 120 };

/* ---- One lead -------------------------------------------------------------------------------- */

int rp_learn_open(struct rp_reader *reader, struct rp_arena *arena, int64_t id,
                  struct rp_lead *ret_lead, struct rp_history *ret_history, struct rp_err *err)
{
    struct rp_str stage;

    rp_lead_init(ret_lead);
    int status = rp_state_load(reader->store, id, ret_lead, &stage, err);
    if (status == RIPEN_ENOTFOUND && ret_lead->public_id[0] != '\0')
        status = 0; /* everything lies behind the watermark */
    ret_lead->id = id;
    if (status == 0) {
        rp_recent_apply(&reader->recent, ret_lead);
        status = rp_history_load(arena, reader->store, ret_lead, NULL, 0, ret_history, err);
    }
    if (status != 0)
        rp_lead_fini(ret_lead);
    return status;
}

void rp_learn_fold(struct rp_fold *fold, struct rp_lead *lead, const struct rp_history *history,
                   int64_t at_ms)
{
    struct rp_decision decision = {0};

    rp_lead_cells_clear_fold(lead);
    for (size_t i = 0; i < history->count; i++) {
        const struct rp_event *event = &history->events[i];
        if (event->effective_ms <= at_ms && event->received_ms <= at_ms)
            rp_fold_event(fold, lead, event, &decision);
    }
}

/* ---- First pass: who, when, and which names -------------------------------------------------- */

static void add_trait(struct rp_learn_gather *g, struct rp_str name)
{
    if (g->trait_names.count < RP_LEARN_TRAITS_MAX)
        (void)rp_learn_texts_add(g->arena, &g->trait_names, name);
}

static void add_traits(struct rp_learn_gather *g, const struct rp_event *event, uint32_t at,
                       const char *prefix)
{
    const struct rp_prop *props = event->props;

    for (uint32_t i = at + 1; i < props[at].next; i = props[i].next) {
        char name[NAME_BYTES];
        const int len = snprintf(name, sizeof(name), "%s%.*s", prefix, RP_STR_ARG(props[i].key));
        if (props[i].dropped || len < 1 || len + 1 >= (int)sizeof(name))
            continue;
        if (props[i].type == RP_OBJECT) {
            snprintf(name + len, sizeof(name) - (size_t)len, ".");
            add_traits(g, event, i, name);
        } else if (props[i].type != RP_NULL && props[i].type != RP_ARRAY) {
            add_trait(g, rp_str_from(name));
        }
    }
}

static void add_names(struct rp_learn_gather *g, const struct rp_history *history, int64_t at_ms)
{
    static const char *const homes[] = {"traits", "context.traits"};

    for (size_t e = 0; e < history->count; e++) {
        const struct rp_event *event = &history->events[e];
        for (size_t h = 0; event->type != RP_GROUP && h < RP_COUNT(homes); h++) {
            const struct rp_prop *prop = rp_event_get(event, rp_path_of(rp_str_from(homes[h])));
            if (prop && prop->type == RP_OBJECT)
                add_traits(g, event, (uint32_t)(prop - event->props), "");
        }
        const bool activity =
            event->type == RP_TRACK || event->type == RP_PAGE || event->type == RP_SCREEN;
        if (activity && event->effective_ms <= at_ms && event->received_ms <= at_ms &&
            g->event_names.count < RP_LEARN_EVENTS_MAX)
            (void)rp_learn_texts_add(g->arena, &g->event_names,
                                     event->type == RP_TRACK
                                         ? event->name
                                         : rp_str_from(rp_event_type_name(event->type)));
    }
}

/* Whether the lead is a row, and of what. */
static bool is_row(struct rp_learn_gather *g, const struct rp_move_row *moves, size_t count,
                   struct rp_learn_row *row)
{
    const struct rp_learn_history *h = g->history;
    int64_t decided = RP_NEVER, reached = RP_NEVER;

    for (size_t i = 0; i < count; i++) {
        if (decided == RP_NEVER && rp_str_eq(moves[i].to, h->decision))
            decided = moves[i].at_ms;
        if (reached == RP_NEVER && rp_str_eq(moves[i].to, h->outcome))
            reached = moves[i].at_ms;
    }
    if (decided == RP_NEVER)
        return false;
    if (reached != RP_NEVER && reached <= decided) {
        g->found->passed++;
        return false;
    }
    if (decided > h->now_ms - h->window_ms) {
        g->found->unsettled++;
        return false;
    }
    row->at_ms = decided;
    row->y = reached != RP_NEVER && reached <= decided + h->window_ms;
    return true;
}

static int look_at(struct rp_learn_gather *g, int64_t id, struct rp_err *err)
{
    struct rp_learn_row row = {.lead = id};
    struct rp_move_row *moves;
    struct rp_history history;
    struct rp_lead lead;
    size_t count;
    int status = rp_move_list(&g->scratch, g->reader->store, id, &moves, &count, err);

    if (status != 0 || !is_row(g, moves, count, &row))
        return status;
    if (g->count == RP_LEARN_ROWS_MAX)
        return rp_err_set(err, RIPEN_ELIMIT, "there are more than %d leads to learn from",
                          RP_LEARN_ROWS_MAX);
    status = rp_learn_open(g->reader, &g->scratch, id, &lead, &history, err);
    if (status != 0)
        return status;
    /* Its number, which the same history gives again; public ids are drawn anew. */
    row.hash = rp_hash(rp_arena_printf(&g->scratch, "%" PRId64, id));
    add_names(g, &history, row.at_ms);
    rp_lead_fini(&lead);
    g->rows = rp_grow(g->rows, &g->cap, g->count + 1, sizeof(*g->rows));
    g->rows[g->count++] = row;
    return 0;
}

static int by_lead(const void *left, const void *right)
{
    const struct rp_learn_row *a = left, *b = right;

    return a->lead < b->lead ? -1 : a->lead > b->lead;
}

static int find_rows(struct rp_learn_gather *g, struct rp_err *err)
{
    int64_t ids[PAGE], before = INT64_MAX;
    int got, status = 0;

    while ((got = rp_lead_ids_newest(g->reader->store, before, ids, PAGE, err)) > 0) {
        for (int i = 0; i < got && status == 0; i++) {
            status = look_at(g, ids[i], err);
            rp_arena_reset(&g->scratch);
        }
        if (status != 0)
            return status;
        before = ids[got - 1];
    }
    if (g->count > 0)
        qsort(g->rows, g->count, sizeof(*g->rows), by_lead);
    return got;
}

/* ---- Second pass: what was known ------------------------------------------------------------- */

static void read_traits(struct rp_learn_gather *g, const struct rp_lead *lead, uint32_t row)
{
    for (uint32_t t = 0; t < g->trait_count; t++) {
        struct rp_str text;
        struct rp_learn_trait *trait = &g->traits[t];
        trait->cells[row] = RP_LEARN_NONE;
        if (rp_lead_field(&g->fold, lead, trait->field, g->rows[row].at_ms, &text) && text.len > 0)
            trait->cells[row] = rp_learn_texts_add(g->arena, &trait->texts, text);
    }
}

/* Those that say something else by now than at the decision. */
static void note_changes(struct rp_learn_gather *g, const struct rp_lead *lead, uint32_t row)
{
    for (uint32_t t = 0; t < g->trait_count; t++) {
        struct rp_learn_trait *trait = &g->traits[t];
        struct rp_str text;
        if (!rp_lead_field(&g->fold, lead, trait->field, g->history->now_ms, &text) ||
            text.len == 0)
            continue;
        if (trait->cells[row] == RP_LEARN_NONE ||
            !rp_str_eq(text, trait->texts.items[trait->cells[row]]))
            trait->changed++;
    }
}

static int read_row(struct rp_learn_gather *g, uint32_t row, struct rp_err *err)
{
    struct rp_history history;
    struct rp_lead lead;
    int status = rp_learn_open(g->reader, &g->scratch, g->rows[row].lead, &lead, &history, err);

    if (status != 0)
        return status;
    rp_learn_fold(&g->fold, &lead, &history, g->rows[row].at_ms);
    read_traits(g, &lead, row);
    for (uint32_t c = 0; c < g->count_columns; c++) {
        double value;
        if (!rp_lead_measure(&g->fold, &lead, g->first_fit + c, g->rows[row].at_ms, &value))
            value = (double)NAN;
        g->counts[c][row] = value;
    }
    rp_learn_fold(&g->fold, &lead, &history, INT64_MAX);
    note_changes(g, &lead, row);
    rp_lead_fini(&lead);
    return 0;
}

static int read_rows(struct rp_learn_gather *g, struct rp_err *err)
{
    int status = 0;

    rp_fold_init(&g->fold, g->rules, g->vm, &g->scratch);
    for (uint32_t row = 0; status == 0 && row < g->count; row++) {
        status = read_row(g, row, err);
        rp_arena_reset(&g->scratch);
        if (g->history->progress && row % 256 == 0)
            g->history->progress(g->history->ctx, (double)row / (double)g->count);
    }
    rp_fold_fini(&g->fold);
    return status;
}

/* ---- The table ------------------------------------------------------------------------------- */

static void make_table(struct rp_learn_gather *g)
{
    struct rp_learn_found *found = g->found;
    const uint32_t n = (uint32_t)g->count, columns = g->trait_count + g->count_columns;
    uint8_t *y = rp_arena_alloc(g->arena, n + 1);
    int64_t *at = RP_ARENA_ARRAY(g->arena, int64_t, n + 1);
    uint64_t *id = RP_ARENA_ARRAY(g->arena, uint64_t, n + 1);
    struct rp_learn_column *all = RP_ARENA_ARRAY(g->arena, struct rp_learn_column, columns + 1);

    found->leads = RP_ARENA_ARRAY(g->arena, int64_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        y[i] = g->rows[i].y;
        at[i] = g->rows[i].at_ms;
        id[i] = g->rows[i].hash;
        found->leads[i] = g->rows[i].lead;
    }
    for (uint32_t t = 0; t < g->trait_count; t++) {
        struct rp_learn_trait *trait = &g->traits[t];
        all[t] = (struct rp_learn_column){.name = trait->name,
                                          .changed_after = n ? (double)trait->changed / n : 0};
        rp_learn_texts_column(g->arena, &trait->texts, trait->cells, n, &all[t]);
    }
    for (uint32_t c = 0; c < g->count_columns; c++) {
        const uint32_t days = rp_learn_window(c);
        all[g->trait_count + c] =
            (struct rp_learn_column){.name = g->event_names.items[c / RP_LEARN_WINDOWS],
                                     .kind = days ? RP_LEARN_COUNT : RP_LEARN_SINCE,
                                     .days = days,
                                     .value = g->counts[c]};
    }
    found->table = (struct rp_learn_table){
        .columns = all, .column_count = columns, .rows = n, .y = y, .at_ms = at, .id = id};
}

static void make_room(struct rp_learn_gather *g)
{
    g->counts = RP_ARENA_ARRAY(g->arena, double *, g->count_columns + 1);
    for (uint32_t c = 0; c < g->count_columns; c++)
        g->counts[c] = RP_ARENA_ARRAY(g->arena, double, g->count + 1);
    for (uint32_t t = 0; t < g->trait_count; t++)
        g->traits[t].cells = RP_ARENA_ARRAY(g->arena, uint32_t, g->count + 1);
}

/* Leads are judged where they become mql, where there is such a stage; else before the outcome. */
static int find_stages(struct rp_learn_gather *g, struct rp_err *err)
{
    const struct rp_rules *rules = g->reader->rules;
    struct rp_learn_history *h = g->history;

    h->outcome = h->outcome.len ? h->outcome : RP_STR("sql");
    const uint32_t at = rp_rules_stage(rules, h->outcome);
    if (h->decision.len == 0 && rp_rules_stage(rules, RP_STR("mql")) != RP_NONE &&
        !rp_str_is(h->outcome, "mql"))
        h->decision = RP_STR("mql");
    if (h->decision.len == 0 && at != RP_NONE && at > 0)
        h->decision = rp_arena_str(g->arena, rules->stages[at - 1].name);
    const struct rp_str stages[] = {h->outcome, h->decision};
    for (size_t i = 0; i < RP_COUNT(stages); i++)
        if (stages[i].len == 0 || rp_rules_stage(rules, stages[i]) == RP_NONE)
            return rp_err_set(err, RIPEN_ENOTFOUND,
                              "the rules have no stage \"%.*s\"; say with --outcome which stage "
                              "means that a lead converted, and with --decision in which leads are "
                              "judged",
                              RP_STR_ARG(stages[i]));
    return 0;
}

static int gather(struct rp_learn_gather *g, struct rp_err *err)
{
    int status = find_stages(g, err);

    if (status == 0)
        status = find_rows(g, err);
    if (status == 0)
        status = rp_learn_probe(g, err);
    if (status != 0)
        return status;
    make_room(g);
    status = read_rows(g, err);
    if (status == 0)
        make_table(g);
    return status;
}

int rp_reader_learn(struct rp_reader *reader, struct rp_arena *arena,
                    struct rp_learn_history *history, struct rp_learn_found *ret_found,
                    struct rp_err *err)
{
    struct rp_learn_gather g = {
        .reader = reader, .arena = arena, .history = history, .found = ret_found};
    int status = rp_reader_begin(reader, err);

    *ret_found = (struct rp_learn_found){0};
    rp_arena_init(&g.scratch);
    if (status == 0)
        status = gather(&g, err);
    for (uint32_t t = 0; t < g.trait_count; t++)
        rp_learn_texts_fini(&g.traits[t].texts);
    rp_learn_texts_fini(&g.trait_names);
    rp_learn_texts_fini(&g.event_names);
    free(g.rows);
    rp_vm_free(g.vm);
    rp_rules_free(g.rules);
    rp_arena_fini(&g.scratch);
    return rp_reader_end(reader, status);
}
