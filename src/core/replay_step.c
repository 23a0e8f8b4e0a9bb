/* SPDX-License-Identifier: MIT */
/* One step of a family's events: those of one lead that were received in the same millisecond and
 * stand together, as they were one run.
 *
 *   in order──────────────────────▶ fold and judge one by one
 *   late, or to be folded anew────▶ the history as known now; then judge each
 *   time alone────────────────────▶ judged, due by due
 *
 * A timer is derived when its lead was judged, by the model that acted then, and stands until the
 * next time: so it is with a server, also when an experiment ends in between.
 *
 * This is run.c, timers.c and refold.c without identity, dedup and rows: keep them alike. */
#include "base/limits.h"
#include "core/core_priv.h"
#include "core/replay_priv.h"
#include "engine/timers.h"
#include "model/correction.h"

#include <stdlib.h>
#include <string.h>

/* ---- Judging --------------------------------------------------------------------------------- */

struct rp_arm_held *rp_replay_held(struct rp_replay *r, size_t member)
{
    size_t count = rp_arms_count(r->options.arms);

    return count > 0 ? r->played.held + member * count : NULL;
}

/* Lets the model act that acted on the member then. */
static void act_as(struct rp_replay *r, size_t s, size_t member, int64_t at_ms, bool by_event)
{
    uint32_t model = r->options.models[s];

    if (s == 0 && r->options.arms) {
        model = rp_arms_model(r->options.arms, rp_replay_held(r, member), at_ms, by_event, model);
    }
    r->sides[s].fold.model = model;
}

/* An experiment handed some leads on by chance: to whom it did, it does again. */
static void explore(struct rp_replay *r, size_t s, size_t member, int64_t event, int64_t now_ms)
{
    for (size_t i = 0; i < r->played.move_count && r->played.explored && s == 0; i++) {
        const struct rp_move_row *move = &r->played.moves[i];

        if (move->lead == r->family->leads[member] && move->at_ms == now_ms &&
            move->event == event && rp_str_is(move->because, "explored")) {
            r->sides[s].fold.explore = rp_rules_stage(r->options.rules[s], move->to) + 1;
        }
    }
}

struct rp_fold *rp_replay_fold(struct rp_replay *r, size_t s, size_t member, int64_t at_ms)
{
    act_as(r, s, member, at_ms, true);
    return &r->sides[s].fold;
}

static void judged(struct rp_replay *r, size_t s, size_t member, const struct rp_event *event,
                   int64_t now_ms, const struct rp_decision *decision)
{
    struct rp_replayed what = {.side = s,
                               .member = member,
                               .lead = &r->sides[s].leads[member],
                               .fold = &r->sides[s].fold,
                               .event = event,
                               .now_ms = now_ms,
                               .decision = decision};

    if (decision->facts_set.len > 0) {
        (void)rp_core_facts_merge(&r->work, what.lead, decision->facts_set);
    }
    if (r->options.judged) {
        r->options.judged(r->options.ctx, &what);
    }
}

/* ---- What was given -------------------------------------------------------------------------- */

static bool waits(const struct rp_replay *r, size_t s, size_t row, int64_t lead)
{
    return !r->sides[s].told[row] && r->played.told[row].lead == lead;
}

/* Gives the lead what came behind that judgement; `all`: whatever came up to then. */
static void give(struct rp_replay *r, size_t s, size_t member, int64_t event, int64_t now_ms,
                 bool all)
{
    struct rp_lead *lead = &r->sides[s].leads[member];

    for (size_t i = 0; i < r->played.told_count; i++) {
        const struct rp_told *told = &r->played.told[i];

        if (waits(r, s, i, lead->id) && told->at_ms <= now_ms &&
            (all || told->event == event || told->what == RP_TOLD_MOMENT)) {
            rp_told_apply(&r->work, told, lead);
            r->sides[s].told[i] = true;
        }
    }
}

/* When time alone gave the lead something, or judged it; INT64_MAX: not up to then. Of a moment
 * alone nothing says whether it was the event that came then. */
static int64_t given_next(const struct rp_replay *r, size_t s, size_t member, int64_t until_ms)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < r->played.told_count; i++) {
        const struct rp_told *told = &r->played.told[i];

        if (waits(r, s, i, r->family->leads[member]) && told->event == 0 && told->at_ms < next &&
            told->at_ms <= until_ms - (told->what == RP_TOLD_MOMENT)) {
            next = told->at_ms;
        }
    }
    return next;
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void derive(struct rp_replay *r, size_t s, size_t member, int64_t now_ms)
{
    struct rp_lead *lead = &r->sides[s].leads[member];

    act_as(r, s, member, now_ms, true);
    lead->due_ms = rp_timer_next(&r->sides[s].fold, lead, false).at_ms;
}

static void play_timers(struct rp_replay *r, size_t s, size_t member, int64_t until_ms)
{
    struct rp_replay_side *side = &r->sides[s];
    struct rp_lead *lead = &side->leads[member];

    for (;;) {
        int64_t given_ms = given_next(r, s, member, until_ms);
        int64_t now_ms = lead->due_ms && lead->due_ms < given_ms ? lead->due_ms : given_ms;
        struct rp_decision decision = {0};

        if (now_ms > until_ms) {
            return;
        }
        if (now_ms > lead->judged_ms) {
            act_as(r, s, member, now_ms, false);
            explore(r, s, member, 0, now_ms);
            rp_judge(&side->fold, lead, NULL, now_ms, &decision);
            judged(r, s, member, NULL, now_ms, &decision);
        }
        give(r, s, member, 0, now_ms, false);
        derive(r, s, member, now_ms);
        RP_ASSERT(lead->due_ms == 0 || lead->due_ms > now_ms);
    }
}

void rp_replay_timers(struct rp_replay *r, int64_t until_ms)
{
    for (size_t s = 0; s < r->options.sides; s++) {
        for (size_t m = 0; m < r->family->lead_count; m++) {
            if (r->present[m] && !r->sides[s].stale[m]) {
                play_timers(r, s, m, until_ms);
            }
        }
    }
}

/* ---- Histories ------------------------------------------------------------------------------- */

/* All that is known of a member, in effective order, copies dropped. */
static struct rp_history known_of(struct rp_replay *r, size_t member)
{
    struct rp_event *events = RP_ARENA_ARRAY(&r->work, struct rp_event, r->known + 1);
    struct rp_history history;
    size_t count = 0;

    for (size_t i = 0; i < r->known; i++) {
        if (r->owner[r->played.nodes[i]] == member) {
            events[count++] = r->played.events[i];
        }
    }
    rp_history_order(events, count, &history);
    return history;
}

void rp_replay_refold(struct rp_replay *r, size_t s, size_t member, int64_t now_ms)
{
    struct rp_history history = known_of(r, member);

    rp_history_fold(&r->sides[s].fold, &r->sides[s].leads[member], &history, INT64_MAX, NULL, NULL);
    r->sides[s].stale[member] = false;
    derive(r, s, member, now_ms);
}

void rp_replay_again(struct rp_replay *r, size_t s, size_t member, struct rp_lead *into)
{
    struct rp_history history = known_of(r, member);

    rp_lead_copy(into, &r->sides[s].leads[member]);
    rp_history_fold(&r->sides[s].fold, into, &history, INT64_MAX, NULL, NULL);
}

/* The events of one lead that came together. */
struct step {
    size_t member, count;
    const struct rp_event **events; /* in effective order */
    bool *copy;                     /* counts for nothing */
    bool void_comes;
};

static size_t step_of(const struct step *step, const struct rp_event *event)
{
    for (size_t i = 0; i < step->count; i++) {
        if (step->events[i]->id == event->id) {
            return i;
        }
    }
    return step->count;
}

/* `seen`: the event is judged as such; a copy and a void one are not. */
static void judge(struct rp_replay *r, size_t s, size_t member, const struct rp_event *event,
                  bool seen, struct rp_decision *decision)
{
    struct rp_replay_side *side = &r->sides[s];

    act_as(r, s, member, event->received_ms, true);
    explore(r, s, member, event->id, event->received_ms);
    rp_judge(&side->fold, &side->leads[member], seen ? event : NULL, event->received_ms, decision);
    judged(r, s, member, event, event->received_ms, decision);
    give(r, s, member, event->id, event->received_ms, false);
}

static void fold_one(struct rp_replay *r, size_t s, const struct step *step, size_t i)
{
    struct rp_lead *lead = &r->sides[s].leads[step->member];
    struct rp_decision decision = {0};
    bool copy = step->copy[i];

    if (!copy) {
        rp_fold_event(&r->sides[s].fold, lead, step->events[i], &decision);
        copy = decision.voided;
    }
    judge(r, s, step->member, step->events[i], !copy, &decision);
}

/* The whole history as it is known now, with the step's events in their places. */
static void fold_history(struct rp_replay *r, size_t s, const struct step *step,
                         const struct rp_history *history, bool late)
{
    struct rp_replay_side *side = &r->sides[s];
    struct rp_lead *lead = &side->leads[step->member];
    struct rp_decision *decisions = RP_ARENA_ARRAY(&r->work, struct rp_decision, step->count + 1);

    rp_lead_cells_clear_fold(lead);
    for (size_t i = 0; i < history->count; i++) {
        struct rp_decision scratch = {0};
        size_t at = step_of(step, &history->events[i]);

        if (at < step->count && !late) {
            break; /* these and no others are left */
        }
        rp_fold_event(&side->fold, lead, &history->events[i],
                      at < step->count ? &decisions[at] : &scratch);
    }
    side->stale[step->member] = false;
    for (size_t i = 0; i < step->count; i++) {
        if (late) {
            judge(r, s, step->member, step->events[i], !step->copy[i], &decisions[i]);
        } else {
            fold_one(r, s, step, i);
        }
    }
}

static void mark_copies(const struct rp_history *history, struct step *step, bool *ret_late)
{
    size_t rows = 0;

    for (size_t i = 0; i < step->count; i++) {
        step->copy[i] = true; /* unless the history has it */
    }
    *ret_late = false;
    for (size_t i = 0; i < history->count; i++) {
        size_t at = step_of(step, &history->events[i]);

        if (at < step->count) {
            step->copy[at] = history->events[i].flags & RP_EVENT_VOIDED;
        } else {
            *ret_late = *ret_late || rows < i;
            rows++;
        }
    }
}

/* ---- A step ---------------------------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
    struct rp_order left = rp_event_order(*(const struct rp_event *const *)a);
    struct rp_order right = rp_event_order(*(const struct rp_event *const *)b);

    return rp_order_cmp(&left, &right);
}

/* Of the next events. */
static void make_step(struct rp_replay *r, size_t count, struct step *step)
{
    *step = (struct step){.member = r->owner[r->played.nodes[r->known]], .count = count};
    step->events = RP_ARENA_ARRAY(&r->work, const struct rp_event *, count + 1);
    step->copy = RP_ARENA_ARRAY(&r->work, bool, count + 1);
    for (size_t i = 0; i < count; i++) {
        step->events[i] = &r->played.events[r->known + i];
        step->void_comes =
            step->void_comes || rp_event_correction(step->events[i]) == RP_CORRECTION_VOID;
    }
    if (count > 1) {
        qsort(step->events, count, sizeof(*step->events), by_order);
    }
}

/* A base stands for what was folded before; nobody was judged by it. */
static void fold_base(struct rp_replay *r, const struct step *step)
{
    const struct rp_event *base = step->events[0];

    for (size_t s = 0; s < r->options.sides; s++) {
        struct rp_lead *lead = &r->sides[s].leads[step->member];
        struct rp_decision decision = {0};

        rp_fold_event(&r->sides[s].fold, lead, base, &decision);
        rp_played_stage(&r->played, r->options.rules[s], base->received_ms, lead);
        lead->judged_ms = base->received_ms;
        give(r, s, step->member, 0, base->received_ms, true);
        derive(r, s, step->member, base->received_ms);
    }
}

static void fold_step(struct rp_replay *r, size_t s, struct step *step)
{
    struct rp_replay_side *side = &r->sides[s];
    struct rp_lead *lead = &side->leads[step->member];
    bool stale = side->stale[step->member] || step->void_comes;
    bool late = !rp_fold_in_order(lead, step->events[0]);
    int64_t now_ms = step->events[0]->received_ms;
    struct rp_history history;

    act_as(r, s, step->member, now_ms, false); /* the event may deal it to an arm */
    if (!stale && !late) {
        for (size_t i = 0; i < step->count; i++) {
            fold_one(r, s, step, i);
        }
        derive(r, s, step->member, now_ms);
        return;
    }
    if (r->refolded > RP_REPLAY_REFOLD_MAX) { /* the end catches up */
        r->cut = true;
        side->stale[step->member] = true;
        return;
    }
    if (!stale) {
        rp_fold_before(&side->fold, lead, now_ms);
    }
    history = known_of(r, step->member);
    r->refolded += history.count;
    mark_copies(&history, step, &late);
    fold_history(r, s, step, &history, late);
    memset(step->copy, 0, step->count * sizeof(*step->copy));
    derive(r, s, step->member, now_ms);
}

void rp_replay_step(struct rp_replay *r, size_t count)
{
    struct step step;

    make_step(r, count, &step);
    r->known += count;
    if (step.events[0]->flags & RP_EVENT_BASE) {
        fold_base(r, &step);
        return;
    }
    for (size_t s = 0; s < r->options.sides; s++) {
        fold_step(r, s, &step);
    }
}
