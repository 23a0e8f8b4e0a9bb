/* SPDX-License-Identifier: MIT */
/* Why not: the first condition that keeps a stage from being entered or a rule from giving points,
 * in words and with the actual values. It asks the same predicates as the decision and changes
 * nothing. */
#include "base/json_write.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/eval.h"
#include "engine/fold.h"

#include <stdlib.h>

/* ---- One condition --------------------------------------------------------------------------- */

static struct rp_str dim_name(const struct rp_rules *rules, uint32_t dim)
{
    return dim == RP_NONE ? RP_STR("total") : rules->dims[dim].name;
}

/* For how long it must last, and since when it does. */
static void say_held(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    int64_t since = rp_held_since(s, cond, NULL);

    rp_buf_text(out, ", for ");
    rp_duration_print(out, cond->held_ms);
    if (since == RP_NEVER)
        return;
    if (since < s->lead->stage_since_ms)
        since = s->lead->stage_since_ms;
    rp_buf_text(out, "; so since ");
    rp_time_print(out, since);
}

/* Minutes are enough. */
static void say_inactive(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    int64_t age = s->now_ms - rp_active_ms(s->lead);

    rp_buf_text(out, "inactive for ");
    if (age < RP_MINUTE)
        rp_buf_text(out, "less than a minute");
    else
        rp_duration_print(out, age / RP_MINUTE * RP_MINUTE);
    rp_buf_text(out, " (needs ");
    rp_duration_print(out, cond->held_ms);
    rp_buf_text(out, ")");
}

static void say_status(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    const struct rp_stage *stage =
        s->lead->stage < s->rules->stage_count ? &s->rules->stages[s->lead->stage] : NULL;
    struct rp_str present = {0};

    for (uint32_t i = 0; stage && i < stage->status_count; i++) {
        if (stage->statuses[i].id == s->lead->status)
            present = stage->statuses[i].name;
    }
    if (present.len)
        rp_buf_printf(out, "the status is %.*s.%.*s", RP_STR_ARG(stage->name), RP_STR_ARG(present));
    else
        rp_buf_text(out, "the lead has no status");
    rp_buf_printf(out, " (needs %.*s)", RP_STR_ARG(cond->text));
}

static void say_bounds(struct rp_scratch *s, const struct rp_cond *cond, const char *needs,
                       struct rp_buf *out)
{
    for (uint32_t i = 0; i < cond->bound_count; i++) {
        const struct rp_bound *bound = &cond->bounds[i];

        rp_buf_text(out, i ? ", " : "");
        rp_buf_str(out, dim_name(s->rules, bound->dim));
        rp_buf_text(out, " is ");
        rp_milli_print(out, rp_score_read(s, bound->dim));
        rp_buf_text(out, needs);
        rp_milli_print(out, bound->value);
        rp_buf_text(out, ")");
    }
    if (cond->op == RP_COND_BELOW && cond->held_ms)
        say_held(s, cond, out);
}

/* Of `path = glob "/x"` and `trait { title = "x" }` what stands behind the sign: the field was
 * named before. */
static struct rp_str needed(struct rp_str text)
{
    const char *sign = text.len ? memmem(text.ptr, text.len, " = ", 3) : NULL;

    if (!sign)
        return text;
    if ((rp_str_starts(text, RP_STR("trait {")) || rp_str_starts(text, RP_STR("context {"))) &&
        rp_str_ends(text, RP_STR(" }")))
        text.len -= 2;
    return (struct rp_str){sign + 3, text.len - (size_t)(sign + 3 - text.ptr)};
}

/* A column is unknown when the table has no such row, or when what it is looked up by is. */
static void say_lookup(struct rp_scratch *s, const struct rp_field *field, struct rp_buf *out)
{
    const struct rp_lookup *lookup = &s->rules->lookups[field->lookup];

    for (uint32_t i = 0; i < lookup->match_count; i++) {
        if (!rp_bind_value(s, lookup->match_fields[i])) {
            rp_buf_printf(out, ": %.*s is unknown",
                          RP_STR_ARG(s->rules->fields[lookup->match_fields[i]].name));
            return;
        }
    }
    rp_buf_printf(out, ": no row of the table \"%.*s\" matches, or its cell is empty",
                  RP_STR_ARG(lookup->name));
}

static void say_field(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    const struct rp_field *field = &s->rules->fields[cond->field];
    const struct rp_value *value = rp_bind_value(s, cond->field);

    rp_buf_str(out, field->name);
    if (value)
        rp_buf_printf(out, " is \"%.*s\"", RP_STR_ARG(rp_value_text(s, value)));
    else
        rp_buf_text(out, " is unknown");
    if (!value && field->home == RP_FIELD_LOOKUP)
        say_lookup(s, field, out);
    if (cond->text.len)
        rp_buf_printf(out, " (needs %.*s)", RP_STR_ARG(needed(cond->text)));
}

/* none {…}: what holds and must not, else what cannot be decided. */
static void say_none(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    enum rp_truth wanted = RP_UNKNOWN;

    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (rp_cond_eval(s, &cond->parts[i]) == RP_TRUE)
            wanted = RP_TRUE;
    }
    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (rp_cond_eval(s, &cond->parts[i]) != wanted)
            continue;
        rp_buf_text(out, wanted == RP_TRUE ? "this must not hold: " : "this cannot be told: ");
        rp_say_failing(s, &cond->parts[i], out);
        return;
    }
    rp_buf_str(out, cond->text);
}

static void say_some(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    uint32_t holds = 0, said = 0;

    for (uint32_t i = 0; i < cond->part_count; i++)
        holds += rp_cond_eval(s, &cond->parts[i]) == RP_TRUE;
    rp_buf_printf(out, "%u of %u hold (needs %u)", holds, cond->part_count, cond->times);
    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (rp_cond_eval(s, &cond->parts[i]) == RP_TRUE)
            continue;
        rp_buf_text(out, said++ ? "; " : "; missing: ");
        rp_say_failing(s, &cond->parts[i], out);
    }
}

static void say_segment(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    bool in = rp_cond_eval(s, cond) == RP_TRUE;

    rp_buf_text(out, in ? "the lead is in the segment" : "the lead is not in the segment");
    for (uint32_t i = 0; i < cond->name_count; i++)
        rp_buf_printf(out, " \"%.*s\"", RP_STR_ARG(cond->names[i]));
    if (cond->part_count && !in) {
        rp_buf_text(out, ": ");
        rp_say_failing(s, &cond->parts[0], out);
    }
}

static void say_stage(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    const struct rp_rules *rules = s->rules;
    struct rp_str present = RP_STR("unknown");

    if (s->lead->stage < rules->stage_count)
        present = rules->stages[s->lead->stage].name;
    rp_buf_printf(out, "the stage is %.*s", RP_STR_ARG(present));
    if (s->lead->stage == cond->stage && cond->at_least_ms) {
        rp_buf_text(out, " since ");
        rp_time_print(out, s->lead->stage_since_ms);
        rp_buf_text(out, " (needs ");
        rp_duration_print(out, cond->at_least_ms);
        rp_buf_text(out, ")");
    }
}

void rp_say_cond(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    switch (cond->op) {
    case RP_COND_FIELD:
        say_field(s, cond, out);
        return;
    case RP_COND_AT_LEAST:
        say_bounds(s, cond, " (needs ", out);
        return;
    case RP_COND_BELOW:
        say_bounds(s, cond, " (needs less than ", out);
        return;
    case RP_COND_COUNT:
        rp_buf_printf(out, "%.*s: %u of %u%s", RP_STR_ARG(cond->text), rp_cond_count(s, cond),
                      cond->days ? cond->days : cond->times, cond->days ? " days" : "");
        if (cond->since == RP_SINCE_ENTRY) {
            rp_buf_text(out, " since ");
            rp_time_print(out, s->lead->stage_since_ms);
        }
        return;
    case RP_COND_GRADE_IN:
        rp_buf_printf(out, "the grade is %.*s (needs %.*s)", RP_STR_ARG(rp_score_grade(s)),
                      RP_STR_ARG(cond->text));
        return;
    case RP_COND_IN_STAGE:
        say_stage(s, cond, out);
        return;
    case RP_COND_KNOWN:
        rp_buf_text(out, rp_profile_known(s->rules, s->lead) ? "a userId or an e-mail is known"
                                                             : "no userId and no e-mail is known");
        return;
    case RP_COND_FILLED:
        rp_buf_printf(out, "%u of %u fields are known (needs %u)", rp_cond_filled(s, cond),
                      cond->name_count, cond->times);
        return;
    case RP_COND_INACTIVE:
        say_inactive(s, cond, out);
        return;
    case RP_COND_IN_STATUS:
        say_status(s, cond, out);
        return;
    case RP_COND_NO:
        say_none(s, cond, out);
        return;
    case RP_COND_SOME:
        say_some(s, cond, out);
        return;
    case RP_COND_IN_SEGMENT:
        say_segment(s, cond, out);
        return;
    case RP_COND_ALL:
    case RP_COND_ANY:
        rp_buf_str(out, cond->text);
        return;
    }
}

void rp_say_failing(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out)
{
    bool first = true;

    if ((cond->op != RP_COND_ALL && cond->op != RP_COND_ANY) || cond->part_count == 0) {
        rp_say_cond(s, cond, out);
        return;
    }
    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (rp_cond_eval(s, &cond->parts[i]) == RP_TRUE)
            continue;
        rp_buf_text(out, first ? "" : "; nor: ");
        rp_say_failing(s, &cond->parts[i], out);
        if (cond->op != RP_COND_ANY)
            return;
        first = false;
    }
}

/* ---- A stage --------------------------------------------------------------------------------- */

static bool from_holds(const struct rp_stage *stage, uint16_t from)
{
    for (uint32_t i = 0; i < stage->from_count; i++) {
        if (stage->from[i] == from)
            return true;
    }
    return false;
}

static void say_from(const struct rp_rules *rules, const struct rp_stage *stage,
                     struct rp_str present, struct rp_buf *out)
{
    rp_buf_printf(out, "%.*s cannot be entered from %.*s", RP_STR_ARG(stage->name),
                  RP_STR_ARG(present));
    for (uint32_t i = 0; i < stage->from_count; i++) {
        rp_buf_text(out, i ? ", " : ", only from ");
        rp_buf_str(out, rules->stages[stage->from[i]].name);
    }
}

/* The other way into a stage: the present one is left for it. */
static bool say_leave(struct rp_scratch *s, const struct rp_stage *present, struct rp_buf *out)
{
    rp_buf_printf(out, "; or when %.*s is left: ", RP_STR_ARG(present->name));
    if (rp_cond_eval(s, present->leave) != RP_TRUE) {
        rp_say_failing(s, present->leave, out);
        return false;
    }
    rp_buf_text(out, "that would be at the next event");
    return true;
}

bool rp_why_not_stage(struct rp_fold *fold, const struct rp_lead *lead, uint32_t stage_index,
                      int64_t now_ms, struct rp_buf *out)
{
    struct rp_scratch *s = fold->scratch;
    const struct rp_stage *stages = rp_stages_acting(fold), *stage = &stages[stage_index];
    const struct rp_stage *present = NULL;
    struct rp_str name = RP_STR("an unknown stage");

    RP_ASSERT(stage_index < fold->rules->stage_count);
    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
    if (lead->stage < fold->rules->stage_count) {
        present = &stages[lead->stage];
        name = present->name;
    }
    if (present == stage) {
        rp_buf_printf(out, "the lead is in %.*s already", RP_STR_ARG(name));
    } else if (!stage->enter) {
        rp_buf_printf(out, "%.*s has no `enter`: no rule leads there", RP_STR_ARG(stage->name));
    } else if (present && present->terminal) {
        rp_buf_printf(out, "%.*s is terminal: it is never left", RP_STR_ARG(name));
    } else if (!from_holds(stage, lead->stage)) {
        say_from(fold->rules, stage, name, out);
    } else if (present && present->stay_ms && now_ms < lead->stage_since_ms + present->stay_ms) {
        rp_buf_printf(out, "%.*s is kept until ", RP_STR_ARG(name));
        rp_time_print(out, lead->stage_since_ms + present->stay_ms);
    } else if (rp_cond_eval(s, stage->enter) != RP_TRUE) {
        rp_say_failing(s, stage->enter, out);
    } else {
        rp_buf_printf(out, "%.*s would be entered at the next event", RP_STR_ARG(stage->name));
        return true;
    }
    if (present && present != stage && present->leave && present->leave_to == stage_index &&
        !present->terminal)
        return say_leave(s, present, out);
    return false;
}

/* ---- A rule ---------------------------------------------------------------------------------- */

static bool rule_is_on(const struct rp_scratch *s, const struct rp_score *score)
{
    for (uint32_t i = 0; i < score->on_count; i++) {
        for (uint32_t k = 0; k < s->kind_count; k++) {
            if (s->kinds[k] == score->on[i])
                return true;
        }
    }
    return false;
}

static void say_on(const struct rp_scratch *s, const struct rp_score *score, struct rp_buf *out)
{
    struct rp_str name = s->event->name;

    if (s->event->type != RP_TRACK)
        name = rp_str_from(rp_event_type_name(s->event->type));
    rp_buf_printf(out, "the event is \"%.*s\"; the rule is on", RP_STR_ARG(name));
    for (uint32_t i = 0; i < score->on_count; i++)
        rp_buf_printf(out, "%s \"%.*s\"", i ? "," : "",
                      RP_STR_ARG(s->rules->kinds[score->on[i]].name));
}

/* What the rule's own fields still need, or what cuts the hit. True when it would give points. */
static bool say_hit(struct rp_fold *fold, struct rp_lead *copy, uint32_t rule,
                    const struct rp_event *event, struct rp_buf *out)
{
    const struct rp_score *score = &fold->rules->scores[rule];
    struct rp_scratch *s = fold->scratch;
    struct rp_decision decision = {0};
    rp_trace_fn *trace = fold->trace;

    fold->trace = NULL;
    rp_fold_event(fold, copy, event, &decision);
    fold->trace = trace;
    if (decision.excluded) {
        rp_buf_text(out, "an exclude holds for this lead or event");
        return false;
    }
    for (size_t i = 0; i < decision.fault_count; i++) {
        if (rp_str_eq(decision.faults[i].rule, score->name)) {
            rp_buf_printf(out, "its test failed: %.*s", RP_STR_ARG(decision.faults[i].message));
            return false;
        }
    }
    for (size_t i = 0; i < decision.grant_count; i++) {
        const struct rp_grant *grant = &decision.grants[i];

        if (grant->rule != rule || grant->model != fold->model)
            continue;
        rp_buf_printf(out, grant->granted ? "it gives " : "cut to 0 by %.*s: asked ",
                      RP_STR_ARG(grant->cut));
        rp_milli_print(out, grant->granted ? grant->granted : grant->asked);
        if (grant->granted && grant->cut.len)
            rp_buf_printf(out, " (cut by %.*s)", RP_STR_ARG(grant->cut));
        return grant->granted != 0;
    }
    if (score->once_per != RP_NONE && !rp_bind_value(s, score->once_per))
        rp_buf_printf(out, "once_per: %.*s is unknown",
                      RP_STR_ARG(fold->rules->fields[score->once_per].name));
    else if (score->per_field != RP_NONE && !rp_bind_value(s, score->per_field))
        rp_buf_printf(out, "per: %.*s is unknown",
                      RP_STR_ARG(fold->rules->fields[score->per_field].name));
    else if (score->test != RP_NONE)
        rp_buf_text(out, "its test answers false");
    else
        rp_buf_text(out, "it gives no points here");
    return false;
}

bool rp_why_not_rule(struct rp_fold *fold, const struct rp_lead *lead, uint32_t rule,
                     const struct rp_event *event, struct rp_buf *out)
{
    const struct rp_score *score = &fold->rules->scores[rule];
    const struct rp_model *model = &fold->rules->models[fold->model];
    struct rp_scratch *s = fold->scratch;
    struct rp_lead copy;
    bool gives = false;

    RP_ASSERT(rule < fold->rules->score_count && event);
    if (!score->enabled) {
        rp_buf_text(out, score->disabled ? "the server put the rule out of action: its test kept "
                                           "failing; correct the test and save"
                                         : "the rule is not enabled");
        return false;
    }
    if (model->without && model->without[rule]) {
        rp_buf_printf(out, "the model \"%.*s\" is without this rule", RP_STR_ARG(model->name));
        return false;
    }
    s->arena = fold->arena;
    s->fold = fold;
    rp_lead_init(&copy);
    rp_lead_copy(&copy, lead);
    /* Conditions are asked with this event's traits merged, as the fold does. */
    rp_bind_event(s, &copy, event, event->effective_ms);
    rp_profile_merge(s, &copy);
    rp_bind_kinds(s);
    if (!rule_is_on(s, score)) {
        say_on(s, score, out);
    } else if (score->when && rp_cond_eval(s, score->when) != RP_TRUE) {
        rp_say_failing(s, score->when, out);
    } else {
        rp_lead_fini(&copy);
        rp_lead_init(&copy);
        rp_lead_copy(&copy, lead);
        gives = say_hit(fold, &copy, rule, event, out);
    }
    rp_bind_event(s, lead, NULL, event->effective_ms);
    rp_lead_fini(&copy);
    return gives;
}

bool rp_event_is_kind(struct rp_fold *fold, const struct rp_event *event,
                      const struct rp_score *score)
{
    struct rp_scratch *s = fold->scratch;
    struct rp_lead nobody;
    bool is;

    s->arena = fold->arena;
    s->fold = fold;
    rp_lead_init(&nobody);
    rp_bind_event(s, &nobody, event, event->effective_ms);
    rp_bind_kinds(s);
    is = rule_is_on(s, score);
    rp_bind_event(s, &nobody, NULL, event->effective_ms);
    rp_lead_fini(&nobody);
    return is;
}
