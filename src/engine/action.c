/* SPDX-License-Identifier: MIT */
/* Actions: which of them this decision triggers, and their parts rendered into rows for the outbox.
 * Nothing is sent here. Of stages that are passed through in one evaluation only the last one
 * counts as entered and only the first one as left, unless an action says `even_when_passing`. The
 * cause of a row names what happened once: the entry into a stage, or the event. */
#include "base/hash.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "engine/calendar.h"
#include "engine/eval.h"

/* ---- crossed(dimension, n) ------------------------------------------------------------------- */

static uint32_t crossing_key(const struct rp_rules *rules, const struct rp_crossing *crossing)
{
    struct rp_str name =
        crossing->dim == RP_NONE ? RP_STR("total") : rules->dims[crossing->dim].name;
    uint64_t hash = rp_hash(name) ^ (uint64_t)crossing->threshold * UINT64_C(0x9e3779b97f4a7c15);

    return rp_cell_key(RP_CELL_CROSSED, 0, (uint32_t)(hash >> 20));
}

/* Upward from before to behind the event, and below for a day until then. */
static bool crossing_holds(struct rp_scratch *s, uint32_t i)
{
    const struct rp_crossing *crossing = &s->index->crossings[i];
    uint32_t len = 0;
    const void *cell;
    int64_t above_ms;

    if (s->before_of != s->epoch || s->before[i] >= crossing->threshold ||
        s->before_day[i] >= crossing->threshold ||
        rp_score_read(s, crossing->dim) < crossing->threshold)
        return false;
    cell = rp_lead_cell(s->lead, crossing_key(s->rules, crossing), &len);
    if (!cell)
        return true;
    memcpy(&above_ms, cell, sizeof(above_ms));
    return s->now_ms - above_ms >= RP_DAY;
}

/* Remembers the last moment at which a threshold was seen reached. */
static void crossings_remember(struct rp_scratch *s, struct rp_lead *lead)
{
    for (uint32_t i = 0; i < s->index->crossing_count; i++) {
        const struct rp_crossing *crossing = &s->index->crossings[i];

        if (rp_score_read(s, crossing->dim) >= crossing->threshold)
            memcpy(rp_lead_cell_resize(lead, crossing_key(s->rules, crossing), sizeof(s->now_ms)),
                   &s->now_ms, sizeof(s->now_ms));
    }
}

/* ---- Triggers -------------------------------------------------------------------------------- */

static bool trigger_of_move(const struct rp_trigger *trigger, const struct rp_decision *decision,
                            size_t at, bool even_when_passing)
{
    const struct rp_move *move = &decision->moves[at];

    if (trigger->op == RP_TRIGGER_ENTERED)
        return move->to == trigger->index && (!move->passing || even_when_passing);
    if (trigger->op == RP_TRIGGER_LEFT)
        return move->from == trigger->index && (at == 0 || even_when_passing);
    for (uint32_t i = 0; trigger->op == RP_TRIGGER_ANY && i < trigger->part_count; i++) {
        if (trigger_of_move(&trigger->parts[i], decision, at, even_when_passing))
            return true;
    }
    return false;
}

static bool trigger_fired(const struct rp_scratch *s, const struct rp_decision *decision,
                          uint32_t rule)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        if (decision->grants[i].rule == rule && decision->grants[i].model == s->fold->model &&
            decision->grants[i].granted)
            return true;
    }
    return false;
}

static bool trigger_crossed(struct rp_scratch *s, const struct rp_trigger *trigger)
{
    for (uint32_t i = 0; i < s->index->crossing_count; i++) {
        if (s->index->crossings[i].dim == trigger->index &&
            s->index->crossings[i].threshold == trigger->threshold)
            return crossing_holds(s, i);
    }
    return false;
}

static bool trigger_of_event(struct rp_scratch *s, const struct rp_trigger *trigger,
                             const struct rp_decision *decision)
{
    switch (trigger->op) {
    case RP_TRIGGER_FIRED:
        return trigger_fired(s, decision, trigger->index);
    case RP_TRIGGER_CROSSED:
        return trigger_crossed(s, trigger);
    case RP_TRIGGER_DID:
        for (uint32_t i = 0; i < s->kind_count; i++) {
            if (s->kinds[i] == trigger->index)
                return !trigger->where || rp_cond_eval(s, trigger->where) == RP_TRUE;
        }
        return false;
    case RP_TRIGGER_ANY:
        for (uint32_t i = 0; i < trigger->part_count; i++) {
            if (trigger_of_event(s, &trigger->parts[i], decision))
                return true;
        }
        return false;
    case RP_TRIGGER_ENTERED:
    case RP_TRIGGER_LEFT:
    case RP_TRIGGER_LATE:
    case RP_TRIGGER_ENTERED_STATUS:
        return false;
    }
    return false;
}

static bool trigger_of_status(const struct rp_scratch *s, const struct rp_trigger *trigger,
                              const struct rp_status_move *move)
{
    if (trigger->op == RP_TRIGGER_ENTERED_STATUS)
        return (trigger->index == RP_NONE || trigger->index == move->stage) &&
               trigger->status == s->rules->stages[move->stage].statuses[move->to].id;
    for (uint32_t i = 0; trigger->op == RP_TRIGGER_ANY && i < trigger->part_count; i++) {
        if (trigger_of_status(s, &trigger->parts[i], move))
            return true;
    }
    return false;
}

/* What a timer brings: a stage's due, a threshold reached by time alone. */
static bool trigger_of_moment(struct rp_scratch *s, const struct rp_trigger *trigger,
                              const struct rp_decision *decision)
{
    if (trigger->op == RP_TRIGGER_LATE)
        return decision->late && trigger->index == s->lead->stage;
    if (trigger->op == RP_TRIGGER_CROSSED)
        return trigger_crossed(s, trigger);
    for (uint32_t i = 0; trigger->op == RP_TRIGGER_ANY && i < trigger->part_count; i++) {
        if (trigger_of_moment(s, &trigger->parts[i], decision))
            return true;
    }
    return false;
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static void put_field(struct rp_scratch *s, struct rp_jw *jw, const char *key, uint32_t field)
{
    const struct rp_value *value = rp_bind_value(s, field);

    rp_jw_key(jw, key);
    if (value)
        rp_jw_str(jw, rp_value_text(s, value));
    else
        rp_jw_null(jw);
}

/* A webhook without a body says what a receiver needs to act. */
static void default_body(struct rp_scratch *s, struct rp_str name, struct rp_jw *jw)
{
    rp_jw_object(jw);
    rp_jw_put_str(jw, "action", name);
    rp_jw_put_text(jw, "lead", s->lead->public_id);
    put_field(s, jw, "email", s->rules->email_field);
    put_field(s, jw, "userId", s->rules->user_field);
    rp_jw_key(jw, "stage");
    if (s->lead->stage < s->rules->stage_count)
        rp_jw_str(jw, s->rules->stages[s->lead->stage].name);
    else
        rp_jw_null(jw);
    rp_score_json(s, jw);
    rp_jw_object_end(jw);
}

static void task_body(struct rp_scratch *s, const struct rp_action_part *part,
                      const struct rp_intent *intent, struct rp_jw *jw)
{
    rp_jw_object(jw);
    rp_jw_put_str(jw, "note", rp_template_text(s, &part->text));
    rp_jw_put_text(jw, "lead", s->lead->public_id);
    put_field(s, jw, "email", s->rules->email_field);
    rp_jw_put_known(jw, "owner", intent->owner);
    rp_jw_put_known(jw, "team", intent->team);
    rp_jw_put_time(jw, "due", intent->due_ms);
    rp_jw_object_end(jw);
}

/* `set` becomes facts of the lead, member by member. */
static void set_facts(struct rp_scratch *s, const struct rp_tree *body)
{
    for (uint32_t i = 0; body && i < body->part_count; i++) {
        rp_facts_open(s);
        rp_jw_key_str(&s->facts_jw, body->parts[i].key);
        rp_template_tree(s, &body->parts[i], &s->facts_jw);
    }
}

/* A field that is one placeholder alone keeps its kind: CRMs have fields for numbers. */
static void put_typed(struct rp_scratch *s, const struct rp_tree *tree, struct rp_jw *jw)
{
    const struct rp_template *text = &tree->text;
    const struct rp_value *value = tree->type == RP_STRING && text->count == 1 &&
                                           text->parts[0].field != RP_NONE &&
                                           !text->parts[0].reasons
                                       ? rp_bind_value(s, text->parts[0].field)
                                       : NULL;

    if (value && value->count == 1 && value->atoms[0].type == RP_NUMBER)
        rp_jw_number(jw, value->atoms[0].number);
    else if (value && value->count == 1 && value->atoms[0].type == RP_BOOL)
        rp_jw_bool(jw, value->atoms[0].number != 0);
    else
        rp_template_tree(s, tree, jw);
}

/* What deliver/crm.h reads: the part's fields, and the e-mail to find the record by. */
static void crm_body(struct rp_scratch *s, const struct rp_tree *tree, struct rp_jw *jw)
{
    rp_jw_object(jw);
    put_field(s, jw, "email", s->rules->email_field);
    for (uint32_t i = 0; i < tree->part_count; i++) {
        const struct rp_tree *part = &tree->parts[i];

        if (rp_str_is(part->key, "to"))
            continue;
        rp_jw_key_str(jw, part->key);
        if (!rp_str_is(part->key, "fields")) {
            rp_template_tree(s, part, jw);
            continue;
        }
        rp_jw_object(jw);
        for (uint32_t f = 0; f < part->part_count; f++) {
            rp_jw_key_str(jw, part->parts[f].key);
            put_typed(s, &part->parts[f], jw);
        }
        rp_jw_object_end(jw);
    }
    rp_jw_object_end(jw);
}

static struct rp_str part_body(struct rp_scratch *s, struct rp_str name,
                               const struct rp_action_part *part, struct rp_intent *intent)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_str body;

    if (part->kind == RP_ACTION_TASK) {
        rp_task_owner(s, part, intent);
        task_body(s, part, intent, &jw);
    } else if (part->kind == RP_ACTION_NOTIFY) {
        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "text", rp_template_text(s, &part->text));
        rp_jw_object_end(&jw);
    } else if (part->kind == RP_ACTION_CRM) {
        crm_body(s, part->body, &jw);
    } else if (part->body) {
        rp_template_tree(s, part->body, &jw);
    } else {
        default_body(s, name, &jw);
    }
    body = rp_arena_str(s->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return body;
}

void rp_part_run(struct rp_scratch *s, struct rp_lead *lead, const struct rp_action_part *part,
                 const struct rp_intent *head, struct rp_str purpose, struct rp_decision *decision)
{
    struct rp_str name = head->step.len ? head->step : s->rules->actions[head->action].name;
    struct rp_intent *intent;

    if (part->email && !rp_mail_wanted(s, part->email))
        return;
    intent = rp_decision_intent(s->arena, decision);
    *intent = *head;
    intent->kind = part->kind;
    intent->to = part->to;
    intent->due_ms = RP_NEVER;
    if (part->email) {
        rp_mail_render(s, part->email, purpose, intent);
        return;
    }
    if (part->kind == RP_ACTION_ASSIGN)
        rp_assign(s, lead, part, intent, decision);
    else
        intent->body = part_body(s, name, part, intent);
    if (intent->body.len > RP_ACTION_BODY_MAX) {
        intent->held = rp_arena_printf(s->arena, "its body has %zu bytes; at most %d are sent",
                                       intent->body.len, RP_ACTION_BODY_MAX);
        intent->body = RP_STR("{}");
    }
    if (part->kind == RP_ACTION_SET)
        set_facts(s, part->body);
}

static void run_action(struct rp_scratch *s, struct rp_lead *lead, uint32_t index,
                       struct rp_str cause, struct rp_decision *decision)
{
    const struct rp_action *action = &s->rules->actions[index];

    if (action->when && rp_cond_eval(s, action->when) != RP_TRUE)
        return;
    for (uint32_t p = 0; p < action->part_count; p++) {
        struct rp_intent head = {.action = index, .part = (uint16_t)p, .cause = cause};

        rp_part_run(s, lead, &action->parts[p], &head, RP_STR(""), decision);
    }
}

/* The causes of one action, each of which happened once: entries into stages and statuses, then the
 * event or, of a timer, the moment. */
static void run_causes(struct rp_scratch *s, struct rp_lead *lead, uint32_t index,
                       struct rp_decision *decision)
{
    const struct rp_action *action = &s->rules->actions[index];
    const struct rp_stage *stages = s->rules->stages;

    for (size_t m = 0; m < decision->move_count; m++) {
        if (trigger_of_move(&action->on, decision, m, action->even_when_passing))
            run_action(s, lead, index,
                       rp_arena_printf(s->arena, "stage:%.*s@%lld",
                                       RP_STR_ARG(stages[decision->moves[m].to].name),
                                       (long long)s->now_ms),
                       decision);
    }
    for (size_t m = 0; m < decision->status_count; m++) {
        const struct rp_status_move *move = &decision->statuses[m];

        if (trigger_of_status(s, &action->on, move))
            run_action(s, lead, index,
                       rp_arena_printf(s->arena, "status:%.*s.%.*s@%lld",
                                       RP_STR_ARG(stages[move->stage].name),
                                       RP_STR_ARG(stages[move->stage].statuses[move->to].name),
                                       (long long)s->now_ms),
                       decision);
    }
    if (s->event && trigger_of_event(s, &action->on, decision))
        run_action(s, lead, index,
                   rp_arena_printf(s->arena, "event:%.*s", RP_STR_ARG(s->event->message_id)),
                   decision);
    if (!s->event && trigger_of_moment(s, &action->on, decision))
        run_action(s, lead, index,
                   decision->late ? rp_arena_printf(s->arena, "late:%.*s@%lld",
                                                    RP_STR_ARG(stages[s->lead->stage].name),
                                                    (long long)s->lead->stage_since_ms)
                                  : rp_arena_printf(s->arena, "timer:%lld", (long long)s->now_ms),
                   decision);
}

bool rp_trigger_holds(struct rp_scratch *s, const struct rp_trigger *trigger,
                      const struct rp_decision *decision, bool even_when_passing)
{
    for (size_t m = 0; m < decision->move_count; m++) {
        if (trigger_of_move(trigger, decision, m, even_when_passing))
            return true;
    }
    for (size_t m = 0; m < decision->status_count; m++) {
        if (trigger_of_status(s, trigger, &decision->statuses[m]))
            return true;
    }
    return s->event ? trigger_of_event(s, trigger, decision)
                    : trigger_of_moment(s, trigger, decision);
}

void rp_actions_run(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    for (uint32_t a = 0; a < s->rules->action_count; a++) {
        if (s->rules->actions[a].enabled)
            run_causes(s, lead, a, decision);
    }
    if (s->rules->sequence_count)
        rp_sequences_run(s, lead, decision);
    crossings_remember(s, lead);
}
