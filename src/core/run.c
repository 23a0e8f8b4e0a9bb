/* SPDX-License-Identifier: MIT */
/* One run: the batches that gathered while the last group committed, through identity, dedup, fold,
 * stages and outbox, in one transaction.
 *
 *   item ──resolve──▶ duplicate?            (nothing changes)
 *        ──link─────▶ pending of its lead   (arrival order)
 *   lead ──in order─▶ fold each event, append its row, judge it
 *        ──rebuild──▶ fold the history (other rules, a merge), then as above
 *        ──late─────▶ fold from a checkpoint with the new events, append them, judge them
 *        ──too much─▶ append them; the lead is set aside and judged later (aside.c)
 *   COMMIT, then the verdicts count.
 *
 * Invariants: an event row is appended before a decision that it causes; nothing of a failed run
 * stays in memory (the cache is dropped and recovered from the file). */
#include "base/hash.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/gate.h"
#include "core/history.h"
#include "core/hits.h"
#include "model/correction.h"
#include "store/dedup.h"
#include "store/events.h"
#include "store/scan.h"
#include "store/states.h"

#include <stdlib.h>
#include <string.h>

enum { DEDUP_CANDIDATES_MAX = 16, WRITE_PORTION_MIN = 16 };

/* Walks the lead's own chains: exact however many other leads use the same messageIds. It reads no
 * bodies, and happens only when a messageId is used for many leads. */
static int is_in_history(struct rp_core *core, struct rp_str message_id, int64_t lead_id,
                         struct rp_err *err)
{
    struct rp_cached *lead;
    const struct rp_head *heads;
    size_t count;
    int status = rp_core_lead(core, lead_id, &lead, err);

    if (status != 0) {
        return status;
    }
    heads = rp_lead_heads(&lead->lead, &count);
    for (size_t i = 0; i < count; i++) {
        int64_t row = heads[i].event;

        while (row != 0) {
            status = rp_scan_message(core->store, row, message_id, &row, err);
            if (status != 0) {
                return status;
            }
        }
    }
    return 0;
}

/* 1: the lead has this messageId already; 0: not; < 0: an error. */
static int is_duplicate(struct rp_core *core, const struct rp_event *event, uint64_t hash,
                        int64_t lead, struct rp_err *err)
{
    int64_t rows[DEDUP_CANDIDATES_MAX];
    int count;

    if (lead == 0) {
        return 0;
    }
    if (rp_seen_find(core, hash, event->message_id, lead)) {
        return 1;
    }
    count = rp_dedup_find(core->store, hash, rows, DEDUP_CANDIDATES_MAX, err);
    for (int i = 0; i < count; i++) {
        struct rp_event stored;
        int64_t prev;
        int status = rp_event_read(&core->arena, core->store, rows[i], &stored, &prev, err);

        if (status == RIPEN_ENOTFOUND) {
            continue;
        }
        if (status != 0) {
            return status;
        }
        if (rp_str_eq(stored.message_id, event->message_id) &&
            rp_identity_lead(core->store, stored.node) == lead) {
            return 1;
        }
    }
    if (count == DEDUP_CANDIDATES_MAX) { /* there may be more than were given */
        return is_in_history(core, event->message_id, lead, err);
    }
    return count < 0 ? count : 0;
}

/* The event named a lead that was known by another node: a copy may stand there, as after a merge.
 * The lead's history knows which of the copies counts. */
static int look_for_copy(struct rp_core *core, const struct rp_event *event, uint64_t hash,
                         struct rp_cached *lead, struct rp_err *err)
{
    int status = is_duplicate(core, event, hash, lead->lead.id, err);

    if (status == 1) {
        lead->lead.generation = 0;
        lead->lead.flags |= RP_LEAD_SAVE;
    }
    return status < 0 ? status : 0;
}

static int take_item(struct rp_core *core, struct rp_arena *arena, struct rp_item *item,
                     struct rp_err *err)
{
    struct rp_resolved resolved;
    struct rp_cached *lead;
    uint64_t hash;
    int status;

    item->next_pending = NULL;
    item->verdict = RP_VERDICT_REJECTED;
    if (item->hit && item->reject == RP_REJECT_NONE) {
        status = rp_core_hit(core, arena, item, err);
        if (status != 0) {
            return status;
        }
    }
    hash = item->hash;
    if (item->reject == RP_REJECT_NONE && !rp_identity_clean(&item->event)) {
        item->reject = RP_REJECT_IDENTITY;
        item->message = rp_str_from(rp_reject_text(RP_REJECT_IDENTITY));
    }
    if (item->reject == RP_REJECT_NONE &&
        !rp_rules_reason(core->rules, arena, &item->event, &item->message)) {
        item->reject = RP_REJECT_REASON;
    }
    if (item->reject == RP_REJECT_NONE && rp_core_retention_too_old(core, &item->event)) {
        item->reject = RP_REJECT_TOO_OLD;
        item->message = rp_str_from(rp_reject_text(RP_REJECT_TOO_OLD));
    }
    if (item->reject != RP_REJECT_NONE) {
        return 0;
    }
    status = rp_identity_resolve(core, &item->event, &resolved, err);
    if (status == 0) {
        status = is_duplicate(core, &item->event, hash, resolved.lead, err);
    }
    if (status != 0) {
        item->verdict = RP_VERDICT_DUPLICATE;
        return status > 0 ? 0 : status;
    }
    status = rp_identity_link(core, &item->event, &resolved, &lead, err);
    if (status == 0 && lead->lead.id != resolved.lead &&
        (lead->lead.through != 0 || lead->pending)) {
        status = look_for_copy(core, &item->event, hash, lead, err);
    }
    if (status != 0) {
        return status;
    }
    item->verdict = RP_VERDICT_ACCEPTED;
    if (lead->pending) {
        lead->pending_last->next_pending = item;
    } else {
        lead->pending = item;
    }
    lead->pending_last = item;
    rp_seen_add(core, hash, lead->lead.id, item);
    return 0;
}

static int64_t head_of(const struct rp_lead *lead, int64_t node)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);

    for (size_t i = 0; i < count; i++) {
        if (heads[i].node == node) {
            return heads[i].event;
        }
    }
    return 0;
}

static int append(struct rp_core *core, struct rp_cached *lead, struct rp_folded *folded,
                  struct rp_err *err)
{
    struct rp_event *event = &folded->item->event;
    int status = rp_event_append(core->store, event, head_of(&lead->lead, event->node),
                                 rp_core_granted(core, &folded->decision), &event->id, err);

    if (status != 0) {
        return status;
    }
    rp_dedup_add(core->store, folded->item->hash, event->id);
    rp_lead_head_set(&lead->lead, event->node, event->id);
    lead->lead.through = event->id;
    if (event->received_ms > lead->lead.updated_ms) {
        lead->lead.updated_ms = event->received_ms;
    }
    core->newest_event = event->id;
    return 0;
}

/* The decisions that the event causes; its row stands. A copy causes none by itself, but the merge
 * that it brought may. */
static int judge(struct rp_core *core, struct rp_cached *lead, struct rp_folded *folded,
                 struct rp_err *err)
{
    struct rp_event *event = &folded->item->event;
    int status = rp_core_deal(core, lead, folded->copy ? NULL : event, &folded->decision,
                              event->received_ms, err);

    if (status != 0) {
        return status;
    }
    if (!folded->copy) {
        status = rp_gate_event(core, event, err);
        if (status != 0) {
            return status;
        }
    }
    rp_judge(&core->fold, &lead->lead, folded->copy ? NULL : event, event->received_ms,
             &folded->decision);
    return rp_core_record(core, lead, event, &folded->decision, event->received_ms, err);
}

static int by_order(const void *a, const void *b)
{
    const struct rp_folded *x = a;
    const struct rp_folded *y = b;
    struct rp_order left = rp_event_order(&x->item->event);
    struct rp_order right = rp_event_order(&y->item->event);

    return rp_order_cmp(&left, &right);
}

/* Stores the events of a lead that is set aside; they are judged in the background. */
static int put_aside(struct rp_core *core, struct rp_cached *lead, struct rp_folded *folded,
                     size_t count, struct rp_err *err)
{
    int status = rp_aside_has(core, lead->lead.id) ? 0 : rp_aside_add(core, lead, err);

    lead->lead.generation = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        folded[i].decision = (struct rp_decision){0};
        status = append(core, lead, &folded[i], err);
        if (status == 0) {
            status = rp_aside_event(core, lead, folded[i].item->event.id, err);
        }
    }
    return status;
}

/* Events that follow all that the cells hold, one after the other. */
static int fold_in_order(struct rp_core *core, struct rp_cached *lead, struct rp_folded *folded,
                         size_t count, struct rp_err *err)
{
    struct rp_trail *trail = rp_trail_find(&core->trails, &lead->lead);
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        status = i ? rp_core_timers_between(core, lead, folded[i].item->event.received_ms, err) : 0;
        if (status != 0) {
            break;
        }
        if (!folded[i].copy) {
            rp_fold_event(&core->fold, &lead->lead, &folded[i].item->event, &folded[i].decision);
            folded[i].copy = folded[i].decision.voided;
        }
        status = append(core, lead, &folded[i], err);
        if (status == 0 && trail) {
            rp_core_trail_append(core, trail, &lead->lead, &folded[i].item->event);
        }
        if (status == 0) {
            status = judge(core, lead, &folded[i], err);
        }
    }
    return status;
}

/* After a re-fold the state knows all of them, and so must the history that gives the reasons. */
static int append_then_judge(struct rp_core *core, struct rp_cached *lead, struct rp_folded *folded,
                             size_t count, struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        status = append(core, lead, &folded[i], err);
    }
    if (status == 0) {
        rp_core_refold_rows(core, lead, folded, count);
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        status = i ? rp_core_timers_between(core, lead, folded[i].item->event.received_ms, err) : 0;
        if (status == 0) {
            status = judge(core, lead, &folded[i], err);
        }
    }
    return status;
}

/* Timers that are due by then are judged before any of them. */
static int64_t first_received(const struct rp_folded *folded, size_t count)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        int64_t received = folded[i].item->event.received_ms;

        first = received < first ? received : first;
    }
    return first;
}

static int fold_lead(struct rp_core *core, struct rp_cached *lead, struct rp_err *err)
{
    enum rp_refolded how = RP_REFOLDED_BEFORE;
    struct rp_folded *folded;
    size_t count = 0;
    int status = 0;

    for (struct rp_item *item = lead->pending; item; item = item->next_pending) {
        count++;
    }
    if (count == 0) {
        return 0;
    }
    folded = RP_ARENA_ARRAY(&core->arena, struct rp_folded, count);
    count = 0;
    for (struct rp_item *item = lead->pending; item; item = item->next_pending) {
        folded[count++].item = item;
        if (rp_event_correction(&item->event) == RP_CORRECTION_VOID) {
            lead->lead.generation = 0; /* what it names may stand anywhere in the history */
            rp_trail_drop(&core->trails, lead->lead.id);
        }
    }
    if (count > 1) {
        qsort(folded, count, sizeof(*folded), by_order);
    }
    rp_core_dirty(core, lead);
    rp_core_act_as(core, &lead->lead);
    if (rp_aside_has(core, lead->lead.id)) {
        return put_aside(core, lead, folded, count, err);
    }
    status = rp_core_timers_before(core, lead, first_received(folded, count), err);
    if (status == 0 && (lead->lead.generation != core->rules->number ||
                        !rp_fold_in_order(&lead->lead, &folded[0].item->event))) {
        if (lead->lead.generation == core->rules->number) {
            rp_fold_before(&core->fold, &lead->lead, folded[0].item->event.received_ms);
        }
        status = rp_core_refold(core, lead, folded, count, &how, err);
    }
    if (status != 0) {
        return status;
    }
    switch (how) {
    case RP_REFOLDED_BEFORE:
        status = fold_in_order(core, lead, folded, count, err);
        break;
    case RP_REFOLDED_WITH:
        status = append_then_judge(core, lead, folded, count, err);
        break;
    case RP_REFOLDED_NOT:
        return put_aside(core, lead, folded, count, err);
    }
    if (status == 0) {
        rp_core_timer_derive(core, lead);
    }
    return status;
}

static int save_touched(struct rp_core *core, struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; i < core->touched_count && status == 0; i++) {
        if (core->touched[i]->lead.flags & RP_LEAD_SAVE && !core->touched[i]->merged) {
            status = rp_core_save(core, core->touched[i], err);
        }
    }
    return status;
}

/* A place in the items of all batches of a run. */
struct place {
    struct rp_batch *batch; /* NULL: behind the last */
    size_t at;
};

/* The item there, or NULL behind the last; goes on to the next. */
static struct rp_item *next_item(struct place *place)
{
    while (place->batch && place->at == place->batch->item_count) {
        *place = (struct place){place->batch->next, 0};
    }
    return place->batch ? &place->batch->items[place->at++] : NULL;
}

static void look_at_identity(const struct rp_core *core, const struct rp_item *item, int step)
{
    const struct rp_event *event = &item->event;

    if (event->user_id.len > 0) {
        rp_identity_ahead(core->store, RP_NODE_USER, event->user_id, step);
    } else if (event->anonymous_id.len > 0) {
        rp_identity_ahead(core->store, RP_NODE_ANONYMOUS, event->anonymous_id, step);
    }
}

/* The first look at an item. */
static void look_far(const struct rp_core *core, struct place *far)
{
    struct rp_item *item = next_item(far);

    if (item && item->reject == RP_REJECT_NONE) {
        item->hash = rp_hash_keyed(rp_store_secret(core->store), item->event.message_id);
        rp_dedup_ahead(core->store, item->hash);
        look_at_identity(core, item, 0);
    }
}

static void look_near(const struct rp_core *core, struct place *near)
{
    const struct rp_item *item = next_item(near);

    if (item && item->reject == RP_REJECT_NONE) {
        look_at_identity(core, item, 1);
    }
}

/* Takes the items one by one. Most of what an event needs lies in large tables, each a wait of its
 * own for memory: those of the events to come are asked for before. */
static int take_items(struct rp_core *core, struct rp_batch *first, struct rp_err *err)
{
    enum { FAR = 8, NEAR = 3 };
    struct place here = {first, 0}, near = here, far = here;
    int status = 0;

    for (int i = 0; i < FAR; i++) {
        look_far(core, &far);
    }
    for (int i = 0; i < NEAR; i++) {
        look_near(core, &near);
    }
    for (;;) {
        struct rp_item *item = next_item(&here);

        if (!item || status != 0) {
            return status;
        }
        look_far(core, &far);
        look_near(core, &near);
        status = take_item(core, &here.batch->arena, item, err);
    }
}

static void touch_ahead(const struct rp_core *core, size_t at)
{
    enum { AHEAD = 3, BYTES = 256, LINE = 64 };

    if (at + AHEAD < core->touched_count) {
        const uint8_t *cells = core->touched[at + AHEAD]->lead.cells;

        for (size_t i = 0; cells && i < BYTES; i += LINE) {
            __builtin_prefetch(cells + i);
        }
    }
}

static int run_items(struct rp_core *core, struct rp_batch *first, struct rp_err *err)
{
    size_t items = 0;
    int status = 0;

    for (struct rp_batch *batch = first; batch; batch = batch->next) {
        items += batch->item_count;
    }
    rp_seen_prepare(core, items);
    status = take_items(core, first, err);
    /* Joins may touch further leads while the list is walked, but only before this point. */
    for (size_t i = 0; i < core->touched_count && status == 0; i++) {
        touch_ahead(core, i);
        status = fold_lead(core, core->touched[i], err);
    }
    if (status == 0) {
        status = save_touched(core, err);
    }
    if (status == 0) {
        status = rp_core_write_portion(core, WRITE_PORTION_MIN + items, err);
    }
    return status == 0 ? rp_dedup_flush(core->store, err) : status;
}

static void count_verdicts(struct rp_core *core, struct rp_batch *batch)
{
    batch->accepted = batch->duplicates = batch->rejected = 0;
    for (size_t i = 0; i < batch->item_count; i++) {
        batch->accepted += batch->items[i].verdict == RP_VERDICT_ACCEPTED;
        batch->duplicates += batch->items[i].verdict == RP_VERDICT_DUPLICATE;
        batch->rejected += batch->items[i].verdict == RP_VERDICT_REJECTED;
    }
    core->stats.events += batch->accepted;
    core->stats.duplicates += batch->duplicates;
    core->stats.rejected += batch->rejected;
}

void rp_core_unpin(struct rp_core *core)
{
    for (size_t i = 0; i < core->touched_count; i++) {
        struct rp_cached *lead = core->touched[i];

        lead->lead.flags &= (uint16_t) ~(RP_LEAD_PINNED | RP_LEAD_SAVE);
        lead->pending = lead->pending_last = NULL;
        if (lead->merged) {
            rp_cache_remove(&core->cache, lead->lead.id);
        }
    }
    core->touched_count = 0;
    rp_arena_reset(&core->arena);
}

static int run(struct rp_core *core, struct rp_batch *first,
               int (*commit)(struct rp_store *store, struct rp_err *err), struct rp_err *err)
{
    int status = core->stale ? rp_core_recover(core, err) : 0;
    struct rp_core_stats before = core->stats;

    RP_ASSERT(core->rules != NULL);
    if (status == 0) {
        status = rp_store_begin(core->store, err);
    }
    if (status == 0) {
        status = run_items(core, first, err);
        if (status == 0) {
            status = commit(core->store, err);
        }
        if (status != 0) {
            rp_store_rollback(core->store);
            core->stale = true;
            core->stats = before;
        }
    }
    for (struct rp_batch *batch = first; batch; batch = batch->next) {
        batch->status = status;
        if (status == 0) {
            count_verdicts(core, batch);
        }
    }
    core->stats.groups += status == 0;
    rp_core_unpin(core);
    if (status == 0) {
        rp_core_sweep_traffic(core);
        (void)rp_aside_step(core, true);
        (void)rp_core_sweep_step(core, true);
    }
    return status;
}

int rp_core_run(struct rp_core *core, struct rp_batch *first, struct rp_err *err)
{
    return run(core, first, rp_store_commit, err);
}

int rp_core_run_ahead(struct rp_core *core, struct rp_batch *first, struct rp_err *err)
{
    return run(core, first, rp_store_commit_ahead, err);
}

int rp_core_sync(struct rp_core *core, struct rp_err *err)
{
    return rp_store_sync(core->store, err);
}
