/* SPDX-License-Identifier: MIT */
/* Text of a rule file through the whole load, and each test function that comes out of it through
 * one event; then what a database would say, and every way to print it. The first byte chooses
 * whether the text stands in a rule file, in weights.lua or among the authors' tests. */
#include "engine/census.h"
#include "engine/load.h"
#include "engine/vm.h"
#include "fuzz.h"
#include "model/event.h"

#include <stdlib.h>

static bool no_fact(void *ctx, struct rp_str name, struct rp_scalar *ret_value)
{
    (void)ctx;
    (void)name;
    (void)ret_value;
    return false;
}

static double no_past(void *ctx, uint32_t rule, uint32_t use)
{
    (void)ctx;
    (void)rule;
    (void)use;
    return 1;
}

static void run_tests(struct rp_arena *arena, const struct rp_rules *rules)
{
    static const struct rp_vm_facts facts = {.lead = no_fact, .past = no_past};
    struct rp_event event = {.type = RP_PAGE,
                             .message_id = RP_STR("m"),
                             .body =
                                 RP_STR("{\"properties\":{\"path\":\"/x\",\"n\":[1,\"b\",{}]}}")};
    struct rp_err err = {0};
    struct rp_vm *vm = rp_vm_new(rules, &err);

    if (vm == NULL)
        return;
    if (rp_event_body_parse(arena, &event) < 0)
        abort();
    for (uint32_t i = 0; i < rules->score_count; i++) {
        struct rp_test_result result = {0};

        if (rules->scores[i].test == RP_NONE)
            continue;
        if (rp_vm_test(arena, vm, rules->scores[i].test, i, &event, &facts, &result, &err) == 0 &&
            !(result.share >= 0 && result.share <= 1))
            abort();
    }
    rp_vm_free(vm);
}

/* A database that knows a few names, and another generation of the rules. */
static void ask_census(struct rp_arena *arena, const struct rp_files *files,
                       const struct rp_rules *rules, struct rp_findings *findings,
                       struct rp_buf *out)
{
    struct rp_diagnosis diagnosis = {.arena = arena, .files = files, .findings = findings};
    struct rp_jw jw = rp_jw(out);
    struct rp_census census;

    rp_census_init(&census, arena, rules);
    census.leads = census.events = 3;
    census.before = rules;
    rp_census_event(&census, RP_STR("page"));
    rp_census_event(&census, RP_STR("demo_requested"));
    rp_census_trait(&census, RP_STR("jobTitle"), 1);
    rp_census_trait(&census, RP_STR("jobTitle"), 1);
    if (census.trait_count != 1 || census.traits[0].count != 1)
        abort();
    rp_lint_census(&diagnosis, rules, &census);
    rp_findings_sort(findings);
    rp_census_print(out, rules, &census);
    rp_jw_object(&jw);
    rp_findings_members(&jw, findings);
    rp_census_json(&jw, rules, &census);
    rp_rules_plan_json(&jw, rules);
    rp_jw_object_end(&jw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char model[] =
        "dimension \"engagement\" { range = { 0, 200 }, half_life = \"21d\" }\n"
        "dimension \"fit\" { kind = \"state\" }\n"
        "score \"page\" { why = \"p\", on = \"page\", points = 1 }\n";
    struct rp_source items[] = {{.path = RP_STR("a.lua"), .text = {model, sizeof model - 1}},
                                {.path = RP_STR("b.lua")},
                                {.path = RP_STR("lists/l.txt"), .text = RP_STR("a\nb\n")}};
    const struct rp_load_options options = {.tests = true};
    struct rp_files files = {.items = items, .count = 3};
    struct rp_findings findings;
    struct rp_rules *rules = NULL;
    struct rp_buf out = {0};
    struct rp_arena arena;
    struct rp_err err = {0};

    if (size < 1 || size > 64 * 1024)
        return 0;
    if (data[0] == 'w')
        items[1].path = RP_STR("weights.lua");
    if (data[0] == 't')
        items[1].path = RP_STR("tests/b.lua");
    items[1].text = (struct rp_str){(const char *)data + 1, size - 1};
    rp_arena_init(&arena);
    if (rp_load(&arena, &files, &options, &rules, &findings, &err) == 0) {
        rp_rules_plan(&out, rules);
        run_tests(&arena, rules);
        ask_census(&arena, &files, rules, &findings, &out);
    } else if (findings.errors == 0) {
        abort(); /* refused without a word */
    }
    rp_findings_print(&out, &findings, true);
    rp_findings_json(&out, &findings);
    rp_rules_free(rules);
    rp_buf_fini(&out);
    rp_arena_fini(&arena);
    return 0;
}
