/* SPDX-License-Identifier: MIT */
/* Write-behind: leads that changed are written in cycles, in id order, a portion within each
 * ordinary transaction. When all leads that were dirty at the start of a cycle are written, the
 * watermark moves to the event that was newest then: everything up to it is in the states.
 *
 *   idle ──begin_cycle──▶ writing ──write_portion (last lead)──▶ idle, watermark moved
 *
 * A lead that changes again while it waits in a cycle is written in its newer form; its `through`
 * tells recovery which rows it holds already. */
#include "base/buf.h"
#include "base/json_write.h"
#include "core/assign.h"
#include "core/core_priv.h"
#include "core/hits.h"
#include "store/dedup.h"
#include "store/states.h"

#include <stdlib.h>

enum {
    CYCLE_EVENTS = 200000,
    CYCLE_MS = 1000,
    CYCLE_MS_BUSY = 5000,
    BUSY_LEADS = 2000,
    IDLE_PORTION = 512,
    COUNTS_PORTION = 256, /* rules a cycle */
    CHECKPOINT_PAGES = 2000
};

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void begin_cycle(struct rp_core *core)
{
    int64_t *swap = core->writing;
    size_t swap_cap = core->writing_cap;

    core->writing = core->dirty;
    core->writing_cap = core->dirty_cap;
    core->writing_count = core->dirty_count;
    core->writing_at = 0;
    core->dirty = swap;
    core->dirty_cap = swap_cap;
    core->dirty_count = 0;
    core->cycle_event = core->newest_event;
    core->cycle_node = rp_identity_newest(core->store);
    core->cycle_started_ms = rp_clock_now(&core->clock);
    for (size_t i = 0; i < core->writing_count; i++) {
        uint16_t *flags = rp_cache_flags(&core->cache, core->writing[i]);

        if (flags) { /* merged away meanwhile: its row is gone already */
            *flags = (uint16_t)((*flags & ~RP_LEAD_DIRTY) | RP_LEAD_WRITING);
        }
    }
    qsort(core->writing, core->writing_count, sizeof(*core->writing), by_id);
}

static void put_field(struct rp_core *core, const struct rp_lead *lead, struct rp_jw *jw,
                      const char *key, uint32_t field)
{
    struct rp_str text;

    if (field != RP_NONE && rp_lead_field(&core->fold, lead, field, 0, &text) && text.len > 0) {
        rp_jw_put_str(jw, key, text);
    }
}

/* The userId stands on a node, not in the traits. */
static void put_user(struct rp_core *core, const struct rp_lead *lead, struct rp_jw *jw)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);

    for (size_t i = 0; i < count; i++) {
        struct rp_identity node;

        if (rp_identity_get(&core->arena, core->store, heads[i].node, &node, NULL) == 0 &&
            node.kind == RP_NODE_USER) {
            rp_jw_put_str(jw, "userId", node.value);
            return;
        }
    }
}

static void put_scores(struct rp_core *core, const struct rp_lead *lead, int64_t now_ms,
                       struct rp_jw *jw)
{
    rp_jw_object(jw);
    for (uint32_t dim = 0; dim < core->rules->dim_count; dim++) {
        rp_jw_key_str(jw, core->rules->dims[dim].name);
        rp_jw_milli(jw, rp_lead_score(&core->fold, lead, core->fold.model, dim, now_ms));
    }
    rp_jw_object_end(jw);
}

int rp_core_complete(struct rp_core *core, struct rp_cached *cached, struct rp_err *err)
{
    struct rp_lead *lead = &cached->lead;
    uint32_t generation = lead->generation;
    struct rp_history history;
    int status;

    if (lead->generation == core->rules->number || rp_aside_has(core, lead->id)) {
        return 0;
    }
    rp_trail_drop(&core->trails, lead->id);
    status = rp_history_load(&core->history_arena, core->store, lead, NULL, 0, &history, err);
    if (status == 0) {
        rp_history_fold(&core->fold, lead, &history, INT64_MAX, NULL, NULL);
        core->stats.refolds++;
        rp_core_timer_rebuilt(core, cached, generation, rp_clock_now(&core->clock));
    }
    rp_arena_reset(&core->history_arena);
    return status;
}

int rp_core_save(struct rp_core *core, struct rp_cached *cached, struct rp_err *err)
{
    static const struct {
        const char *key, *field;
    } profile[] = {
        {"email", "lead.email"}, {"first_name", "lead.first_name"}, {"last_name", "lead.last_name"},
        {"title", "lead.title"}, {"company", "lead.company.name"},
    };
    struct rp_lead *lead = &cached->lead;
    struct rp_buf scores = {0};
    struct rp_buf people = {0};
    struct rp_jw jw = rp_jw(&scores);
    struct rp_jw pw = rp_jw(&people);
    struct rp_state_summary summary = {.scored_ms = lead->updated_ms};
    int status = rp_core_complete(core, cached, err);

    if (status != 0) {
        return status;
    }
    rp_core_act_as(core, lead);
    put_scores(core, lead, summary.scored_ms, &jw);
    rp_jw_object(&pw);
    put_user(core, lead, &pw);
    for (size_t i = 0; i < RP_COUNT(profile); i++) {
        put_field(core, lead, &pw, profile[i].key,
                  rp_rules_field(core->rules, rp_str_from(profile[i].field)));
    }
    rp_jw_object_end(&pw);
    summary.scores = rp_buf_view(&scores);
    summary.profile = rp_buf_view(&people);
    summary.total = rp_lead_score(&core->fold, lead, core->fold.model, RP_NONE, summary.scored_ms);
    summary.grade = rp_lead_grade(&core->fold, lead, core->fold.model, summary.scored_ms);
    if (lead->stage != RP_STAGE_NONE) {
        summary.stage = core->rules->stages[lead->stage].name;
    }
    summary.status = rp_status_name(core->rules, lead);
    status = rp_state_save(core->store, lead, &summary, err);
    if (status == 0) {
        status = rp_core_timer_save(core, cached, err);
    }
    rp_buf_fini(&people);
    rp_buf_fini(&scores);
    return status;
}

static int end_cycle(struct rp_core *core, struct rp_err *err)
{
    int status = rp_store_meta_set(core->store, "watermark", core->cycle_event, err);

    if (status == 0) {
        status = rp_store_meta_set(core->store, "watermark_node", core->cycle_node, err);
    }
    if (status == 0) {
        status = rp_core_counts_write(core, COUNTS_PORTION, err);
    }
    core->writing_count = core->writing_at = 0;
    core->stats.watermark = core->cycle_event;
    return status;
}

/* A second after the last one began; under load later, since most leads change again meanwhile. */
static bool cycle_due(const struct rp_core *core)
{
    int64_t age_ms = rp_clock_now(&core->clock) - core->cycle_started_ms;

    return core->dirty_count > 0 &&
           (age_ms < 0 || age_ms >= CYCLE_MS_BUSY || /* < 0: the clock was put back */
            (age_ms >= CYCLE_MS && core->dirty_count <= BUSY_LEADS) ||
            core->newest_event - core->stats.watermark >= CYCLE_EVENTS);
}

int rp_core_write_portion(struct rp_core *core, size_t leads_max, struct rp_err *err)
{
    if (core->writing_at == core->writing_count) {
        if (!cycle_due(core)) {
            return 0;
        }
        begin_cycle(core);
    }
    for (size_t i = 0; i < leads_max && core->writing_at < core->writing_count; i++) {
        struct rp_cached *lead = rp_cache_find(&core->cache, core->writing[core->writing_at++]);
        int status;

        if (!lead || lead->merged || !(lead->lead.flags & RP_LEAD_WRITING)) {
            continue;
        }
        lead->lead.flags &= (uint16_t)~RP_LEAD_WRITING;
        status = rp_core_fresh(core, lead, err);
        status = status == 0 ? rp_core_save(core, lead, err) : status;
        if (status != 0) {
            return status;
        }
    }
    return core->writing_at == core->writing_count ? end_cycle(core, err) : 0;
}

static int one_portion(struct rp_core *core, struct rp_err *err)
{
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    status = rp_core_write_portion(core, IDLE_PORTION, err);
    if (status == 0) {
        status = rp_dedup_flush(core->store, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        core->stale = true;
    }
    rp_arena_reset(&core->arena);
    return status;
}

bool rp_core_idle(struct rp_core *core)
{
    if (core->stale || !core->rules) {
        return false;
    }
    if (core->writing_at == core->writing_count && !cycle_due(core)) {
        if (rp_core_hits_step(core) || rp_core_assign_step(core) || rp_aside_step(core, false) ||
            rp_core_sweep_step(core, false) || rp_core_retention_step(core)) {
            return true;
        }
        rp_store_checkpoint(core->store, CHECKPOINT_PAGES);
        return false;
    }
    return one_portion(core, NULL) == 0;
}

int rp_core_flush(struct rp_core *core, struct rp_err *err)
{
    int status = core->stale ? rp_core_recover(core, err) : 0;

    while (status == 0 && (core->dirty_count > 0 || core->writing_at < core->writing_count)) {
        core->cycle_started_ms = INT64_MIN / 2;
        status = one_portion(core, err);
    }
    return status == 0 ? rp_core_counts_save(core, err) : status;
}
