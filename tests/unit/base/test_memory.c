/* SPDX-License-Identifier: MIT */
/* Assertions, error values, allocation, arena and buffer. */
#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "unit/base/groups.h"

#include <stdalign.h>
#include <stdlib.h>

static void false_assertion(void)
{
    RP_ASSERT(aborts == NULL);
}

static void unreachable(void)
{
    RP_UNREACHABLE();
}

static void nothing(void)
{
}

static void an_assertion_aborts(void **state)
{
    (void)state;
    assert_true(aborts(false_assertion));
    assert_true(aborts(unreachable));
    assert_false(aborts(nothing));
}

static void statuses_have_names(void **state)
{
    (void)state;
    assert_string_equal(ripen_status_name(RIPEN_OK), "OK");
    assert_string_equal(ripen_status_name(RIPEN_EINPUT), "EINPUT");
    assert_string_equal(ripen_status_name(RIPEN_EDENIED), "EDENIED");
    assert_string_equal(ripen_status_name(-999), "?");
    assert_string_equal(ripen_status_text(RIPEN_ELIMIT), "a bound was passed");
    assert_string_equal(ripen_status_text(1), "unknown status");
    assert_string_equal(ripen_version(), RIPEN_VERSION);
}

static void errors_are_filled(void **state)
{
    struct rp_err err;

    (void)state;
    assert_int_equal(rp_err_set(&err, RIPEN_EINPUT, "%d is %s", 7, "odd"), RIPEN_EINPUT);
    assert_int_equal(err.status, RIPEN_EINPUT);
    assert_string_equal(err.text, "7 is odd");
    assert_string_equal(err.file, "");
    assert_int_equal(err.line, 0);

    assert_int_equal(rp_err_at(&err, RIPEN_ERULE, RP_STR("a.lua"), 12, "no %s", "dimension"),
                     RIPEN_ERULE);
    assert_string_equal(err.file, "a.lua");
    assert_int_equal(err.line, 12);
    assert_string_equal(err.text, "no dimension");

    /* Made out of itself. */
    rp_err_set(&err, RIPEN_EIO, "%s: %s", err.file, err.text);
    assert_string_equal(err.text, "a.lua: no dimension");
    assert_int_equal(rp_err_set(NULL, RIPEN_EIO, "nobody looks"), RIPEN_EIO);
    assert_int_equal(rp_err_at(NULL, RIPEN_EIO, RP_STR(""), 1, "nobody looks"), RIPEN_EIO);
}

static void long_errors_are_cut_between_characters(void **state)
{
    char text[600], file[200];
    struct rp_err err;

    (void)state;
    /* Each offset of a two-byte character against the end of the arrays. */
    for (size_t shift = 0; shift < 2; shift++) {
        memset(text, 'x', shift);
        memset(file, 'x', shift);
        for (size_t i = shift; i + 1 < sizeof(text); i += 2)
            memcpy(text + i, "é", 2);
        for (size_t i = shift; i + 1 < sizeof(file); i += 2)
            memcpy(file + i, "é", 2);
        text[sizeof(text) - 1] = '\0';
        rp_err_at(&err, RIPEN_EIO, (struct rp_str){file, sizeof(file) - 2}, 1, "%s", text);
        assert_true(rp_utf8_valid(rp_str_from(err.text)));
        assert_true(rp_utf8_valid(rp_str_from(err.file)));
        assert_in_range(strlen(err.text), sizeof(err.text) - 2, sizeof(err.text) - 1);
        assert_in_range(strlen(err.file), sizeof(err.file) - 2, sizeof(err.file) - 1);
    }
    /* A text that just fits is kept whole. */
    memset(text, 'y', sizeof(err.text) - 1);
    text[sizeof(err.text) - 1] = '\0';
    rp_err_set(&err, RIPEN_EIO, "%s", text);
    assert_string_equal(err.text, text);
}

static void overflowing_calloc(void)
{
    free(rp_calloc(SIZE_MAX / 2, 3));
}

static void overflowing_grow(void)
{
    size_t cap = 0;

    free(rp_grow(NULL, &cap, SIZE_MAX / 4, 8));
}

static void allocation_never_returns_null(void **state)
{
    size_t cap = 0;

    (void)state;
    void *none = rp_malloc(0);
    assert_non_null(none);
    free(none);
    char *zeros = rp_calloc(3, 2);
    for (int i = 0; i < 6; i++)
        assert_int_equal(zeros[i], 0);
    zeros = rp_realloc(zeros, 0);
    assert_non_null(zeros);
    free(zeros);

    uint32_t *list = rp_grow(NULL, &cap, 1, sizeof(*list));
    assert_in_range(cap, 1, 16);
    list[0] = 42;
    size_t before = cap;
    uint32_t *same = rp_grow(list, &cap, before, sizeof(*list));
    assert_ptr_equal(same, list);
    assert_int_equal(cap, before);
    list = rp_grow(same, &cap, before + 1, sizeof(*list));
    assert_int_equal(cap, before * 2);
    assert_int_equal(list[0], 42);
    free(list);

    char *copy = rp_strdup("abc");
    assert_string_equal(copy, "abc");
    free(copy);
    copy = rp_strndup("abc", 2);
    assert_string_equal(copy, "ab");
    free(copy);
    copy = rp_strndup(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
}

static void impossible_sizes_abort(void **state)
{
    (void)state;
    assert_true(aborts(overflowing_grow));
    assert_true(aborts(overflowing_calloc));
}

static void arena_pieces_are_apart(void **state)
{
    struct rp_arena arena;
    unsigned char *pieces[500];
    size_t sizes[500];

    (void)state;
    rp_arena_init(&arena);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < RP_COUNT(pieces); i++) {
            sizes[i] = i * 7 % 1300 + (i == 250 ? 3000000 : 0);
            pieces[i] = rp_arena_alloc(&arena, sizes[i]);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)(i & 0xff), sizes[i]);
        }
        for (size_t i = 0; i < RP_COUNT(pieces); i++) {
            for (size_t j = 0; j < sizes[i]; j += 97)
                assert_int_equal(pieces[i][j], i & 0xff);
        }
        assert_true(arena.used > 3000000);
        rp_arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    unsigned char *zeros = rp_arena_zalloc(&arena, 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(zeros[i], 0);
    rp_arena_fini(&arena);
    assert_null(arena.head);
}

static void arena_makes_text(void **state)
{
    struct rp_arena arena;
    char big[1000];

    (void)state;
    rp_arena_init(&arena);
    struct rp_str copy = rp_arena_str(&arena, RP_STR("abc"));
    assert_str(copy, "abc");
    assert_int_equal(copy.ptr[3], '\0');
    copy = rp_arena_str(&arena, (struct rp_str){NULL, 0});
    assert_int_equal(copy.len, 0);
    assert_string_equal(copy.ptr, "");
    assert_str(rp_arena_printf(&arena, "%d-%s", 5, "x"), "5-x");
    /* At the size of the first try, and one past it. */
    memset(big, 'z', sizeof(big));
    for (int len = 254; len <= 258; len++) {
        struct rp_str made = rp_arena_printf(&arena, "%.*s", len, big);
        assert_int_equal(made.len, len);
        assert_memory_equal(made.ptr, big, (size_t)len);
        assert_int_equal(made.ptr[len], '\0');
    }
    rp_arena_fini(&arena);
}

static void buffer_grows(void **state)
{
    struct rp_buf buf = {0};

    (void)state;
    assert_int_equal(rp_buf_view(&buf).len, 0);
    rp_buf_add(&buf, NULL, 0);
    assert_string_equal(buf.ptr, "");
    for (int i = 0; i < 1000; i++) {
        rp_buf_char(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.ptr[buf.len], '\0');
    }
    assert_int_equal(buf.len, 1000);
    assert_true(buf.cap > 1000);
    rp_buf_reset(&buf);
    rp_buf_str(&buf, RP_STR("one"));
    rp_buf_text(&buf, " two");
    rp_buf_printf(&buf, " %d", 3);
    assert_string_equal(buf.ptr, "one two 3");
    size_t cap = buf.cap;
    rp_buf_reserve(&buf, cap - buf.len - 1);
    assert_int_equal(buf.cap, cap);
    rp_buf_reserve(&buf, cap - buf.len);
    assert_true(buf.cap > cap);
    rp_buf_fini(&buf);
    assert_null(buf.ptr);
}

static void buffer_prints_long_text(void **state)
{
    struct rp_buf buf = {0};
    char long_text[500];

    (void)state;
    memset(long_text, 'q', sizeof(long_text));
    for (int len = 60; len < 500; len += 3) {
        rp_buf_fini(&buf);
        rp_buf_printf(&buf, "<%.*s>", len, long_text);
        assert_int_equal(buf.len, len + 2);
        assert_int_equal(buf.ptr[len + 1], '>');
        assert_int_equal(buf.ptr[len + 2], '\0');
    }
    rp_buf_fini(&buf);
}

static void strings_compare(void **state)
{
    (void)state;
    assert_true(rp_str_eq((struct rp_str){NULL, 0}, RP_STR("")));
    assert_true(rp_str_is(RP_STR("ab"), "ab"));
    assert_false(rp_str_is(RP_STR("ab"), "abc"));
    assert_true(rp_str_cmp(RP_STR("a"), RP_STR("ab")) < 0);
    assert_true(rp_str_cmp(RP_STR("b"), RP_STR("ab")) > 0);
    assert_true(rp_str_cmp(RP_STR("\xff"), RP_STR("a")) > 0);
    assert_int_equal(rp_str_cmp((struct rp_str){NULL, 0}, RP_STR("")), 0);
    assert_true(rp_str_starts(RP_STR("abc"), RP_STR("ab")));
    assert_false(rp_str_starts(RP_STR("a"), RP_STR("ab")));
    assert_true(rp_str_ends(RP_STR("abc"), RP_STR("bc")));
    assert_false(rp_str_ends(RP_STR("abc"), RP_STR("ab")));
    assert_int_equal(rp_str_from(NULL).len, 0);
}

int test_memory(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assertion_aborts),
        cmocka_unit_test(statuses_have_names),
        cmocka_unit_test(errors_are_filled),
        cmocka_unit_test(long_errors_are_cut_between_characters),
        cmocka_unit_test(allocation_never_returns_null),
        cmocka_unit_test(impossible_sizes_abort),
        cmocka_unit_test(arena_pieces_are_apart),
        cmocka_unit_test(arena_makes_text),
        cmocka_unit_test(buffer_grows),
        cmocka_unit_test(buffer_prints_long_text),
        cmocka_unit_test(strings_compare),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
