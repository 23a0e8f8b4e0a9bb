/* SPDX-License-Identifier: MIT */
/* Who owns a lead is decided in engine/ and written here; the lead's cell and the rows say the
 * same, since the cell is saved in the same transaction: no event could bring it back. */
#include "core/assign.h"

#include "model/owner.h"
#include "store/assignments.h"
#include "store/tasks.h"

static struct rp_str last_turn(void *ctx, struct rp_arena *arena, struct rp_str team)
{
    const struct rp_core *core = ctx;

    return rp_team_last(arena, core->store, team);
}

static int64_t owned(void *ctx, struct rp_str owner)
{
    const struct rp_core *core = ctx;

    return rp_assignment_owned(core->store, owner);
}

void rp_core_turns(struct rp_core *core)
{
    core->turns = (struct rp_turns){.ctx = core, .last = last_turn, .owned = owned};
    core->fold.turns = &core->turns;
    core->assign_ms = 0; /* other rules, other absences */
    core->assign_after = 0;
}

int rp_core_assigned(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                     const struct rp_decision *decision, int64_t now_ms, struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; i < decision->assigned_count && status == 0; i++) {
        const struct rp_assignment *assigned = &decision->assigned[i];
        struct rp_assignment_row row = {
            .lead = lead->lead.id,
            .event = event ? event->id : 0,
            .by = assigned->by,
            .at_ms = now_ms,
            .barred_ms = assigned->by == RP_ASSIGNED_REJECTED ? assigned->barred_ms : RP_NEVER,
            .owner = assigned->owner,
            .previous = assigned->previous,
            .team = assigned->team,
            .action = assigned->action == RP_NONE ? RP_STR("")
                                                  : core->rules->actions[assigned->action].name,
            .reason = assigned->reason,
            .author = assigned->author,
        };

        if (!rp_str_eq(row.owner, row.previous)) { /* else it is a turn, and nothing changes */
            status = rp_assignment_add(core->store, &row, err);
        }
        if (status == 0 && row.team.len > 0) {
            status = rp_team_turn(core->store, row.team, row.owner, err);
        }
    }
    if (decision->assigned_count || decision->owner_told) {
        lead->lead.flags |= RP_LEAD_SAVE;
    }
    return status;
}

int rp_core_task(struct rp_core *core, const struct rp_cached *lead, const struct rp_intent *intent,
                 int64_t outbox, struct rp_err *err)
{
    struct rp_task_row row = {
        .id = outbox,
        .lead = lead->lead.id,
        .follows = rp_str_is(intent->to, "owner"),
        .due_ms = intent->due_ms,
        .owner = intent->owner,
        .team = intent->team,
    };

    return rp_task_add(core->store, &row, err);
}

int rp_core_owner_merged(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                         int64_t now_ms, struct rp_err *err)
{
    struct rp_owner left;
    struct rp_owner owner;
    int status;

    rp_owner_get(&from->lead, &left);
    rp_owner_get(&into->lead, &owner);
    if (left.since_ms == 0 && owner.since_ms == 0) {
        return 0;
    }
    status = rp_assignment_merged(core->store, from->lead.id,
                                  owner.since_ms == 0 ? left.name : owner.name, now_ms, err);
    if (status == 0 && owner.since_ms == 0) {
        struct rp_assignment_row row = {.lead = into->lead.id,
                                        .by = RP_ASSIGNED_MERGED,
                                        .at_ms = now_ms,
                                        .barred_ms = RP_NEVER,
                                        .owner = left.name};

        rp_owner_set(&into->lead, &left);
        into->lead.flags |= RP_LEAD_SAVE;
        status = rp_assignment_add(core->store, &row, err);
    }
    return status;
}

int rp_core_owner_unmerged(struct rp_core *core, struct rp_cached *from, struct rp_err *err)
{
    struct rp_owner owner = {0};
    int status = rp_assignment_unmerged(&core->arena, core->store, from->lead.id, &owner.name,
                                        &owner.since_ms, err);

    if (status == 0 && owner.since_ms != 0) {
        rp_owner_set(&from->lead, &owner);
    }
    return status;
}
