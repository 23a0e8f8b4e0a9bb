/* SPDX-License-Identifier: MIT */
/* One run: the batches that gathered while the last group committed, through identity, dedup, fold,
 * stages and outbox, in one transaction.
 *
 *   item ──resolve──▶ duplicate?            (nothing changes)
 *        ──link─────▶ pending of its lead   (arrival order)
 *   lead ──in order─▶ fold each event, append its row, judge it
 *        ──rebuild──▶ fold the history (other rules, a merge), then as above
 *        ──late─────▶ fold the whole history with the new events, append them, judge them
 *   COMMIT, then the verdicts count.
 *
 * Invariants: an event row is appended before a decision that it causes; nothing of a failed run
 * stays in memory (the cache is dropped and recovered from the file). */
#include "base/hash.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/history.h"
#include "store/dedup.h"
#include "store/events.h"
#include "store/states.h"

#include <stdlib.h>
#include <string.h>

enum { DEDUP_CANDIDATES_MAX = 16, WRITE_PORTION_MIN = 16 };

static size_t seen_slot(const struct rp_core *core, uint64_t hash)
{
    return (size_t)hash & (core->seen_cap - 1);
}

static void seen_prepare(struct rp_core *core, size_t items)
{
    size_t cap = 64;

    while (cap < items * 2) {
        cap *= 2;
    }
    if (cap > core->seen_cap) {
        free(core->seen);
        core->seen = rp_malloc(cap * sizeof(*core->seen));
        core->seen_cap = cap;
    }
    memset(core->seen, 0, core->seen_cap * sizeof(*core->seen));
}

static bool seen_in_run(struct rp_core *core, uint64_t hash, struct rp_str message_id, int64_t lead)
{
    for (size_t at = seen_slot(core, hash); core->seen[at].item;
         at = (at + 1) & (core->seen_cap - 1)) {
        const struct rp_event *event = &core->seen[at].item->event;

        if (core->seen[at].hash == hash && rp_str_eq(event->message_id, message_id) &&
            rp_identity_lead(core->store, event->node) == lead) {
            return true;
        }
    }
    return false;
}

static void seen_add(struct rp_core *core, uint64_t hash, struct rp_item *item)
{
    size_t at = seen_slot(core, hash);

    while (core->seen[at].item) {
        at = (at + 1) & (core->seen_cap - 1);
    }
    core->seen[at].hash = hash;
    core->seen[at].item = item;
}

/* Walks the lead's own chains: exact however many other leads use the same messageIds. */
static int is_in_history(struct rp_core *core, struct rp_str message_id, int64_t lead_id,
                         struct rp_err *err)
{
    struct rp_cached *lead;
    struct rp_history history;
    int status = rp_core_lead(core, lead_id, &lead, err);

    if (status == 0) {
        status =
            rp_history_load(&core->history_arena, core->store, &lead->lead, NULL, 0, &history, err);
    }
    for (size_t i = 0; status == 0 && i < history.count; i++) {
        status = rp_str_eq(history.events[i].message_id, message_id);
    }
    rp_arena_reset(&core->history_arena);
    return status;
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
    if (seen_in_run(core, hash, event->message_id, lead)) {
        return 1;
    }
    count = rp_dedup_find(core->store, event->message_id, rows, DEDUP_CANDIDATES_MAX, err);
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

static int take_item(struct rp_core *core, struct rp_item *item, struct rp_err *err)
{
    struct rp_resolved resolved;
    struct rp_cached *lead;
    uint64_t hash;
    int status;

    item->next_pending = NULL;
    item->verdict = RP_VERDICT_REJECTED;
    if (item->reject == RP_REJECT_NONE && !rp_identity_clean(&item->event)) {
        item->reject = RP_REJECT_IDENTITY;
        item->message = rp_str_from(rp_reject_text(RP_REJECT_IDENTITY));
    }
    if (item->reject != RP_REJECT_NONE) {
        return 0;
    }
    hash = rp_hash_keyed(rp_store_secret(core->store), item->event.message_id);
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
    seen_add(core, hash, item);
    return 0;
}

/* What the fold of one pending event gave, until its row is written. */
struct folded {
    struct rp_item *item;
    struct rp_decision decision;
    bool copy; /* of a message that the lead has: its row is kept, it counts for nothing */
};

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

static int append(struct rp_core *core, struct rp_cached *lead, struct folded *folded,
                  struct rp_err *err)
{
    struct rp_event *event = &folded->item->event;
    int status = rp_event_append(core->store, event, head_of(&lead->lead, event->node),
                                 rp_core_granted(core, &folded->decision), &event->id, err);

    if (status != 0) {
        return status;
    }
    rp_dedup_add(core->store, event->message_id, event->id);
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
static int judge(struct rp_core *core, struct rp_cached *lead, struct folded *folded,
                 struct rp_err *err)
{
    struct rp_event *event = &folded->item->event;

    rp_judge(&core->fold, &lead->lead, folded->copy ? NULL : event, event->received_ms,
             &folded->decision);
    return rp_core_record(core, lead, event, &folded->decision, event->received_ms, err);
}

static int by_order(const void *a, const void *b)
{
    const struct folded *x = a;
    const struct folded *y = b;
    struct rp_order left = rp_event_order(&x->item->event);
    struct rp_order right = rp_event_order(&y->item->event);

    return rp_order_cmp(&left, &right);
}

struct pending {
    struct folded *folded;
    size_t count;
};

static struct folded *find_pending(const struct pending *pending, const struct rp_event *event)
{
    for (size_t i = 0; i < pending->count; i++) {
        if (pending->folded[i].item->event.message_id.ptr == event->message_id.ptr) {
            return &pending->folded[i];
        }
    }
    return NULL;
}

static void late_seen(void *ctx, const struct rp_event *event, const struct rp_decision *decision)
{
    struct folded *folded = find_pending(ctx, event);

    if (folded) {
        folded->decision = *decision;
    }
}

/* Folds the lead's history anew: up to the pending events when they are the newest, else with them
 * (*ret_late). */
static int fold_history(struct rp_core *core, struct rp_cached *lead, struct folded *folded,
                        size_t count, bool *ret_late, struct rp_err *err)
{
    const struct rp_event **events = RP_ARENA_ARRAY(&core->arena, const struct rp_event *, count);
    struct pending pending = {folded, count};
    struct rp_history history;
    size_t rows = 0;
    int status;

    for (size_t i = 0; i < count; i++) {
        events[i] = &folded[i].item->event;
        folded[i].copy = true; /* unless the history has it */
    }
    status = rp_history_load(&core->history_arena, core->store, &lead->lead, events, count,
                             &history, err);
    *ret_late = false;
    for (size_t i = 0; status == 0 && i < history.count; i++) {
        struct folded *found =
            history.events[i].id == 0 ? find_pending(&pending, &history.events[i]) : NULL;

        if (found) {
            found->copy = false;
        } else {
            *ret_late = *ret_late || rows < i;
            rows++;
        }
    }
    if (status == 0) {
        history.count = *ret_late ? history.count : rows;
        rp_history_fold(&core->fold, &lead->lead, &history, INT64_MAX, late_seen, &pending);
        core->stats.refolds++;
    }
    rp_arena_reset(&core->history_arena);
    return status;
}

static int fold_lead(struct rp_core *core, struct rp_cached *lead, struct rp_err *err)
{
    struct folded *folded;
    size_t count = 0;
    bool late = false;
    int status = 0;

    for (struct rp_item *item = lead->pending; item; item = item->next_pending) {
        count++;
    }
    if (count == 0) {
        return 0;
    }
    folded = RP_ARENA_ARRAY(&core->arena, struct folded, count);
    count = 0;
    for (struct rp_item *item = lead->pending; item; item = item->next_pending) {
        folded[count++].item = item;
    }
    if (count > 1) {
        qsort(folded, count, sizeof(*folded), by_order);
    }
    rp_core_dirty(core, lead);
    if (lead->lead.generation != core->rules->number ||
        !rp_fold_in_order(&lead->lead, &folded[0].item->event)) {
        status = fold_history(core, lead, folded, count, &late, err);
    }
    /* After a re-fold the state knows all of them, and so must the history that gives the reasons.
     */
    for (size_t i = 0; i < count && late && status == 0; i++) {
        status = append(core, lead, &folded[i], err);
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        if (!late && !folded[i].copy) {
            rp_fold_event(&core->fold, &lead->lead, &folded[i].item->event, &folded[i].decision);
        }
        if (!late) {
            status = append(core, lead, &folded[i], err);
        }
        if (status == 0) {
            status = judge(core, lead, &folded[i], err);
        }
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

static int run_items(struct rp_core *core, struct rp_batch *first, struct rp_err *err)
{
    size_t items = 0;
    int status = 0;

    for (struct rp_batch *batch = first; batch; batch = batch->next) {
        items += batch->item_count;
    }
    seen_prepare(core, items);
    for (struct rp_batch *batch = first; batch; batch = batch->next) {
        for (size_t i = 0; i < batch->item_count && status == 0; i++) {
            status = take_item(core, &batch->items[i], err);
        }
    }
    /* Joins may touch further leads while the list is walked, but only before this point. */
    for (size_t i = 0; i < core->touched_count && status == 0; i++) {
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

static void unpin(struct rp_core *core)
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

int rp_core_run(struct rp_core *core, struct rp_batch *first, struct rp_err *err)
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
            status = rp_store_commit(core->store, err);
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
    unpin(core);
    return status;
}
