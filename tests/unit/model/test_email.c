/* SPDX-License-Identifier: MIT */
/* The row of an e-mail, there and back, and the bounds of addresses. */
#include "base/err.h"
#include "base/limits.h"
#include "model/email.h"
#include "unit/model/groups.h"

static void a_row_comes_back(void **state)
{
    const struct rp_email email = {.template = RP_STR("hello"),
                                   .to = RP_STR("bo@globex.test"),
                                   .from = RP_STR("Ana <ana@acme.test>"),
                                   .reply_to = RP_STR("b@acme.test"),
                                   .subject = RP_STR("\"Hi\""),
                                   .text = RP_STR("a\nb"),
                                   .html = RP_STR("<p>"),
                                   .purpose = RP_STR(RP_PURPOSE_TRANSACTIONAL),
                                   .track = true};
    struct rp_email back;
    struct rp_arena arena;
    struct rp_buf row = {0};
    struct rp_err err = {0};

    (void)state;
    rp_arena_init(&arena);
    rp_email_write(&email, &row);
    assert_int_equal(rp_email_read(&arena, rp_buf_view(&row), &back, &err), 0);
    assert_true(rp_str_eq(back.template, email.template) && rp_str_eq(back.to, email.to));
    assert_true(rp_str_eq(back.from, email.from) && rp_str_eq(back.reply_to, email.reply_to));
    assert_true(rp_str_eq(back.subject, email.subject) && rp_str_eq(back.text, email.text));
    assert_true(rp_str_eq(back.html, email.html) && rp_str_eq(back.purpose, email.purpose));
    assert_true(back.track && !rp_email_is_marketing(&back));
    assert_int_equal(rp_email_read(&arena, RP_STR("{\"subject\":\"s\"}"), &back, &err),
                     RIPEN_EINPUT);
    assert_int_equal(rp_email_read(&arena, RP_STR("{\"to\":1}"), &back, &err), RIPEN_EINPUT);
    assert_int_equal(rp_email_read(&arena, RP_STR("[]"), &back, &err), RIPEN_EINPUT);
    assert_int_equal(rp_email_read(&arena, RP_STR("{\"to\":\"a@b.test\"} x"), &back, &err),
                     RIPEN_EINPUT);
    rp_buf_fini(&row);
    rp_arena_fini(&arena);
}

/* A mailbox of so many bytes: a name, a local part, a domain of labels. */
static bool is_mailbox(size_t name, size_t local, size_t domain)
{
    struct rp_buf text = {0};
    struct rp_mailbox box;
    bool is;

    for (size_t i = 0; i < name; i++)
        rp_buf_char(&text, 'n');
    if (name > 0)
        rp_buf_text(&text, " <");
    for (size_t i = 0; i < local; i++)
        rp_buf_char(&text, 'l');
    rp_buf_char(&text, '@');
    for (size_t i = 0; i < domain; i++)
        rp_buf_char(&text, i == 1 ? '.' : 'd');
    if (name > 0)
        rp_buf_char(&text, '>');
    is = rp_mailbox_parse(rp_buf_view(&text), &box);
    if (is) {
        assert_int_equal(box.name.len, name);
        assert_int_equal(box.address.len, local + 1 + domain);
        assert_int_equal(box.domain.len, domain);
    }
    rp_buf_fini(&text);
    return is;
}

static void addresses_have_bounds(void **state)
{
    (void)state;
    assert_true(is_mailbox(0, 1, 3));
    assert_true(is_mailbox(0, 64, 20));
    assert_false(is_mailbox(0, 65, 20));
    assert_true(is_mailbox(0, 1, 252)); /* 254 bytes in all */
    assert_false(is_mailbox(0, 1, 253));
    assert_true(is_mailbox(RP_MAILBOX_MAX - 9 - 3, 1, 7));
    assert_false(is_mailbox(RP_MAILBOX_MAX - 9 - 2, 1, 7));
}

static void addresses_are_checked(void **state)
{
    static const char *const good[] = {"a@b.test", "a.b+c@d-e.test", "a@localhost",
                                       "\"B, A\" <a@b.test>", "zoë@müller.test"};
    static const char *const bad[] = {
        "",          "a",          "@b.test",     "a@",         "a@b",           "a b@c.test",
        ".a@b.test", "a.@b.test",  "a..b@c.test", "a@.b.test",  "a@b..test",     "a@b.test.",
        "a@-b.test", "a@b-.test",  "<a@b.test",   "a@b.test>x", "a@b.test\r\nX", "a@b.te\xff",
        "a@b@c@",    "a@b_c.test", "\"a\"@b.test"};
    struct rp_mailbox box;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(good); i++)
        if (!rp_mailbox_parse(rp_str_from(good[i]), &box))
            fail_msg("%s is one", good[i]);
    for (size_t i = 0; i < RP_COUNT(bad); i++)
        if (rp_mailbox_parse(rp_str_from(bad[i]), &box))
            fail_msg("%s is none", bad[i]);
}

int test_email(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back),
        cmocka_unit_test(addresses_have_bounds),
        cmocka_unit_test(addresses_are_checked),
    };

    return cmocka_run_group_tests_name("email", tests, NULL, NULL);
}
