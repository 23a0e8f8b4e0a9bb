/* SPDX-License-Identifier: MIT */
/* The timers of a lead: for its present stage the entries that are open, the leave and what is due,
 * for its status the others and the waking, and the thresholds that actions wait for. Nothing is
 * remembered here: all of it follows from cells, stage, status and rules, so that a timer can be
 * lost and found again. */
#include "engine/timers.h"

#include "engine/calendar.h"
#include "engine/eval.h"
#include "model/sequence.h"

#include <stdlib.h>

struct deriving {
    struct rp_scratch *s;
    const struct rp_lead *lead;
    int64_t after_ms;
    bool past;
    struct rp_timer next;
    struct rp_timer *list; /* NULL: only the next is asked for */
    size_t count, cap;
};

const char *rp_timer_kind_name(enum rp_timer_kind kind)
{
    static const char *const names[] = {"none",   "crossing", "held", "inactive", "in_stage",
                                        "window", "due",      "stay", "wake",     "sequence"};

    RP_ASSERT((size_t)kind < RP_COUNT(names));
    return names[kind];
}

static void consider(struct deriving *d, struct rp_moment moment, struct rp_str what)
{
    struct rp_timer timer = {moment.at_ms, moment.kind, what};

    if (moment.at_ms == RP_MOMENT_NEVER || moment.at_ms == RP_MOMENT_NOW ||
        (moment.at_ms <= d->after_ms && !d->past))
        return;
    if (d->next.at_ms == 0 || timer.at_ms < d->next.at_ms)
        d->next = timer;
    if (d->list && d->count < d->cap)
        d->list[d->count++] = timer;
}

/* ---- Stages ---------------------------------------------------------------------------------- */

static void consider_entries(struct deriving *d, const struct rp_stage *stages)
{
    const struct rp_stage *present = &stages[d->lead->stage];
    int64_t barred_ms = present->stay_ms ? d->lead->stage_since_ms + present->stay_ms : 0;
    const struct rp_entry *entries = d->s->index->entries[d->s->model][d->lead->stage].items;
    uint32_t count = d->s->index->entries[d->s->model][d->lead->stage].count;
    bool barred = barred_ms > d->after_ms;

    if (present->terminal)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct rp_stage *stage = &stages[entries[i].stage];
        struct rp_moment moment;

        if (!barred && !entries[i].timed)
            continue;
        moment = rp_cond_next(d->s, stage->enter, true, d->after_ms);
        if (barred && moment.at_ms < barred_ms)
            moment = (struct rp_moment){barred_ms, RP_TIMER_STAY};
        consider(d, moment, stage->name);
    }
}

/* Told once a stage entry, also when rules make it due when it is over. */
static void consider_due(struct deriving *d, const struct rp_stage *present)
{
    struct rp_moment moment = {.kind = RP_TIMER_DUE};

    if (present->due_ms == 0 || d->lead->late_ms == d->lead->stage_since_ms)
        return;
    moment.at_ms = rp_due_ms(d->s->rules, present, d->lead->stage_since_ms);
    consider(d, moment, present->name);
}

static void consider_statuses(struct deriving *d, const struct rp_stage *present)
{
    for (uint32_t i = 0; i < present->status_count; i++) {
        const struct rp_status *status = &present->statuses[i];
        struct rp_moment moment = {.kind = RP_TIMER_WAKE};

        if (status->id == d->lead->status) {
            moment.at_ms = rp_wake_ms(d->s, status, d->lead->status_since_ms);
            if (moment.at_ms != RP_NEVER)
                consider(d, moment, present->statuses[status->wake_to].name);
        } else if (status->enter && rp_cond_is_timed(d->s->index, status->enter, true)) {
            d->s->in_status = true;
            consider(d, rp_cond_next(d->s, status->enter, true, d->after_ms), status->name);
            d->s->in_status = false;
        }
    }
}

/* ---- Sequences ------------------------------------------------------------------------------- */

/* What is overdue and did not go on (somebody sat between) is looked at again within the hour. */
static void consider_wait(struct deriving *d, const struct rp_sequence *sequence, int64_t due_ms)
{
    struct rp_moment moment = {due_ms, RP_TIMER_SEQUENCE};

    if (due_ms <= d->after_ms && !d->past) {
        if (rp_fit_excluded(d->s))
            return; /* its next event looks at it */
        moment.at_ms = d->after_ms + RP_HOUR;
    }
    consider(d, moment, sequence->name);
}

static void consider_cond(struct deriving *d, const struct rp_sequence *sequence,
                          const struct rp_cond *cond, int64_t since_ms, int64_t from_ms)
{
    struct rp_moment moment;

    if (!rp_cond_is_timed(d->s->index, cond, true))
        return;
    d->s->since_ms = since_ms;
    moment = rp_cond_next(d->s, cond, true, d->after_ms);
    d->s->since_ms = 0;
    if (moment.at_ms == RP_MOMENT_NEVER)
        return;
    moment.at_ms = moment.at_ms > from_ms ? moment.at_ms : from_ms;
    moment.kind = RP_TIMER_SEQUENCE;
    consider(d, moment, sequence->name);
}

static void consider_instance(struct deriving *d, const struct rp_instance *in)
{
    const struct rp_sequence *sequence = rp_sequence_of(d->s->rules, in->sequence);
    const struct rp_step *step = rp_step_of(sequence, in->step);
    const struct rp_step_item *item;

    if (!sequence)
        return;
    for (uint32_t i = 0; i < sequence->exit_count; i++) {
        if (sequence->exits[i].cond)
            consider_cond(d, sequence, sequence->exits[i].cond, in->started_ms, RP_MOMENT_NOW);
    }
    if (in->state != RP_INSTANCE_RUNNING || !step)
        return;
    if (in->due_ms)
        consider_wait(d, sequence, in->due_ms);
    item = in->waits == RP_WAIT_UNTIL ? rp_step_control(step, in->passed) : NULL;
    if (item && item->op == RP_STEP_WAIT_UNTIL)
        consider_cond(d, sequence, item->until, in->started_ms, RP_MOMENT_NOW);
}

/* Conditions that start a sequence: open ones by time, others when it may start again. */
static void consider_starts(struct deriving *d, const struct rp_sequence *sequence)
{
    int64_t from_ms = rp_sequence_from_ms(sequence, d->lead);

    if (!sequence->enabled || from_ms == RP_MOMENT_NEVER)
        return;
    for (uint32_t i = 0; i < sequence->start_count; i++) {
        const struct rp_cond *cond = sequence->starts[i].cond;

        if (!cond)
            continue;
        if (from_ms > d->after_ms && rp_cond_eval(d->s, cond) == RP_TRUE)
            consider(d, (struct rp_moment){from_ms, RP_TIMER_SEQUENCE}, sequence->name);
        consider_cond(d, sequence, cond, 0, from_ms);
    }
}

static void consider_sequences(struct deriving *d)
{
    uint32_t count;
    const struct rp_instance *list = rp_instances(d->lead, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (rp_instance_is_live(list[i].state))
            consider_instance(d, &list[i]);
    }
    for (uint32_t i = 0; i < d->s->rules->sequence_count; i++)
        consider_starts(d, &d->s->rules->sequences[i]);
}

static void consider_all(struct deriving *d)
{
    const struct rp_stage *stages = rp_stages_acting(d->s->fold), *present;
    struct rp_moment end = {.kind = RP_TIMER_WINDOW};

    if (rp_adjusted_next_end(d->lead, d->after_ms, &end.at_ms))
        consider(d, end, RP_STR("points"));
    for (uint32_t i = 0; i < d->s->index->crossing_count; i++) {
        const struct rp_crossing *crossing = &d->s->index->crossings[i];

        consider(d, rp_bound_next(d->s, crossing->dim, crossing->threshold, false, d->after_ms),
                 crossing->dim == RP_NONE ? RP_STR("total")
                                          : d->s->rules->dims[crossing->dim].name);
    }
    if (d->s->rules->sequence_count)
        consider_sequences(d);
    if (d->lead->stage >= d->s->rules->stage_count)
        return;
    present = &stages[d->lead->stage];
    consider_entries(d, stages);
    if (present->leave && present->leave_to != RP_STAGE_NONE && !present->terminal &&
        rp_cond_is_timed(d->s->index, present->leave, true))
        consider(d, rp_cond_next(d->s, present->leave, true, d->after_ms),
                 stages[present->leave_to].name);
    consider_due(d, present);
    consider_statuses(d, present);
}

/* ---- For others ------------------------------------------------------------------------------ */

static void derive(struct deriving *d, struct rp_fold *fold)
{
    d->s = fold->scratch;
    d->s->arena = fold->arena;
    d->s->fold = fold;
    rp_bind_event(d->s, d->lead, NULL, d->after_ms);
    d->s->model = fold->model;
    consider_all(d); /* of somebody excluded too: to judge him once decides nothing */
}

struct rp_timer rp_timer_next(struct rp_fold *fold, const struct rp_lead *lead, bool past)
{
    struct deriving d = {.lead = lead, .after_ms = lead->judged_ms, .past = past};

    derive(&d, fold);
    return d.next;
}

static int by_time(const void *left, const void *right)
{
    const struct rp_timer *a = left, *b = right;

    return a->at_ms != b->at_ms ? (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms)
                                : rp_str_cmp(a->what, b->what);
}

/* At most so many moments of sequences. */
static size_t sequence_room(const struct rp_rules *rules)
{
    size_t room = 0;

    for (uint32_t i = 0; i < rules->sequence_count; i++)
        room += 2 * (size_t)rules->sequences[i].start_count + rules->sequences[i].exit_count + 2;
    return room;
}

struct rp_timer *rp_timer_list(struct rp_fold *fold, const struct rp_lead *lead, int64_t after_ms,
                               size_t *ret_count)
{
    const struct rp_rules *rules = fold->rules;
    struct deriving d = {.lead = lead, .after_ms = after_ms};

    d.cap = rules->index->crossing_count + rules->stage_count + 3;
    if (lead->stage < rules->stage_count)
        d.cap += rules->stages[lead->stage].status_count;
    d.cap += sequence_room(rules);
    d.list = RP_ARENA_ARRAY(fold->arena, struct rp_timer, d.cap);
    derive(&d, fold);
    if (rp_fit_excluded(d.s))
        d.count = 0;
    if (d.count > 1)
        qsort(d.list, d.count, sizeof(*d.list), by_time);
    *ret_count = d.count;
    return d.list;
}

int64_t rp_due_ms(const struct rp_rules *rules, const struct rp_stage *stage, int64_t since_ms)
{
    return stage->due_calendar == RP_NONE
               ? since_ms + stage->due_ms
               : rp_calendar_add(&rules->calendars[stage->due_calendar], since_ms, stage->due_ms);
}
