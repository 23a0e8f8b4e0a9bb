/* SPDX-License-Identifier: MIT */
/* Steps through a family's events. Those of one lead that were received in the same millisecond and
 * stand together are one step, as they were one run.
 *
 *   step ──merges, un-merges until then──▶ nodes change their lead; it is folded anew
 *        ──timers until then─────────────▶ judged, due by due
 *        ──in order──────────────────────▶ fold and judge one by one
 *        ──late, or to be folded anew────▶ the history as known now; then judge each
 *
 * This is run.c and refold.c without identity, dedup and rows: keep the three alike. */
#include "core/replay.h"

#include "base/limits.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/history.h"
#include "core/replay_load.h"
#include "engine/timers.h"
#include "model/correction.h"

#include <stdlib.h>
#include <string.h>

struct side {
    struct rp_fold fold;
    struct rp_lead *leads; /* [member] */
    bool *stale;           /* [member]: to be folded anew */
};

struct rp_replay {
    struct rp_replay_options options;
    struct rp_arena work; /* of a step */
    struct side sides[RP_REPLAY_SIDES_MAX];
    size_t member_cap;
    struct rp_played played; /* the family's events */
    const struct rp_family *family;
    size_t *owner; /* [node of played]: the member that it belongs to */
    size_t owner_cap;
    bool *merged, *undone; /* [merge]: happened */
    size_t merge_cap;
    bool *present; /* [member]: has had an event, and was not merged away */
    bool *begun;   /* [member] */
    size_t known;  /* events up to here have come */
    size_t refolded;
    bool cut;
};

struct rp_replay *rp_replay_new(const struct rp_replay_options *options)
{
    struct rp_replay *r = rp_calloc(1, sizeof(*r));

    r->options = *options;
    rp_arena_init(&r->work);
    rp_played_init(&r->played);
    for (size_t s = 0; s < options->sides; s++) {
        rp_fold_init(&r->sides[s].fold, options->rules[s], options->vms[s], &r->work);
        r->sides[s].fold.model = options->models[s];
        r->sides[s].fold.no_sequences = true; /* nobody is handed to anybody, no mail is written */
    }
    return r;
}

void rp_replay_free(struct rp_replay *r)
{
    if (!r) {
        return;
    }
    for (size_t s = 0; s < r->options.sides; s++) {
        for (size_t m = 0; m < r->member_cap; m++) {
            rp_lead_fini(&r->sides[s].leads[m]);
        }
        rp_fold_fini(&r->sides[s].fold);
        free(r->sides[s].leads);
        free(r->sides[s].stale);
    }
    rp_played_fini(&r->played);
    rp_arena_fini(&r->work);
    free(r->owner);
    free(r->merged);
    free(r->undone);
    free(r->present);
    free(r->begun);
    free(r);
}

struct rp_lead *rp_replay_lead(struct rp_replay *r, size_t side, size_t member)
{
    return r->present[member] ? &r->sides[side].leads[member] : NULL;
}

struct rp_fold *rp_replay_fold(struct rp_replay *r, size_t side)
{
    return &r->sides[side].fold;
}

bool rp_replay_cut(const struct rp_replay *r)
{
    return r->cut;
}

const struct rp_move_row *rp_replay_moves(const struct rp_replay *r, size_t *ret_count)
{
    *ret_count = r->played.move_count;
    return r->played.moves;
}

struct rp_arena *rp_replay_arena(struct rp_replay *r)
{
    return &r->work;
}

/* ---- Judging --------------------------------------------------------------------------------- */

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

/* `seen`: the event is judged as such; a copy and a void one are not. */
static void judge(struct rp_replay *r, size_t s, size_t member, const struct rp_event *event,
                  bool seen, struct rp_decision *decision)
{
    struct side *side = &r->sides[s];

    rp_judge(&side->fold, &side->leads[member], seen ? event : NULL, event->received_ms, decision);
    judged(r, s, member, event, event->received_ms, decision);
}

static void play_timers(struct rp_replay *r, size_t s, size_t member, int64_t until_ms)
{
    struct side *side = &r->sides[s];
    struct rp_lead *lead = &side->leads[member];

    while (until_ms > lead->judged_ms) {
        struct rp_timer timer = rp_timer_next(&side->fold, lead, false);
        struct rp_decision decision = {0};

        if (timer.at_ms == 0 || timer.at_ms > until_ms) {
            return;
        }
        rp_judge(&side->fold, lead, NULL, timer.at_ms, &decision);
        RP_ASSERT(lead->judged_ms >= timer.at_ms);
        judged(r, s, member, NULL, timer.at_ms, &decision);
    }
}

/* Timers that are due at or before an event that comes are judged without it. */
static void play_all_timers(struct rp_replay *r, int64_t until_ms)
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

void rp_replay_again(struct rp_replay *r, size_t s, size_t member, struct rp_lead *into)
{
    struct rp_history history = known_of(r, member);

    rp_lead_copy(into, &r->sides[s].leads[member]);
    rp_history_fold(&r->sides[s].fold, into, &history, INT64_MAX, NULL, NULL);
}

/* The events [from, known) of one lead that came together. */
struct step {
    size_t member, from, count;
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
    struct side *side = &r->sides[s];
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

static void make_step(struct rp_replay *r, size_t from, size_t count, struct step *step)
{
    *step = (struct step){.member = r->owner[r->played.nodes[from]], .from = from, .count = count};
    step->events = RP_ARENA_ARRAY(&r->work, const struct rp_event *, count + 1);
    step->copy = RP_ARENA_ARRAY(&r->work, bool, count + 1);
    for (size_t i = 0; i < count; i++) {
        step->events[i] = &r->played.events[from + i];
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
    }
}

static void fold_step(struct rp_replay *r, size_t s, struct step *step)
{
    struct side *side = &r->sides[s];
    struct rp_lead *lead = &side->leads[step->member];
    bool stale = side->stale[step->member] || step->void_comes;
    bool late = !rp_fold_in_order(lead, step->events[0]);
    struct rp_history history;

    if (!stale && !late) {
        for (size_t i = 0; i < step->count; i++) {
            fold_one(r, s, step, i);
        }
        return;
    }
    if (r->refolded > RP_REPLAY_REFOLD_MAX) { /* the end catches up */
        r->cut = true;
        side->stale[step->member] = true;
        return;
    }
    if (!stale) {
        rp_fold_before(&side->fold, lead, step->events[0]->received_ms);
    }
    history = known_of(r, step->member);
    r->refolded += history.count;
    mark_copies(&history, step, &late);
    fold_history(r, s, step, &history, late);
    memset(step->copy, 0, step->count * sizeof(*step->copy));
}

/* ---- Who is who ------------------------------------------------------------------------------ */

static size_t member_of(const struct rp_family *family, int64_t lead)
{
    size_t at = 0;

    while (at < family->lead_count && family->leads[at] != lead) {
        at++;
    }
    RP_ASSERT(at < family->lead_count);
    return at;
}

static void move_nodes(struct rp_replay *r, const struct rp_family_merge *merge, size_t to)
{
    for (size_t n = 0; n < merge->node_count; n++) {
        size_t node = rp_played_node(&r->played, merge->nodes[n]);

        if (node != SIZE_MAX) {
            r->owner[node] = to;
        }
    }
}

/* Folds all that is known of a member anew. */
static void refold(struct rp_replay *r, size_t s, size_t member)
{
    struct rp_history history = known_of(r, member);

    rp_history_fold(&r->sides[s].fold, &r->sides[s].leads[member], &history, INT64_MAX, NULL, NULL);
    r->sides[s].stale[member] = false;
}

static void set_stale(struct rp_replay *r, size_t member)
{
    for (size_t s = 0; s < r->options.sides; s++) {
        r->sides[s].stale[member] = true;
    }
}

/* The member is there from now on; its first time, it is new. */
static void begin_member(struct rp_replay *r, size_t member, int64_t created_ms)
{
    r->present[member] = true;
    if (r->begun[member]) {
        return;
    }
    r->begun[member] = true;
    for (size_t s = 0; s < r->options.sides; s++) {
        struct rp_lead *lead = &r->sides[s].leads[member];

        rp_lead_fini(lead);
        rp_lead_init(lead);
        lead->id = r->family->leads[member];
        lead->stage = RP_STAGE_NONE;
        lead->created_ms = created_ms;
        lead->generation = r->options.rules[s]->number;
        memcpy(lead->public_id, r->played.public_ids[member], sizeof(lead->public_id));
        r->sides[s].stale[member] = false;
    }
}

static void merge(struct rp_replay *r, const struct rp_family_merge *m)
{
    size_t from = member_of(r->family, m->from);
    size_t into = member_of(r->family, m->into);

    for (size_t s = 0; s < r->options.sides; s++) {
        struct rp_lead *lead = &r->sides[s].leads[into];
        const struct rp_lead *other = &r->sides[s].leads[from];

        if (r->present[from] && other->created_ms < lead->created_ms) {
            lead->created_ms = other->created_ms;
        }
    }
    begin_member(r, into, m->at_ms);
    move_nodes(r, m, into);
    r->present[from] = false;
    set_stale(r, into);
}

static void unmerge(struct rp_replay *r, const struct rp_family_merge *m)
{
    size_t from = member_of(r->family, m->from);

    move_nodes(r, m, from);
    begin_member(r, from, m->undone_ms);
    for (size_t s = 0; s < r->options.sides; s++) {
        refold(r, s, from);
        refold(r, s, member_of(r->family, m->into));
    }
}

/* What happened to the family up to the moment, oldest first. */
static void play_merges(struct rp_replay *r, int64_t until_ms)
{
    for (;;) {
        const struct rp_family_merge *next = NULL;
        bool undo = false;

        for (size_t i = 0; i < r->family->merge_count; i++) {
            const struct rp_family_merge *m = &r->family->merges[i];
            bool undoes = r->merged[i] && !r->undone[i] && m->undone_ms != RP_NEVER;
            int64_t at = undoes ? m->undone_ms : m->at_ms;

            if ((r->merged[i] && !undoes) || at > until_ms) {
                continue;
            }
            if (!next || at < (undo ? next->undone_ms : next->at_ms)) {
                next = m;
                undo = undoes;
            }
        }
        if (!next) {
            return;
        }
        play_all_timers(r, undo ? next->undone_ms : next->at_ms);
        if (undo) {
            r->undone[next - r->family->merges] = true;
            unmerge(r, next);
        } else {
            r->merged[next - r->family->merges] = true;
            merge(r, next);
        }
    }
}

/* ---- A family -------------------------------------------------------------------------------- */

static void *room(void *array, size_t *cap, size_t need, size_t size)
{
    size_t old = *cap;

    if (need <= old) {
        return array;
    }
    array = rp_grow(array, cap, need, size);
    memset((char *)array + old * size, 0, (*cap - old) * size);
    return array;
}

static void begin_family(struct rp_replay *r, const struct rp_family *family)
{
    size_t members = family->lead_count;
    size_t cap = r->member_cap, begun_cap = r->member_cap, merge_cap = r->merge_cap;

    r->family = family;
    r->known = r->refolded = 0;
    r->cut = false;
    r->present = room(r->present, &cap, members, sizeof(*r->present));
    r->begun = room(r->begun, &begun_cap, members, sizeof(*r->begun));
    for (size_t s = 0; s < r->options.sides; s++) {
        size_t lead_cap = r->member_cap, stale_cap = r->member_cap;

        r->sides[s].leads = room(r->sides[s].leads, &lead_cap, members, sizeof(*r->sides[s].leads));
        r->sides[s].stale =
            room(r->sides[s].stale, &stale_cap, members, sizeof(*r->sides[s].stale));
    }
    r->member_cap = cap;
    r->merged = room(r->merged, &merge_cap, family->merge_count + 1, sizeof(*r->merged));
    merge_cap = r->merge_cap;
    r->undone = room(r->undone, &merge_cap, family->merge_count + 1, sizeof(*r->undone));
    r->merge_cap = merge_cap;
    memset(r->present, 0, members * sizeof(*r->present));
    memset(r->begun, 0, members * sizeof(*r->begun));
    memset(r->merged, 0, (family->merge_count + 1) * sizeof(*r->merged));
    memset(r->undone, 0, (family->merge_count + 1) * sizeof(*r->undone));
    r->owner = room(r->owner, &r->owner_cap, r->played.node_count + 1, sizeof(*r->owner));
    for (size_t n = 0; n < r->played.node_count; n++) {
        r->owner[n] = member_of(family, r->played.node_rows[n].first_lead);
    }
}

static size_t together(const struct rp_replay *r, size_t from)
{
    const struct rp_event *first = &r->played.events[from];
    size_t to = from + 1;

    while (to < r->played.count && !(first->flags & RP_EVENT_BASE) &&
           !(r->played.events[to].flags & RP_EVENT_BASE) &&
           r->played.events[to].received_ms == first->received_ms &&
           r->owner[r->played.nodes[to]] == r->owner[r->played.nodes[from]]) {
        to++;
    }
    return to - from;
}

static void play_step(struct rp_replay *r, size_t from)
{
    const struct rp_event *first = &r->played.events[from];
    int64_t now_ms = first->received_ms;
    struct step step;

    play_merges(r, now_ms);
    play_all_timers(r, now_ms);
    if (r->options.before) {
        r->options.before(r->options.ctx, now_ms);
    }
    make_step(r, from, together(r, from), &step);
    r->known = from + step.count;
    begin_member(r, step.member, now_ms);
    if (first->flags & RP_EVENT_BASE) {
        fold_base(r, &step);
    } else {
        for (size_t s = 0; s < r->options.sides; s++) {
            fold_step(r, s, &step);
        }
    }
    if (r->options.after) {
        r->options.after(r->options.ctx, now_ms);
    }
    rp_arena_reset(&r->work);
}

/* Leads that a merge, or too many late events, left to be folded. */
static void catch_up(struct rp_replay *r)
{
    for (size_t m = 0; m < r->family->lead_count; m++) {
        for (size_t s = 0; s < r->options.sides; s++) {
            if (r->present[m] && r->sides[s].stale[m]) {
                refold(r, s, m);
                rp_arena_reset(&r->work);
            }
        }
    }
}

int rp_replay_family(struct rp_replay *r, const struct rp_family *family, size_t *ret_events,
                     struct rp_err *err)
{
    struct rp_play_from from = {.store = r->options.store,
                                .recent = r->options.recent,
                                .newest = r->options.newest,
                                .until_ms = r->options.until_ms,
                                .events_max = r->options.events_max};
    int status = rp_played_load(&r->played, &from, family, err);

    *ret_events = r->played.count;
    if (status != 0) {
        return status;
    }
    begin_family(r, family);
    while (r->known < r->played.count) {
        play_step(r, r->known);
    }
    play_merges(r, r->options.until_ms);
    catch_up(r);
    play_all_timers(r, r->options.until_ms);
    if (r->options.before) {
        r->options.before(r->options.ctx, r->options.until_ms);
    }
    rp_arena_reset(&r->work);
    return 0;
}
