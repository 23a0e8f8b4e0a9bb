/* SPDX-License-Identifier: MIT */
/* Assignments that nobody of a team could take, looked at again: whoever was away may be back, and
 * whoever refused a lead may have it again when the cool-down is over. What waits are the held rows
 * of the outbox, so nothing is kept beside them; a lead goes to somebody by a decision of now, on
 * record like any other, and the row that was held is done. Steps of sequences do not wait. */
#include "core/assign.h"
#include "model/owner.h"
#include "store/outbox.h"

enum { PORTION = 16 };

/* The action whose part it is, RP_NONE when the rules do not assign to a team there any more. */
static uint32_t action_of(const struct rp_rules *rules, const struct rp_outbox_row *row)
{
    uint32_t index = rp_rules_action(rules, row->action);
    const struct rp_action *action = index == RP_NONE ? NULL : &rules->actions[index];

    return action && action->enabled && row->part < action->part_count &&
                   action->parts[row->part].kind == RP_ACTION_ASSIGN &&
                   action->parts[row->part].team != RP_NONE
               ? index
               : RP_NONE;
}

/* Nothing came in between that makes it void. */
static bool still_waits(const struct rp_core *core, const struct rp_cached *lead,
                        const struct rp_outbox_row *row)
{
    struct rp_owner owner;

    rp_owner_get(&lead->lead, &owner);
    return owner.since_ms < row->created_ms && lead->lead.stage_since_ms <= row->created_ms &&
           !rp_aside_has(core, lead->lead.id);
}

static int assign(struct rp_core *core, struct rp_cached *lead, const struct rp_outbox_row *row,
                  uint32_t action, int64_t now_ms, struct rp_err *err)
{
    struct rp_decision decision = {0};
    int status;

    rp_core_touch(core, lead);
    status = rp_core_complete(core, lead, err);
    if (status != 0) {
        return status;
    }
    rp_core_act_as(core, &lead->lead);
    rp_assign_again(&core->fold, &lead->lead, action, row->part, now_ms, &decision);
    if (decision.intents[0].held.len > 0) {
        return 0;
    }
    status = rp_core_assigned(core, lead, NULL, &decision, now_ms, err);
    if (status == 0) {
        status = rp_outbox_assigned(core->store, row->id, decision.intents[0].body, now_ms, err);
    }
    rp_core_timer_derive(core, lead); /* a stage may ask who owns the lead, and for how long */
    rp_core_dirty(core, lead);
    return status == 0 ? rp_core_save(core, lead, err) : status;
}

static int look(struct rp_core *core, const struct rp_outbox_row *row, int64_t now_ms,
                struct rp_err *err)
{
    uint32_t action = action_of(core->rules, row);
    struct rp_cached *lead;
    int64_t id;
    int status;

    if (action == RP_NONE) {
        return 0;
    }
    status = rp_lead_by_public_id(core->store, row->lead_public_id, &id, err);
    if (status == RIPEN_ENOTFOUND) {
        return 0; /* forgotten */
    }
    if (status == 0) {
        status = rp_core_lead(core, id, &lead, err);
    }
    return status == 0 && still_waits(core, lead, row)
               ? assign(core, lead, row, action, now_ms, err)
               : status;
}

static int look_at_all(struct rp_core *core, const struct rp_outbox_row *rows, size_t count,
                       int64_t now_ms, struct rp_err *err)
{
    int status = count > 0 ? rp_store_begin(core->store, err) : 0;

    if (status != 0 || count == 0) {
        return status;
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        status = look(core, &rows[i], now_ms, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        core->stale = true;
    }
    rp_core_unpin(core);
    return status;
}

bool rp_core_assign_step(struct rp_core *core)
{
    int64_t now_ms = rp_clock_now(&core->clock);
    struct rp_outbox_row *rows;
    struct rp_arena arena;
    size_t count = 0;
    int status;

    if (now_ms < core->assign_ms || core->rules->team_count == 0 || core->no_actions) {
        return false;
    }
    rp_arena_init(&arena);
    status = rp_outbox_held_assigns(&arena, core->store, core->assign_after,
                                    now_ms - RP_ASSIGN_WAITS_MS, PORTION, &rows, &count, NULL);
    if (status == 0) {
        status = look_at_all(core, rows, count, now_ms, NULL);
    }
    core->assign_after = status == 0 && count == PORTION ? rows[count - 1].id : 0;
    if (core->assign_after == 0) {
        core->assign_ms = now_ms + RP_ASSIGN_AGAIN_MS;
    }
    rp_arena_fini(&arena);
    return core->assign_after != 0;
}
