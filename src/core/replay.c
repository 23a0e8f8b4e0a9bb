/* SPDX-License-Identifier: MIT */
/* Who is who in a family, and what comes when.
 *
 *   step ──merges, un-merges until then──▶ nodes change their lead; it is folded anew
 *        ──timers until then─────────────▶ judged, due by due
 *        ──its events────────────────────▶ folded and judged (replay_step.c)
 *
 * This is identity.c, experiment_merge.c and people.c as far as they change what is decided: keep
 * them alike. */
#include "core/replay.h"

#include "base/mem.h"
#include "core/replay_priv.h"
#include "model/owner.h"

#include <stdlib.h>
#include <string.h>

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
        rp_told_kinds_add(options->rules[s], &r->kinds);
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
        free(r->sides[s].told);
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

enum rp_arms_in rp_replay_in_arm(struct rp_replay *r, size_t member)
{
    return r->options.arms
               ? rp_arms_in(r->options.arms, rp_replay_held(r, member), r->options.until_ms)
               : RP_ARMS_IN_NONE;
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

/* Who owned the one that is gone owns the other, if nobody was chosen for it. */
static void merge_owner(const struct rp_lead *from, struct rp_lead *into)
{
    struct rp_owner left;
    struct rp_owner owner;

    rp_owner_get(from, &left);
    rp_owner_get(into, &owner);
    if (left.since_ms != 0 && owner.since_ms == 0) {
        rp_owner_set(into, &left);
    }
}

static void merge(struct rp_replay *r, const struct rp_family_merge *m)
{
    size_t from = member_of(r->family, m->from);
    size_t into = member_of(r->family, m->into);

    begin_member(r, into, m->at_ms);
    for (size_t s = 0; s < r->options.sides && r->present[from]; s++) {
        struct rp_lead *lead = &r->sides[s].leads[into];
        const struct rp_lead *other = &r->sides[s].leads[from];

        if (other->created_ms < lead->created_ms) {
            lead->created_ms = other->created_ms;
        }
        merge_owner(other, lead);
    }
    if (r->options.arms) {
        rp_arms_merge(r->options.arms, rp_replay_held(r, from), m->from, m->at_ms,
                      rp_replay_held(r, into));
    }
    move_nodes(r, m, into);
    r->present[from] = false;
    set_stale(r, into);
}

/* Of what was decided beside the rules only the owner comes back. */
static void bring_back(struct rp_lead *lead)
{
    struct rp_owner owner;

    rp_owner_get(lead, &owner);
    if (owner.since_ms != 0) {
        rp_owner_set(lead, &(struct rp_owner){.name = owner.name, .since_ms = owner.since_ms});
    }
    rp_lead_cell_remove(lead, rp_cell_key(RP_CELL_FACTS, 0, 0));
}

static void unmerge(struct rp_replay *r, const struct rp_family_merge *m)
{
    size_t from = member_of(r->family, m->from);
    size_t into = member_of(r->family, m->into);

    move_nodes(r, m, from);
    begin_member(r, from, m->undone_ms);
    if (r->options.arms) {
        rp_arms_apart(r->options.arms, m->from, rp_replay_held(r, into));
    }
    for (size_t s = 0; s < r->options.sides; s++) {
        bring_back(&r->sides[s].leads[from]);
        rp_replay_refold(r, s, from, m->undone_ms);
        rp_replay_refold(r, s, into, m->undone_ms);
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
        rp_replay_timers(r, undo ? next->undone_ms : next->at_ms);
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
        r->sides[s].told = room(r->sides[s].told, &r->sides[s].told_cap, r->played.told_count,
                                sizeof(*r->sides[s].told));
        if (r->played.told_count > 0) {
            memset(r->sides[s].told, 0, r->played.told_count * sizeof(*r->sides[s].told));
        }
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

static void play_step(struct rp_replay *r)
{
    size_t from = r->known;
    int64_t now_ms = r->played.events[from].received_ms;

    play_merges(r, now_ms);
    rp_replay_timers(r, now_ms);
    if (r->options.before) {
        r->options.before(r->options.ctx, now_ms);
    }
    begin_member(r, r->owner[r->played.nodes[from]], now_ms);
    rp_replay_step(r, together(r, from));
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
                rp_replay_refold(r, s, m, r->options.until_ms);
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
                                .events_max = r->options.events_max,
                                .arms = r->options.arms,
                                .kinds = r->kinds};
    int status = rp_played_load(&r->played, &from, family, err);

    *ret_events = r->played.count;
    if (status != 0) {
        return status;
    }
    begin_family(r, family);
    while (r->known < r->played.count) {
        play_step(r);
    }
    play_merges(r, r->options.until_ms);
    catch_up(r);
    rp_replay_timers(r, r->options.until_ms);
    if (r->options.before) {
        r->options.before(r->options.ctx, r->options.until_ms);
    }
    rp_arena_reset(&r->work);
    return 0;
}
