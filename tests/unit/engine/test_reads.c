/* SPDX-License-Identifier: MIT */
/* What functions read: scopes of locals, fields behind names, keys that are no reads; and where a
 * syntax error stands. */
#include "engine/reads.h"
#include "load_groups.h"
#include "load_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "x event.name past.a": what functions read, in order. */
static void reads_are(const char *text, const char *expected)
{
    struct rp_reads reads;
    struct rp_buf got = {0};
    struct rp_arena arena;

    rp_arena_init(&arena);
    reads = rp_reads_of(&arena, rp_str_from(text));
    rp_buf_text(&got, "");
    for (uint32_t i = 0; i < reads.count; i++) {
        const struct rp_read *read = &reads.items[i];
        static const char *const roots[] = {"", "event:", "lead:", "past:"};

        if (!read->in_function)
            continue;
        rp_buf_printf(&got, "%s%s", got.len > 0 ? " " : "", roots[read->root]);
        for (uint32_t j = 0; j < read->count; j++)
            rp_buf_printf(&got, "%s%.*s", j > 0 ? "." : "", RP_STR_ARG(read->names[j].text));
        rp_buf_text(&got, read->assigned ? "=" : "");
    }
    rp_buf_char(&got, '\0');
    assert_string_equal(got.ptr, expected);
    rp_buf_fini(&got);
    rp_arena_fini(&arena);
}

static void locals_hide_names(void **state)
{
    (void)state;
    reads_are("local a = 1 local function f(b) return a, b, c end", "c");
    reads_are("local function f() do local x = 1 end return x end", "x");
    reads_are(
        "local function f() if a then local x = 1 elseif x then local y else return y end end",
        "a x y");
    reads_are("local function f() for i, v in ipairs(t) do g(i, v) end return i end",
              "ipairs t g i");
    reads_are("local function f() while n do local z = 1 z = z + 1 end z = 2 end", "n z=");
    reads_are("local function f() repeat local q = 1 until q > 1 end", "");
    reads_are("local function f(...) local t <const>, u = ... return t, u, w end", "w");
    reads_are("local function f() return function(p) return p, o end end", "o");
    reads_are("function a.b:c() return self, other end", "other");
    reads_are("function g() return g() end", "g");
    reads_are("local function f() function h() return h end end", "h= h");
    reads_are("local f = function() goto done ::done:: return not nil and true or false end", "");
}

static void keys_and_methods_are_no_reads(void **state)
{
    (void)state;
    reads_are("local function f(t) return { a = x, [b] = 1, c }, t.d, t:e(), t['f'] end", "x b c");
    reads_are("local function f() return math.max(1, string.rep('a', 2)) end",
              "math.max string.rep");
    reads_are("local function f() return ('x'):upper(), \"y\" --[[ z ]] end -- w", "");
    reads_are("local function f() g { k = v } end", "g v");
}

static void parameters_of_a_test_are_known(void **state)
{
    (void)state;
    reads_are("score \"a\" { test = function(e, l, p) return e.name, l.title, p.n end }",
              "event:e.name lead:l.title past:p.n");
    reads_are("score \"a\" { test = function(event) local event = 1 return event.x end }", "");
    reads_are(
        "score \"a\" { test = function(e) return function() return e.type == \"page\" end end }",
        "event:e.type");
    reads_are("local test = function(e) return e.x end", "");
    reads_are("score \"a\" { test = function(a, b, c, d) return d.x end }", "");
}

static void broken_text_ends_early(void **state)
{
    (void)state;
    reads_are("local function f() return a end end end } b", "a");
    reads_are("local function f() return { ( [ x", "x");
    reads_are("local function f", "");
    reads_are("end", "");
    reads_are("", "");
}

/* Nested as deeply as the reader follows, and one block more. */
static void blocks_are_bounded(void **state)
{
    (void)state;
    for (int blocks = 398; blocks <= 399; blocks++) {
        struct rp_buf text = {0};

        rp_buf_text(&text, "local function f() ");
        for (int i = 0; i < blocks; i++)
            rp_buf_text(&text, "do ");
        rp_buf_text(&text, "g(h) ");
        for (int i = 0; i <= blocks; i++)
            rp_buf_text(&text, "end ");
        rp_buf_char(&text, '\0');
        reads_are(text.ptr, blocks == 398 ? "g h" : "g");
        rp_buf_fini(&text);
    }
}

/* With more locals than the reader keeps, nothing is said of what follows. */
static void locals_are_bounded(void **state)
{
    (void)state;
    for (int locals = 1999; locals <= 2000; locals++) {
        struct rp_buf text = {0};

        rp_buf_text(&text, "local function f() ");
        for (int i = 1; i < locals; i++)
            rp_buf_printf(&text, "local a%d ", i);
        rp_buf_text(&text, "local last g(last) end");
        rp_buf_char(&text, '\0');
        reads_are(text.ptr, locals == 1999 ? "g" : "");
        rp_buf_fini(&text);
    }
}

static void a_comparison_is_noted(void **state)
{
    static const char text[] = "score \"a\" { test = function(e) return e.type == \"x\" or "
                               "\"y\" ~= e.name or e.name == b end }";
    struct rp_reads reads;
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    reads = rp_reads_of(&arena, rp_str_from(text));
    assert_int_equal(reads.count, 5); /* score at the top, then e three times and b */
    assert_true(reads.items[1].compared && rp_str_is(reads.items[1].compared_to.text, "x"));
    assert_true(reads.items[2].compared && rp_str_is(reads.items[2].compared_to.text, "y"));
    assert_false(reads.items[3].compared);
    rp_arena_fini(&arena);
}

static void carets_of_syntax_errors(void **state)
{
    static const struct {
        const char *text;
        int line, column;
    } cases[] = {
        {"score \"a\" { why = \"}\", points = } }", 1, 33},
        {"score \"a\" { on = \"on = on\", x = 1 on = 2 }", 1, 35},
        {"score \"a\" {\n  why = \"a\"\n  on = \"b\" }", 3, 3},
        {"local x = = 2", 1, 11},
        {"score \"a\" { points = 5 } }", 1, 26},
        {"local caf\303\251 = 1", 1, 10},
        {"\xef\xbb\xbfscore \"a\" { points = , }", 1, 22},
        {"local function f()\n  return 1\n", 2, 10},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        const struct rp_finding *finding;
        struct loaded l;

        load_begin(&l);
        load_file(&l, "a.lua", cases[i].text);
        load_run(&l);
        finding = load_finding(&l, "E001");
        assert_non_null(finding);
        if (finding->line != cases[i].line || finding->column != cases[i].column)
            fail_msg("%s: %d:%d, expected %d:%d", cases[i].text, finding->line, finding->column,
                     cases[i].line, cases[i].column);
        load_end(&l);
    }
}

int rp_test_reads(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locals_hide_names),
        cmocka_unit_test(keys_and_methods_are_no_reads),
        cmocka_unit_test(parameters_of_a_test_are_known),
        cmocka_unit_test(broken_text_ends_early),
        cmocka_unit_test(blocks_are_bounded),
        cmocka_unit_test(locals_are_bounded),
        cmocka_unit_test(a_comparison_is_noted),
        cmocka_unit_test(carets_of_syntax_errors),
    };

    return cmocka_run_group_tests_name("reads", tests, NULL, NULL);
}
