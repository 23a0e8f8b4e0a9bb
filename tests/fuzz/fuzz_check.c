/* SPDX-License-Identifier: MIT */
/* Text of a rule file through the whole load, and each test function that comes out of it through
 * one event. The first byte chooses whether the text stands in a rule file or in weights.lua. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char model[] =
        "dimension \"engagement\" { range = { 0, 200 }, half_life = \"21d\" }\n"
        "dimension \"fit\" { kind = \"state\" }\n"
        "score \"page\" { why = \"p\", on = \"page\", points = 1 }\n";
    struct rp_source items[] = {{.path = RP_STR("a.lua"), .text = {model, sizeof model - 1}},
                                {.path = RP_STR("b.lua")},
                                {.path = RP_STR("lists/l.txt"), .text = RP_STR("a\nb\n")}};
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
    items[1].text = (struct rp_str){(const char *)data + 1, size - 1};
    rp_arena_init(&arena);
    if (rp_load(&arena, &files, NULL, &rules, &findings, &err) == 0) {
        rp_rules_plan(&out, rules);
        run_tests(&arena, rules);
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
