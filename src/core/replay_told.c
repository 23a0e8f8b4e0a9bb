/* SPDX-License-Identifier: MIT */
/* Rows of assignments, and of what steps set, as one list. */
#include "core/replay_told.h"

#include "core/core_priv.h"
#include "model/owner.h"
#include "store/assignments.h"
#include "store/sequences.h"

#include <stdlib.h>

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

/* Those of events and of merges are decided again. */
static int load_owners(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                       struct rp_assignment_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    size_t kept = 0;
    int status = rp_assignment_list(arena, store, lead, ret_rows, ret_count, err);

    for (size_t i = 0; status == 0 && i < *ret_count; i++) {
        if ((*ret_rows)[i].by == RP_ASSIGNED_ACTION) {
            (*ret_rows)[kept++] = (*ret_rows)[i];
        }
    }
    *ret_count = status == 0 ? kept : 0;
    return status;
}

int rp_told_load(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                 const struct rp_told_kinds *kinds, struct rp_told **ret_told, size_t *ret_count,
                 struct rp_err *err)
{
    struct rp_assignment_row *owners = NULL;
    struct rp_sequence_fact_row *facts = NULL;
    size_t owner_count = 0;
    size_t fact_count = 0;
    struct rp_told *told;
    int status = 0;

    if (kinds->owners) {
        status = load_owners(arena, store, lead, &owners, &owner_count, err);
    }
    if (status == 0 && kinds->facts) {
        status = rp_sequence_facts(arena, store, lead, &facts, &fact_count, err);
    }
    *ret_count = status == 0 ? owner_count + fact_count : 0;
    *ret_told = told = RP_ARENA_ARRAY(arena, struct rp_told, *ret_count + 1);
    for (size_t i = 0; i<owner_count && * ret_count> 0; i++) {
        *told++ = (struct rp_told){.lead = lead,
                                   .at_ms = owners[i].at_ms,
                                   .event = owners[i].event,
                                   .is_owner = true,
                                   .owner = owners[i].owner};
    }
    for (size_t i = 0; i<fact_count && * ret_count> 0; i++) {
        *told++ = (struct rp_told){.lead = lead,
                                   .at_ms = facts[i].at_ms,
                                   .event = facts[i].event,
                                   .facts = facts[i].facts};
    }
    if (owner_count > 0 && fact_count > 0) {
        qsort(*ret_told, *ret_count, sizeof(**ret_told), by_time);
    }
    return status;
}

void rp_told_apply(struct rp_arena *arena, const struct rp_told *told, struct rp_lead *lead)
{
    struct rp_owner owner;

    if (!told->is_owner) {
        (void)rp_core_facts_merge(arena, lead, told->facts);
        return;
    }
    rp_owner_get(lead, &owner);
    owner.name = told->owner;
    owner.since_ms = told->at_ms;
    rp_owner_set(lead, &owner);
}
