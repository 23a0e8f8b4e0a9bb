/* SPDX-License-Identifier: MIT */
/* What authors slip into a rule from another notation or a word processor, and what they read. */
#include "load_groups.h"
#include "load_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void slips_are_told(void **state)
{
    static const struct {
        const char *text;
        int column;
        const char *message, *hint;
    } cases[] = {
        {"score \u201cx\u201d { on = \"page\" }", 7, "\u201c is not the quote that texts stand in",
         "type it straight: \"…\""},
        {"score \"x\" { why = \"caf\u00e9\",\u00a0on = \"page\" }", 26,
         "this space is not a plain one; word processors make such", "delete it and type it again"},
        {"score \"x\" { why = \"caf\u00e9\", when = { pr\u00e9nom = \"a\" } }", 38,
         "'\u00e9' stands outside of quotes",
         "a field with such letters is written [\"…\"] = value"},
        {"score \"x\" { why: \"caf\u00e9\" }", 18, "a ':' stands where a '=' belongs",
         "write field = value"},
        {"score \"x\" { why = \"caf\u00e9\", end = 5 }", 27,
         "'end' is a word of Lua, so it cannot name a field as it stands",
         "write [\"end\"] = value, or choose another name"},
        /* No slip: what Lua says stays. */
        {"score \"x\" { points = , on = \"page\" }", 22, "',' does not belong here",
         "look for a missing value, quote or bracket in front of it"},
        {"score \"x\" { points = and == 5 }", 22, "'and' does not belong here",
         "look for a missing value, quote or bracket in front of it"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        const struct rp_finding *finding;
        struct loaded l;

        load_text(&l, cases[i].text);
        finding = load_finding(&l, "E001");
        assert_non_null(finding);
        assert_string_equal(finding->message.ptr, cases[i].message);
        assert_string_equal(finding->hint.ptr, cases[i].hint);
        assert_int_equal(finding->column, cases[i].column);
        load_end(&l);
    }
}

int rp_test_slip(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slips_are_told)};

    return cmocka_run_group_tests_name("slip", tests, NULL, NULL);
}
