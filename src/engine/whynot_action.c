/* SPDX-License-Identifier: MIT */
/* Why not an action: what it waits for, how far the lead is from it, and what its `when` still
 * needs. Asks and changes nothing. */
#include "base/num.h"
#include "engine/eval.h"
#include "engine/fold.h"

struct asked {
    struct rp_fold *fold;
    const struct rp_lead *lead;
    int64_t now_ms;
    struct rp_buf *out;
};

static struct rp_str stage_name(const struct rp_rules *rules, uint32_t stage)
{
    return stage < rules->stage_count ? rules->stages[stage].name : RP_STR("an unknown stage");
}

/* True: the lead is in the stage, so the action has run at the entry. */
static bool say_entered(const struct asked *a, uint32_t stage)
{
    struct rp_str name = stage_name(a->fold->rules, stage);

    rp_buf_printf(a->out, "it runs when %.*s is entered", RP_STR_ARG(name));
    if (a->lead->stage == stage) {
        rp_buf_text(a->out, ", which was at ");
        rp_time_print(a->out, a->lead->stage_since_ms);
        return true;
    }
    rp_buf_text(a->out, "; ");
    (void)rp_why_not_stage(a->fold, a->lead, stage, a->now_ms, a->out);
    return false;
}

static void say_crossed(const struct asked *a, const struct rp_trigger *trigger)
{
    const struct rp_rules *rules = a->fold->rules;
    struct rp_str dim =
        trigger->index == RP_NONE ? RP_STR("total") : rules->dims[trigger->index].name;

    rp_buf_printf(a->out, "it runs when %.*s rises to ", RP_STR_ARG(dim));
    rp_milli_print(a->out, trigger->threshold);
    rp_buf_text(a->out, "; it is ");
    rp_milli_print(a->out,
                   rp_lead_score(a->fold, a->lead, a->fold->model, trigger->index, a->now_ms));
}

static bool say_trigger(const struct asked *a, const struct rp_trigger *trigger)
{
    const struct rp_rules *rules = a->fold->rules;
    bool ran = false;

    switch (trigger->op) {
    case RP_TRIGGER_ENTERED:
        return say_entered(a, trigger->index);
    case RP_TRIGGER_LEFT:
        rp_buf_printf(a->out, "it runs when %.*s is left; the lead is in %.*s",
                      RP_STR_ARG(stage_name(rules, trigger->index)),
                      RP_STR_ARG(stage_name(rules, a->lead->stage)));
        return false;
    case RP_TRIGGER_FIRED:
        rp_buf_printf(a->out, "it runs when the rule \"%.*s\" gives points; ask why-not of that",
                      RP_STR_ARG(rules->scores[trigger->index].name));
        return false;
    case RP_TRIGGER_CROSSED:
        say_crossed(a, trigger);
        return false;
    case RP_TRIGGER_DID:
        rp_buf_printf(a->out, "it runs at each event \"%.*s\"%s",
                      RP_STR_ARG(rules->kinds[trigger->index].name),
                      trigger->where ? " that meets its `where`" : "");
        return false;
    case RP_TRIGGER_LATE:
        rp_buf_printf(a->out, "it runs when %.*s is answered too late",
                      RP_STR_ARG(stage_name(rules, trigger->index)));
        return false;
    case RP_TRIGGER_ENTERED_STATUS:
        rp_buf_text(a->out, "it runs when a status is entered");
        return false;
    case RP_TRIGGER_ANY:
        for (uint32_t i = 0; i < trigger->part_count; i++) {
            rp_buf_text(a->out, i ? "; or " : "");
            ran |= say_trigger(a, &trigger->parts[i]);
        }
        return ran;
    }
    return false;
}

bool rp_why_not_action(struct rp_fold *fold, const struct rp_lead *lead, uint32_t index,
                       int64_t now_ms, struct rp_buf *out)
{
    const struct rp_action *action = &fold->rules->actions[index];
    struct asked asked = {fold, lead, now_ms, out};
    struct rp_scratch *s = fold->scratch;
    bool ran;

    RP_ASSERT(index < fold->rules->action_count);
    if (!action->enabled) {
        rp_buf_text(out, "the action is not enabled");
        return false;
    }
    ran = say_trigger(&asked, &action->on);
    if (!action->when)
        return ran;
    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
    if (rp_cond_eval(s, action->when) == RP_TRUE)
        return ran;
    rp_buf_text(out, "; its `when` does not hold now: ");
    rp_say_failing(s, action->when, out);
    return false;
}
