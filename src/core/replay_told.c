/* SPDX-License-Identifier: MIT */
/* Rows of assignments, of what steps did and of when sequences came to a step or ended, as one
 * list.
 */
#include "core/replay_told.h"

#include "core/core_priv.h"
#include "model/owner.h"
#include "store/assignments.h"
#include "store/sequences.h"

#include <stdlib.h>
#include <string.h>

void rp_told_kinds_add(const struct rp_rules *rules, struct rp_told_kinds *kinds)
{
    for (uint32_t i = 0; i < rules->field_count; i++) {
        const struct rp_field *field = &rules->fields[i];

        kinds->owners =
            kinds->owners || (field->home == RP_FIELD_STATE && rp_str_is(field->key, "owner"));
        kinds->facts = kinds->facts || field->home == RP_FIELD_FACT;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct rp_told *x = a;
    const struct rp_told *y = b;

    return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

struct list {
    struct rp_arena *arena;
    struct rp_told *rows;
    size_t count, cap;
    int64_t lead;
};

static void add(struct list *list, int64_t at_ms, int64_t event, enum rp_told_what what,
                struct rp_str text)
{
    if (list->count == list->cap) {
        struct rp_told *old = list->rows;

        list->cap = list->cap > 0 ? 2 * list->cap : 8;
        list->rows = RP_ARENA_ARRAY(list->arena, struct rp_told, list->cap);
        if (list->count > 0) {
            memcpy(list->rows, old, list->count * sizeof(*old));
        }
    }
    list->rows[list->count++] = (struct rp_told){
        .lead = list->lead, .at_ms = at_ms, .event = event, .what = what, .text = text};
}

static int add_owners(struct list *list, struct rp_store *store, struct rp_err *err)
{
    struct rp_assignment_row *rows;
    size_t count;
    int status = rp_assignment_list(list->arena, store, list->lead, &rows, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        if (rows[i].by == RP_ASSIGNED_ACTION) { /* those of events and merges are decided again */
            add(list, rows[i].at_ms, rows[i].event, RP_TOLD_OWNER, rows[i].owner);
        }
    }
    return status;
}

static int add_acts(struct list *list, struct rp_store *store, struct rp_err *err)
{
    struct rp_sequence_act_row *rows;
    size_t count;
    int status = rp_sequence_acts(list->arena, store, list->lead, &rows, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        add(list, rows[i].at_ms, rows[i].event, rows[i].facts.len ? RP_TOLD_FACTS : RP_TOLD_MOMENT,
            rows[i].facts);
    }
    return status;
}

static int add_steps(struct list *list, struct rp_store *store, struct rp_err *err)
{
    struct rp_sequence_step_row *steps;
    struct rp_sequence_row *rows;
    size_t count;
    int status = rp_sequence_steps(list->arena, store, list->lead, &steps, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        add(list, steps[i].at_ms, 0, RP_TOLD_MOMENT, RP_STR(""));
    }
    if (status == 0) {
        status = rp_sequence_list(list->arena, store, list->lead, &rows, &count, err);
    }
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (!rp_instance_is_live(rows[i].in.state)) { /* then it is when it ended */
            add(list, rows[i].in.entered_ms, 0, RP_TOLD_MOMENT, RP_STR(""));
        }
    }
    return status;
}

int rp_told_load(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                 const struct rp_told_kinds *kinds, struct rp_told **ret_told, size_t *ret_count,
                 struct rp_err *err)
{
    struct list list = {.arena = arena, .lead = lead};
    int status = 0;

    if (kinds->owners) {
        status = add_owners(&list, store, err);
    }
    if (status == 0 && (kinds->owners || kinds->facts)) {
        status = add_acts(&list, store, err);
    }
    if (status == 0 && list.count > 0) {
        status = add_steps(&list, store, err);
    }
    if (list.count > 1) {
        qsort(list.rows, list.count, sizeof(*list.rows), by_time);
    }
    *ret_told = list.rows;
    *ret_count = list.count;
    return status;
}

void rp_told_apply(struct rp_arena *arena, const struct rp_told *told, struct rp_lead *lead)
{
    struct rp_owner owner;

    switch (told->what) {
    case RP_TOLD_MOMENT:
        return;
    case RP_TOLD_FACTS:
        (void)rp_core_facts_merge(arena, lead, told->text);
        return;
    case RP_TOLD_OWNER:
        rp_owner_get(lead, &owner);
        owner.name = told->text;
        owner.since_ms = told->at_ms;
        rp_owner_set(lead, &owner);
        return;
    }
    RP_UNREACHABLE();
}
