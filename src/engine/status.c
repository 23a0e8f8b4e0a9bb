/* SPDX-License-Identifier: MIT */
/* Statuses within a stage: the first on entry; then, after the stages, the first other one whose
 * `enter` holds, or the one to wake up in; at most one such move an evaluation. `did` in them
 * counts since the entry into the status. */
#include "engine/eval.h"

static void enter(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision,
                  uint32_t from, uint32_t to, const char *because)
{
    const struct rp_stage *present = &rp_stages_acting(s->fold)[lead->stage];

    RP_ASSERT(decision->status_count < RP_STATUS_MOVES_MAX);
    decision->statuses[decision->status_count++] =
        (struct rp_status_move){lead->stage, from, to, rp_str_from(because)};
    lead->status = present->statuses[to].id;
    lead->status_since_ms = s->now_ms;
}

static uint32_t present_status(const struct rp_stage *present, const struct rp_lead *lead)
{
    for (uint32_t i = 0; i < present->status_count; i++) {
        if (lead->status_since_ms >= lead->stage_since_ms &&
            present->statuses[i].id == lead->status)
            return i;
    }
    return RP_NONE;
}

static bool wakes(struct rp_scratch *s, const struct rp_status *status)
{
    int64_t at = rp_wake_ms(s, status, s->lead->status_since_ms);

    return at != RP_NEVER && s->now_ms >= at;
}

static bool holds(struct rp_scratch *s, const struct rp_status *status)
{
    bool is;

    if (!status->enter)
        return false;
    s->in_status = true;
    is = rp_cond_eval(s, status->enter) == RP_TRUE;
    s->in_status = false;
    return is;
}

void rp_judge_status(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    const struct rp_stage *present;
    uint32_t from;

    if (lead->stage >= s->rules->stage_count) {
        lead->status = 0;
        return;
    }
    present = &rp_stages_acting(s->fold)[lead->stage];
    if (present->status_count == 0) {
        lead->status = 0;
        return;
    }
    if (decision->move_count)
        lead->status = 0;
    from = present_status(present, lead);
    if (from == RP_NONE) {
        enter(s, lead, decision, RP_NONE, 0, "entered");
        from = 0;
    }
    for (uint32_t i = 0; i < present->status_count; i++) {
        if (i != from && holds(s, &present->statuses[i])) {
            enter(s, lead, decision, from, i, rp_cond_decided(s, present->statuses[i].enter));
            return;
        }
    }
    if (wakes(s, &present->statuses[from]))
        enter(s, lead, decision, from, present->statuses[from].wake_to, "wake");
}
