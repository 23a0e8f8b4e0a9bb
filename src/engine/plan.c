/* SPDX-License-Identifier: MIT */
/* `check --plan`: what an event of each kind costs. Reads the index; counts nothing itself. */
#include "engine/index.h"
#include "engine/load.h"

static void print_fields(struct rp_buf *out, const struct rp_rules *rules,
                         const struct rp_index_plan *plan)
{
    for (uint32_t i = 0; i < plan->field_count; i++)
        rp_buf_printf(out, "%s%.*s", i > 0 ? ", " : " on ",
                      RP_STR_ARG(rules->fields[plan->fields[i]].name));
}

void rp_rules_plan(struct rp_buf *out, const struct rp_rules *rules)
{
    rp_buf_text(out, "kind of event                  rules  indexed  at most  counters\n");
    for (uint32_t i = 0; i < rules->kind_count; i++) {
        struct rp_index_plan plan = rp_index_plan(rules, i);

        if (plan.rules + plan.counters == 0)
            continue;
        rp_buf_printf(out, "%-30.*s %5u  %7u  %7u  %8u", RP_STR_ARG(rules->kinds[i].name),
                      plan.rules, plan.indexed, plan.max_candidates, plan.counters);
        print_fields(out, rules, &plan);
        rp_buf_char(out, '\n');
    }
    rp_buf_printf(out, "%u fields, %u counters, %u tests in Lua\n", rules->field_count,
                  rules->counter_count, rules->test_count);
}
