/* SPDX-License-Identifier: MIT */
/* Stages. The first stage in declaration order whose `from` and `enter` hold is entered; if there
 * is none, `leave` is asked; so again until nothing moves, no stage twice in one evaluation. Each
 * move is a decision with the conditions that made it and their actual values. Only the acting
 * model decides.
 *
 *   present stage --enter_next--> another --enter_next--> … --leave_present--> leave_to --…--> rest
 */
#include "base/json_write.h"
#include "engine/eval.h"
#include "engine/fold.h"

struct judging {
    struct rp_scratch *s;
    struct rp_lead *lead;
    struct rp_decision *decision;
    const struct rp_stage *stages;
    bool *visited;
    uint32_t explore;  /* a stage that is entered by chance, + 1; 0: none */
    uint32_t explored; /* … and was: it is not left at once */
};

/* ---- Reasons --------------------------------------------------------------------------------- */

/* The name of a condition, as rules write it. */
static const char *cond_name(const struct rp_scratch *s, const struct rp_cond *cond)
{
    enum rp_field_home home;

    switch (cond->op) {
    case RP_COND_FIELD:
        home = s->rules->fields[cond->field].home;
        return home == RP_FIELD_EVENT || home == RP_FIELD_META ? "context" : "trait";
    case RP_COND_ALL:
        return "all";
    case RP_COND_ANY:
        return "any";
    case RP_COND_NO:
        return "none";
    case RP_COND_SOME:
        return "some";
    case RP_COND_COUNT:
        return s->rules->counters[cond->counter].op == RP_COUNTER_VISITS ? "visits" : "did";
    case RP_COND_AT_LEAST:
        return "at_least";
    case RP_COND_BELOW:
        return "below";
    case RP_COND_GRADE_IN:
        return "grade_in";
    case RP_COND_IN_STAGE:
        return "in_stage";
    case RP_COND_IN_STATUS:
        return "in_status";
    case RP_COND_IN_SEGMENT:
        return "in_segment";
    case RP_COND_INACTIVE:
        return "inactive";
    case RP_COND_KNOWN:
        return "known";
    case RP_COND_FILLED:
        return "filled";
    }
    return "";
}

/* The part that decided: of any{…} the first that holds, of all{…} the last, which is what a person
 * names when the others were true before; when time alone did it, the last that time changes. */
static const struct rp_cond *cond_decided(struct rp_scratch *s, const struct rp_cond *cond)
{
    while (cond->op == RP_COND_ANY || (cond->op == RP_COND_ALL && cond->part_count)) {
        const struct rp_cond *found = NULL;

        for (uint32_t i = 0; i < cond->part_count; i++) {
            const struct rp_cond *part = &cond->parts[i];
            bool next = !found || (cond->op == RP_COND_ALL &&
                                   (s->event || rp_cond_is_timed(s->index, part, true) ||
                                    !rp_cond_is_timed(s->index, found, true)));

            if (next && rp_cond_eval(s, part) == RP_TRUE)
                found = part;
        }
        if (!found)
            return cond;
        cond = found;
    }
    return cond;
}

const char *rp_cond_decided(struct rp_scratch *s, const struct rp_cond *cond)
{
    return cond_name(s, cond_decided(s, cond));
}

static void write_conditions(struct rp_scratch *s, const struct rp_cond *cond, struct rp_jw *jw)
{
    struct rp_buf words = {0};

    if (cond->op == RP_COND_ANY || cond->op == RP_COND_ALL) {
        for (uint32_t i = 0; i < cond->part_count; i++) {
            if (rp_cond_eval(s, &cond->parts[i]) != RP_TRUE)
                continue;
            write_conditions(s, &cond->parts[i], jw);
            if (cond->op == RP_COND_ANY)
                return;
        }
        return;
    }
    rp_say_cond(s, cond, &words);
    rp_jw_object(jw);
    rp_jw_put_text(jw, "condition", cond_name(s, cond));
    rp_jw_put_str(jw, "rule", cond->text);
    rp_jw_put_str(jw, "actual", rp_buf_view(&words));
    rp_jw_object_end(jw);
    rp_buf_fini(&words);
}

static struct rp_str move_reasons(struct rp_scratch *s, const struct rp_cond *cond)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_str text;

    rp_jw_object(&jw);
    rp_jw_key(&jw, "conditions");
    rp_jw_array(&jw);
    write_conditions(s, cond, &jw);
    rp_jw_array_end(&jw);
    rp_score_json(s, &jw);
    rp_jw_object_end(&jw);
    text = rp_arena_str(s->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

/* ---- Moves ----------------------------------------------------------------------------------- */

/* At the first entry into stage "mql" the last touch becomes mql_touch, a fact that stays. */
static void keep_mql_touch(struct judging *j, const struct rp_stage *entered)
{
    static const char prefix[] = "mql_touch.";
    struct rp_slot first = {0};

    if (!rp_str_is(entered->name, "mql"))
        return;
    for (uint32_t a = 0; a < RP_TOUCH_ATTRS; a++) {
        uint32_t field = j->s->index->touch[RP_TOUCH_MQL][a];

        if (field == RP_NONE)
            continue;
        rp_facts_read(j->s, j->s->rules->fields[field].key, &first);
        RP_ASSERT(rp_str_starts(j->s->rules->fields[field].key,
                                (struct rp_str){prefix, sizeof(prefix) - 1}));
        if (first.value.count)
            return;
    }
    for (uint32_t a = 0; a < RP_TOUCH_ATTRS; a++) {
        uint32_t field = j->s->index->touch[RP_TOUCH_MQL][a];
        uint32_t last = j->s->index->touch[RP_TOUCH_LAST][a];
        struct rp_slot slot = {0};

        if (field == RP_NONE)
            continue;
        rp_profile_read(j->s, j->lead, last, &slot);
        if (slot.value.count == 0)
            continue;
        rp_facts_open(j->s);
        rp_jw_key_str(&j->s->facts_jw, j->s->rules->fields[field].key);
        rp_jw_str(&j->s->facts_jw, rp_value_text(j->s, &slot.value));
    }
}

/* because NULL: the condition that decided. */
static void move_to(struct judging *j, uint16_t to, const struct rp_cond *cond, const char *because)
{
    struct rp_scratch *s = j->s;
    struct rp_move *move = rp_decision_move(s->arena, j->decision);

    *move = (struct rp_move){
        .from = j->lead->stage,
        .to = to,
        .because = rp_str_from(because ? because : cond_name(s, cond_decided(s, cond))),
        .reasons = move_reasons(s, cond),
    };
    if (j->decision->move_count > 1)
        j->decision->moves[j->decision->move_count - 2].passing = true;
    j->lead->stage = to;
    j->lead->stage_since_ms = s->now_ms;
    j->visited[to] = true;
    keep_mql_touch(j, &j->stages[to]);
}

static bool stage_is_from(const struct rp_stage *stage, uint16_t from)
{
    for (uint32_t i = 0; i < stage->from_count; i++) {
        if (stage->from[i] == from)
            return true;
    }
    return false;
}

static bool enter_next(struct judging *j)
{
    const struct rp_stage *present = &j->stages[j->lead->stage];

    if (present->terminal ||
        (present->stay_ms && j->s->now_ms < j->lead->stage_since_ms + present->stay_ms))
        return false;
    for (uint32_t i = 0; i < j->s->rules->stage_count; i++) {
        const struct rp_stage *stage = &j->stages[i];
        bool holds;

        if (!stage->enter || j->visited[i] || !stage_is_from(stage, j->lead->stage))
            continue;
        holds = rp_cond_eval(j->s, stage->enter) == RP_TRUE;
        if (!holds && i + 1 != j->explore)
            continue;
        if (!holds)
            j->explored = i + 1;
        move_to(j, (uint16_t)i, stage->enter, holds ? NULL : "explored");
        return true;
    }
    return false;
}

static bool leave_present(struct judging *j)
{
    const struct rp_stage *present = &j->stages[j->lead->stage];

    if (!present->leave || present->leave_to == RP_STAGE_NONE || present->terminal ||
        j->visited[present->leave_to] || j->explored == j->lead->stage + 1U ||
        rp_cond_eval(j->s, present->leave) != RP_TRUE)
        return false;
    move_to(j, present->leave_to, present->leave, NULL);
    return true;
}

const struct rp_stage *rp_stages_acting(const struct rp_fold *fold)
{
    return fold->rules->models[fold->model].stages;
}

static void judge_stages(struct rp_scratch *s, struct rp_lead *lead, uint32_t explore,
                         struct rp_decision *decision)
{
    struct judging j = {.s = s,
                        .lead = lead,
                        .decision = decision,
                        .stages = rp_stages_acting(s->fold),
                        .explore = explore};

    if (lead->stage >= s->rules->stage_count)
        return; /* a stage that these rules do not know: only a new name can move it */
    j.visited = RP_ARENA_ARRAY(s->arena, bool, s->rules->stage_count);
    if (rp_stage_set(s, lead, decision))
        return;
    j.visited[lead->stage] = true;
    while (enter_next(&j) || leave_present(&j))
        continue;
}

/* ---- Facts that the decision sets ------------------------------------------------------------ */

void rp_facts_open(struct rp_scratch *s)
{
    if (s->facts.len)
        return;
    s->facts_jw = rp_jw(&s->facts);
    rp_jw_object(&s->facts_jw);
}

static void facts_close(struct rp_scratch *s, struct rp_decision *decision)
{
    if (!s->facts.len)
        return;
    rp_jw_object_end(&s->facts_jw);
    decision->facts_set = rp_arena_str(s->arena, rp_buf_view(&s->facts));
    rp_buf_reset(&s->facts);
}

/* A new lead starts in the first stage with its first event, also when an import brings a row with
 * an earlier receivedAt behind a later one. */
static void begin_first_stage(struct rp_lead *lead, int64_t now_ms)
{
    bool fresh = lead->stage == RP_STAGE_NONE && lead->stage_since_ms == 0;

    if (fresh) {
        lead->stage = 0;
        lead->stage_since_ms = lead->created_ms ? lead->created_ms : now_ms;
    }
    if (lead->stage == 0 && now_ms < lead->stage_since_ms &&
        (fresh || lead->stage_since_ms == lead->created_ms))
        lead->stage_since_ms = now_ms;
}

/* What the stage owes is late: told by a timer, once a stage entry. */
static void judge_late(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    const struct rp_stage *present;

    if (s->event || lead->stage >= s->rules->stage_count || lead->late_ms == lead->stage_since_ms)
        return;
    present = &rp_stages_acting(s->fold)[lead->stage];
    if (present->due_ms == 0 || s->now_ms < rp_due_ms(s->rules, present, lead->stage_since_ms))
        return;
    decision->late = true;
    lead->late_ms = lead->stage_since_ms;
}

/* crossed(…) compares with the values before the event; at a moment with those when the lead was
 * judged last. */
static void compare_with(struct rp_scratch *s, const struct rp_lead *lead)
{
    if (s->kept_before == lead)
        s->before_of = s->epoch;
    else if (!s->event && lead->judged_ms)
        rp_read_before(s, lead->judged_ms < s->now_ms ? lead->judged_ms : s->now_ms);
    s->kept_before = NULL;
}

void rp_judge(struct rp_fold *fold, struct rp_lead *lead, const struct rp_event *event,
              int64_t now_ms, struct rp_decision *decision)
{
    struct rp_scratch *s = fold->scratch;
    uint32_t explore = fold->explore;

    fold->explore = 0;
    s->arena = fold->arena;
    s->fold = fold;
    if (!event || s->event != event || s->lead != lead)
        rp_bind_event(s, lead, event, now_ms);
    s->now_ms = now_ms;
    s->model =
        fold->model; /* dealt to an arm by the event, another may act than when it was folded */
    if (s->index->crossing_count)
        compare_with(s, lead);
    if (s->rules->stage_count)
        begin_first_stage(lead, now_ms);
    if (now_ms > lead->judged_ms)
        lead->judged_ms = now_ms;
    if (decision->excluded || (!event && rp_fit_excluded(s)))
        return;
    if (event)
        rp_bind_kinds(s);
    rp_owner_of_event(s, lead, decision);
    judge_stages(s, lead, explore, decision);
    rp_judge_status(s, lead, decision);
    judge_late(s, lead, decision);
    rp_owner_refused(s, lead, decision);
    rp_actions_run(s, lead, decision);
    facts_close(s, decision);
}
