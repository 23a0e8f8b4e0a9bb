/* SPDX-License-Identifier: MIT */
/* `check --plan`: what an event of each kind costs. Reads the index; counts nothing itself. */
#include "base/json_write.h"
#include "engine/index.h"
#include "engine/load.h"

/* An event of several values is found under each; no more than all of them can concern it. */
static struct rp_index_plan plan_of(const struct rp_rules *rules, uint32_t kind)
{
    struct rp_index_plan plan = rp_index_plan(rules, kind);

    if (plan.max_candidates > plan.rules)
        plan.max_candidates = plan.rules;
    return plan;
}

/* ---- Rules that run Lua ---------------------------------------------------------------------- */

static bool runs_lua(const struct rp_score *score, uint32_t kind)
{
    for (uint32_t i = 0; score->enabled && score->test != RP_NONE && i < score->on_count; i++)
        if (score->on[i] == kind)
            return true;
    return false;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void print_fields(struct rp_buf *out, const struct rp_rules *rules,
                         const struct rp_index_plan *plan)
{
    for (uint32_t i = 0; i < plan->field_count; i++)
        rp_buf_printf(out, "%s%.*s", i > 0 ? ", " : " on ",
                      RP_STR_ARG(rules->fields[plan->fields[i]].name));
}

static void print_lua(struct rp_buf *out, const struct rp_rules *rules, uint32_t kind)
{
    const char *before = "; Lua: ";

    for (uint32_t i = 0; rules->test_count > 0 && i < rules->score_count; i++) {
        if (!runs_lua(&rules->scores[i], kind))
            continue;
        rp_buf_printf(out, "%s%.*s", before, RP_STR_ARG(rules->scores[i].name));
        before = ", ";
    }
}

void rp_rules_plan(struct rp_buf *out, const struct rp_rules *rules)
{
    rp_buf_text(out, "kind of event                  rules  indexed  at most  counters\n");
    for (uint32_t i = 0; i < rules->kind_count; i++) {
        struct rp_index_plan plan = plan_of(rules, i);

        if (plan.rules + plan.counters == 0)
            continue;
        rp_buf_printf(out, "%-30.*s %5u  %7u  %7u  %8u", RP_STR_ARG(rules->kinds[i].name),
                      plan.rules, plan.indexed, plan.max_candidates, plan.counters);
        print_fields(out, rules, &plan);
        print_lua(out, rules, i);
        rp_buf_char(out, '\n');
    }
    rp_buf_printf(out, "%u fields, %u counters, %u tests in Lua\n", rules->field_count,
                  rules->counter_count, rules->test_count);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static const char *type_of(const struct rp_kind *kind)
{
    return kind->any ? "*" : rp_event_type_name(kind->type);
}

static void put_kind(struct rp_jw *jw, const struct rp_rules *rules, uint32_t kind,
                     const struct rp_index_plan *plan)
{
    rp_jw_object(jw);
    rp_jw_put_str(jw, "event", rules->kinds[kind].name);
    rp_jw_put_text(jw, "type", type_of(&rules->kinds[kind]));
    rp_jw_put_int(jw, "rules", plan->rules);
    rp_jw_put_int(jw, "indexed", plan->indexed);
    rp_jw_put_int(jw, "candidates", plan->max_candidates);
    rp_jw_put_int(jw, "counters", plan->counters);
    rp_jw_key(jw, "fields");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < plan->field_count; i++)
        rp_jw_str(jw, rules->fields[plan->fields[i]].name);
    rp_jw_array_end(jw);
    rp_jw_key(jw, "lua");
    rp_jw_array(jw);
    for (uint32_t i = 0; rules->test_count > 0 && i < rules->score_count; i++)
        if (runs_lua(&rules->scores[i], kind))
            rp_jw_str(jw, rules->scores[i].name);
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}

void rp_rules_plan_json(struct rp_jw *jw, const struct rp_rules *rules)
{
    rp_jw_key(jw, "plan");
    rp_jw_object(jw);
    rp_jw_key(jw, "events");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->kind_count; i++) {
        struct rp_index_plan plan = plan_of(rules, i);

        if (plan.rules + plan.counters > 0)
            put_kind(jw, rules, i, &plan);
    }
    rp_jw_array_end(jw);
    rp_jw_put_int(jw, "fields", rules->field_count);
    rp_jw_put_int(jw, "counters", rules->counter_count);
    rp_jw_put_int(jw, "tests", rules->test_count);
    rp_jw_object_end(jw);
}
