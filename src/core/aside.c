/* SPDX-License-Identifier: MIT */
/* The list of leads set aside, what each lead's late events cost, and the job that catches up with
 * one of them after the other.
 *
 *   none ──begin──▶ reading ──all rows──▶ folding ──all events──▶ judging ──all judged──▶ none
 *
 * A job works on the lead as it was when it began: events that come meanwhile stay for the next
 * one, so that it ends however fast they come. When none came, the lead has caught up and is an
 * ordinary one again. Law 2: events are judged in the order of their rows, each with its own
 * receivedAt, once; a row of aside_events goes in the transaction of its decisions. */
#include "core/aside.h"

#include "base/limits.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/history.h"
#include "store/aside.h"

#include <stdlib.h>
#include <string.h>

enum { SLICE_EVENTS = 256, SLICE_BUSY_MS = 20, PAUSE_MS = 1000, MINUTE_MS = 60000 };

struct rp_aside_job {
    enum { READING, FOLDING, JUDGING } phase;
    int64_t lead, through;
    uint32_t generation;
    struct rp_lead copy; /* the lead as it was, then its cells */
    struct rp_arena arena;
    struct rp_history_reading *reading;
    struct rp_history history;
    size_t folded;
    int64_t *waiting; /* rows to be judged */
    size_t waiting_count, judged;
    const struct rp_event **by_row;
};

/* ---- Costs ------------------------------------------------------------------------------------
 */

static struct rp_aside_cost *cost_of(struct rp_aside *aside, int64_t lead)
{
    uint64_t hash = (uint64_t)lead * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 20) & (aside->cost_cap - 1);

    while (aside->costs[at].lead != 0 && aside->costs[at].lead != lead) {
        at = (at + 1) & (aside->cost_cap - 1);
    }
    return &aside->costs[at];
}

static void costs_of_minute(struct rp_core *core)
{
    struct rp_aside *aside = &core->aside;
    int64_t minute = rp_clock_now(&core->clock) / MINUTE_MS;

    if (!aside->costs) {
        aside->cost_cap = 1024;
        aside->costs = rp_calloc(aside->cost_cap, sizeof(*aside->costs));
    } else if (aside->minute != minute) {
        memset(aside->costs, 0, aside->cost_cap * sizeof(*aside->costs));
    } else {
        return;
    }
    aside->cost_count = 0;
    aside->minute = minute;
}

size_t rp_aside_room(struct rp_core *core, int64_t lead)
{
    size_t spent;

    if (!core->aside.enabled) {
        return SIZE_MAX;
    }
    costs_of_minute(core);
    spent = cost_of(&core->aside, lead)->events;
    return spent < RP_REFOLD_EVENTS_MAX ? RP_REFOLD_EVENTS_MAX - spent : 0;
}

void rp_aside_spend(struct rp_core *core, int64_t lead, size_t events)
{
    struct rp_aside *aside = &core->aside;
    struct rp_aside_cost *cost;

    if (!aside->enabled) {
        return;
    }
    costs_of_minute(core);
    if ((aside->cost_count + 1) * 2 > aside->cost_cap) {
        struct rp_aside_cost *old = aside->costs;
        size_t old_cap = aside->cost_cap;

        aside->cost_cap *= 2;
        aside->costs = rp_calloc(aside->cost_cap, sizeof(*aside->costs));
        for (size_t i = 0; i < old_cap; i++) {
            if (old[i].lead != 0) {
                *cost_of(aside, old[i].lead) = old[i];
            }
        }
        free(old);
    }
    cost = cost_of(aside, lead);
    aside->cost_count += cost->lead == 0;
    cost->lead = lead;
    cost->events += events;
}

/* ---- The list ---------------------------------------------------------------------------------
 */

static void job_free(struct rp_aside_job *job)
{
    if (!job) {
        return;
    }
    rp_history_reading_free(job->reading);
    rp_lead_fini(&job->copy);
    rp_arena_fini(&job->arena);
    free(job);
}

void rp_aside_fini(struct rp_aside *aside)
{
    job_free(aside->job);
    free(aside->leads);
    free(aside->costs);
    *aside = (struct rp_aside){0};
}

static size_t place_of(const struct rp_aside *aside, int64_t lead)
{
    size_t low = 0;
    size_t high = aside->lead_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (aside->leads[middle] < lead) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool rp_aside_has(const struct rp_core *core, int64_t lead)
{
    const struct rp_aside *aside = &core->aside;
    size_t at = aside->lead_count ? place_of(aside, lead) : 0;

    return at < aside->lead_count && aside->leads[at] == lead;
}

static void list_add(struct rp_aside *aside, int64_t lead)
{
    size_t at = place_of(aside, lead);

    if (at < aside->lead_count && aside->leads[at] == lead) {
        return;
    }
    if (aside->lead_count == aside->lead_cap) {
        aside->leads =
            rp_grow(aside->leads, &aside->lead_cap, aside->lead_count + 1, sizeof(*aside->leads));
    }
    memmove(aside->leads + at + 1, aside->leads + at,
            (aside->lead_count - at) * sizeof(*aside->leads));
    aside->leads[at] = lead;
    aside->lead_count++;
}

static void list_remove(struct rp_aside *aside, int64_t lead)
{
    size_t at = place_of(aside, lead);

    RP_ASSERT(at < aside->lead_count && aside->leads[at] == lead);
    aside->lead_count--;
    memmove(aside->leads + at, aside->leads + at + 1,
            (aside->lead_count - at) * sizeof(*aside->leads));
}

static void drop_job(struct rp_aside *aside)
{
    job_free(aside->job);
    aside->job = NULL;
}

int rp_aside_load(struct rp_core *core, struct rp_err *err)
{
    struct rp_aside_row *rows;
    size_t count;
    int status = rp_aside_list(&core->arena, core->store, &rows, &count, err);

    drop_job(&core->aside);
    core->aside.lead_count = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        list_add(&core->aside, rows[i].lead);
    }
    rp_arena_reset(&core->arena);
    return status;
}

int rp_aside_add(struct rp_core *core, struct rp_cached *lead, struct rp_err *err)
{
    int64_t now_ms = rp_clock_now(&core->clock);
    int status = rp_aside_put(core->store, lead->lead.id, now_ms, err);

    if (status != 0) {
        return status;
    }
    list_add(&core->aside, lead->lead.id);
    rp_trail_drop(&core->trails, lead->lead.id);
    if (core->aside.next_ms < now_ms + PAUSE_MS) {
        core->aside.next_ms = now_ms + PAUSE_MS;
    }
    return 0;
}

int rp_aside_event(struct rp_core *core, const struct rp_cached *lead, int64_t event,
                   struct rp_err *err)
{
    return rp_aside_event_add(core->store, lead->lead.id, event, err);
}

int rp_aside_merged(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                    struct rp_err *err)
{
    int status;

    if (!rp_aside_has(core, from->lead.id)) {
        return 0;
    }
    status = rp_aside_move(core->store, from->lead.id, into->lead.id, err);
    list_remove(&core->aside, from->lead.id);
    if (core->aside.job && core->aside.job->lead == from->lead.id) {
        drop_job(&core->aside);
    }
    return status == 0 ? rp_aside_add(core, into, err) : status;
}

/* ---- The job ----------------------------------------------------------------------------------
 */

static int begin_job(struct rp_core *core, struct rp_err *err)
{
    struct rp_aside *aside = &core->aside;
    size_t at = place_of(aside, aside->last_lead + 1);
    int64_t id = aside->leads[at < aside->lead_count ? at : 0];
    struct rp_cached *lead;
    struct rp_aside_job *job;
    int status = rp_core_lead(core, id, &lead, err);

    if (status != 0) {
        return status;
    }
    job = rp_calloc(1, sizeof(*job));
    job->lead = id;
    job->through = lead->lead.through;
    job->generation = core->rules->number;
    rp_arena_init(&job->arena);
    rp_lead_init(&job->copy);
    rp_lead_copy(&job->copy, &lead->lead);
    job->reading = rp_history_reading_new(&job->arena, core->store, &job->copy);
    aside->job = job;
    aside->last_lead = id;
    return 0;
}

static int read_slice(struct rp_aside_job *job, struct rp_err *err)
{
    int status = rp_history_reading_more(job->reading, SLICE_EVENTS, err);

    if (status != 0) {
        return status < 0 ? status : 0;
    }
    rp_history_reading_end(job->reading, &job->history);
    job->reading = NULL;
    rp_lead_cells_clear_fold(&job->copy);
    job->phase = FOLDING;
    return 0;
}

static int by_row(const void *a, const void *b)
{
    int64_t x = (*(const struct rp_event *const *)a)->id;
    int64_t y = (*(const struct rp_event *const *)b)->id;

    return (x > y) - (x < y);
}

static int begin_judging(struct rp_core *core, struct rp_aside_job *job, struct rp_err *err)
{
    job->by_row = RP_ARENA_ARRAY(&job->arena, const struct rp_event *, job->history.count + 1);
    for (size_t i = 0; i < job->history.count; i++) {
        job->by_row[i] = &job->history.events[i];
    }
    if (job->history.count > 1) {
        qsort(job->by_row, job->history.count, sizeof(*job->by_row), by_row);
    }
    job->phase = JUDGING;
    return rp_aside_events(&job->arena, core->store, job->lead, job->through, &job->waiting,
                           &job->waiting_count, err);
}

static int fold_slice(struct rp_core *core, struct rp_aside_job *job, struct rp_err *err)
{
    size_t end = job->folded + SLICE_EVENTS;

    end = end < job->history.count ? end : job->history.count;
    core->fold.arena = &core->history_arena;
    for (; job->folded < end; job->folded++) {
        struct rp_decision decision = {0};

        rp_fold_event(&core->fold, &job->copy, &job->history.events[job->folded], &decision);
    }
    core->fold.arena = &core->arena;
    rp_arena_reset(&core->history_arena);
    return job->folded == job->history.count ? begin_judging(core, job, err) : 0;
}

static bool same_heads(const struct rp_lead *a, const struct rp_lead *b)
{
    size_t count;
    size_t other_count;
    const struct rp_head *heads = rp_lead_heads(a, &count);
    const struct rp_head *others = rp_lead_heads(b, &other_count);

    return count == other_count &&
           (count == 0 || memcmp(heads, others, count * sizeof(*heads)) == 0);
}

static const struct rp_event *event_of_row(const struct rp_aside_job *job, int64_t row)
{
    struct rp_event wanted = {.id = row};
    const struct rp_event *key = &wanted;
    const struct rp_event *const *found =
        bsearch(&key, job->by_row, job->history.count, sizeof(*job->by_row), by_row);

    return found ? *found : NULL;
}

static int judge_row(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                     struct rp_err *err)
{
    struct rp_decision decision = {0};
    int status;

    if (!event) {
        return 0; /* a copy: it counts for nothing */
    }
    status = rp_core_timers_between(core, lead, event->received_ms, err);
    if (status != 0) {
        return status;
    }
    rp_core_act_as(core, &lead->lead);
    status = rp_core_deal(core, lead, event, &decision, event->received_ms, err);
    if (status != 0) {
        return status;
    }
    rp_judge(&core->fold, &lead->lead, event, event->received_ms, &decision);
    return rp_core_record(core, lead, event, &decision, event->received_ms, err);
}

/* The lead gets the cells of the job; whether these are all it has, its heads say. */
static int judge_rows(struct rp_core *core, struct rp_aside_job *job, bool *ret_ended,
                      struct rp_err *err)
{
    size_t end = job->judged + SLICE_EVENTS;
    struct rp_cached *lead;
    uint32_t len;
    int status = rp_core_lead(core, job->lead, &lead, err);

    if (status != 0) {
        return status;
    }
    end = end < job->waiting_count ? end : job->waiting_count;
    const void *cells = rp_lead_cells_fold(&job->copy, &len);
    rp_lead_cells_fold_set(&lead->lead, cells, len);
    lead->lead.generation = job->generation;
    for (size_t i = job->judged; i < end && status == 0; i++) {
        status = judge_row(core, lead, event_of_row(job, job->waiting[i]), err);
    }
    *ret_ended = end == job->waiting_count;
    if (status == 0) {
        int64_t last = *ret_ended ? job->through : job->waiting[end - 1];

        status = rp_aside_events_done(core->store, job->lead, last, err);
    }
    job->judged = end;
    rp_core_dirty(core, lead);
    if (!same_heads(&job->copy, &lead->lead)) {
        lead->lead.generation = 0; /* more came meanwhile: the next job's */
    } else if (status == 0 && *ret_ended) {
        status = rp_aside_remove(core->store, job->lead, err);
        list_remove(&core->aside, job->lead);
        rp_core_timer_derive(core, lead);
    }
    if (status == 0 && lead->lead.flags & RP_LEAD_SAVE) {
        status = rp_core_save(core, lead, err);
        lead->lead.flags &= (uint16_t)~RP_LEAD_SAVE;
    }
    return status;
}

static int judge_slice(struct rp_core *core, struct rp_aside_job *job, bool *ret_ended,
                       struct rp_err *err)
{
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    status = judge_rows(core, job, ret_ended, err);
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        core->stale = true; /* recovery reads the list again and drops the job */
    }
    rp_arena_reset(&core->arena);
    return status;
}

static bool may_step(struct rp_core *core, bool busy, int64_t now_ms)
{
    struct rp_aside *aside = &core->aside;

    if (aside->lead_count == 0 || core->stale || !core->rules) {
        return false;
    }
    if (aside->next_ms > now_ms + 60 * PAUSE_MS) { /* the clock was put back */
        aside->next_ms = now_ms;
    }
    if (!aside->job && now_ms < aside->next_ms) {
        return false;
    }
    if (busy && now_ms >= aside->slice_ms && now_ms < aside->slice_ms + SLICE_BUSY_MS) {
        return false;
    }
    aside->slice_ms = now_ms;
    return true;
}

bool rp_aside_step(struct rp_core *core, bool busy)
{
    struct rp_aside *aside = &core->aside;
    int64_t now_ms = rp_clock_now(&core->clock);
    bool ended = false;
    int status = 0;

    if (!may_step(core, busy, now_ms)) {
        return false;
    }
    if (aside->job && aside->job->generation != core->rules->number) {
        drop_job(aside); /* other rules are in force: begin again */
    }
    if (!aside->job) {
        status = begin_job(core, NULL);
    } else if (aside->job->phase == READING) {
        status = read_slice(aside->job, NULL);
    } else if (aside->job->phase == FOLDING) {
        status = fold_slice(core, aside->job, NULL);
    } else {
        status = judge_slice(core, aside->job, &ended, NULL);
    }
    if (status != 0 || ended) {
        drop_job(aside);
        aside->next_ms = now_ms + PAUSE_MS;
    }
    return status == 0 && !(ended && aside->lead_count == 0);
}
