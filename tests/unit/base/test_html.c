/* SPDX-License-Identifier: MIT */
/* Text that must not become markup. */
#include "base/html.h"
#include "unit/base/groups.h"

static void assert_escaped(struct rp_str text, const char *expected)
{
    struct rp_buf out = {0};

    rp_buf_text(&out, "before ");
    rp_html_escape(&out, text);
    assert_true(out.len >= 7 && memcmp(out.ptr, "before ", 7) == 0);
    assert_str(((struct rp_str){out.ptr + 7, out.len - 7}), expected);
    rp_buf_fini(&out);
}

static void five_characters_are_escaped(void **state)
{
    (void)state;
    assert_escaped(RP_STR("<b title=\"it's\">R&D</b>"),
                   "&lt;b title=&quot;it&#39;s&quot;&gt;R&amp;D&lt;/b&gt;");
    assert_escaped(RP_STR("&"), "&amp;");
    assert_escaped(RP_STR("<<"), "&lt;&lt;");
    assert_escaped(RP_STR("&amp;"), "&amp;amp;"); /* text is text */
}

static void other_text_stays(void **state)
{
    (void)state;
    assert_escaped((struct rp_str){0}, "");
    assert_escaped(RP_STR("Zoë\n\tGröß 100 %"), "Zoë\n\tGröß 100 %");
    assert_escaped((struct rp_str){"a\0<\0", 4}, "a&lt;");
}

static void no_byte_becomes_markup(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        struct rp_buf out = {0};
        char byte = (char)c;

        rp_html_escape(&out, (struct rp_str){&byte, 1});
        for (size_t i = 0; i < out.len; i++)
            assert_null(memchr("<>\"'", out.ptr[i], 4));
        assert_true(out.len != 0 || c == 0);
        rp_buf_fini(&out);
    }
}

int test_html(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_characters_are_escaped),
        cmocka_unit_test(other_text_stays),
        cmocka_unit_test(no_byte_becomes_markup),
    };

    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
