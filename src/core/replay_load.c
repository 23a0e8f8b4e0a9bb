/* SPDX-License-Identifier: MIT */
/* Follows the chains of a family's nodes from their newest events, parses what it finds, and sorts
 * by row: rows are appended as events are received. */
#include "core/replay_load.h"

#include "base/mem.h"
#include "model/lead.h"
#include "store/events.h"
#include "store/states.h"

#include <stdlib.h>
#include <string.h>

void rp_played_init(struct rp_played *played)
{
    *played = (struct rp_played){0};
    rp_arena_init(&played->arena);
}

void rp_played_fini(struct rp_played *played)
{
    rp_arena_fini(&played->arena);
    free(played->events);
    free(played->nodes);
    free(played->node_rows);
    free(played->public_ids);
    free(played->moves);
    free(played->held);
    free(played->told);
}

static void add_node(struct rp_played *p, const struct rp_head *head, int64_t lead,
                     const struct rp_family *family)
{
    struct rp_played_node *node;

    p->node_rows = p->node_count == p->node_cap ? rp_grow(p->node_rows, &p->node_cap,
                                                          p->node_count + 1, sizeof(*p->node_rows))
                                                : p->node_rows;
    node = &p->node_rows[p->node_count++];
    *node = (struct rp_played_node){head->node, head->event, lead, lead};
    for (size_t m = 0; m < family->merge_count; m++) {
        const struct rp_family_merge *merge = &family->merges[m];

        for (size_t n = 0; n < merge->node_count; n++) {
            if (merge->nodes[n] == head->node) {
                node->first_lead = merge->from;
                return;
            }
        }
    }
}

static int load_moves(struct rp_played *p, const struct rp_play_from *from, int64_t lead,
                      struct rp_err *err)
{
    struct rp_move_row *moves;
    size_t count;
    int status = rp_move_list(&p->arena, from->store, lead, &moves, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        p->moves = p->move_count == p->move_cap
                       ? rp_grow(p->moves, &p->move_cap, p->move_count + 1, sizeof(*p->moves))
                       : p->moves;
        p->explored = p->explored || (from->arms && rp_str_is(moves[i].because, "explored"));
        p->moves[p->move_count++] = moves[i];
    }
    return status;
}

static int load_told(struct rp_played *p, const struct rp_play_from *from, int64_t lead,
                     struct rp_err *err)
{
    struct rp_told *told;
    size_t count;
    int status = rp_told_load(&p->arena, from->store, lead, &from->kinds, &told, &count, err);

    if (status != 0 || count == 0) {
        return status;
    }
    if (p->told_count + count > p->told_cap) {
        p->told = rp_grow(p->told, &p->told_cap, p->told_count + count, sizeof(*p->told));
    }
    memcpy(p->told + p->told_count, told, count * sizeof(*told));
    p->told_count += count;
    return 0;
}

/* What is on record of the lead beside its events. */
static int load_record(struct rp_played *p, const struct rp_play_from *from, size_t member,
                       const struct rp_lead *lead, struct rp_err *err)
{
    int status = load_moves(p, from, lead->id, err);

    if (status == 0 && rp_arms_count(from->arms) > 0) {
        status = rp_arms_own(from->arms, &p->arena, from->store, lead,
                             p->held + member * rp_arms_count(from->arms), err);
    }
    if (status == 0 && (from->kinds.owners || from->kinds.facts)) {
        status = load_told(p, from, lead->id, err);
    }
    return status;
}

static int load_member(struct rp_played *p, const struct rp_play_from *from,
                       const struct rp_family *family, size_t member, struct rp_err *err)
{
    const struct rp_head *heads;
    struct rp_str stage;
    struct rp_lead lead;
    size_t count = 0;
    int status;

    rp_lead_init(&lead);
    status = rp_state_load(from->store, family->leads[member], &lead, &stage, err);
    status = status == RIPEN_ENOTFOUND ? 0 : status; /* nothing was written yet, or merged away */
    if (status == 0) {
        lead.id = family->leads[member];
        memcpy(p->public_ids[member], lead.public_id, sizeof(lead.public_id));
        rp_recent_apply(from->recent, &lead);
        heads = rp_lead_heads(&lead, &count);
        for (size_t i = 0; i < count; i++) {
            add_node(p, &heads[i], family->leads[member], family);
        }
        status = load_record(p, from, member, &lead, err);
    }
    rp_lead_fini(&lead);
    return status;
}

static void add_event(struct rp_played *p, const struct rp_event *event)
{
    if (p->count == p->cap) {
        p->events = rp_grow(p->events, &p->cap, p->count + 1, sizeof(*p->events));
    }
    p->events[p->count++] = *event;
}

static int load_chain(struct rp_played *p, const struct rp_play_from *from, size_t node,
                      struct rp_err *err)
{
    int64_t row = p->node_rows[node].head;

    while (row != 0) {
        struct rp_event event;
        int64_t prev;
        int status = rp_event_read(&p->arena, from->store, row, &event, &prev, err);

        if (status == 0 && row <= from->newest && event.received_ms <= from->until_ms) {
            if (p->count == from->events_max) {
                return rp_err_set(err, RIPEN_ELIMIT, "a lead has more than %zu events",
                                  from->events_max);
            }
            status = rp_event_body_parse(&p->arena, &event);
            event.node = p->node_rows[node].node;
            if (status == 0) {
                add_event(p, &event);
            }
        }
        if (status == 0 && prev >= row) {
            status = rp_err_set(err, RIPEN_ESTORE,
                                "event %lld names a later one as its previous; "
                                "restore the file from a backup",
                                (long long)row);
        }
        if (status != 0) {
            return status;
        }
        row = prev;
    }
    return 0;
}

static int by_row(const void *a, const void *b)
{
    const struct rp_event *x = a;
    const struct rp_event *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static int by_move(const void *a, const void *b)
{
    const struct rp_move_row *x = a;
    const struct rp_move_row *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

size_t rp_played_node(const struct rp_played *p, int64_t node)
{
    for (size_t i = 0; i < p->node_count; i++) {
        if (p->node_rows[i].node == node) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void sort(struct rp_played *p)
{
    if (p->count > 1) {
        qsort(p->events, p->count, sizeof(*p->events), by_row);
    }
    if (p->move_count > 1) {
        qsort(p->moves, p->move_count, sizeof(*p->moves), by_move);
    }
    if (p->nodes_cap < p->count) {
        p->nodes = rp_grow(p->nodes, &p->nodes_cap, p->count, sizeof(*p->nodes));
    }
    for (size_t i = 0; i < p->count; i++) {
        p->nodes[i] = rp_played_node(p, p->events[i].node);
    }
}

int rp_played_load(struct rp_played *p, const struct rp_play_from *from,
                   const struct rp_family *family, struct rp_err *err)
{
    int status = 0;

    rp_arena_reset(&p->arena);
    p->count = p->node_count = p->move_count = p->told_count = 0;
    p->explored = false;
    if (p->id_cap < family->lead_count) {
        p->public_ids =
            rp_grow(p->public_ids, &p->id_cap, family->lead_count, sizeof(*p->public_ids));
    }
    if (p->held_cap < family->lead_count * rp_arms_count(from->arms)) {
        p->held = rp_grow(p->held, &p->held_cap, family->lead_count * rp_arms_count(from->arms),
                          sizeof(*p->held));
    }
    for (size_t m = 0; m < family->lead_count && status == 0; m++) {
        status = load_member(p, from, family, m, err);
    }
    for (size_t n = 0; n < p->node_count && status == 0; n++) {
        status = load_chain(p, from, n, err);
    }
    if (status == 0) {
        sort(p);
    }
    return status;
}

void rp_played_stage(const struct rp_played *p, const struct rp_rules *rules, int64_t at_ms,
                     struct rp_lead *lead)
{
    for (size_t i = 0; i < p->move_count && p->moves[i].at_ms <= at_ms; i++) {
        uint32_t stage = rp_rules_stage(rules, p->moves[i].to);

        if (p->moves[i].lead == lead->id && stage != RP_NONE) {
            lead->stage = (uint16_t)stage;
            lead->stage_since_ms = p->moves[i].at_ms;
        }
    }
}
