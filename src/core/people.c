/* SPDX-License-Identifier: MIT */
/* Un-merge and forget. Both change what many events belong to, without rewriting one: un-merge
 * moves nodes, forgetting removes whole chains. What no event could bring back is saved in the same
 * transaction; after a failure memory is recovered from the file.
 *
 * Invariant: no number of an event, node or action is ever given out twice (store/people.h). */
#include "core/people.h"

#include "core/assign.h"
#include "core/core_priv.h"
#include "core/sequences.h"
#include "store/audit.h"
#include "store/decisions.h"
#include "store/events.h"
#include "store/people.h"
#include "store/reports.h"
#include "store/scour.h"
#include "store/states.h"
#include "store/suppressions.h"

#include <stdio.h>
#include <string.h>

static int begin(struct rp_core *core, struct rp_err *err)
{
    int status = core->stale ? rp_core_recover(core, err) : 0;

    return status ? status : rp_store_begin(core->store, err);
}

/* Commits when status is 0; else, or when that fails, nothing of it stays. */
static int end(struct rp_core *core, int status, struct rp_err *err)
{
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        core->stale = true;
    }
    for (size_t i = 0; i < core->touched_count; i++) {
        core->touched[i]->lead.flags &= (uint16_t) ~(RP_LEAD_PINNED | RP_LEAD_SAVE);
    }
    core->touched_count = 0;
    rp_arena_reset(&core->arena);
    return status;
}

static int audit(struct rp_core *core, const char *verb, struct rp_str author, const char *subject,
                 struct rp_str detail, struct rp_err *err)
{
    struct rp_audit_row row = {
        .at_ms = rp_clock_now(&core->clock),
        .actor = author,
        .verb = rp_str_from(verb),
        .subject = rp_str_from(subject),
        .detail = detail,
    };

    return rp_audit_add(core->store, &row, err);
}

/* ---- Un-merge -------------------------------------------------------------------------------- */

/* The stage that the decisions before the merge left it in. */
static int stage_before(struct rp_core *core, struct rp_lead *lead, struct rp_err *err)
{
    struct rp_move_row *moves;
    size_t count;
    int status = rp_move_list(&core->arena, core->store, lead->id, &moves, &count, err);

    while (status == 0 && count > 0 && rp_str_is(moves[count - 1].because, "merged")) {
        count--;
    }
    if (status == 0 && count > 0) {
        uint32_t stage = rp_rules_stage(core->rules, moves[count - 1].to);

        lead->stage = stage == RP_NONE ? RP_STAGE_NONE : (uint16_t)stage;
        lead->stage_since_ms = moves[count - 1].at_ms;
    }
    return status;
}

/* Moves the nodes back that still belong to `into`, with their newest events. */
static int move_back(struct rp_core *core, const struct rp_merge *merge, struct rp_cached *into,
                     struct rp_cached *from, struct rp_err *err)
{
    for (size_t n = 0; n < merge->node_count; n++) {
        size_t count;
        const struct rp_head *heads = rp_lead_heads(&into->lead, &count);
        int64_t newest = 0;
        int status;

        if (!rp_history_has_node(&into->lead, merge->nodes[n])) {
            continue; /* a later un-merge took it along */
        }
        for (size_t i = 0; i < count; i++) {
            newest = heads[i].node == merge->nodes[n] ? heads[i].event : newest;
        }
        status = rp_identity_move(core->store, merge->nodes[n], from->lead.id, err);
        if (status != 0) {
            return status;
        }
        rp_lead_head_remove(&into->lead, merge->nodes[n]);
        rp_lead_head_set(&from->lead, merge->nodes[n], newest);
    }
    return 0;
}

/* The cells are to be folded anew; what else the state says stands. */
static void changed(struct rp_core *core, struct rp_cached *lead)
{
    lead->lead.generation = 0;
    lead->lead.through = core->newest_event;
    rp_core_touch(core, lead);
    rp_core_dirty(core, lead);
}

static int unmerge(struct rp_core *core, const struct rp_merge *merge, int64_t now_ms,
                   struct rp_cached **ret_from, struct rp_cached **ret_into, struct rp_err *err)
{
    struct rp_cached *from = NULL;
    struct rp_cached *into = NULL;
    int status = rp_core_lead(core, merge->into, &into, err);

    if (status == 0) {
        rp_core_touch(core, into);
        status = rp_core_retention_apart(core, merge, &into->lead, err);
    }
    if (status == 0) {
        rp_cache_remove(&core->cache, merge->from); /* what was left of it in memory */
        status = rp_core_lead(core, merge->from, &from, err);
    }
    if (status == 0) {
        rp_core_touch(core, from);
        status = rp_lead_merged(core->store, merge->from, 0, err);
    }
    if (status == 0) {
        status = move_back(core, merge, into, from, err);
    }
    if (status == 0) {
        status = stage_before(core, &from->lead, err);
    }
    if (status == 0) {
        status = rp_core_status_on_record(core, &from->lead, err);
    }
    if (status == 0) {
        status = rp_core_owner_unmerged(core, from, err);
    }
    if (status == 0) {
        status = rp_core_sequences_unmerged(core, from, now_ms, err);
    }
    if (status == 0) {
        status = rp_merge_undo(core->store, merge, now_ms, err);
    }
    if (status == 0) {
        status = rp_core_dealt_apart(core, from, into, err);
    }
    if (status == 0) {
        changed(core, from);
        changed(core, into);
        status = rp_core_save(core, from, err);
    }
    if (status == 0) {
        status = rp_core_save(core, into, err);
    }
    *ret_from = from;
    *ret_into = into;
    return status;
}

int rp_core_unmerge(struct rp_core *core, struct rp_str lead, struct rp_str author,
                    struct rp_unmerged *ret_unmerged, struct rp_err *err)
{
    struct rp_cached *from;
    struct rp_cached *into;
    struct rp_merge merge;
    int64_t id;
    int status = begin(core, err);

    if (status != 0) {
        return status;
    }
    status = rp_lead_find(core->store, lead, &id, err);
    if (status == 0) {
        status = rp_merge_newest(&core->arena, core->store, id, &merge, err);
    }
    if (status == 0) {
        status = unmerge(core, &merge, rp_clock_now(&core->clock), &from, &into, err);
    }
    if (status == 0) {
        snprintf(ret_unmerged->lead, sizeof(ret_unmerged->lead), "%s", from->lead.public_id);
        snprintf(ret_unmerged->other, sizeof(ret_unmerged->other), "%s", into->lead.public_id);
        status = audit(core, "unmerge", author, ret_unmerged->lead,
                       rp_str_from(ret_unmerged->other), err);
    }
    return end(core, status, err);
}

/* ---- Forget ---------------------------------------------------------------------------------- */

/* The events of one chain, newest first. */
static int forget_chain(struct rp_core *core, int64_t event, struct rp_forget *forget,
                        struct rp_err *err)
{
    while (event != 0) {
        struct rp_event row;
        int64_t prev;
        int status = rp_event_read(&core->history_arena, core->store, event, &row, &prev, err);

        rp_arena_reset(&core->history_arena);
        if (status == 0) {
            status = rp_event_remove(core->store, event, err);
        }
        if (status != 0) {
            return status;
        }
        forget->events++;
        event = prev;
    }
    return 0;
}

static int forget_nodes(struct rp_core *core, const struct rp_lead *lead, int64_t now_ms,
                        struct rp_forget *forget, struct rp_err *err)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        struct rp_identity node;

        status = rp_identity_get(&core->arena, core->store, heads[i].node, &node, err);
        if (status == 0) {
            status = rp_forgotten_add(
                core->store,
                rp_arena_printf(&core->arena, "%d:%.*s", (int)node.kind, RP_STR_ARG(node.value)),
                now_ms, err);
        }
        if (status == 0 && node.kind == RP_NODE_EMAIL) {
            status = rp_suppression_forget(core->store, node.value, err);
        }
        if (status == 0) {
            status = forget_chain(core, heads[i].event, forget, err);
        }
    }
    return status;
}

/* The lead and all that were merged into it; the one asked for comes last. */
static int forget_tree(struct rp_core *core, int64_t id, int64_t now_ms, struct rp_forget *forget,
                       struct rp_err *err)
{
    struct rp_cached *lead;
    struct rp_forgotten left = {.at_ms = now_ms};
    int64_t *merged;
    size_t count;
    int status = rp_merged_into(&core->arena, core->store, id, &merged, &count, err);

    for (size_t i = 0; i < count && status == 0; i++) {
        status = forget_tree(core, merged[i], now_ms, forget, err);
    }
    if (status == 0) {
        status = rp_core_lead(core, id, &lead, err);
    }
    if (status != 0) {
        return status;
    }
    if (lead->lead.stage != RP_STAGE_NONE) {
        left.stage = core->rules->stages[lead->lead.stage].name;
    }
    left.events = -(int64_t)forget->events;
    status = forget_nodes(core, &lead->lead, now_ms, forget, err);
    if (status == 0) {
        status = rp_lead_remove(core->store, id, &left.actions, err);
    }
    rp_cache_remove(&core->cache, id);
    left.events += (int64_t)forget->events;
    forget->actions += (size_t)left.actions;
    forget->leads++;
    return status == 0 ? rp_forgotten_count(core->store, &left, err) : status;
}

int rp_core_forget(struct rp_core *core, struct rp_str lead, struct rp_forget *ret_forget,
                   struct rp_err *err)
{
    int64_t id;
    size_t pages;
    int status = core->stale ? rp_core_recover(core, err) : 0;

    *ret_forget = (struct rp_forget){0};
    rp_core_sweep_halt(core); /* its readers would keep old pages in the WAL */
    if (status == 0) {
        status = begin(core, err);
    }
    if (status != 0) {
        return status;
    }
    status = rp_lead_find(core->store, lead, &id, err);
    if (status == 0) {
        status = forget_tree(core, id, rp_clock_now(&core->clock), ret_forget, err);
    }
    if (status == 0) { /* who asked is not written: it could name the person */
        status = audit(core, "forget", RP_STR(""), "", RP_STR(""), err);
    }
    status = end(core, status, err);
    return status ? status : rp_store_scour(core->store, &pages, err);
}
