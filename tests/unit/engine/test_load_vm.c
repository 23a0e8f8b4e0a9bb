/* SPDX-License-Identifier: MIT */
/* Test functions: what they see, what they may answer, what they cost, and what they can reach. */
#include "base/limits.h"
#include "engine/declare.h"
#include "engine/vm.h"
#include "unit/engine/load_groups.h"
#include "unit/engine/load_support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static bool lead_fact(void *ctx, struct rp_str name, struct rp_scalar *ret_value)
{
    (void)ctx;
    if (rp_str_is(name, "company.employees"))
        *ret_value = (struct rp_scalar){.type = RP_NUMBER, .number = 120};
    else if (rp_str_is(name, "email"))
        *ret_value = (struct rp_scalar){.type = RP_STRING, .text = RP_STR("ana@acme.test")};
    else if (rp_str_is(name, "vip"))
        *ret_value = (struct rp_scalar){.type = RP_BOOL, .number = 1};
    else
        return false;
    return true;
}

static double past_fact(void *ctx, uint32_t rule, uint32_t use)
{
    (void)ctx;
    (void)rule;
    return use == 2 ? (double)NAN : 7.0 + use;
}

static const struct rp_vm_facts facts = {.lead = lead_fact, .past = past_fact};

struct ran {
    int status;
    struct rp_test_result result;
    struct rp_err err;
    uint64_t steps;
};

/* Runs the body of a test function over one event. */
static struct ran run_body(struct rp_arena *arena, const char *body)
{
    static const char around[] =
        "local words = { 'a', 'b' }\n"
        "score \"t\" { why = \"t\", on = \"page\", points = 1,\n"
        "uses = { count(\"page\"), days(\"page\"), named = days_since(\"page\") },\n"
        "test = function(event, lead, past) %s end }\n";
    struct rp_event event = {
        .type = RP_PAGE,
        .message_id = RP_STR("m1"),
        .effective_ms = 1772442000000,
        .body =
            RP_STR("{\"properties\":{\"n\":5,\"f\":1.5,\"yes\":true,\"list\":[\"x\",2,{\"k\":3}],"
                   "\"nested\":{\"b\":1,\"a\":2},\"nothing\":null,\"twice\":1,\"twice\":2},"
                   "\"context\":{\"page\":{\"path\":\"/from/context\"},\"locale\":\"fr\"}}")};
    struct rp_buf text = {0};
    struct ran ran = {0};
    struct loaded l;
    struct rp_vm *vm;

    rp_buf_printf(&text, around, body);
    load_text(&l, text.ptr);
    load_must_succeed(&l);
    assert_int_equal(rp_event_body_parse(&l.arena, &event), 0);
    vm = rp_vm_new(l.rules, &ran.err);
    assert_non_null(vm);
    ran.status = rp_vm_test(arena, vm, 0, 0, &event, &facts, &ran.result, &ran.err);
    ran.steps = rp_vm_steps(vm);
    rp_vm_free(vm);
    load_end(&l);
    rp_buf_fini(&text);
    return ran;
}

static void test_views(void **state)
{
    static const char *const truths[] = {
        "event.type == 'page'",
        "event.name == nil",
        "event.messageId == 'm1'",
        "event.timestamp:sub(1, 10) == '2026-03-02'",
        "event.properties.n == 5 and math.type(event.properties.n) == 'integer'",
        "event.properties.f == 1.5",
        "event.properties.yes == true",
        "event.properties.nothing == nil",
        "event.properties.twice == 2",
        "event.properties.path == '/from/context'",
        "event.context.locale == 'fr'",
        "event.traits.email == nil",
        "#event.properties.list == 3 and event.properties.list[1] == 'x'",
        "event.properties.list[3].k == 3",
        "table.concat(event.properties.list, '-', 1, 2) == 'x-2'",
        "type(event) == 'table' and type(event.properties.list) == 'table'",
        "lead.email == 'ana@acme.test'",
        "lead.company.employees == 120",
        "lead.vip == true",
        "lead.nickname == nil and lead.company.name == nil",
        "past[1] == 7 and past[2] == 8 and past.named == nil and #past == 3",
        "glob('/Café/x', '/cafe/*') and starts_with('École', 'ecole')",
        "contains('a VP of', 'vp') and word('a VP, of', 'vp') and ends_with('x.PDF', '.pdf')",
        "not glob(nil, '*') and not contains('x', 'y')",
        "('%d pages'):format(3) == '3 pages' and ('x'):rep(3, '-') == 'x-x-x'",
        "#words == 2 and words[2] == 'b'",
        "tostring(words) == 'table' and tostring(1.0) == '1.0' and tostring(nil) == 'nil'",
        "utf8.len('é') == 1 and utf8.char(233) == 'é' and utf8.codepoint('é') == 233",
        "select('#', 1, 2) == 2 and select(-1, 1, 2) == 2",
        "tonumber('0x10') == 16 and tonumber('zz', 36) == 1295 and tonumber('x') == nil",
        "math.max(1, 2.5) == 2.5 and math.floor(-1.5) == -2 and math.tointeger(2.0) == 2",
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(truths); i++) {
        char body[300];
        struct ran ran;

        snprintf(body, sizeof body, "return (%s) == true", truths[i]);
        ran = run_body(&arena, body);
        if (ran.status != 0 || ran.result.share < 1)
            fail_msg("%s: share %g, %s", truths[i], ran.result.share, ran.err.text);
    }
    rp_arena_fini(&arena);
}

static void test_pairs_is_ordered(void **state)
{
    struct rp_arena arena;
    struct ran ran;

    (void)state;
    rp_arena_init(&arena);
    ran = run_body(&arena, "local t, o = { b = 1, a = 2, [10] = 3, [2] = 4, [1.5] = 5 }, {}\n"
                           "for k in pairs(t) do o[#o + 1] = tostring(k) end\n"
                           "for k, v in pairs(event.properties.nested) do o[#o + 1] = k .. v end\n"
                           "for k, v in pairs(words) do o[#o + 1] = k .. v end\n"
                           "return true, table.concat(o, ' ')");
    assert_int_equal(ran.status, 0);
    assert_true(rp_str_is(ran.result.evidence, "1.5 2 10 a b a2 b1 1a 2b"));
    rp_arena_fini(&arena);
}

static void test_results(void **state)
{
    struct rp_arena arena;
    struct ran ran;

    (void)state;
    rp_arena_init(&arena);
    assert_true(run_body(&arena, "").result.share <= 0);
    assert_true(run_body(&arena, "return 0.25").result.share == 0.25);
    assert_true(run_body(&arena, "return 7").result.share == 1);
    assert_true(run_body(&arena, "return -7").result.share == 0);
    ran = run_body(&arena, "return true, ('é'):rep(150)");
    assert_int_equal(ran.result.evidence.len, RP_EVIDENCE_MAX);
    ran = run_body(&arena, "return true, 'x' .. ('é'):rep(150)");
    assert_int_equal(ran.result.evidence.len, RP_EVIDENCE_MAX - 1); /* no half character */
    ran = run_body(&arena, "return 'yes'");
    assert_int_equal(ran.status, RIPEN_ERULE);
    assert_string_equal(ran.result.fault, "result");
    rp_arena_fini(&arena);
}

static void test_failures_say_what_and_where(void **state)
{
    struct rp_arena arena;
    struct ran ran;

    (void)state;
    rp_arena_init(&arena);
    ran = run_body(&arena, "\nreturn event.properties.size > 5");
    assert_int_equal(ran.status, RIPEN_ERULE);
    assert_string_equal(ran.err.file, "10-rules.lua");
    assert_int_equal(ran.err.line, 5);
    assert_non_null(strstr(ran.err.text, "event.properties.size is unknown"));
    ran = run_body(&arena, "while true do end");
    assert_int_equal(ran.status, RIPEN_EBUDGET);
    assert_string_equal(ran.result.fault, "budget");
    ran = run_body(&arena, "words = 1");
    assert_non_null(strstr(ran.err.text, "remembers 'words' between events"));
    rp_arena_fini(&arena);
}

static void test_budget_is_the_same_each_time(void **state)
{
    struct rp_arena arena;
    uint64_t steps;

    (void)state;
    rp_arena_init(&arena);
    steps = run_body(&arena, "local t = {} for i = 1, 500 do t[i] = ('x'):rep(i) end").steps;
    assert_true(steps > 500 && steps < RP_RULE_STEPS_MAX);
    for (int i = 0; i < 5; i++)
        assert_true(
            run_body(&arena, "local t = {} for i = 1, 500 do t[i] = ('x'):rep(i) end").steps ==
            steps);
    rp_arena_fini(&arena);
}

/* ---- The sandbox itself ---------------------------------------------------------------------- */

static int grow(lua_State *L)
{
    lua_Integer count = (lua_Integer)(intptr_t)lua_touserdata(L, 1);

    lua_createtable(L, 0, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_createtable(L, 100, 0);
        lua_rawseti(L, -2, i);
    }
    return 0;
}

static void test_heap_limit(void **state)
{
    struct rp_err err;
    struct rp_sandbox *sandbox = rp_sandbox_new((size_t)1 << 20, &err);

    (void)state;
    assert_non_null(sandbox);
    rp_sandbox_begin(sandbox, RP_PHASE_TEST, 1000000);
    assert_int_equal(rp_sandbox_protect(sandbox, grow, (void *)100), RP_TRIP_NONE);
    assert_int_equal(rp_sandbox_protect(sandbox, grow, (void *)1000), RP_TRIP_MEMORY);
    assert_non_null(strstr(sandbox->message, "1 MiB"));
    assert_true(sandbox->used <= sandbox->cap);
    rp_sandbox_free(sandbox);
    assert_null(rp_sandbox_new(4096, &err)); /* not even the libraries fit */
    assert_int_equal(err.status, RIPEN_EBUDGET);
}

static int spend(lua_State *L)
{
    rp_sandbox_charge(L, (uint64_t)(uintptr_t)lua_touserdata(L, 1));
    return 0;
}

static void test_steps_at_the_budget(void **state)
{
    struct rp_err err;
    struct rp_sandbox *sandbox = rp_sandbox_new((size_t)1 << 20, &err);

    (void)state;
    assert_non_null(sandbox);
    rp_sandbox_begin(sandbox, RP_PHASE_TEST, 5000);
    assert_int_equal(rp_sandbox_protect(sandbox, spend, (void *)5000), RP_TRIP_NONE);
    assert_int_equal(rp_sandbox_steps(sandbox), 5000);
    rp_sandbox_begin(sandbox, RP_PHASE_TEST, 5000);
    assert_int_equal(rp_sandbox_protect(sandbox, spend, (void *)5001), RP_TRIP_STEPS);
    assert_int_equal(rp_sandbox_protect(sandbox, spend, (void *)0),
                     RP_TRIP_STEPS); /* until begun */
    rp_sandbox_free(sandbox);
}

/* ---- What can be reached --------------------------------------------------------------------- */

static void add_name(struct rp_buf *out, const char *prefix, const char *name, int type,
                     lua_State *L)
{
    rp_buf_printf(out, "%s%s %s\n", prefix, name, lua_typename(L, type));
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int walk(lua_State *L)
{
    struct rp_buf *out = lua_touserdata(L, 1);

    rp_sandbox_push_globals(L);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        const char *name = lua_tostring(L, -2);

        add_name(out, "", name, lua_type(L, -1), L);
        if (!rp_sandbox_unlock(L, -1))
            continue;
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            char prefix[64];

            snprintf(prefix, sizeof prefix, "%s.", name);
            add_name(out, prefix, lua_tostring(L, -2), lua_type(L, -1), L);
        }
        lua_pop(L, 1);
    }
    return 0;
}

/* Everything that a rule can name, against tests/sandbox/reachable.txt (made anew, to be looked at,
 * with RIPEN_UPDATE_GOLDEN=1). */
static void test_reachable(void **state)
{
    struct rp_arena arena;
    struct rp_recorder recorder = {
        .arena = &arena, .decls = rp_schema_decls, .calls = rp_schema_calls};
    struct rp_buf names = {0}, sorted = {0}, golden = {0};
    struct rp_sandbox *sandbox;
    char *lines[400], bytes[4096], path[600];
    size_t count = 0, got;
    struct rp_err err;
    FILE *file;

    (void)state;
    rp_arena_init(&arena);
    sandbox = rp_recorder_sandbox(&recorder, (size_t)16 << 20, &err);
    assert_non_null(sandbox);
    assert_int_equal(rp_sandbox_protect(sandbox, walk, &names), RP_TRIP_NONE);
    rp_sandbox_free(sandbox);
    for (char *at = names.ptr, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        assert_true(count < RP_COUNT(lines));
        *end = '\0';
        lines[count++] = at;
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++)
        rp_buf_printf(&sorted, "%s\n", lines[i]);
    snprintf(path, sizeof path, "%s/tests/sandbox/reachable.txt", RIPEN_SOURCE_DIR);
    if (getenv("RIPEN_UPDATE_GOLDEN") != NULL) {
        file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(sorted.ptr, 1, sorted.len, file);
        fclose(file);
    }
    file = fopen(path, "rb");
    assert_non_null(file);
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        rp_buf_add(&golden, bytes, got);
    fclose(file);
    rp_buf_char(&golden, '\0');
    assert_string_equal(sorted.ptr, golden.ptr);
    rp_buf_fini(&names);
    rp_buf_fini(&sorted);
    rp_buf_fini(&golden);
    rp_arena_fini(&arena);
}

int rp_test_load_vm(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_pairs_is_ordered),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_failures_say_what_and_where),
        cmocka_unit_test(test_budget_is_the_same_each_time),
        cmocka_unit_test(test_heap_limit),
        cmocka_unit_test(test_steps_at_the_budget),
        cmocka_unit_test(test_reachable),
    };

    return cmocka_run_group_tests_name("load_vm", tests, NULL, NULL);
}
