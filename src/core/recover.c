/* SPDX-License-Identifier: MIT */
/* Recovery: folds the rows behind the watermark into the leads' states, with the ordinary fold.
 * Takes no decision and fires nothing: stages come from the decisions on record; facts need no
 * recovery, since a lead is written within the run that sets one. Used at start and after a
 * transaction that failed. */
#include "core/core_priv.h"
#include "model/correction.h"
#include "store/dedup.h"
#include "store/events.h"

/* One row behind the watermark. A lead that cannot take it in order is folded whole when touched.
 */
static int take_row(struct rp_core *core, struct rp_event *event, struct rp_err *err)
{
    int64_t id = rp_identity_lead(core->store, event->node);
    struct rp_decision decision = {0};
    struct rp_cached *lead;
    int status = id ? rp_core_lead(core, id, &lead, err) : 0;

    if (status != 0 || id == 0) {
        return status;
    }
    if (event->id <= lead->lead.through) {
        return 0;
    }
    rp_core_touch(core, lead);
    status = rp_event_body_parse(&core->arena, event);
    if (status != 0) {
        return status;
    }
    if (lead->lead.through == 0 && lead->lead.generation == 0 && lead->lead.cells_len == 0) {
        lead->lead.generation =
            core->rules->number; /* all of its events lie behind the watermark */
    }
    if (rp_event_correction(event) == RP_CORRECTION_VOID) {
        lead->lead.generation = 0;
    }
    if (lead->lead.generation == core->rules->number && rp_fold_in_order(&lead->lead, event)) {
        rp_fold_event(&core->fold, &lead->lead, event, &decision);
    } else {
        lead->lead.generation = 0;
    }
    rp_lead_head_set(&lead->lead, event->node, event->id);
    lead->lead.through = event->id;
    if (event->received_ms > lead->lead.updated_ms) {
        lead->lead.updated_ms = event->received_ms;
    }
    if (event->received_ms > lead->lead.judged_ms) {
        lead->lead.judged_ms = event->received_ms; /* its timers up to then were judged before it */
    }
    rp_core_dirty(core, lead);
    return 0;
}

static int take_nodes(struct rp_core *core, struct rp_err *err)
{
    int64_t last = rp_identity_newest(core->store);
    int64_t node = rp_store_meta(core->store, "watermark_node", 0) + 1;

    for (; node <= last; node++) {
        int64_t id = rp_identity_lead(core->store, node);
        struct rp_cached *lead;
        int status = id ? rp_core_lead(core, id, &lead, err) : 0;

        if (status != 0) {
            return status;
        }
        if (id && !rp_history_has_node(&lead->lead, node)) {
            rp_lead_head_set(&lead->lead, node, 0);
            rp_core_dirty(core, lead);
        }
    }
    return 0;
}

int rp_core_recover(struct rp_core *core, struct rp_err *err)
{
    struct rp_event_cursor *cursor = NULL;
    struct rp_event event;
    int64_t prev;
    int64_t after = rp_store_meta(core->store, "watermark", 0);
    int status;

    rp_cache_clear(&core->cache);
    rp_trails_clear(&core->trails);
    core->touched_count = core->dirty_count = core->writing_count = core->writing_at = 0;
    core->stats.watermark = after;
    core->newest_event = rp_event_newest(core->store);
    rp_dedup_rollback(core->store, core->newest_event);
    while ((status = rp_event_next(&core->arena, core->store, &cursor, after, &event, &prev, err)) >
           0) {
        status = take_row(core, &event, err);
        rp_arena_reset(&core->arena);
        if (status != 0) {
            break;
        }
    }
    rp_event_cursor_free(cursor);
    if (status == 0) {
        status = take_nodes(core, err);
    }
    for (size_t i = 0; i < core->touched_count && status == 0; i++) {
        status = rp_core_stage_on_record(core, &core->touched[i]->lead, err);
        rp_arena_reset(&core->arena);
    }
    if (status == 0) {
        status = rp_core_timers_load(core, err);
    }
    for (size_t i = 0; i < core->touched_count; i++) {
        core->touched[i]->lead.flags &= (uint16_t)~RP_LEAD_PINNED;
        rp_arena_reset(&core->arena);
    }
    core->touched_count = 0;
    if (status == 0) {
        status = rp_aside_load(core, err);
    }
    core->stale = status != 0;
    return status;
}
