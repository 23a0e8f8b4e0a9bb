/* SPDX-License-Identifier: MIT */
/* What the fold keeps of time for conditions that ask how long something lasts: since when the
 * scores of a below {…, held} are below, the newest activity, the day that somebody is to wake. All
 * of it depends on the folded events alone. Between two events scores move by decay, so that the
 * moment at which they fell below is found in the cells as they were before the later one.
 *
 *   held cell: since i64, as of the newest event folded; absent: not below */
#include "engine/eval.h"

#define WALKED_MAX 64

/* ---- Held ------------------------------------------------------------------------------------ */

static bool is_below(struct rp_scratch *s, const struct rp_cond *cond, int64_t ms)
{
    int64_t saved = s->now_ms;
    bool below = true;

    s->now_ms = ms;
    for (uint32_t i = 0; below && i < cond->bound_count; i++)
        below = rp_score_read(s, cond->bounds[i].dim) < cond->bounds[i].value;
    s->now_ms = saved;
    return below;
}

/* The next moment behind `ms` at which all bounds hold (want) or one does not; a lower bound. */
static int64_t turns(struct rp_scratch *s, const struct rp_cond *cond, bool want, int64_t ms)
{
    int64_t all = RP_MOMENT_NOW, some = RP_MOMENT_NEVER;

    for (uint32_t i = 0; i < cond->bound_count; i++) {
        int64_t at = rp_bound_next(s, cond->bounds[i].dim, cond->bounds[i].value, want, ms).at_ms;

        all = at > all ? at : all;
        some = at < some ? at : some;
    }
    return want ? all : some;
}

/* The same, or where points given by hand end, if that is sooner. */
static int64_t turns_or_ends(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                             int64_t ms)
{
    int64_t next = turns(s, cond, want, ms), end;

    return rp_adjusted_next_end(s->lead, ms, &end) && end < next ? end : next;
}

/* Follows it from one moment to another with the cells as they are. */
static int64_t walk(struct rp_scratch *s, const struct rp_cond *cond, int64_t since,
                    int64_t from_ms, int64_t until_ms, int64_t *ret_turn)
{
    int64_t at = from_ms;

    if (ret_turn)
        *ret_turn = until_ms;

    for (int i = 0; i < WALKED_MAX; i++) {
        bool below = since != RP_NEVER;
        int64_t next = turns_or_ends(s, cond, !below, at);

        at = next > at ? next : at + 1;
        if (at > until_ms || next == RP_MOMENT_NEVER) {
            if (ret_turn)
                *ret_turn = at;
            return since;
        }
        if (is_below(s, cond, at) != below)
            since = below ? RP_NEVER : at;
    }
    if (!is_below(s, cond, until_ms))
        return RP_NEVER;
    return since != RP_NEVER ? since : until_ms;
}

static int64_t held_cell(const struct rp_scratch *s, uint32_t number)
{
    uint32_t len = 0;
    const void *cell = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_HELD, 0, number), &len);
    int64_t since = RP_NEVER;

    if (cell)
        memcpy(&since, cell, sizeof(since));
    return since;
}

int64_t rp_held_since(struct rp_scratch *s, const struct rp_cond *cond, int64_t *ret_turn)
{
    int64_t newest = rp_fold_newest(s->lead);
    uint32_t number = cond->held ? cond->held - 1 : s->index->held_count;

    while (number < s->index->held_count &&
           (s->index->held[number].cond != cond || s->index->held[number].model != s->model))
        number++;
    if (ret_turn)
        *ret_turn = RP_MOMENT_NEVER;
    if (number == s->index->held_count || newest == RP_NEVER)
        return RP_NEVER;
    return walk(s, cond, held_cell(s, number), newest, s->now_ms, ret_turn);
}

void rp_held_before(struct rp_scratch *s, int64_t newest_ms)
{
    uint32_t model = s->model;

    for (uint32_t i = 0; i < s->index->held_count; i++) {
        s->model = s->index->held[i].model;
        s->held[i] = newest_ms == RP_NEVER ? RP_NEVER
                                           : walk(s, s->index->held[i].cond, held_cell(s, i),
                                                  newest_ms, s->event->effective_ms, NULL);
    }
    s->model = model;
}

void rp_held_behind(struct rp_scratch *s, struct rp_lead *lead)
{
    uint32_t model = s->model;

    for (uint32_t i = 0; i < s->index->held_count; i++) {
        uint32_t key = rp_cell_key(RP_CELL_HELD, 0, i);
        int64_t since = s->held[i];

        s->model = s->index->held[i].model;
        if (!is_below(s, s->index->held[i].cond, s->event->effective_ms)) {
            rp_lead_cell_remove(lead, key);
            continue;
        }
        if (since == RP_NEVER)
            since = s->event->effective_ms;
        memcpy(rp_lead_cell_resize(lead, key, sizeof(since)), &since, sizeof(since));
    }
    s->model = model;
}

/* ---- Activity -------------------------------------------------------------------------------- */

int64_t rp_active_ms(const struct rp_lead *lead)
{
    uint32_t len = 0;
    const void *cell = rp_lead_cell(lead, rp_cell_key(RP_CELL_ACTIVE, 0, 0), &len);
    int64_t active = lead->created_ms;

    if (cell)
        memcpy(&active, cell, sizeof(active));
    return active;
}

void rp_active_note(struct rp_scratch *s, struct rp_lead *lead)
{
    const struct rp_event *event = s->event;

    if (!s->index->asks_active || (event->flags & RP_EVENT_CRM) ||
        (event->type != RP_TRACK && event->type != RP_PAGE && event->type != RP_SCREEN))
        return;
    memcpy(rp_lead_cell_resize(lead, rp_cell_key(RP_CELL_ACTIVE, 0, 0), sizeof(int64_t)),
           &event->effective_ms, sizeof(int64_t));
}

/* ---- Waking ---------------------------------------------------------------------------------- */

struct waking {
    int64_t received_ms, day_ms;
};

static bool day_of(struct rp_scratch *s, uint32_t field, int64_t *ret_ms)
{
    const struct rp_value *value = rp_bind_value(s, field);

    return value && rp_time_parse(rp_value_text(s, value), ret_ms);
}

void rp_wake_note(struct rp_scratch *s, struct rp_lead *lead)
{
    for (uint32_t i = 0; i < s->index->waking_count; i++) {
        const struct rp_waking *waking = &s->index->wakings[i];
        struct waking note = {.received_ms = s->event->received_ms};

        if (s->rules->fields[waking->field].home == RP_FIELD_EVENT &&
            day_of(s, waking->field, &note.day_ms))
            memcpy(
                rp_lead_cell_resize(lead, rp_cell_key(RP_CELL_WAKE, 0, waking->cell), sizeof(note)),
                &note, sizeof(note));
    }
}

int64_t rp_wake_ms(struct rp_scratch *s, const struct rp_status *status, int64_t since_ms)
{
    struct waking note = {RP_NEVER, RP_NEVER};
    uint32_t len = 0;
    const void *cell;

    if (!status->wakes)
        return RP_NEVER;
    if (status->wake_field != RP_NONE &&
        s->rules->fields[status->wake_field].home != RP_FIELD_EVENT) {
        note.received_ms = since_ms;
        if (!day_of(s, status->wake_field, &note.day_ms))
            note.day_ms = RP_NEVER;
    } else if (status->wake_field != RP_NONE) {
        cell = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_WAKE, 0, status->wake_cell), &len);
        if (cell)
            memcpy(&note, cell, sizeof(note));
    }
    /* A day that was named before the status began, or that is over, says nothing. */
    if (note.received_ms >= since_ms && note.day_ms > since_ms)
        return note.day_ms;
    return status->wake_otherwise_ms ? since_ms + status->wake_otherwise_ms : RP_NEVER;
}
