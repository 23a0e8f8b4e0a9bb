/* SPDX-License-Identifier: MIT */
/* The writer's side of the rebuild sweep: starts workers for the generation in force, takes their
 * states in, remembers how far it came.
 *
 *   none ──step: meta says that leads are behind──▶ working ──all ranges taken in──▶ none, noted
 *   working ──halt (other rules)──▶ halted ──step──▶ working, from the first range
 *
 * A finished state is taken in when the lead has the same nodes with the same newest events as the
 * state, and is still of another generation; else whoever changed the lead has rebuilt it, or will
 * when it is written. Meta "swept_generation" is the last one that all leads were brought to,
 * "sweep_generation" the one under way and "sweep_range" its first range that is not done. */
#include "core/sweep.h"

#include "base/mem.h"
#include "core/core_priv.h"
#include "core/sweep_work.h"
#include "core/timers.h"
#include "store/scan.h"

#include <stdlib.h>

enum { RANGE_LEADS = 131072, STEP_BUSY_MS = 20, RETRY_MS = 5000 };

static int64_t ranges_of(int64_t leads_end)
{
    return (leads_end + RANGE_LEADS - 1) / RANGE_LEADS;
}

void rp_core_sweep_progress(const struct rp_core *core, struct rp_sweep_progress *ret_progress)
{
    *ret_progress = core->sweep.progress;
    if (core->sweep.work) {
        ret_progress->events += rp_sweep_work_events(core->sweep.work);
    }
}

void rp_core_sweep_traffic(struct rp_core *core)
{
    if (core->sweep.work) {
        rp_sweep_work_traffic(core->sweep.work);
    }
}

void rp_core_sweep_halt(struct rp_core *core)
{
    if (core->rules) { /* leads may become of several generations from now on */
        core->sweep.swept = 0;
        core->sweep.restart = true;
    }
    if (core->sweep.work) {
        rp_sweep_work_halt(core->sweep.work);
        core->sweep.halted = true;
        core->sweep.progress.active = false;
    }
}

void rp_core_sweep_stop(struct rp_core *core)
{
    rp_sweep_work_free(core->sweep.work);
    free(core->sweep.done);
    core->sweep.work = NULL;
    core->sweep.done = NULL;
    core->sweep.halted = false;
    core->sweep.progress.active = false;
}

/* ---- Beginning and ending ---------------------------------------------------------------------
 */

/* Whatever was swept before, leads are of several generations from now on. */
static int note_begun(struct rp_core *core, int64_t ranges, struct rp_err *err)
{
    int status = rp_store_begin(core->store, err);

    if (status == 0) {
        status = rp_store_meta_set(core->store, "swept_generation", 0, err);
    }
    if (status == 0) {
        status = rp_store_meta_set(core->store, "sweep_generation", core->rules->number, err);
    }
    if (status == 0) {
        status = rp_store_meta_set(core->store, "sweep_range", 0, err);
    }
    if (status == 0) {
        status = rp_store_meta_set(core->store, "sweep_ranges", ranges, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
    }
    return status;
}

static int begin(struct rp_core *core, struct rp_err *err)
{
    int status = 0;
    struct rp_core_sweep *sweep = &core->sweep;
    struct rp_sweep_options options = {
        .db_path = core->db_path,
        .generation = core->rules->number,
        .workers = sweep->workers,
        .range_leads = RANGE_LEADS,
        .leads_end = rp_scan_last_lead(core->store) + 1,
    };

    if (!sweep->restart &&
        rp_store_meta(core->store, "sweep_generation", 0) == core->rules->number) {
        options.first_range = rp_store_meta(core->store, "sweep_range", 0);
    } else {
        status = note_begun(core, ranges_of(options.leads_end), err);
    }
    if (status != 0) {
        return status;
    }
    sweep->swept = 0;
    sweep->restart = false;
    sweep->progress = (struct rp_sweep_progress){
        .generation = core->rules->number,
        .active = true,
        .leads = options.leads_end - 1,
        .started_ms = rp_clock_now(&core->clock),
    };
    sweep->ranges = ranges_of(options.leads_end);
    sweep->next_range = options.first_range;
    sweep->done = rp_calloc((size_t)sweep->ranges + 1, 1);
    return rp_sweep_work_start(&options, &sweep->work, err);
}

static int note_ended(struct rp_core *core, struct rp_err *err)
{
    int status = rp_store_begin(core->store, err);

    if (status == 0) {
        status = rp_store_meta_set(core->store, "swept_generation", core->rules->number, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
    }
    return status;
}

static int end(struct rp_core *core, struct rp_err *err)
{
    int status = note_ended(core, err);

    core->sweep.progress.events += rp_sweep_work_events(core->sweep.work);
    core->sweep.progress.ended_ms = rp_clock_now(&core->clock);
    core->sweep.progress.leads_done = core->sweep.progress.leads;
    rp_core_sweep_stop(core);
    core->sweep.swept = status == 0 ? core->rules->number : 0;
    return status;
}

/* ---- Taking in --------------------------------------------------------------------------------
 */

/* The state's heads are the nodes that have events. */
static bool same_events(const struct rp_lead *lead, const struct rp_lead *swept)
{
    size_t count;
    size_t other_count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);
    const struct rp_head *others = rp_lead_heads(swept, &other_count);
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (heads[i].event == 0) {
            continue;
        }
        if (at == other_count || others[at].node != heads[i].node ||
            others[at].event != heads[i].event) {
            return false;
        }
        at++;
    }
    return at == other_count;
}

static int take_lead(struct rp_core *core, const struct rp_lead *swept, struct rp_err *err)
{
    struct rp_cached *cached = rp_cache_find(&core->cache, swept->id);
    struct rp_cached loaded = {0};
    struct rp_cached *lead = cached ? cached : &loaded;
    const void *cells;
    uint32_t len;
    int status;

    rp_lead_init(&loaded.lead);
    status = cached ? rp_core_fresh(core, cached, err)
                    : rp_core_lead_load(core, swept->id, &loaded, err);
    if (status == RIPEN_ENOTFOUND) {
        status = 0; /* forgotten since */
        goto out;
    }
    if (status != 0 || lead->lead.generation == core->rules->number ||
        rp_aside_has(core, swept->id)) {
        goto out;
    }
    if (!same_events(&lead->lead, swept)) {
        core->sweep.progress.changed++;
        goto out;
    }
    cells = rp_lead_cells_fold(swept, &len);
    rp_lead_cells_fold_set(&lead->lead, cells, len);
    lead->lead.generation = core->rules->number;
    rp_trail_drop(&core->trails, swept->id);
    rp_core_timer_rederive(core, lead, rp_clock_now(&core->clock));
    core->sweep.progress.rebuilt++;
    if (cached) {
        rp_core_dirty(core, cached);
    } else {
        status = rp_core_save(core, &loaded, err);
    }
out:
    rp_lead_fini(&loaded.lead);
    return status;
}

static int note_range(struct rp_core *core, int64_t range, struct rp_err *err)
{
    struct rp_core_sweep *sweep = &core->sweep;
    int64_t done;

    sweep->done[range] = 1;
    while (sweep->next_range < sweep->ranges && sweep->done[sweep->next_range]) {
        sweep->next_range++;
    }
    done = sweep->next_range * RANGE_LEADS;
    sweep->progress.leads_done = done < sweep->progress.leads ? done : sweep->progress.leads;
    return rp_store_meta_set(core->store, "sweep_range", sweep->next_range, err);
}

static int take_in(struct rp_core *core, const struct rp_swept *swept, struct rp_err *err)
{
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < swept->count && status == 0; i++) {
        status = take_lead(core, &swept->leads[i], err);
    }
    if (status == 0 && swept->last) {
        status = note_range(core, swept->range, err);
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

/* Whether a sweep is under way or to be begun. */
static bool wanted(struct rp_core *core, int64_t now_ms)
{
    struct rp_core_sweep *sweep = &core->sweep;

    if (sweep->workers == 0 || !core->db_path || core->stale || !core->rules) {
        return false;
    }
    if (sweep->work && sweep->progress.generation != core->rules->number && !sweep->halted) {
        rp_core_sweep_halt(core);
    }
    if (sweep->halted) {
        if (!rp_sweep_work_ended(sweep->work)) {
            return false; /* the writer does not wait for them */
        }
        rp_core_sweep_stop(core);
    }
    if (sweep->work) {
        return true;
    }
    if (sweep->swept == core->rules->number ||
        (now_ms < sweep->retry_ms && sweep->retry_ms - now_ms <= RETRY_MS)) {
        return false;
    }
    if (!sweep->restart &&
        rp_store_meta(core->store, "swept_generation", 0) == core->rules->number) {
        sweep->swept = core->rules->number;
        return false;
    }
    return true;
}

bool rp_core_sweep_step(struct rp_core *core, bool busy)
{
    struct rp_core_sweep *sweep = &core->sweep;
    int64_t now_ms = rp_clock_now(&core->clock);
    struct rp_swept *swept;
    bool ended = false;
    int failed = 0;
    int status;

    if (!wanted(core, now_ms)) {
        return false;
    }
    if (busy && now_ms >= sweep->step_ms && now_ms - sweep->step_ms < STEP_BUSY_MS) {
        return false;
    }
    sweep->step_ms = now_ms;
    if (!sweep->work) {
        status = begin(core, NULL);
        if (status != 0) {
            rp_core_sweep_stop(core);
            sweep->retry_ms = now_ms + RETRY_MS;
        }
        return false;
    }
    swept = rp_sweep_work_take(sweep->work, &failed, &ended);
    status = swept ? take_in(core, swept, NULL) : failed;
    if (status != 0) { /* the disk, mostly: begins again, from the range that is not done */
        rp_core_sweep_stop(core);
        sweep->retry_ms = now_ms + RETRY_MS;
    } else if (ended) {
        status = end(core, NULL);
    }
    rp_swept_free(swept);
    return swept && status == 0;
}
