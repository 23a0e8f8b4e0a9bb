/* SPDX-License-Identifier: MIT */
/* The difference of two rule sets in words: what is one and what is none. */
#include "engine/diff.h"
#include "unit/engine/load_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "dimension \"engagement\" { decay = \"none\" }\n"
#define ONE  "score \"one\" { why = \"Did one\", on = \"page\", points = 10 }\n"
#define TWO  "score \"two\" { why = \"Did two\", on = \"page\", points = 2 }\n"

static void expect(const char *before, const char *after, const char *list, const char *list_after,
                   const char *words)
{
    struct rp_source a[2] = {{RP_STR("a.lua"), rp_str_from(before)},
                             {RP_STR("lists/own.txt"), rp_str_from(list)}};
    struct rp_source b[2] = {{RP_STR("b.lua"), rp_str_from(after)},
                             {RP_STR("lists/own.txt"), rp_str_from(list_after)}};
    struct rp_files files[2] = {{a, list[0] ? 2 : 1}, {b, list_after[0] ? 2 : 1}};
    struct rp_changes changes;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct rp_arena arena;

    rp_arena_init(&arena);
    assert_int_equal(rp_changes_find(&arena, &files[0], &files[1], &changes, &err), 0);
    rp_changes_print(&changes, &out);
    assert_string_equal(out.ptr, words);
    rp_buf_fini(&out);
    rp_arena_fini(&arena);
}

static void what_is_no_difference(void **state)
{
    static const char none[] = "no difference in what is declared\n";

    (void)state;
    expect(HEAD ONE TWO, HEAD ONE TWO, "", "", none);
    expect(HEAD ONE TWO, TWO "-- in another order and another file\n" ONE HEAD, "", "", none);
    expect(HEAD ONE, HEAD "score \"one\" { points = 10.0, on = \"page\",\n why = \"Did one\" }", "",
           "", none);
    expect(HEAD ONE, HEAD ONE, "b\na\n", "a\nb\n", none);
}

static void numbers(void **state)
{
    (void)state;
    expect(HEAD ONE, HEAD "score \"one\" { why = \"Did one\", on = \"page\", points = 15 }", "", "",
           "~ score \"one\": points 10 → 15\n0 added, 0 removed, 1 changed\n");
    expect(HEAD ONE,
           HEAD "score \"one\" { why = \"Did one\", on = \"page\", points = 10, once = true }", "",
           "", "~ score \"one\": once none → true\n0 added, 0 removed, 1 changed\n");
    expect(HEAD ONE "stages { \"a\", \"b\" }\n"
                    "stage \"b\" { enter = any { at_least { engagement = 40 }, known() } }",
           HEAD ONE "stages { \"a\", \"b\" }\n"
                    "stage \"b\" { enter = any { at_least { engagement = 50 }, known() } }",
           "", "",
           "~ stage \"b\": enter.any.1.at_least.engagement 40 → 50\n"
           "0 added, 0 removed, 1 changed\n");
}

static void what_comes_and_goes(void **state)
{
    (void)state;
    expect(HEAD ONE, HEAD TWO, "", "",
           "+ score \"two\" { on = \"page\", points = 2, why = \"Did two\" }\n"
           "- score \"one\"\n1 added, 1 removed, 0 changed\n");
    expect(HEAD ONE,
           HEAD "score \"uno\" { why = \"Did one\", on = \"page\", points = 10, was = \"one\" }",
           "", "",
           "~ score \"uno\": name one → uno\n~ score \"uno\": was none → \"one\"\n"
           "0 added, 0 removed, 1 changed\n");
    expect(HEAD ONE, HEAD ONE, "a\nb\nc\n", "b\nd\n",
           "~ file \"lists/own.txt\": lines 2 removed → 1 added\n0 added, 0 removed, 1 changed\n");
    expect(HEAD ONE, HEAD ONE, "a\n", "",
           "- file \"lists/own.txt\"\n0 added, 1 removed, 0 changed\n");
}

static void functions(void **state)
{
    static const char rule[] = HEAD "score \"f\" { why = \"F\", on = \"page\", points = 1,\n"
                                    "  test = function(event) return event.name == \"x\" end }\n";
    static const char other[] = HEAD "score \"f\" { why = \"F\", on = \"page\", points = 1,\n"
                                     "  test = function(event) return event.name == \"y\" end }\n";

    (void)state;
    expect(rule, rule, "", "", "no difference in what is declared\n");
    expect(rule, other, "", "",
           "~ score \"f\": function as it was → written anew\n0 added, 0 removed, 1 changed\n");
}

static void broken_rules_are_compared_too(void **state)
{
    (void)state;
    expect(HEAD ONE, HEAD ONE "score \"two\" {", "", "",
           "- dimension \"engagement\"\n- score \"one\"\n0 added, 2 removed, 0 changed\n");
}

int rp_test_diff(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_difference),         cmocka_unit_test(numbers),
        cmocka_unit_test(what_comes_and_goes),           cmocka_unit_test(functions),
        cmocka_unit_test(broken_rules_are_compared_too),
    };

    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
