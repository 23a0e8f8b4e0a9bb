/* SPDX-License-Identifier: MIT */
/* Signed links: what was written is read back, whatever was changed on its way is not. */
#include "base/err.h"
#include "model/link_token.h"
#include "unit/model/groups.h"

static const uint8_t secret[16] = "0123456789abcde";
static const uint8_t other[16] = "0123456789abcdf";

static struct rp_link link_of(enum rp_link_kind kind, const char *about)
{
    return (struct rp_link){kind, RP_STR("ld_abcdefghijklmnopqrstuvwxyz"),
                            RP_STR("act_abcdefghijklmnopqrstuvwxyz"), rp_str_from(about)};
}

static void test_round_trip(void **state)
{
    static const char *const abouts[RP_LINK_KINDS] = {"", "https://acme.test/a?b=c&d=\xc3\xa9#e",
                                                      "marketing", ""};
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t kind = 0; kind < RP_LINK_KINDS; kind++) {
        struct rp_link link = link_of((enum rp_link_kind)kind, abouts[kind]), back;
        struct rp_buf path = {0};

        assert_int_equal(rp_link_write(secret, &link, &path), 0);
        assert_true(rp_str_starts(rp_buf_view(&path), rp_link_path(link.kind)));
        assert_true(rp_link_read(&arena, secret, rp_buf_view(&path), &back));
        assert_int_equal(back.kind, kind);
        assert_str(back.lead, "ld_abcdefghijklmnopqrstuvwxyz");
        assert_str(back.action, "act_abcdefghijklmnopqrstuvwxyz");
        assert_str(back.about, abouts[kind]);
        assert_false(rp_link_read(&arena, other, rp_buf_view(&path), &back));
        rp_buf_fini(&path);
    }
    rp_arena_fini(&arena);
}

/* Any one character changed, left out or added makes it nobody's. */
static void test_changed(void **state)
{
    struct rp_link link = link_of(RP_LINK_CLICK, "https://acme.test/"), back;
    struct rp_buf path = {0};
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    assert_int_equal(rp_link_write(secret, &link, &path), 0);
    for (size_t i = 0; i < path.len; i++) {
        char kept = path.ptr[i];

        path.ptr[i] = kept == 'A' ? 'B' : 'A';
        assert_false(rp_link_read(&arena, secret, rp_buf_view(&path), &back));
        path.ptr[i] = kept;
        assert_false(rp_link_read(&arena, secret, (struct rp_str){path.ptr, i}, &back));
    }
    rp_buf_char(&path, 'a');
    assert_false(rp_link_read(&arena, secret, rp_buf_view(&path), &back));
    /* a token of one kind behind the path of another */
    path.len--;
    path.ptr[3] = 'u';
    assert_false(rp_link_read(&arena, secret, rp_buf_view(&path), &back));
    rp_buf_fini(&path);
    rp_arena_fini(&arena);
}

static void test_addresses(void **state)
{
    static const char *const bad[] = {"",
                                      "/page",
                                      "javascript:alert(1)",
                                      "//x.test/",
                                      "https://a.test/\r\nSet-Cookie: a",
                                      "https:\\\\a.test"};
    char url[RP_LINK_URL_MAX + 2];
    struct rp_buf path = {0};
    struct rp_link link, back;
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        link = link_of(RP_LINK_CLICK, bad[i]);
        assert_int_equal(rp_link_write(secret, &link, &path), RIPEN_EINPUT);
        assert_int_equal(path.len, 0);
    }
    memset(url, 'a', sizeof(url));
    memcpy(url, "https://", 8);
    link = link_of(RP_LINK_CLICK, "");
    link.about = (struct rp_str){url, RP_LINK_URL_MAX};
    assert_int_equal(rp_link_write(secret, &link, &path), 0);
    assert_true(rp_link_read(&arena, secret, rp_buf_view(&path), &back));
    assert_int_equal(back.about.len, RP_LINK_URL_MAX);
    link.about.len++;
    assert_int_equal(rp_link_write(secret, &link, &path), RIPEN_EINPUT);
    rp_buf_fini(&path);
    rp_arena_fini(&arena);
}

int test_link_token(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests_name("link_token", tests, NULL, NULL);
}
