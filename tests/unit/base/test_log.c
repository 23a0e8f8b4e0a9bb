/* SPDX-License-Identifier: MIT */
/* The log. */
#include "base/log.h"
#include "base/mem.h"
#include "unit/base/groups.h"

#include <stdlib.h>
#include <unistd.h>

struct sink {
    struct rp_buf lines;
    int count;
};

static void take(void *ctx, enum rp_log_level level, const char *line)
{
    struct sink *sink = ctx;

    (void)level;
    sink->count++;
    rp_buf_text(&sink->lines, line);
    rp_buf_char(&sink->lines, '|');
}

static void records_are_lines(void **state)
{
    struct sink sink = {0};

    (void)state;
    rp_log_set(RP_LOG_INFO, take, &sink);
    rp_log(RP_LOG_INFO, "start", "db=%s n=%d", "a.db", 5);
    rp_log(RP_LOG_DEBUG, "hidden", "x=1");
    rp_log(RP_LOG_ERROR, "bare", "%s", "");
    rp_log(RP_LOG_WARN, "forged", "v=\"%s\"", "a\n2026 error event=x\x1b[2J\r");
    rp_log_set(RP_LOG_INFO, NULL, NULL);
    assert_int_equal(sink.count, 3);
    assert_non_null(strstr(sink.lines.ptr, "Z info event=start db=a.db n=5|"));
    assert_non_null(strstr(sink.lines.ptr, "Z error event=bare|"));
    assert_non_null(strstr(sink.lines.ptr, "v=\"a\\n2026 error event=x\\x1b[2J\\x0d\"|"));
    assert_null(strchr(sink.lines.ptr, '\n'));
    rp_buf_fini(&sink.lines);
}

static void quotes_in_values_are_escaped(void **state)
{
    struct sink sink = {0};

    (void)state;
    rp_log_set(RP_LOG_INFO, take, &sink);
    rp_log(RP_LOG_INFO, "rules", "reason=\"%s\" effect=\"%s\" n=%d", "\"a\" fails, not \"b\"", "",
           5);
    rp_log_set(RP_LOG_INFO, NULL, NULL);
    assert_non_null(
        strstr(sink.lines.ptr, "reason=\"\\\"a\\\" fails, not \\\"b\\\"\" effect=\"\" n=5|"));
    rp_buf_fini(&sink.lines);
}

static void levels_filter(void **state)
{
    struct sink sink = {0};

    (void)state;
    for (int max = RP_LOG_ERROR; max <= RP_LOG_DEBUG; max++) {
        sink.count = 0;
        rp_log_set((enum rp_log_level)max, take, &sink);
        for (int level = RP_LOG_ERROR; level <= RP_LOG_DEBUG; level++)
            rp_log((enum rp_log_level)level, "e", "x=1");
        assert_int_equal(sink.count, max + 1);
    }
    rp_log_set(RP_LOG_INFO, NULL, NULL);
    rp_buf_fini(&sink.lines);
}

static void long_records_are_cut(void **state)
{
    struct sink sink = {0};
    char *text = rp_calloc(5001, 1);

    (void)state;
    memset(text, 'z', 5000);
    rp_log_set(RP_LOG_INFO, take, &sink);
    rp_log(RP_LOG_INFO, "long", "%s", text);
    rp_log_set(RP_LOG_INFO, NULL, NULL);
    assert_in_range(sink.lines.len, 2047, 2200);
    free(text);
    rp_buf_fini(&sink.lines);
}

static void without_a_sink_stderr_is_written(void **state)
{
    int ends[2];
    char line[200] = {0};

    (void)state;
    assert_int_equal(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    rp_log(RP_LOG_WARN, "disk_full", "free=%d", 0);
    dup2(kept, STDERR_FILENO);
    close(kept);
    ssize_t len = read(ends[0], line, sizeof(line) - 1);
    close(ends[0]);
    close(ends[1]);
    assert_true(len > 30);
    assert_string_equal(line + 24, " warn event=disk_full free=0\n");
}

int test_log(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_lines),
        cmocka_unit_test(quotes_in_values_are_escaped),
        cmocka_unit_test(levels_filter),
        cmocka_unit_test(long_records_are_cut),
        cmocka_unit_test(without_a_sink_stderr_is_written),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
