/* SPDX-License-Identifier: MIT */
/* Timers: a lead's next moment (lead->due_ms) is derived from its state after every run that
 * touched it, and stands in its timer row, written behind. All of them wait in one heap.
 *
 *   derive ──due earlier than queued──▶ pushed
 *   popped ──not due any more─────────▶ pushed again at the lead's due_ms, or forgotten
 *          ──other rules──────────────▶ rebuilt, derived anew
 *          ──forgotten────────────────▶ dropped
 *          ──due──────────────────────▶ judged (now = due), recorded, derived, pushed
 *
 * Invariants: for each lead with a due_ms the heap holds an entry at or before it; `queued_ms` is
 * the moment of the entry that counts, others of the same lead are dropped when they come up. A
 * decision of a timer is in the same transaction as its rows; after a crash the same timer comes
 * up again and finds its decision on record: the stage has moved, the key of an action is taken. */
#include "core/timers.h"

#include "base/hash.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "engine/timers.h"
#include "store/timers.h"

#include <stdlib.h>

enum { WRITE_PORTION = 64 };

/* ---- The heap -------------------------------------------------------------------------------- */

static bool is_before(const struct rp_timer_entry *a, const struct rp_timer_entry *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->lead < b->lead;
}

void rp_timer_heap_push(struct rp_timer_heap *heap, int64_t due_ms, int64_t lead)
{
    struct rp_timer_entry entry = {due_ms, lead};
    size_t at = heap->count;

    heap->entries = rp_grow(heap->entries, &heap->cap, heap->count + 1, sizeof(*heap->entries));
    heap->count++;
    while (at > 0 && is_before(&entry, &heap->entries[(at - 1) / 2])) {
        heap->entries[at] = heap->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->entries[at] = entry;
}

struct rp_timer_entry rp_timer_heap_pop(struct rp_timer_heap *heap)
{
    struct rp_timer_entry first = heap->entries[0];
    struct rp_timer_entry last;
    size_t at = 0;

    RP_ASSERT(heap->count > 0);
    last = heap->entries[--heap->count];
    for (size_t next = 1; next < heap->count; next = 2 * at + 1) {
        next += next + 1 < heap->count && is_before(&heap->entries[next + 1], &heap->entries[next]);
        if (!is_before(&heap->entries[next], &last)) {
            break;
        }
        heap->entries[at] = heap->entries[next];
        at = next;
    }
    if (heap->count > 0) {
        heap->entries[at] = last;
    }
    return first;
}

void rp_timer_heap_clear(struct rp_timer_heap *heap)
{
    free(heap->entries);
    *heap = (struct rp_timer_heap){0};
}

/* ---- Deriving -------------------------------------------------------------------------------- */

static void set_due(struct rp_core *core, struct rp_cached *lead, int64_t due_ms, int kind)
{
    lead->lead.due_ms = due_ms;
    lead->lead.due_kind = (uint16_t)kind;
    if (due_ms && (lead->queued_ms == 0 || due_ms < lead->queued_ms)) {
        rp_timer_heap_push(&core->timers, due_ms, lead->lead.id);
        lead->queued_ms = due_ms;
    }
}

void rp_core_timer_derive(struct rp_core *core, struct rp_cached *lead)
{
    struct rp_timer next;

    if (lead->lead.generation != core->rules->number) {
        return; /* its rebuild derives them */
    }
    rp_core_act_as(core, &lead->lead);
    next = rp_timer_next(&core->fold, &lead->lead, false);
    set_due(core, lead, next.at_ms, next.at_ms ? (int)next.kind : 0);
}

void rp_core_timer_rederive(struct rp_core *core, struct rp_cached *lead, int64_t base_ms)
{
    struct rp_timer next;

    rp_core_act_as(core, &lead->lead);
    next = rp_timer_next(&core->fold, &lead->lead, true);
    if (next.at_ms && next.at_ms <= base_ms) {
        next.at_ms = base_ms + 1 + (int64_t)(rp_hash(rp_str_from(lead->lead.public_id)) % RP_HOUR);
    }
    set_due(core, lead, next.at_ms, next.at_ms ? (int)next.kind : 0);
}

void rp_core_timer_rebuilt(struct rp_core *core, struct rp_cached *lead, uint32_t generation,
                           int64_t base_ms)
{
    if (generation == 0 || generation == core->rules->number) {
        rp_core_timer_derive(core, lead); /* a late event, a merge: the same rules */
    } else {
        rp_core_timer_rederive(core, lead, base_ms);
    }
}

/* ---- Judging --------------------------------------------------------------------------------- */

static int judge(struct rp_core *core, struct rp_cached *lead, struct rp_err *err)
{
    struct rp_decision decision = {0};
    int64_t due_ms = lead->lead.due_ms;
    int status = rp_core_deal(core, lead, NULL, &decision, due_ms, err);

    if (status != 0) {
        return status;
    }
    rp_judge(&core->fold, &lead->lead, NULL, due_ms, &decision);
    core->stats.timers_judged++;
    if (decision.move_count || decision.status_count || decision.intent_count) {
        lead->lead.flags |= RP_LEAD_SAVE; /* no event row makes recovery look at this lead */
    }
    status = rp_core_record(core, lead, NULL, &decision, due_ms, err);
    rp_core_timer_derive(core, lead);
    RP_ASSERT(lead->lead.due_ms == 0 || lead->lead.due_ms > due_ms);
    rp_core_dirty(core, lead);
    return status;
}

int rp_core_timers_before(struct rp_core *core, struct rp_cached *lead, int64_t until_ms,
                          struct rp_err *err)
{
    int status = 0;

    while (status == 0 && lead->lead.due_ms && lead->lead.due_ms <= until_ms &&
           lead->lead.generation == core->rules->number) {
        status = judge(core, lead, err);
    }
    return status;
}

int rp_core_timers_between(struct rp_core *core, struct rp_cached *lead, int64_t until_ms,
                           struct rp_err *err)
{
    if (until_ms <= lead->lead.judged_ms || lead->lead.generation != core->rules->number) {
        return 0;
    }
    rp_core_timer_derive(core, lead);
    return rp_core_timers_before(core, lead, until_ms, err);
}

int rp_core_timer_save(struct rp_core *core, struct rp_cached *lead, struct rp_err *err)
{
    int status;

    if (lead->lead.due_ms == lead->timer_ms) {
        return 0;
    }
    status = rp_timer_put(core->store, lead->lead.id, lead->lead.due_ms, lead->lead.due_kind, err);
    if (status == 0) {
        lead->timer_ms = lead->lead.due_ms;
    }
    return status;
}

int rp_core_status_on_record(struct rp_core *core, struct rp_lead *lead, struct rp_err *err)
{
    struct rp_status_row row;
    int status =
        lead->stage < core->rules->stage_count && core->rules->stages[lead->stage].status_count > 0
            ? rp_status_last(core->store, lead->id, &row, err)
            : RIPEN_ENOTFOUND;

    lead->status = 0;
    if (status != 0) {
        return status == RIPEN_ENOTFOUND ? 0 : status;
    }
    if (rp_str_eq(row.stage, core->rules->stages[lead->stage].name) &&
        row.at_ms >= lead->stage_since_ms) {
        lead->status = rp_status_id(row.to);
        lead->status_since_ms = row.at_ms;
    }
    lead->judged_ms = row.at_ms > lead->judged_ms ? row.at_ms : lead->judged_ms;
    return 0;
}

/* The lead's cells are of other rules, or recovery could not complete them. */
static int rebuild(struct rp_core *core, struct rp_cached *lead, int64_t base_ms,
                   struct rp_err *err)
{
    struct rp_history history;
    int status =
        rp_history_load(&core->history_arena, core->store, &lead->lead, NULL, 0, &history, err);

    if (status == 0) {
        uint32_t generation = lead->lead.generation;

        rp_history_fold(&core->fold, &lead->lead, &history, INT64_MAX, NULL, NULL);
        core->stats.refolds++;
        rp_core_timer_rebuilt(core, lead, generation, base_ms);
        rp_core_dirty(core, lead);
    }
    rp_arena_reset(&core->history_arena);
    return status;
}

/* One entry that came up. *judged counts. */
static int take_entry(struct rp_core *core, const struct rp_timer_entry *entry, int64_t until_ms,
                      size_t *judged, struct rp_err *err)
{
    struct rp_cached *lead;
    size_t head_count;
    int status = rp_core_lead(core, entry->lead, &lead, err);

    if (status != 0) {
        return status == RIPEN_ENOTFOUND ? 0 : status; /* it was forgotten */
    }
    if (lead->queued_ms != 0 && lead->queued_ms != entry->due_ms) {
        return 0; /* another entry counts; of a lead just loaded each may */
    }
    lead->queued_ms = 0;
    (void)rp_lead_heads(&lead->lead, &head_count);
    if (lead->merged || head_count == 0 || rp_aside_has(core, entry->lead)) {
        return 0;
    }
    rp_core_touch(core, lead);
    if (lead->lead.generation != core->rules->number) {
        return rebuild(core, lead, until_ms, err);
    }
    if (lead->lead.due_ms == 0 || lead->lead.due_ms > entry->due_ms) {
        set_due(core, lead, lead->lead.due_ms, lead->lead.due_kind);
        return 0;
    }
    (*judged)++;
    return judge(core, lead, err);
}

static int run_once(struct rp_core *core, int64_t until_ms, size_t max, size_t *judged,
                    struct rp_err *err)
{
    int status = 0;

    while (status == 0 && *judged < max && core->timers.count > 0 &&
           core->timers.entries[0].due_ms <= until_ms) {
        struct rp_timer_entry entry = rp_timer_heap_pop(&core->timers);

        status = take_entry(core, &entry, until_ms, judged, err);
        rp_arena_reset(&core->arena);
    }
    for (size_t i = 0; i < core->touched_count && status == 0; i++) {
        if (core->touched[i]->lead.flags & RP_LEAD_SAVE) {
            status = rp_core_save(core, core->touched[i], err);
        }
    }
    return status == 0 ? rp_core_write_portion(core, WRITE_PORTION + *judged, err) : status;
}

/* A lead that was rebuilt to be written may have brought an entry: none judged means none left. */
static int run(struct rp_core *core, int64_t until_ms, size_t max, size_t *judged,
               struct rp_err *err)
{
    int status;

    do {
        status = run_once(core, until_ms, max, judged, err);
    } while (status == 0 && *judged == 0 && rp_core_timers_due(core) <= until_ms);
    return status;
}

int rp_core_timers_run(struct rp_core *core, int64_t until_ms, size_t max, struct rp_err *err)
{
    int status = core->stale ? rp_core_recover(core, err) : 0;
    struct rp_core_stats before = core->stats;
    size_t judged = 0;

    RP_ASSERT(core->rules != NULL);
    if (status != 0 || rp_core_timers_due(core) > until_ms) {
        return status;
    }
    status = rp_store_begin(core->store, err);
    if (status == 0) {
        status = run(core, until_ms, max < INT32_MAX ? max : INT32_MAX, &judged, err);
        status = status == 0 ? rp_store_commit(core->store, err) : status;
        if (status != 0) {
            rp_store_rollback(core->store);
            core->stale = true;
            core->stats = before;
        }
    }
    rp_core_unpin(core);
    return status == 0 ? (int)judged : status;
}

int64_t rp_core_timers_due(const struct rp_core *core)
{
    return core->timers.count > 0 ? core->timers.entries[0].due_ms : RP_TIMERS_NEVER;
}

int64_t rp_core_timers_lag(const struct rp_core *core, int64_t now_ms)
{
    return core->timers.count > 0 && core->timers.entries[0].due_ms < now_ms
               ? now_ms - core->timers.entries[0].due_ms
               : 0;
}

/* ---- Start ----------------------------------------------------------------------------------- */

static void take_row(void *ctx, int64_t lead, int64_t due_ms)
{
    struct rp_core *core = ctx;

    rp_timer_heap_push(&core->timers, due_ms, lead);
}

int rp_core_timers_load(struct rp_core *core, struct rp_err *err)
{
    int status;

    core->timers.count = 0;
    status = rp_timer_each(core->store, take_row, core, err);
    for (size_t i = 0; i < core->touched_count && status == 0; i++) {
        struct rp_cached *lead = core->touched[i];

        status = rp_core_status_on_record(core, &lead->lead, err);
        if (status == 0 && lead->lead.generation == core->rules->number) {
            rp_core_timer_derive(core, lead);
        }
    }
    return status;
}
