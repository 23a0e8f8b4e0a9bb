/* SPDX-License-Identifier: MIT */
/* Findings as a terminal shows them: its width, and what must not steer it. */
#include "base/buf.h"
#include "base/str.h"
#include "engine/load.h"
#include "unit/engine/load_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct rp_buf printed(size_t columns, const char *source, int column, const char *hint)
{
    struct rp_finding finding = {.code = RP_STR("E011"),
                                 .severity = RP_SEVERITY_ERROR,
                                 .file = RP_STR("a.lua"),
                                 .line = 7,
                                 .column = column,
                                 .width = 5,
                                 .message = RP_STR("unknown field 'point'"),
                                 .hint = rp_str_from(hint),
                                 .source = rp_str_from(source)};
    struct rp_findings findings = {.items = &finding, .count = 1, .columns = columns};
    struct rp_buf out = {0};

    rp_findings_print(&out, &findings, false);
    rp_buf_char(&out, '\0');
    return out;
}

static size_t widest(const char *text)
{
    size_t most = 0, width = 0;

    for (; *text; text++) {
        if (*text == '\n')
            width = 0;
        else if (((unsigned char)*text & 0xc0) != 0x80 && ++width > most)
            most = width;
    }
    return most;
}

#define LONG_LINE                                                                                  \
    "score \"webinar_registered\" { why = \"Signed up for a webinar\", on = \"Webinar\", "         \
    "                     point = 6, group = \"content\" }"

static void a_line_is_cut_to_the_terminal(void **state)
{
    struct rp_buf narrow = printed(80, LONG_LINE, 100, "did you mean 'points'?");
    struct rp_buf wide = printed(0, LONG_LINE, 100, "did you mean 'points'?");

    (void)state;
    assert_in_range(widest(narrow.ptr), 60, 80);
    assert_true(widest(wide.ptr) > 120);
    assert_non_null(strstr(wide.ptr, LONG_LINE));
    assert_non_null(strstr(narrow.ptr, "point = 6"));
    rp_buf_fini(&narrow);
    rp_buf_fini(&wide);
}

static void a_hint_that_does_not_fit_has_its_own_line(void **state)
{
    struct rp_buf fits = printed(50, "x = 1, point = 6", 8, "a hint of 29 characters, here");
    struct rp_buf below = printed(49, "x = 1, point = 6", 8, "a hint of 29 characters, here");

    (void)state;
    assert_non_null(strstr(fits.ptr, "^^^^^ a hint of"));
    assert_int_equal(widest(fits.ptr), 50);
    assert_non_null(strstr(below.ptr, "^^^^^\n      a hint of 29 characters, here\n"));
    rp_buf_fini(&fits);
    rp_buf_fini(&below);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    struct rp_buf out = printed(0,
                                "a\x1b[31m\xc2\x9b"
                                "31m\x7f\tpoint",
                                1, "was \x1b]0;t\a");

    (void)state;
    assert_non_null(strstr(out.ptr, "a?[31m?31m?\tpoint"));
    assert_non_null(strstr(out.ptr, "was ?]0;t?"));
    assert_null(strchr(out.ptr, '\x1b'));
    rp_buf_fini(&out);
}

int rp_test_findings(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_cut_to_the_terminal),
        cmocka_unit_test(a_hint_that_does_not_fit_has_its_own_line),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
    };

    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
