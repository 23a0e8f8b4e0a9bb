/* SPDX-License-Identifier: MIT */
/* From a reason to look to a generation in force:
 *
 *   ask ──▶ coalesce ──▶ candidate on a worker ─┬─▶ ready ──▶ swapped on the writer ──▶ answer
 *              ▲                                ├─▶ held, refused ──▶ kept in the store ──▶ answer
 *              └──────────────── unsettled ◀────┴─▶ unchanged, failed ──▶ answer
 *
 * `under_way` is the candidate from its beginning to its answer: as long as there is one no other
 * begins. What is asked meanwhile waits for the next. */
#include "base/log.h"
#include "base/mem.h"
#include "daemon/reload_priv.h"

#include <stdio.h>
#include <stdlib.h>

enum { SWEEP_MS = 2000, PATIENCE_MS = 10000 };

struct sweep {
    struct rp_reload *reload;
    struct rp_arena arena;
    struct rp_sight sight;
    uv_work_t work;
};

static void go_on(struct rp_reload *reload);

static int64_t now_ms(const struct rp_reload *reload)
{
    return (int64_t)uv_now(reload->options.loop);
}

static void answer(struct rp_waiter *waiter, int status, struct rp_str json)
{
    if (waiter->ask.answer) {
        waiter->ask.answer(waiter->ask.ctx, status, json);
    }
    free(waiter->author);
    free(waiter->disable);
    free(waiter->reason);
    free(waiter);
}

static void count_end(struct rp_reload *reload, enum rp_candidate_result result)
{
    struct rp_reload_stats *stats = &reload->stats;

    stats->active += result == RP_CANDIDATE_READY;
    stats->unchanged += result == RP_CANDIDATE_UNCHANGED;
    stats->held += result == RP_CANDIDATE_HELD;
    stats->refused += result == RP_CANDIDATE_REFUSED;
    stats->failed += result == RP_CANDIDATE_FAILED;
    stats->last_ms = rp_clock_now(&reload->options.clock);
}

static void free_attempt(struct rp_attempt *attempt)
{
    rp_candidate_fini(&attempt->candidate);
    free(attempt);
}

/* The configuration in force stands on the candidate's arena: it is kept, and the last one's freed.
 */
static void keep_config_arena(struct rp_reload *reload, struct rp_candidate *c)
{
    struct rp_arena old = reload->config_arena;

    reload->config_arena = c->arena;
    rp_arena_init(&c->arena);
    rp_arena_fini(&old);
}

void rp_attempt_end(struct rp_attempt *attempt)
{
    struct rp_reload *reload = attempt->reload;
    int status = rp_attempt_status(&attempt->candidate);
    struct rp_buf out = {0};

    rp_attempt_answer(attempt, &out);
    rp_attempt_log(attempt);
    count_end(reload, attempt->candidate.result);
    if (attempt->candidate.result != RP_CANDIDATE_UNCHANGED) {
        rp_buf_reset(&reload->last);
        rp_buf_str(&reload->last, rp_buf_view(&out));
    }
    reload->under_way = NULL;
    if (attempt->waiter) {
        answer(attempt->waiter, status, rp_buf_view(&out));
    } else {
        rp_coalesce_done(&reload->coalesce, now_ms(reload), false);
        while (reload->disk && reload->disk->load <= reload->coalesce.loads) {
            struct rp_waiter *waiter = reload->disk;

            reload->disk = waiter->next;
            reload->disk_end = reload->disk ? reload->disk_end : &reload->disk;
            answer(waiter, status, rp_buf_view(&out));
        }
    }
    rp_buf_fini(&out);
    if (attempt->candidate.config && reload->active.config == attempt->candidate.config) {
        keep_config_arena(reload, &attempt->candidate);
    }
    free_attempt(attempt);
    go_on(reload);
}

/* ---- A candidate that was built -------------------------------------------------------------- */

static bool take_config(struct rp_reload *reload, struct rp_candidate *c)
{
    struct rp_err err = {0};

    if (!c->config) {
        return true;
    }
    if (reload->options.configure(reload->options.ctx, c->config, &err) != 0) {
        c->reason = rp_arena_printf(&c->arena, "the configuration cannot be used: %s", err.text);
        c->result = RP_CANDIDATE_REFUSED;
        return false;
    }
    reload->active.config = c->config;
    return true;
}

static void unsettled(struct rp_attempt *attempt)
{
    struct rp_reload *reload = attempt->reload;

    if (reload->unsettled_ms == 0) {
        reload->unsettled_ms = now_ms(reload);
    }
    reload->noticed_us = attempt->noticed_us;
    reload->under_way = NULL;
    rp_coalesce_done(&reload->coalesce, now_ms(reload), true);
    free_attempt(attempt);
    go_on(reload);
}

static void note_disk(struct rp_reload *reload, const struct rp_candidate *c)
{
    reload->unsettled_ms = 0;
    if (c->result == RP_CANDIDATE_FAILED) {
        return;
    }
    memcpy(reload->sight, c->sight.hash, sizeof(reload->sight));
    if (c->files.count > 0) {
        memcpy(reload->active.disk_hash, c->hash, sizeof(c->hash));
    }
    rp_watch_set(reload->watch, &c->sight);
}

static void on_built(uv_work_t *work, int work_status)
{
    struct rp_attempt *attempt = work->data;
    struct rp_reload *reload = attempt->reload;
    struct rp_candidate *c = &attempt->candidate;

    (void)work_status;
    uv_update_time(reload->options.loop);
    if (reload->stopped) {
        if (attempt->waiter) {
            answer(attempt->waiter, 503, RP_STR("{\"result\":\"stopping\"}"));
        }
        reload->under_way = NULL;
        free_attempt(attempt);
        return;
    }
    if (!c->stored && c->result == RP_CANDIDATE_UNSETTLED) {
        unsettled(attempt);
        return;
    }
    if (!c->stored) {
        note_disk(reload, c);
    }
    if ((c->result == RP_CANDIDATE_READY || c->result == RP_CANDIDATE_UNCHANGED) &&
        !take_config(reload, c)) {
        rp_ready_free(c->ready);
        c->ready = NULL;
    }
    switch (c->result) {
    case RP_CANDIDATE_READY:
        reload->stats.load_us = rp_mono_us() - attempt->began_us;
        rp_log(RP_LOG_INFO, "rules", "about_to=activate author=\"%.*s\" effect=\"%.*s\"",
               RP_STR_ARG(c->said_author), RP_STR_ARG(c->effect));
        rp_attempt_swap(attempt);
        break;
    case RP_CANDIDATE_HELD:
    case RP_CANDIDATE_REFUSED:
        if (c->files.count > 0) {
            rp_attempt_keep(attempt);
            break;
        }
        rp_attempt_end(attempt);
        break;
    case RP_CANDIDATE_UNCHANGED:
    case RP_CANDIDATE_UNSETTLED:
    case RP_CANDIDATE_FAILED:
        rp_attempt_end(attempt);
        break;
    }
}

static void build(uv_work_t *work)
{
    struct rp_attempt *attempt = work->data;

    rp_candidate_build(&attempt->candidate);
}

/* ---- Beginning ------------------------------------------------------------------------------- */

static struct rp_attempt *attempt_new(struct rp_reload *reload)
{
    struct rp_attempt *attempt = rp_calloc(1, sizeof(*attempt));

    attempt->reload = reload;
    attempt->work.data = attempt;
    attempt->began_us = rp_mono_us();
    attempt->noticed_us = attempt->began_us;
    attempt->candidate = (struct rp_candidate){
        .db_path = reload->options.db_path,
        .rules_dir = reload->options.rules_dir,
        .config_path = reload->options.config_path,
        .active = &reload->active,
        .guards = reload->options.guards,
        .now_ms = rp_clock_now(&reload->options.clock),
        .author = RP_STR(""),
    };
    return attempt;
}

static void begin(struct rp_reload *reload, struct rp_attempt *attempt)
{
    reload->under_way = attempt;
    RP_ASSERT(uv_queue_work(reload->options.loop, &attempt->work, build, on_built) == 0);
}

static void put_author(struct rp_attempt *attempt, const struct rp_waiter *waiter)
{
    (void)snprintf(attempt->author, sizeof(attempt->author), "%s", waiter->author);
    attempt->candidate.author = rp_str_from(attempt->author);
}

static void begin_stored(struct rp_reload *reload)
{
    struct rp_attempt *attempt = attempt_new(reload);
    struct rp_waiter *waiter = reload->stored;

    reload->stored = waiter->next;
    reload->stored_end = reload->stored ? reload->stored_end : &reload->stored;
    attempt->waiter = waiter;
    attempt->candidate.stored = true;
    attempt->candidate.generation = waiter->ask.generation;
    /* Back to what was in force before: the guards let it through once. */
    attempt->candidate.force = waiter->ask.force || waiter->ask.generation == 0;
    attempt->candidate.disable = waiter->ask.disable;
    attempt->candidate.disable_reason = waiter->ask.reason;
    put_author(attempt, waiter);
    begin(reload, attempt);
}

static void begin_disk(struct rp_reload *reload)
{
    struct rp_attempt *attempt = attempt_new(reload);
    struct rp_candidate *c = &attempt->candidate;

    for (struct rp_waiter *w = reload->disk; w && w->load <= reload->coalesce.loads; w = w->next) {
        c->explicit_ask = true;
        c->force = c->force || w->ask.force;
        if (c->author.len == 0) {
            put_author(attempt, w);
        }
    }
    c->impatient = reload->unsettled_ms > 0 && now_ms(reload) - reload->unsettled_ms >= PATIENCE_MS;
    attempt->noticed_us = reload->noticed_us ? reload->noticed_us : attempt->began_us;
    reload->noticed_us = 0;
    begin(reload, attempt);
}

static void on_due(uv_timer_t *timer)
{
    go_on(timer->data);
}

/* Begins what can begin, or sets the timer to when it can. */
static void go_on(struct rp_reload *reload)
{
    int64_t wait_ms;

    if (reload->stopped || reload->under_way) {
        return;
    }
    if (reload->stored) {
        begin_stored(reload);
    } else if (rp_coalesce_begin(&reload->coalesce, now_ms(reload))) {
        begin_disk(reload);
    } else {
        wait_ms = rp_coalesce_wait_ms(&reload->coalesce, now_ms(reload));
        if (wait_ms >= 0) {
            uv_timer_start(&reload->due, on_due, (uint64_t)wait_ms + 1, 0);
        }
    }
}

static uint64_t notice(struct rp_reload *reload, bool urgent)
{
    uint64_t load;

    uv_update_time(reload->options.loop);
    load = rp_coalesce_ask(&reload->coalesce, now_ms(reload), urgent);
    if (reload->noticed_us == 0) {
        reload->noticed_us = rp_mono_us();
    }
    go_on(reload);
    return load;
}

static char *copy_text(struct rp_str text)
{
    return rp_strndup(text.ptr ? text.ptr : "", text.len);
}

void rp_reload_ask(struct rp_reload *reload, const struct rp_reload_ask *ask)
{
    struct rp_waiter *waiter;

    if (reload->stopped) {
        if (ask->answer) {
            ask->answer(ask->ctx, 503, RP_STR("{\"result\":\"stopping\"}"));
        }
        return;
    }
    waiter = rp_calloc(1, sizeof(*waiter));
    waiter->ask = *ask;
    waiter->author = copy_text(ask->author);
    waiter->disable = copy_text(ask->disable);
    waiter->reason = copy_text(ask->reason);
    waiter->ask.author.ptr = waiter->author;
    waiter->ask.disable.ptr = waiter->disable;
    waiter->ask.reason.ptr = waiter->reason;
    if (ask->stored) {
        *reload->stored_end = waiter;
        reload->stored_end = &waiter->next;
        go_on(reload);
        return;
    }
    waiter->load = reload->coalesce.loads + 1; /* what rp_coalesce_ask will say */
    *reload->disk_end = waiter;
    reload->disk_end = &waiter->next;
    (void)notice(reload, true);
}

/* ---- Watching -------------------------------------------------------------------------------- */

static void on_changed(void *ctx)
{
    struct rp_reload *reload = ctx;

    if (!reload->stopped) {
        (void)notice(reload, false);
    }
}

static void look(uv_work_t *work)
{
    struct sweep *sweep = work->data;
    const struct rp_reload_options *options = &sweep->reload->options;

    rp_sight_take(&sweep->arena, options->rules_dir, options->config_path, false, &sweep->sight);
}

static void on_looked(uv_work_t *work, int status)
{
    struct sweep *sweep = work->data;
    struct rp_reload *reload = sweep->reload;

    (void)status;
    reload->sweeping = false;
    if (!reload->stopped && !reload->under_way && reload->coalesce.state == RP_COALESCE_IDLE &&
        strcmp(sweep->sight.hash, reload->sight) != 0) {
        (void)notice(reload, false);
    }
    rp_arena_fini(&sweep->arena);
    free(sweep);
}

static void on_sweep(uv_timer_t *timer)
{
    struct rp_reload *reload = timer->data;
    struct sweep *sweep;

    if (reload->sweeping || reload->under_way) {
        return;
    }
    sweep = rp_calloc(1, sizeof(*sweep));
    sweep->reload = reload;
    sweep->work.data = sweep;
    rp_arena_init(&sweep->arena);
    reload->sweeping = true;
    RP_ASSERT(uv_queue_work(reload->options.loop, &sweep->work, look, on_looked) == 0);
}

/* ---- Life ------------------------------------------------------------------------------------ */

struct rp_reload *rp_reload_new(const struct rp_reload_options *options)
{
    struct rp_reload *reload = rp_calloc(1, sizeof(*reload));
    struct rp_arena arena;
    struct rp_sight sight;

    reload->options = *options;
    reload->active = options->start;
    reload->disk_end = &reload->disk;
    reload->stored_end = &reload->stored;
    rp_arena_init(&reload->config_arena);
    reload->watch = rp_watch_new(options->loop, on_changed, reload);
    rp_arena_init(&arena);
    rp_sight_take(&arena, options->rules_dir, options->config_path, false, &sight);
    rp_watch_set(reload->watch, &sight);
    rp_arena_fini(&arena);
    uv_timer_init(options->loop, &reload->due);
    uv_timer_init(options->loop, &reload->sweep_timer);
    reload->due.data = reload->sweep_timer.data = reload;
    uv_timer_start(&reload->sweep_timer, on_sweep, SWEEP_MS, SWEEP_MS);
    /* The files were read before they were watched: a look finds what changed between. */
    (void)notice(reload, false);
    return reload;
}

static void answer_all(struct rp_waiter *waiter)
{
    while (waiter) {
        struct rp_waiter *next = waiter->next;

        answer(waiter, 503, RP_STR("{\"result\":\"stopping\"}"));
        waiter = next;
    }
}

void rp_reload_stop(struct rp_reload *reload)
{
    reload->stopped = true;
    rp_watch_free(reload->watch);
    reload->watch = NULL;
    uv_close((uv_handle_t *)&reload->due, NULL);
    uv_close((uv_handle_t *)&reload->sweep_timer, NULL);
    answer_all(reload->stored);
    answer_all(reload->disk);
    reload->stored = reload->disk = NULL;
}

void rp_reload_free(struct rp_reload *reload)
{
    if (!reload) {
        return;
    }
    if (reload->under_way) { /* its errand was run, and nobody was there to hear of it */
        if (reload->under_way->waiter) {
            answer(reload->under_way->waiter, 503, RP_STR("{\"result\":\"stopping\"}"));
        }
        free_attempt(reload->under_way);
    }
    rp_arena_fini(&reload->config_arena);
    rp_buf_fini(&reload->last);
    free(reload);
}

const struct rp_in_force *rp_reload_active(const struct rp_reload *reload)
{
    return &reload->active;
}

void rp_reload_stats(const struct rp_reload *reload, struct rp_reload_stats *ret_stats)
{
    *ret_stats = reload->stats;
    ret_stats->busy = reload->under_way != NULL;
    ret_stats->blind = reload->watch && rp_watch_is_blind(reload->watch);
}

struct rp_str rp_reload_last(const struct rp_reload *reload)
{
    return rp_buf_view(&reload->last);
}
