/* SPDX-License-Identifier: MIT */
/* What the tests reached of the rules: each score rule fired and not fired, each band of a fit,
 * each stage entered and left, each status entered, each action caused. A goal that nothing could
 * miss is none: a rule without condition, limit or test gives points for every event of its kind.
 * What this version does not run yet is listed apart and does not count. */
#include "base/mem.h"
#include "base/num.h"
#include "core/trial_priv.h"

static const char *const kind_names[] = {
    [RP_GOAL_SCORE] = "score",   [RP_GOAL_FIT] = "fit",       [RP_GOAL_STAGE] = "stage",
    [RP_GOAL_STATUS] = "status", [RP_GOAL_ACTION] = "action", [RP_GOAL_STEP] = "step"};

const char *rp_goal_kind_name(enum rp_goal_kind kind)
{
    RP_ASSERT((size_t)kind < RP_COUNT(kind_names));
    return kind_names[kind];
}

/* ---- Goals ----------------------------------------------------------------------------------- */

static bool can_refuse(const struct rp_score *score)
{
    return score->when || score->test != RP_NONE || score->once || score->once_per != RP_NONE ||
           score->limit_times || score->cooldown_ms || score->per_field != RP_NONE;
}

/* A stage can be entered by its own condition or by another's leave_to. */
static bool can_enter(const struct rp_rules *rules, uint32_t stage)
{
    if (rules->stages[stage].enter)
        return true;
    for (uint32_t i = 0; i < rules->stage_count; i++)
        if (rules->stages[i].leave && rules->stages[i].leave_to == stage)
            return true;
    return false;
}

static bool can_leave(const struct rp_rules *rules, uint32_t stage)
{
    const struct rp_stage *self = &rules->stages[stage];

    if (self->terminal)
        return false;
    if (self->leave && self->leave_to != RP_STAGE_NONE)
        return true;
    for (uint32_t i = 0; i < rules->stage_count; i++)
        for (uint32_t f = 0; rules->stages[i].enter && f < rules->stages[i].from_count; f++)
            if (rules->stages[i].from[f] == stage && i != stage)
                return true;
    return false;
}

static void add(const struct rp_rules *rules, struct rp_trial_result *result,
                enum rp_goal_kind kind, struct rp_str name, struct rp_str what,
                struct rp_place place)
{
    struct rp_arena *arena = &result->arena;

    result->goals[result->goal_count++] =
        (struct rp_goal){.kind = kind,
                         .name = rp_arena_str(arena, name),
                         .what = rp_arena_str(arena, what),
                         .file = rp_arena_str(arena, rules->sources[place.file].path),
                         .line = place.line};
}

static struct rp_str band_name(struct rp_arena *arena, const struct rp_fit *fit, uint32_t band)
{
    struct rp_buf out = {0};
    struct rp_str text;
    bool last = fit->op == RP_FIT_BANDS && fit->bands[band].below > 1e300;

    rp_buf_printf(&out, "band %u", band + 1);
    if (fit->op == RP_FIT_BANDS && (!last || band > 0)) {
        rp_buf_text(&out, last ? " (from " : " (below ");
        rp_number_print(&out, fit->bands[last ? band - 1 : band].below);
        rp_buf_text(&out, ")");
    } else if (fit->op == RP_FIT_WORDS && fit->words[band].any_count > 0) {
        rp_buf_printf(&out, " (\"%.*s\"%s)", RP_STR_ARG(fit->words[band].any[0]),
                      fit->words[band].any_count > 1 ? " …" : "");
    } else if (fit->op == RP_FIT_VALUES && fit->values[band].match.value_count > 0) {
        rp_buf_printf(&out, " (\"%.*s\"%s)", RP_STR_ARG(fit->values[band].match.values[0].text),
                      fit->values[band].match.value_count > 1 ? " …" : "");
    }
    text = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

static void add_fit(const struct rp_rules *rules, struct rp_trial_result *result,
                    const struct rp_fit *fit)
{
    if (fit->op == RP_FIT_WHEN) {
        add(rules, result, RP_GOAL_FIT, fit->name, RP_STR("held"), fit->place);
        if (fit->when)
            add(rules, result, RP_GOAL_FIT, fit->name, RP_STR("not held"), fit->place);
        return;
    }
    for (uint32_t i = 0; i < fit->band_count; i++)
        add(rules, result, RP_GOAL_FIT, fit->name, band_name(&result->arena, fit, i), fit->place);
}

static size_t most_goals(const struct rp_rules *rules)
{
    size_t count = 2 * (size_t)rules->score_count + 2 * (size_t)rules->stage_count +
                   rules->action_count + rules->test_set->step_count + 1;

    for (uint32_t i = 0; i < rules->fit_count; i++)
        count += rules->fits[i].band_count + 2;
    for (uint32_t i = 0; i < rules->stage_count; i++)
        count += rules->stages[i].status_count;
    return count;
}

void rp_goals_new(const struct rp_rules *rules, struct rp_trial_result *result)
{
    const struct rp_test_set *set = rules->test_set;

    result->goals = RP_ARENA_ARRAY(&result->arena, struct rp_goal, most_goals(rules));
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        if (!score->enabled)
            continue;
        add(rules, result, RP_GOAL_SCORE, score->name, RP_STR("fired"), score->place);
        if (can_refuse(score))
            add(rules, result, RP_GOAL_SCORE, score->name, RP_STR("not fired"), score->place);
    }
    for (uint32_t i = 0; i < rules->fit_count; i++)
        if (rules->fits[i].enabled)
            add_fit(rules, result, &rules->fits[i]);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        const struct rp_stage *stage = &rules->stages[i];

        if (can_enter(rules, i))
            add(rules, result, RP_GOAL_STAGE, stage->name, RP_STR("entered"), stage->place);
        if (can_leave(rules, i))
            add(rules, result, RP_GOAL_STAGE, stage->name, RP_STR("left"), stage->place);
        for (uint32_t k = 0; k < stage->status_count; k++)
            add(rules, result, RP_GOAL_STATUS,
                rp_arena_printf(&result->arena, "%.*s.%.*s", RP_STR_ARG(stage->name),
                                RP_STR_ARG(stage->statuses[k].name)),
                RP_STR("entered"), stage->statuses[k].place);
    }
    for (uint32_t i = 0; i < rules->action_count; i++) {
        const struct rp_action *action = &rules->actions[i];

        if (!action->enabled)
            continue;
        add(rules, result, RP_GOAL_ACTION, action->name, RP_STR("caused"), action->place);
    }
    for (uint32_t i = 0; i < set->step_count; i++) {
        const struct rp_test_step *step = &set->steps[i];

        add(rules, result, RP_GOAL_STEP,
            rp_arena_printf(&result->arena, "%.*s.%.*s", RP_STR_ARG(step->sequence),
                            RP_STR_ARG(step->step)),
            RP_STR("reached"), step->place);
    }
}

/* ---- Marking --------------------------------------------------------------------------------- */

struct marking {
    struct rp_playing *p;
    uint8_t *marks;
    uint32_t *bands;
};

static void reach(struct rp_trial_result *result, enum rp_goal_kind kind, struct rp_str name,
                  struct rp_str what)
{
    for (size_t i = 0; i < result->goal_count; i++) {
        struct rp_goal *goal = &result->goals[i];

        if (goal->kind == kind && rp_str_eq(goal->name, name) && rp_str_eq(goal->what, what))
            goal->reached = true;
    }
}

/* Goals of fits stand in the order of fits and bands. */
static void mark_bands(struct marking *m, struct rp_look *look, const struct rp_lead *lead,
                       int64_t now_ms)
{
    const struct rp_rules *rules = &m->p->rules;
    struct rp_trial_result *result = m->p->result;
    size_t at = 0;

    rp_test_bands(&look->view.fold, lead, now_ms, m->bands);
    while (at < result->goal_count && result->goals[at].kind != RP_GOAL_FIT)
        at++;
    for (uint32_t i = 0; i < rules->fit_count; i++) {
        const struct rp_fit *fit = &rules->fits[i];

        if (!fit->enabled)
            continue;
        if (fit->op == RP_FIT_WHEN) {
            if (m->bands[i] != RP_NONE)
                result->goals[at].reached = true;
            else if (fit->when)
                result->goals[at + 1].reached = true;
            at += fit->when ? 2 : 1;
        } else {
            if (m->bands[i] != RP_NONE)
                result->goals[at + m->bands[i]].reached = true;
            at += fit->band_count;
        }
    }
}

static void mark_event(void *ctx, struct rp_look *look, size_t index, struct rp_lead *lead,
                       const struct rp_decision *decision)
{
    struct marking *m = ctx;
    const struct rp_rules *rules = &m->p->rules;
    const struct rp_event *event = &look->view.history.events[index];
    struct rp_trial_result *result = m->p->result;
    size_t at = 0;

    if (!rp_event_is_given(event)) {
        rp_test_asked(&look->view.fold, decision, m->marks);
        for (uint32_t i = 0; i < rules->score_count; i++) {
            const struct rp_score *score = &rules->scores[i];

            if (!score->enabled)
                continue;
            if (m->marks[i] & RP_GAVE)
                result->goals[at].reached = true;
            else if (m->marks[i] && can_refuse(score))
                result->goals[at + 1].reached = true;
            at += can_refuse(score) ? 2 : 1;
        }
    }
    mark_bands(m, look, lead, event->effective_ms);
}

static void mark_steps(struct rp_playing *p, const struct rp_look *look)
{
    const struct rp_view_sequences *all = &look->view.sequences;

    for (size_t i = 0; i < all->step_count; i++) {
        for (size_t q = 0; q < all->count; q++) {
            if (all->rows[q].id == all->steps[i].instance)
                reach(p->result, RP_GOAL_STEP,
                      rp_arena_printf(&p->reader->arena, "%.*s.%.*s",
                                      RP_STR_ARG(all->rows[q].sequence),
                                      RP_STR_ARG(all->steps[i].step)),
                      RP_STR("reached"));
        }
    }
}

void rp_goals_mark(struct rp_playing *p, struct rp_look *look, bool bands_only)
{
    const struct rp_rules *rules = &p->rules;
    struct rp_arena *arena = &p->reader->arena;
    struct marking m = {p, RP_ARENA_ARRAY(arena, uint8_t, rules->score_count + 1),
                        RP_ARENA_ARRAY(arena, uint32_t, rules->fit_count + 1)};

    mark_bands(&m, look, &look->view.lead, p->now_ms);
    if (bands_only)
        return;
    rp_look_replay(look, NULL, mark_event, &m);
    for (size_t i = look->first_move; i < look->view.move_count; i++) {
        reach(p->result, RP_GOAL_STAGE, look->view.moves[i].to, RP_STR("entered"));
        reach(p->result, RP_GOAL_STAGE, look->view.moves[i].from, RP_STR("left"));
    }
    for (size_t i = 0; i < look->view.status_count; i++) {
        const struct rp_status_row *row = &look->view.statuses[i];

        if (!rp_row_is_given(look, row->event))
            reach(p->result, RP_GOAL_STATUS,
                  rp_arena_printf(arena, "%.*s.%.*s", RP_STR_ARG(row->stage), RP_STR_ARG(row->to)),
                  RP_STR("entered"));
    }
    for (uint32_t i = 0; i < rules->action_count; i++)
        if (look->sent[i] > 0)
            reach(p->result, RP_GOAL_ACTION, rules->actions[i].name, RP_STR("caused"));
    mark_steps(p, look);
}

void rp_goals_count(struct rp_trial_result *result)
{
    for (size_t i = 0; i < result->goal_count; i++) {
        result->reachable++;
        result->reached += result->goals[i].reached;
    }
}

int64_t rp_trial_percent(const struct rp_trial_result *result)
{
    if (result->reachable == 0)
        return 100 * RP_MILLI;
    return (int64_t)(result->reached * 100 * RP_MILLI / result->reachable);
}
