/* SPDX-License-Identifier: MIT */
/* Lines of 80 columns. */
#include "base/wrap.h"
#include "unit/base/groups.h"

static void expect(const char *text, size_t column, size_t indent, bool code, const char *wanted)
{
    struct rp_buf out = {0};

    (code ? rp_wrap_code : rp_wrap)(&out, rp_str_from(text), column, indent);
    assert_string_equal(out.ptr, wanted);
    rp_buf_fini(&out);
}

static void between_words(void **state)
{
    (void)state;
    expect("", 3, 3, false, "\n");
    expect("one two", 70, 2, false, "one two\n");
    expect("one two th", 70, 2, false, "one two th\n"); /* ends in the last column */
    expect("one two thr", 70, 2, false, "one two\n  thr\n");
    expect("one two three", 73, 2, false, "one two\n  three\n");
    expect("one\ntwo\n\nthree", 0, 2, false, "one\n  two\n\n  three\n");
    expect("one   two", 77, 0, false, "one\ntwo\n");
}

static void within_characters_never(void **state)
{
    (void)state;
    expect("ééééé", 75, 0, false, "ééééé\n"); /* a column each */
    expect("éééééé", 75, 0, false, "ééééé\né\n");
    expect("a ééééé", 75, 0, false, "a ééé\néé\n"); /* rather than a line of one letter */
    expect("abc", 80, 1, false, "a\n bc\n");
}

static void code_stays_whole(void **state)
{
    (void)state;
    expect("x = \"a b c\", y", 68, 4, true, "x = \"a b c\",\n    y\n");
    expect("x = \"a b c\", y", 71, 4, true, "x =\n    \"a b c\", y\n");
    expect("\"a b c d e f\" y", 71, 4, true, "\"a b c d e f\"\n    y\n");
}

int test_wrap(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_words),
        cmocka_unit_test(within_characters_never),
        cmocka_unit_test(code_stays_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
