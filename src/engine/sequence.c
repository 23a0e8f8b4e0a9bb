/* SPDX-License-Identifier: MIT */
/* How a sequence runs. After each event and at each moment: what ends is ended, what waited goes on
 * as far as it can, what starts begins. An instance is known by its sequence and number; where it
 * stands, by the step's name and how many waits and branches of it are behind it, so that it finds
 * its place again in rules that were changed.
 *
 *   step ──acts──> wait, wait_until ──over──> acts ──> next step … ──> done
 *     └──closed hours──> waits for the next opening ──> acts
 *
 * Knows the lead's cells and the decision; its timers are derived by timers.c. Ways lead forward,
 * and the key of an intent names instance and step: nothing is done twice. */
#include "model/sequence.h"

#include "base/hash.h"
#include "engine/eval.h"
#include "model/consent.h"
#include "model/email.h"

struct running {
    struct rp_scratch *s;
    struct rp_lead *lead;
    struct rp_decision *decision;
    const struct rp_sequence *sequence;
    struct rp_instance in; /* a copy: the cells may move while a step acts */
};

/* ---- Finding --------------------------------------------------------------------------------- */

const struct rp_sequence *rp_sequence_of(const struct rp_rules *rules, uint64_t id)
{
    for (uint32_t i = 0; i < rules->sequence_count; i++) {
        if (rules->sequences[i].id == id)
            return &rules->sequences[i];
    }
    return NULL;
}

const struct rp_step *rp_step_of(const struct rp_sequence *sequence, uint64_t id)
{
    for (uint32_t i = 0; sequence && i < sequence->step_count; i++) {
        if (sequence->steps[i].id == id)
            return &sequence->steps[i];
    }
    return NULL;
}

/* The index behind the `passed`-th wait or branch; item_count when there are fewer. */
static uint32_t item_behind(const struct rp_step *step, uint32_t passed)
{
    uint32_t at = 0;

    while (passed > 0 && at < step->item_count)
        passed -= step->items[at++].op != RP_STEP_ACT;
    return at;
}

const struct rp_step_item *rp_step_control(const struct rp_step *step, uint32_t passed)
{
    uint32_t at = item_behind(step, passed);

    while (at < step->item_count && step->items[at].op == RP_STEP_ACT)
        at++;
    return at < step->item_count ? &step->items[at] : NULL;
}

int64_t rp_sequence_from_ms(const struct rp_sequence *sequence, const struct rp_lead *lead)
{
    const struct rp_instance *last = rp_instance_find(lead, sequence->id);

    if (!last)
        return RP_MOMENT_NOW;
    if (rp_instance_is_live(last->state) || sequence->reenter_ms == 0)
        return RP_MOMENT_NEVER;
    return last->entered_ms + sequence->reenter_ms;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void tell(struct running *r, enum rp_sequence_mark mark, struct rp_str reason)
{
    const struct rp_step *step = rp_step_of(r->sequence, r->in.step);

    *rp_decision_sequence(r->s->arena, r->decision) = (struct rp_sequence_change){
        .mark = mark,
        .sequence = r->in.sequence,
        .number = r->in.number,
        .name = r->sequence ? r->sequence->name : RP_STR(""),
        .step = step ? step->name : RP_STR(""),
        .reason = reason,
    };
}

static void end(struct running *r, enum rp_instance_state state, struct rp_str reason)
{
    r->in.state = (uint8_t)state;
    r->in.waits = RP_WAIT_NONE;
    r->in.due_ms = 0;
    r->in.entered_ms = r->s->now_ms;
    tell(r, RP_SEQUENCE_ENDED, reason);
}

static void enter(struct running *r, const struct rp_step *step)
{
    r->in.step = step->id;
    r->in.entered_ms = r->s->now_ms;
    r->in.passed = 0;
    r->in.waits = RP_WAIT_NONE;
    r->in.due_ms = 0;
    tell(r, RP_SEQUENCE_STEP, RP_STR(""));
}

/* A condition of the sequence: `did` counts since the instance's start. */
static bool holds(struct running *r, const struct rp_cond *cond)
{
    bool is;

    r->s->since_ms = r->in.started_ms;
    is = rp_cond_eval(r->s, cond) == RP_TRUE;
    r->s->since_ms = 0;
    return is;
}

/* ---- Going on -------------------------------------------------------------------------------- */

/* False: it still waits. */
static bool wait_is_over(struct running *r, const struct rp_step *step)
{
    const struct rp_step_item *item;
    int64_t opens;

    switch ((enum rp_instance_wait)r->in.waits) {
    case RP_WAIT_NONE:
        return true;
    case RP_WAIT_HOURS:
        opens = rp_sequence_opens(r->s, r->sequence, r->s->now_ms);
        if (opens > r->s->now_ms) {
            r->in.due_ms = opens == RP_MOMENT_NEVER ? 0 : opens;
            return false;
        }
        r->in.waits = RP_WAIT_NONE;
        r->in.due_ms = 0;
        return true;
    case RP_WAIT_SPAN:
    case RP_WAIT_UNTIL:
        item = rp_step_control(step, r->in.passed);
        if ((r->in.due_ms == 0 || r->in.due_ms > r->s->now_ms) &&
            !(item && item->op == RP_STEP_WAIT_UNTIL && holds(r, item->until)))
            return false;
        r->in.waits = RP_WAIT_NONE;
        r->in.due_ms = 0;
        r->in.passed++;
        return true;
    }
    RP_UNREACHABLE();
}

/* Something up to the next wait or branch reaches people or other systems. */
static bool reaches_out(const struct rp_step *step, uint32_t at)
{
    for (; at < step->item_count && step->items[at].op == RP_STEP_ACT; at++) {
        if (step->items[at].part->kind != RP_ACTION_SET)
            return true;
    }
    return false;
}

static void act(struct running *r, const struct rp_step *step, const struct rp_step_item *item)
{
    struct rp_arena *arena = r->s->arena;
    struct rp_intent head = {
        .action = RP_NONE,
        .part = item->ordinal,
        .step = rp_arena_printf(arena, "%.*s.%.*s", RP_STR_ARG(r->sequence->name),
                                RP_STR_ARG(step->name)),
        .cause = rp_arena_printf(arena, "sequence:%.*s#%u.%.*s", RP_STR_ARG(r->sequence->name),
                                 r->in.number, RP_STR_ARG(step->name)),
    };

    r->s->since_ms = r->in.started_ms;
    rp_part_run(r->s, r->lead, item->part, &head, r->sequence->purpose, r->decision);
    r->s->since_ms = 0;
}

/* The step to go to; NULL: behind the branch. */
static const struct rp_step *choose(struct running *r, const struct rp_step_item *item)
{
    for (uint32_t i = 0; i < item->way_count; i++) {
        if (item->ways[i].go != RP_NONE && holds(r, item->ways[i].when))
            return &r->sequence->steps[item->ways[i].go];
    }
    return item->otherwise == RP_NONE ? NULL : &r->sequence->steps[item->otherwise];
}

/* At a wait or branch: begins it, or leaves the step. */
static void control(struct running *r, const struct rp_step_item *item)
{
    const struct rp_step *go;

    switch (item->op) {
    case RP_STEP_WAIT:
    case RP_STEP_WAIT_UNTIL:
        r->in.waits = item->op == RP_STEP_WAIT ? RP_WAIT_SPAN : RP_WAIT_UNTIL;
        r->in.due_ms = item->op == RP_STEP_WAIT || item->span_ms ? r->s->now_ms + item->span_ms : 0;
        return;
    case RP_STEP_BRANCH:
        go = choose(r, item);
        if (go)
            enter(r, go);
        else
            r->in.passed++;
        return;
    case RP_STEP_STOP:
        end(r, RP_INSTANCE_DONE, RP_STR("stop()"));
        return;
    case RP_STEP_ACT:
        break;
    }
    RP_UNREACHABLE();
}

/* As far as it can without time going on. */
static void advance(struct running *r)
{
    while (r->in.state == RP_INSTANCE_RUNNING) {
        const struct rp_step *step = rp_step_of(r->sequence, r->in.step);
        uint32_t at;

        if (!step || !wait_is_over(r, step))
            return;
        at = item_behind(step, r->in.passed);
        if (reaches_out(step, at) &&
            rp_sequence_opens(r->s, r->sequence, r->s->now_ms) > r->s->now_ms) {
            r->in.waits = RP_WAIT_HOURS; /* the next turn sees until when */
            continue;
        }
        for (; at < step->item_count && step->items[at].op == RP_STEP_ACT; at++)
            act(r, step, &step->items[at]);
        if (at < step->item_count)
            control(r, &step->items[at]);
        else if (step + 1 < r->sequence->steps + r->sequence->step_count)
            enter(r, step + 1);
        else
            end(r, RP_INSTANCE_DONE, RP_STR("its last step"));
    }
}

/* ---- Ending early ---------------------------------------------------------------------------- */

/* The event takes back the consent that the sequence's mails need. */
static bool consent_ended(struct running *r, struct rp_str *ret_reason)
{
    struct rp_str needs = r->sequence->purpose;

    if (!r->s->event || needs.len == 0 || rp_str_is(needs, RP_PURPOSE_TRANSACTIONAL) ||
        !rp_consent_is_refusal(r->s->event))
        return false;
    switch (rp_consent_of(r->lead, needs, NULL)) {
    case RP_CONSENT_WITHDRAWN:
        *ret_reason = RP_STR("consent withdrawn");
        return true;
    case RP_CONSENT_UNSUBSCRIBED:
        *ret_reason = RP_STR("unsubscribed");
        return true;
    case RP_CONSENT_UNKNOWN:
    case RP_CONSENT_GIVEN:
    case RP_CONSENT_PENDING:
        return false;
    }
    RP_UNREACHABLE();
}

/* The lead left the stage that the sequence starts in while the rules did not have the sequence:
 * nothing else would tell of it any more. It started with an entry into that stage, so each later
 * entry says so, one into the same stage too. */
static bool was_left(const struct running *r, const struct rp_trigger *left)
{
    if (left->op != RP_TRIGGER_LEFT || r->lead->stage >= r->s->rules->stage_count ||
        r->lead->stage_since_ms <= r->in.started_ms)
        return false;
    for (uint32_t i = 0; i < r->sequence->start_count; i++) {
        const struct rp_trigger *start = r->sequence->starts[i].trigger;

        if (!start || start->op != RP_TRIGGER_ENTERED || start->index != left->index)
            return false;
    }
    return r->sequence->start_count > 0;
}

static bool exit_holds(struct running *r, bool triggers, struct rp_str *ret_reason)
{
    for (uint32_t i = 0; i < r->sequence->exit_count; i++) {
        const struct rp_occasion *exit = &r->sequence->exits[i];
        bool is = exit->cond
                      ? holds(r, exit->cond)
                      : triggers && (rp_trigger_holds(r->s, exit->trigger, r->decision, true) ||
                                     was_left(r, exit->trigger));

        if (is) {
            *ret_reason = exit->text;
            return true;
        }
    }
    return false;
}

static void run_one(struct running *r)
{
    struct rp_instance before = r->in;
    size_t told = r->decision->sequence_count;
    struct rp_str reason;

    if (consent_ended(r, &reason) || exit_holds(r, true, &reason))
        end(r, RP_INSTANCE_EXITED, reason);
    else if (!r->s->fold->no_sequences)
        advance(r);
    if (told == r->decision->sequence_count &&
        (before.waits != r->in.waits || before.due_ms != r->in.due_ms ||
         before.passed != r->in.passed))
        tell(r, RP_SEQUENCE_WAITS, RP_STR(""));
}

static void run_present(struct running *r)
{
    uint32_t count;
    struct rp_instance *list = rp_instances(r->lead, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (!rp_instance_is_live(list[i].state))
            continue;
        r->in = list[i];
        r->sequence = rp_sequence_of(r->s->rules, r->in.sequence);
        if (!r->sequence)
            continue; /* it rests until rules know it again */
        run_one(r);
        list = rp_instances(r->lead, &count);
        list[i] = r->in;
    }
}

/* ---- Starting -------------------------------------------------------------------------------- */

static const struct rp_occasion *start_of(struct running *r)
{
    for (uint32_t i = 0; i < r->sequence->start_count; i++) {
        const struct rp_occasion *start = &r->sequence->starts[i];

        if (start->cond ? rp_cond_eval(r->s, start->cond) == RP_TRUE
                        : rp_trigger_holds(r->s, start->trigger, r->decision, false))
            return start;
    }
    return NULL;
}

/* A lead for whom an exit holds already is not started at all. */
static void start(struct running *r)
{
    const struct rp_instance *last;
    const struct rp_occasion *why;
    struct rp_str reason;

    if (rp_sequence_from_ms(r->sequence, r->lead) > r->s->now_ms)
        return;
    why = start_of(r);
    if (!why)
        return;
    last = rp_instance_find(r->lead, r->sequence->id);
    r->in = (struct rp_instance){.sequence = r->sequence->id,
                                 .step = r->sequence->steps[0].id,
                                 .started_ms = r->s->now_ms,
                                 .entered_ms = r->s->now_ms,
                                 .number = last ? last->number + 1 : 1};
    if (consent_ended(r, &reason) || exit_holds(r, false, &reason) ||
        !rp_instance_add(r->lead, &r->in))
        return;
    tell(r, RP_SEQUENCE_STARTED, why->text);
    enter(r, &r->sequence->steps[0]);
    advance(r);
    *rp_instance_find(r->lead, r->sequence->id) = r->in;
}

/* History ends what an exit holds for, since nothing would tell of it later. */
void rp_sequences_run(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    struct running r = {.s = s, .lead = lead, .decision = decision};

    run_present(&r);
    if (s->fold->no_sequences)
        return;
    for (uint32_t i = 0; i < s->rules->sequence_count; i++) {
        r.sequence = &s->rules->sequences[i];
        if (r.sequence->enabled && r.sequence->step_count > 0)
            start(&r);
    }
}
