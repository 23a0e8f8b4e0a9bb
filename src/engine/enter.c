/* SPDX-License-Identifier: MIT */
/* What a model that does not act would do now: asked between the fold of an event and its
 * judgement, so that it sees what the acting one is about to see. Leaves no trace in the scratch
 * but what any condition leaves. */
#include "engine/eval.h"
#include "engine/fold.h"

static void forget_scores(struct rp_scratch *s)
{
    for (uint32_t i = 0; i < s->rules->field_count; i++) {
        if (s->rules->fields[i].home == RP_FIELD_STATE)
            rp_bind_forget(s, i);
    }
}

void rp_enter_begin(struct rp_fold *fold, const struct rp_lead *lead, const struct rp_event *event,
                    int64_t now_ms)
{
    struct rp_scratch *s = fold->scratch;

    s->arena = fold->arena;
    s->fold = fold;
    if (!event || s->event != event || s->lead != lead)
        rp_bind_event(s, lead, event, now_ms);
    s->now_ms = now_ms;
    if (event)
        rp_bind_kinds(s);
}

bool rp_enter_holds(struct rp_fold *fold, uint32_t model, uint32_t stage)
{
    struct rp_scratch *s = fold->scratch;
    const struct rp_cond *enter = fold->rules->models[model].stages[stage].enter;
    bool holds;

    s->model = model;
    forget_scores(s);
    holds = enter && rp_cond_eval(s, enter) == RP_TRUE;
    s->model = fold->model;
    forget_scores(s);
    return holds;
}

int64_t rp_enter_total(struct rp_fold *fold, uint32_t model)
{
    struct rp_scratch *s = fold->scratch;
    int64_t total;

    s->model = model;
    total = rp_score_read(s, RP_NONE);
    s->model = fold->model;
    return total;
}

bool rp_lead_excluded(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms)
{
    struct rp_scratch *s = fold->scratch;

    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
    return rp_fit_excluded(s);
}
