/* SPDX-License-Identifier: MIT */
/* What the index has for time: which stages can be entered from which, and whether time alone may
 * bring it; the conditions that ask how long something held; the statuses that wake. */
#include "engine/eval.h"

/* ---- Conditions that hold for some time -------------------------------------------------------
 */

struct holding {
    struct rp_index *index;
    uint32_t model;
    uint32_t room; /* of index->held; while it is counted nothing is added */
};

static bool is_known(const struct rp_index *index, const struct rp_cond *cond, uint32_t model)
{
    for (uint32_t i = 0; i < index->held_count; i++) {
        if (index->held[i].cond == cond && index->held[i].model == model)
            return true;
    }
    return false;
}

/* A condition that models share is held for each of them by its own scores. */
static void find_held(struct holding *h, struct rp_cond *cond)
{
    struct rp_index *index = h->index;

    if (!cond)
        return;
    index->asks_active |= cond->op == RP_COND_INACTIVE;
    if (cond->op == RP_COND_BELOW && cond->held_ms) {
        if (!index->held) {
            h->room++;
        } else if (!is_known(index, cond, h->model)) {
            index->held[index->held_count++] = (struct rp_held){cond, h->model};
            cond->held = cond->held ? cond->held : index->held_count;
        }
    }
    for (uint32_t i = 0; i < cond->part_count; i++)
        find_held(h, &cond->parts[i]);
}

static void find_held_of_part(struct holding *h, const struct rp_action_part *part)
{
    if (part && part->email)
        find_held(h, part->email->unless);
}

static void find_held_of_action(struct holding *h, const struct rp_action *action)
{
    find_held(h, action->when);
    for (uint32_t i = 0; i < action->part_count; i++)
        find_held_of_part(h, &action->parts[i]);
}

static void find_held_of_sequence(struct holding *h, const struct rp_sequence *sequence)
{
    for (uint32_t i = 0; i < sequence->start_count; i++)
        find_held(h, sequence->starts[i].cond);
    for (uint32_t i = 0; i < sequence->exit_count; i++)
        find_held(h, sequence->exits[i].cond);
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        for (uint32_t j = 0; j < sequence->steps[i].item_count; j++) {
            const struct rp_step_item *item = &sequence->steps[i].items[j];

            find_held(h, item->until);
            find_held_of_part(h, item->part);
            for (uint32_t w = 0; w < item->way_count; w++)
                find_held(h, item->ways[w].when);
        }
    }
}

static void find_all_held(struct rp_rules *rules, struct holding *h)
{
    for (uint32_t m = 0; m < rules->model_count; m++) {
        h->model = m;
        for (uint32_t i = 0; i < rules->stage_count; i++) {
            const struct rp_stage *stage = &rules->models[m].stages[i];

            find_held(h, stage->enter);
            find_held(h, stage->leave);
            for (uint32_t j = 0; j < stage->status_count; j++)
                find_held(h, stage->statuses[j].enter);
        }
        for (uint32_t i = 0; i < rules->action_count; i++)
            find_held_of_action(h, &rules->actions[i]);
        for (uint32_t i = 0; i < rules->sequence_count; i++)
            find_held_of_sequence(h, &rules->sequences[i]);
        for (uint32_t i = 0; i < rules->segment_count; i++)
            find_held(h, rules->segments[i].when);
    }
    h->model = 0;
    for (uint32_t i = 0; i < rules->fit_count; i++)
        find_held(h, rules->fits[i].when);
    for (uint32_t i = 0; i < rules->score_count; i++)
        find_held(h, rules->scores[i].when);
    for (uint32_t i = 0; i < rules->exclude_count; i++)
        find_held(h, rules->excludes[i].when);
}

static void index_held(struct rp_rules *rules, struct rp_index *index)
{
    struct holding h = {.index = index};

    find_all_held(rules, &h);
    index->held = RP_ARENA_ARRAY(&rules->arena, struct rp_held, h.room + 1);
    find_all_held(rules, &h);
}

/* ---- Scores ---------------------------------------------------------------------------------- */

/* Some rule takes points away in this dimension. */
static bool takes(const struct rp_rules *rules, uint32_t dim)
{
    for (uint32_t i = 0; i < rules->score_count; i++) {
        for (uint32_t a = 0; a < rules->scores[i].award_count; a++) {
            for (uint32_t m = 0; m < rules->model_count; m++) {
                const struct rp_award *award = &rules->models[m].awards[i][a];

                if (award->dim == dim && award->points < 0)
                    return true;
            }
        }
    }
    return false;
}

static void index_moves(struct rp_rules *rules, struct rp_index *index)
{
    uint32_t total = rules->dim_count;

    index->total = total;
    index->falls = RP_ARENA_ARRAY(&rules->arena, bool, total + 1);
    index->rises = RP_ARENA_ARRAY(&rules->arena, bool, total + 1);
    for (uint32_t d = 0; d < rules->dim_count; d++) {
        int64_t weight = rules->dims[d].weight;

        for (uint32_t i = 0; i < rules->sum_count; i++)
            index->falls[d] |=
                rules->sums[i].dim == d && rules->sums[i].decay.kind != RP_DECAY_NONE;
        index->rises[d] = index->falls[d] && takes(rules, d);
        if (rules->dims[d].state)
            index->falls[d] = index->rises[d] = !index->dim_static[d];
        index->falls[total] |= (weight > 0 && index->falls[d]) || (weight < 0 && index->rises[d]);
        index->rises[total] |= (weight > 0 && index->rises[d]) || (weight < 0 && index->falls[d]);
    }
}

/* ---- Entries --------------------------------------------------------------------------------- */

static bool is_from(const struct rp_stage *stage, uint32_t from)
{
    for (uint32_t i = 0; i < stage->from_count; i++) {
        if (stage->from[i] == from)
            return true;
    }
    return false;
}

static void index_entries(struct rp_rules *rules, struct rp_index *index)
{
    struct rp_arena *arena = &rules->arena;
    uint32_t count = rules->stage_count;

    index->entries = RP_ARENA_ARRAY(arena, struct rp_entries *, rules->model_count + 1);
    for (uint32_t m = 0; m < rules->model_count; m++) {
        const struct rp_stage *stages = rules->models[m].stages;

        index->entries[m] = RP_ARENA_ARRAY(arena, struct rp_entries, count + 1);
        for (uint32_t from = 0; from < count; from++) {
            struct rp_entries *entries = &index->entries[m][from];
            uint32_t room = 0;

            for (uint32_t i = 0; i < count; i++)
                room += stages[i].enter && is_from(&stages[i], from);
            entries->items = RP_ARENA_ARRAY(arena, struct rp_entry, room + 1);
            for (uint32_t i = 0; i < count && entries->count < room; i++) {
                if (stages[i].enter && is_from(&stages[i], from))
                    entries->items[entries->count++] = (struct rp_entry){
                        (uint16_t)i, rp_cond_is_timed(index, stages[i].enter, true)};
            }
        }
    }
}

/* ---- Wakings --------------------------------------------------------------------------------- */

static void index_wakings(struct rp_rules *rules, struct rp_index *index)
{
    uint32_t room = 1;

    for (uint32_t i = 0; i < rules->stage_count; i++)
        room += rules->stages[i].status_count;
    index->wakings = RP_ARENA_ARRAY(&rules->arena, struct rp_waking, room);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        for (uint32_t j = 0; j < rules->stages[i].status_count; j++) {
            const struct rp_status *status = &rules->stages[i].statuses[j];

            if (status->wakes && status->wake_field != RP_NONE)
                index->wakings[index->waking_count++] =
                    (struct rp_waking){status->wake_field, status->wake_cell};
        }
    }
}

void rp_index_timers(struct rp_rules *rules, struct rp_index *index)
{
    index_moves(rules, index);
    index_held(rules, index);
    index_entries(rules, index);
    index_wakings(rules, index);
}
