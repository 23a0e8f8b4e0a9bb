/* SPDX-License-Identifier: MIT */
/* Folds what the cells cannot take in as it comes: late events, and the history of a lead whose
 * cells are of other rules or of before a merge. At most once a lead and run.
 *
 *   cells current, trail known ──▶ from the checkpoint in front of the first late event
 *   cells current, no trail    ──▶ the whole history; it leaves a trail
 *   else                       ──▶ the whole history
 *   too much for a minute      ──▶ nothing: the lead is set aside (aside.c)
 *
 * Law 1: the cells are the same bytes as those of a fold from the beginning. A checkpoint holds
 * what precedes the late event, and copies cannot lie across it: an event that may be a copy makes
 * the lead one to be folded whole. */
#include "core/aside.h"
#include "core/core_priv.h"
#include "core/history.h"
#include "store/events.h"

#include <stdlib.h>

struct pending {
    struct rp_folded *folded;
    size_t count;
};

static struct rp_folded *find_pending(const struct pending *pending, const struct rp_event *event)
{
    for (size_t i = 0; i < pending->count; i++) {
        if (pending->folded[i].item->event.message_id.ptr == event->message_id.ptr) {
            return &pending->folded[i];
        }
    }
    return NULL;
}

static int by_order(const void *a, const void *b)
{
    struct rp_order left = rp_event_order(a);
    struct rp_order right = rp_event_order(b);

    return rp_order_cmp(&left, &right);
}

/* Folds events that follow what the lead's cells hold. With a trail, they are entered into it.
 * Results of rows are scratch; those of pending events live as long as the run. */
static void fold_on(struct rp_core *core, struct rp_lead *lead, const struct rp_event *events,
                    size_t count, struct pending *pending, struct rp_trail *trail)
{
    for (size_t i = 0; i < count; i++) {
        struct rp_decision decision = {0};
        struct rp_folded *folded =
            events[i].id == 0 && pending ? find_pending(pending, &events[i]) : NULL;

        core->fold.arena = folded ? &core->arena : &core->history_arena;
        rp_fold_event(&core->fold, lead, &events[i], &decision);
        if (folded) {
            folded->decision = decision;
        }
        if (trail) {
            size_t step = rp_trail_push(&core->trails, trail, &events[i]);

            if (folded) {
                folded->step = step;
            }
            rp_trail_mark(&core->trails, trail, lead);
        }
    }
    core->fold.arena = &core->arena;
    lead->generation = core->rules->number;
}

/* The rows behind the checkpoint and the pending events, in order. */
static int load_rest(struct rp_core *core, const struct rp_trail *trail, size_t from,
                     const struct pending *pending, struct rp_event **ret_events, size_t *ret_count,
                     struct rp_err *err)
{
    size_t rows = trail->step_count - from;
    struct rp_event *events =
        RP_ARENA_ARRAY(&core->history_arena, struct rp_event, rows + pending->count);

    for (size_t i = 0; i < rows; i++) {
        int64_t prev;
        int status = rp_event_read(&core->history_arena, core->store, trail->steps[from + i].row,
                                   &events[i], &prev, err);

        if (status == 0) {
            status = rp_event_body_parse(&core->history_arena, &events[i]);
        }
        if (status != 0) {
            return status;
        }
    }
    for (size_t i = 0; i < pending->count; i++) {
        events[rows + i] = pending->folded[i].item->event;
    }
    *ret_events = events;
    *ret_count = rows + pending->count;
    if (*ret_count > 1) {
        qsort(events, *ret_count, sizeof(*events), by_order);
    }
    return 0;
}

static int from_trail(struct rp_core *core, struct rp_cached *lead, struct rp_trail *trail,
                      struct pending *pending, struct rp_err *err)
{
    struct rp_event *events;
    size_t count;
    size_t from =
        rp_trail_rewind(&core->trails, trail, &pending->folded[0].item->event, &lead->lead);
    int status = load_rest(core, trail, from, pending, &events, &count, err);

    if (status != 0) {
        return status;
    }
    rp_trail_cut(trail, from);
    fold_on(core, &lead->lead, events, count, pending, trail);
    rp_aside_spend(core, lead->lead.id, count);
    return 0;
}

/* How many rows precede the pending events; *ret_late: rows follow one of them. */
static size_t rows_first(const struct rp_history *history, const struct pending *pending,
                         bool *ret_late)
{
    size_t rows = 0;

    *ret_late = false;
    for (size_t i = 0; i < history->count; i++) {
        struct rp_folded *found =
            history->events[i].id == 0 ? find_pending(pending, &history->events[i]) : NULL;

        if (found) {
            found->copy = history->events[i].flags & RP_EVENT_VOIDED;
        } else {
            *ret_late = *ret_late || rows < i;
            rows++;
        }
    }
    return rows;
}

static int from_history(struct rp_core *core, struct rp_cached *lead, struct pending *pending,
                        enum rp_refolded *ret_how, struct rp_err *err)
{
    const struct rp_event **events =
        RP_ARENA_ARRAY(&core->arena, const struct rp_event *, pending->count);
    struct rp_trail *trail = NULL;
    struct rp_history history;
    bool late;
    int status;

    for (size_t i = 0; i < pending->count; i++) {
        events[i] = &pending->folded[i].item->event;
        pending->folded[i].copy = true; /* unless the history has it */
    }
    status =
        rp_history_load_some(&core->history_arena, core->store, &lead->lead, events, pending->count,
                             rp_aside_room(core, lead->lead.id), &history, err);
    if (status == RIPEN_EBUSY) {
        *ret_how = RP_REFOLDED_NOT;
        return 0;
    }
    if (status != 0) {
        return status;
    }
    size_t rows = rows_first(&history, pending, &late);

    rp_lead_cells_clear_fold(&lead->lead);
    lead->lead.generation = core->rules->number;
    if (late) {
        trail = rp_trail_new(&core->trails, &lead->lead);
    } else {
        rp_trail_drop(&core->trails, lead->lead.id);
    }
    fold_on(core, &lead->lead, history.events, late ? history.count : rows, pending, trail);
    rp_aside_spend(core, lead->lead.id, history.count);
    *ret_how = late ? RP_REFOLDED_WITH : RP_REFOLDED_BEFORE;
    return 0;
}

int rp_core_refold(struct rp_core *core, struct rp_cached *lead, struct rp_folded *folded,
                   size_t count, enum rp_refolded *ret_how, struct rp_err *err)
{
    struct pending pending = {folded, count};
    bool current = lead->lead.generation == core->rules->number;
    uint32_t voids;
    bool whole = !current || rp_lead_cell(&lead->lead, rp_cell_key(RP_CELL_VOIDED, 0, 0), &voids);
    struct rp_trail *trail = whole ? NULL : rp_trail_find(&core->trails, &lead->lead);
    int status;

    RP_ASSERT(count > 0);
    if (trail && trail->step_count - rp_trail_from(trail, &folded[0].item->event) <=
                     rp_aside_room(core, lead->lead.id)) {
        *ret_how = RP_REFOLDED_WITH;
        status = from_trail(core, lead, trail, &pending, err);
    } else {
        status = from_history(core, lead, &pending, ret_how, err);
    }
    core->stats.refolds += status == 0 && *ret_how != RP_REFOLDED_NOT;
    rp_arena_reset(&core->history_arena);
    return status;
}

void rp_core_refold_rows(struct rp_core *core, struct rp_cached *lead,
                         const struct rp_folded *folded, size_t count)
{
    struct rp_trail *trail = core->trails.newest;

    if (!trail || trail->lead != lead->lead.id) {
        return; /* the fold left none */
    }
    for (size_t i = 0; i < count; i++) {
        if (!folded[i].copy) {
            trail->steps[folded[i].step].row = folded[i].item->event.id;
        }
    }
    trail->through = lead->lead.through;
    (void)rp_trails_bound(&core->trails, trail);
}

void rp_core_trail_append(struct rp_core *core, struct rp_trail *trail, const struct rp_lead *lead,
                          const struct rp_event *event)
{
    (void)rp_trail_push(&core->trails, trail, event);
    trail->through = event->id;
    rp_trail_mark(&core->trails, trail, lead);
}
