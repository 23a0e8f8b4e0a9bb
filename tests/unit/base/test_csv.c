/* SPDX-License-Identifier: MIT */
/* The CSV reader: each text is read in one piece and byte by byte. */
#include "base/csv.h"
#include "base/limits.h"
#include "base/mem.h"
#include "unit/base/groups.h"

#include <stdio.h>

struct source {
    struct rp_str text;
    size_t at, step;
    bool fails; /* at the end of the text */
};

static int64_t read_source(void *ctx, char *bytes, size_t size)
{
    struct source *source = ctx;
    size_t len = source->text.len - source->at;

    if (len == 0)
        return source->fails ? -1 : 0;
    if (len > source->step)
        len = source->step;
    if (len > size)
        len = size;
    memcpy(bytes, source->text.ptr + source->at, len);
    source->at += len;
    return (int64_t)len;
}

/* All records: fields in <>, a record's line in front of them, an error with its text. */
static struct rp_str read_all(struct rp_arena *arena, struct source source)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct rp_csv *csv = rp_csv_new(read_source, &source);
    struct rp_str *fields;
    size_t count;
    int rc;

    while ((rc = rp_csv_next(arena, csv, &fields, &count, &err)) == 1) {
        rp_buf_printf(&out, "%d", rp_csv_line(csv));
        for (size_t i = 0; i < count; i++)
            rp_buf_printf(&out, "<%.*s>", RP_STR_ARG(fields[i]));
        rp_buf_char(&out, ' ');
    }
    if (rc < 0) {
        assert_int_equal(err.status, rc);
        rp_buf_printf(&out, "%s at %d: %s", ripen_status_name(rc), err.line, err.text);
    }
    rp_csv_free(csv);
    struct rp_str copy = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return copy;
}

static void records_are_read(void **state)
{
    static const struct {
        const char *text, *records;
    } cases[] = {
        {"", ""},
        {"\n\r\n\n", ""},
        {"a,b\n1,2\n", "1<a><b> 2<1><2> "},
        {"a,b\r\n1,2\r\n", "1<a><b> 2<1><2> "},
        {"a,b\r1,2", "1<a><b> 2<1><2> "},
        {"a,b\n1,2", "1<a><b> 2<1><2> "},
        {"a,b\n\n1,2\n\n", "1<a><b> 3<1><2> "},
        {"\xef\xbb\xbf"
         "a,b\n1,2",
         "1<a><b> 2<1><2> "},
        {"a;b\n1,5;2", "1<a><b> 2<1,5><2> "},
        {"a\tb\n1\t2", "1<a><b> 2<1><2> "},
        {"\"a,b\";c\n1;2", "1<a,b><c> 2<1><2> "},
        {"a\n1\n", "1<a> 2<1> "},
        {",\n,", "1<><> 2<><> "},
        {"a,\"b \"\"c\"\"\"\n", "1<a><b \"c\"> "},
        {"\"\",\"\"\n", "1<><> "},
        {"\"two\nlines\",x\ny,z", "1<two\nlines><x> 3<y><z> "},
        {"\"crlf\r\ninside\",x\ny,z", "1<crlf\r\ninside><x> 3<y><z> "},
        {"5\" disk,a \"b\" c\n", "1<5\" disk><a \"b\" c> "},
        {" a , b \n", "1< a >< b > "},
        {"é,🌱\n", "1<é><🌱> "},
        {"a,b\n1,\"open\n\n",
         "1<a><b> EINPUT at 2: the quote that opens on line 2 is never closed"},
        {"a,b\n\"1\"x,2\n", "1<a><b> EINPUT at 2: text behind a closing quote on line 2; a quote "
                            "inside a quoted field "
                            "is written twice"},
        {"a\n\xe9t\xe9\n", "1<a> EINPUT at 2: line 2 is not UTF-8; save the file as CSV UTF-8"},
        {"\"", "EINPUT at 1: the quote that opens on line 1 is never closed"},
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        for (size_t step = 1; step < 100; step += 98) {
            struct source source = {.text = rp_str_from(cases[i].text), .step = step};
            assert_str(read_all(&arena, source), cases[i].records);
        }
    }
    rp_arena_fini(&arena);
}

static void a_failing_file_is_an_error(void **state)
{
    static const char *const texts[] = {"", "a,b", "a,b\n1,\"x", "a,b\n", "a,\"x\"", "a,b\r"};
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(texts); i++) {
        struct source source = {.text = rp_str_from(texts[i]), .step = 1, .fails = true};
        struct rp_str got = read_all(&arena, source);
        got.ptr = memchr(got.ptr, 'E', got.len);
        assert_non_null(got.ptr);
        assert_memory_equal(got.ptr, "EIO", 3);
    }
    rp_arena_fini(&arena);
}

/* Records across the ends of the buffer. */
static void large_files_are_streamed(void **state)
{
    struct rp_buf text = {0};
    struct rp_arena arena;
    struct rp_str *fields;
    size_t count;
    int records = 0;

    (void)state;
    for (int i = 0; i < 20000; i++)
        rp_buf_printf(&text, "%d,\"%d,%d\"\r\n", i, i, i);
    struct source source = {.text = rp_buf_view(&text), .step = 10007};
    struct rp_csv *csv = rp_csv_new(read_source, &source);
    rp_arena_init(&arena);
    while (rp_csv_next(&arena, csv, &fields, &count, NULL) == 1) {
        char want[40];
        assert_int_equal(count, 2);
        snprintf(want, sizeof(want), "%d,%d", records, records);
        assert_str(fields[1], want);
        assert_int_equal(rp_csv_line(csv), ++records);
        rp_arena_reset(&arena);
    }
    assert_int_equal(records, 20000);
    rp_csv_free(csv);
    rp_csv_free(NULL);
    rp_arena_fini(&arena);
    rp_buf_fini(&text);
}

static int read_one_record(size_t size, bool quoted)
{
    struct rp_buf text = {0};
    struct rp_arena arena;
    struct rp_str *fields;
    size_t count;

    if (quoted)
        rp_buf_char(&text, '"');
    rp_buf_reserve(&text, size);
    memset(text.ptr + text.len, 'a', size);
    text.len += size;
    rp_buf_text(&text, quoted ? "\"\n" : "\n");
    struct source source = {.text = rp_buf_view(&text), .step = 100000};
    struct rp_csv *csv = rp_csv_new(read_source, &source);
    rp_arena_init(&arena);
    int rc = rp_csv_next(&arena, csv, &fields, &count, NULL);
    rp_csv_free(csv);
    rp_arena_fini(&arena);
    rp_buf_fini(&text);
    return rc;
}

static void records_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(read_one_record(RP_CSV_RECORD_MAX, false), 1);
    assert_int_equal(read_one_record(RP_CSV_RECORD_MAX + 1, false), RIPEN_ELIMIT);
    assert_int_equal(read_one_record(RP_CSV_RECORD_MAX, true), 1);
    assert_int_equal(read_one_record(RP_CSV_RECORD_MAX + 1, true), RIPEN_ELIMIT);
}

int test_csv(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(a_failing_file_is_an_error),
        cmocka_unit_test(large_files_are_streamed),
        cmocka_unit_test(records_are_bounded),
    };

    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
