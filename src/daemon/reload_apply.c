/* SPDX-License-Identifier: MIT */
/* A candidate's way to the writer, the only one who may change what is in force and in the store:
 * swapped in when it is ready, kept with its reason when it was held or refused. Knows the core and
 * generations; must not know who waits. */
#include "base/log.h"
#include "base/mem.h"
#include "daemon/reload_priv.h"
#include "store/generations.h"

#include <stdlib.h>

static int swap(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct rp_attempt *attempt = ctx;
    int status = rp_core_swap(core, &attempt->candidate.ready, err);

    attempt->number = status == 0 ? rp_core_active(core)->number : 0;
    return status;
}

static int keep(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct rp_attempt *attempt = ctx;
    struct rp_candidate *c = &attempt->candidate;
    struct rp_store *store = rp_core_store(core);
    struct rp_generation_new row = {
        .hash = rp_str_from(c->hash),
        .sources = rp_files_pack(&c->arena, &c->files),
        .author = c->said_author,
        .reason = c->reason,
        .findings = c->findings,
        .effect = c->effect,
        .disabled = c->disabled,
    };
    int status = rp_store_begin(store, err);

    if (status != 0) {
        return status;
    }
    status = rp_generation_keep(store, &row,
                                c->result == RP_CANDIDATE_HELD ? RP_RESULT_HELD : RP_RESULT_REFUSED,
                                c->now_ms, &attempt->number, err);
    if (status == 0 && !c->stored) {
        status = rp_store_meta_set(store, RP_META_DISK_GENERATION, attempt->number, err);
    }
    if (status == 0) {
        status = rp_store_commit(store, err);
    }
    if (status != 0) {
        rp_store_rollback(store);
    }
    return status;
}

/* The old generation is freed where nobody waits for it. */
struct old {
    uv_work_t work;
    struct rp_ready *ready;
};

static void free_old(uv_work_t *work)
{
    struct old *old = work->data;

    rp_ready_free(old->ready);
}

static void old_freed(uv_work_t *work, int status)
{
    (void)status;
    free(work->data);
}

static void let_go(struct rp_reload *reload, struct rp_ready *ready)
{
    struct old *old = rp_calloc(1, sizeof(*old));

    old->ready = ready;
    old->work.data = old;
    RP_ASSERT(uv_queue_work(reload->options.loop, &old->work, free_old, old_freed) == 0);
}

static void on_swapped(struct rp_errand *errand)
{
    struct rp_attempt *attempt = errand->ctx;
    struct rp_reload *reload = attempt->reload;
    struct rp_candidate *c = &attempt->candidate;
    struct rp_reload_stats *stats = &reload->stats;

    if (errand->status != 0) {
        c->result = RP_CANDIDATE_FAILED;
        c->status = errand->status;
        c->reason = rp_arena_str(&c->arena, rp_str_from(errand->err.text));
        reload->sight[0] = '\0'; /* the next sweep tries again */
        rp_attempt_end(attempt);
        return;
    }
    reload->active.number = attempt->number;
    memcpy(reload->active.hash, c->hash, sizeof(c->hash));
    reload->active.rules = c->rules;
    stats->swap_us = errand->took_us;
    stats->swap_max_us =
        errand->took_us > stats->swap_max_us ? errand->took_us : stats->swap_max_us;
    stats->edit_us = rp_mono_us() - attempt->noticed_us;
    if (c->ready) {
        let_go(reload, c->ready);
        c->ready = NULL;
    }
    rp_attempt_end(attempt);
}

static void on_kept(struct rp_errand *errand)
{
    struct rp_attempt *attempt = errand->ctx;

    if (errand->status != 0) {
        rp_log(RP_LOG_WARN, "rules", "problem=\"what became of them was not kept: %s\"",
               errand->err.text);
    }
    rp_attempt_end(attempt);
}

static void ask_writer(struct rp_attempt *attempt,
                       int (*run)(struct rp_core *core, void *ctx, struct rp_err *err),
                       void (*done)(struct rp_errand *errand))
{
    attempt->errand = (struct rp_errand){.run = run, .done = done, .ctx = attempt};
    rp_writer_ask(attempt->reload->options.writer, &attempt->errand);
}

void rp_attempt_swap(struct rp_attempt *attempt)
{
    ask_writer(attempt, swap, on_swapped);
}

void rp_attempt_keep(struct rp_attempt *attempt)
{
    ask_writer(attempt, keep, on_kept);
}
