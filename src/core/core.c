/* SPDX-License-Identifier: MIT */
/* Opens and closes a core, and the outbox's transactions. Owns the store, the active rules (put in
 * force by rules.c) and the cache; creates in order and frees in reverse. */
#include "core/core.h"

#include "base/limits.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/outgoing.h"
#include "store/dedup.h"
#include "store/events.h"

#include <stdlib.h>

/* The store is ours alone: whoever leased actions before has ended without a word, perhaps killed.
 */
static int end_leases(struct rp_core *core, struct rp_err *err)
{
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    status = rp_outbox_end_leases(core->store, rp_clock_now(&core->clock), err);
    if (status == 0) {
        status = rp_core_outgoing_open(core, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
    }
    return status;
}

int rp_core_open(const struct rp_core_options *options, struct rp_core **ret_core,
                 struct rp_err *err)
{
    struct rp_core *core = rp_calloc(1, sizeof(*core));
    int status;

    core->clock = options->clock;
    core->hits_owed = true; /* as far as we know */
    core->no_actions = options->no_actions;
    core->dry_run = options->dry_run;
    core->lent_rules = options->lent_rules;
    rp_arena_init(&core->arena);
    rp_arena_init(&core->history_arena);
    rp_arena_init(&core->stage_arena);
    rp_cache_init(&core->cache, RP_LEADS_CACHED_MAX);
    rp_trails_init(&core->trails, RP_TRAILS_BYTES_MAX);
    core->aside.enabled = options->set_aside;
    core->sweep.workers = options->sweep_workers;
    core->db_path = options->mode == RP_STORE_SERVE ? rp_strdup(options->db_path) : NULL;
    status = rp_store_open(options->db_path, options->mode, &core->store, err);
    if (status == 0) {
        rp_core_retention_init(core, options->retention_ms);
        status = rp_dedup_open(core->store, err);
    }
    if (status == 0) {
        status = end_leases(core, err);
    }
    if (status != 0) {
        rp_core_close(core);
        return status;
    }
    *ret_core = core;
    return 0;
}

void rp_core_close(struct rp_core *core)
{
    if (!core) {
        return;
    }
    if (core->rules && !core->stale) {
        (void)rp_core_flush(core,
                            NULL); /* what is not written now is recovered at the next start */
    }
    rp_core_sweep_stop(core);
    rp_core_drop_rules(core);
    free(core->db_path);
    rp_aside_fini(&core->aside);
    rp_trails_fini(&core->trails);
    rp_cache_fini(&core->cache);
    rp_timer_heap_clear(&core->timers);
    rp_arena_fini(&core->arena);
    rp_arena_fini(&core->history_arena);
    free(core->touched);
    free(core->seen);
    free(core->dirty);
    free(core->writing);
    rp_store_close(core->store);
    free(core);
}

struct rp_store *rp_core_store(struct rp_core *core)
{
    return core->store;
}

static int in_transaction(struct rp_core *core,
                          int (*work)(struct rp_core *core, void *ctx, struct rp_err *err),
                          void *ctx, struct rp_err *err)
{
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    status = work(core, ctx, err);
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
    }
    return status;
}

struct claim {
    struct rp_arena *arena;
    enum rp_outbox_way way;
    int64_t lease_ms;
    size_t max;
    struct rp_outbox_row **rows;
    size_t *count;
};

static int claim_rows(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct claim *claim = ctx;
    int64_t now = rp_clock_now(&core->clock);

    int status;

    if (rp_pauses_all(&core->pauses)) {
        return 0;
    }
    status = rp_outbox_claim(claim->arena, core->store, claim->way, now, now + claim->lease_ms,
                             claim->max, claim->rows, claim->count, err);
    return status == 0
               ? rp_core_outgoing_leased(core, claim->arena, *claim->rows, claim->count, now, err)
               : status;
}

int rp_core_outbox_claim(struct rp_core *core, struct rp_arena *arena, enum rp_outbox_way way,
                         int64_t lease_ms, size_t max, struct rp_outbox_row **ret_rows,
                         size_t *ret_count, struct rp_err *err)
{
    struct claim claim = {arena, way, lease_ms, max, ret_rows, ret_count};
    /* What may go out is asked of the leads, and a run that failed left them as they never were. */
    int status = core->stale && core->rules ? rp_core_recover(core, err) : 0;

    *ret_count = 0;
    return status == 0 ? in_transaction(core, claim_rows, &claim, err) : status;
}

struct finish {
    const struct rp_outbox_result *results;
    size_t count;
};

static int finish_rows(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct finish *finish = ctx;
    int64_t now = rp_clock_now(&core->clock);

    for (size_t i = 0; i < finish->count; i++) {
        const struct rp_outbox_result *r = &finish->results[i];
        int status = rp_outbox_finish(core->store, r->id, r->outcome, r->http_status, r->error,
                                      r->due_ms, now, err);

        /* ENOTFOUND: forgotten while it was on its way. EDENIED: cancelled, or its lease had ended
         * and another attempt has decided. The other rows' results count all the same. */
        if (status == 0) {
            status = rp_core_outgoing_ended(core, r, now, err);
        }
        if (status != 0 && status != RIPEN_ENOTFOUND && status != RIPEN_EDENIED) {
            return status;
        }
    }
    return 0;
}

int rp_core_outbox_finish(struct rp_core *core, const struct rp_outbox_result *results,
                          size_t count, struct rp_err *err)
{
    struct finish finish = {results, count};

    return count ? in_transaction(core, finish_rows, &finish, err) : 0;
}

void rp_core_stats(const struct rp_core *core, struct rp_core_stats *ret_stats)
{
    *ret_stats = core->stats;
    ret_stats->leads_cached = core->cache.count;
    ret_stats->leads_aside = core->aside.lead_count;
    rp_core_sweep_progress(core, &ret_stats->sweep);
    ret_stats->leads_dirty = core->dirty_count + core->writing_count - core->writing_at;
    ret_stats->newest_event = core->newest_event;
    ret_stats->timers_pending = core->timers.count;
    ret_stats->timer_lag_ms = rp_core_timers_lag(core, rp_clock_now(&core->clock));
}
