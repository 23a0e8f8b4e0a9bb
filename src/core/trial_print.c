/* SPDX-License-Identifier: MIT */
/* The result of a run of tests in four forms: for a terminal, as JSON (interfaces.md), as JUnit's
 * XML and as TAP. Nothing in them depends on the clock or the machine. */
#include "base/html.h"
#include "base/json_write.h"
#include "base/num.h"
#include "core/trial_priv.h"

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

static void say_failure(const struct rp_trial_failure *failure, struct rp_buf *out)
{
    rp_buf_printf(out, "%.*s:%d: after %.*s, %.*s: expected %.*s, got %.*s",
                  RP_STR_ARG(failure->file), failure->line, RP_STR_ARG(failure->moment),
                  RP_STR_ARG(failure->what), RP_STR_ARG(failure->expected),
                  RP_STR_ARG(failure->actual));
}

/* The trace with every line moved to the right. */
static void add_trace(struct rp_buf *out, struct rp_str trace, size_t indent)
{
    size_t at = 0;

    while (at < trace.len) {
        const char *end = memchr(trace.ptr + at, '\n', trace.len - at);
        size_t len = end ? (size_t)(end - trace.ptr) - at : trace.len - at;

        rp_buf_printf(out, "%*s", (int)indent, "");
        rp_buf_add(out, trace.ptr + at, len);
        rp_buf_char(out, '\n');
        at += len + 1;
    }
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void text_test(struct rp_buf *out, const struct rp_trial_test *test, bool colour)
{
    struct rp_buf words = {0};

    rp_buf_printf(out, "  %s%s%s  ", colour ? (test->ok ? GREEN : RED) : "",
                  test->ok ? "ok  " : "FAIL", colour ? PLAIN : "");
    rp_trial_wrap(&words, RP_TRIAL_COLUMNS, RP_TRIAL_INDENT, 0, test->name);
    rp_buf_add(out, words.ptr + RP_TRIAL_INDENT, words.len - RP_TRIAL_INDENT);
    for (size_t i = 0; i < test->failure_count; i++) {
        rp_buf_reset(&words);
        say_failure(&test->failures[i], &words);
        rp_trial_wrap(out, RP_TRIAL_COLUMNS, RP_TRIAL_INDENT, 2, rp_buf_view(&words));
    }
    if (test->trace.len > 0) {
        add_trace(out, test->trace, RP_TRIAL_INDENT);
        rp_buf_char(out, '\n');
    }
    rp_buf_fini(&words);
}

/* What is missing, in words; other goals are bands of a fit. */
static const struct {
    const char *what, *words;
} missing[] = {
    {"fired", "no test fires it"},    {"not fired", "no test leaves it without points"},
    {"held", "it holds in no test"},  {"not held", "it holds in every test"},
    {"entered", "no test enters it"}, {"left", "no test leaves it"},
    {"caused", "no test causes it"},  {"reached", "no test reaches it"},
};

static void text_goal(struct rp_buf *out, const struct rp_goal *goal)
{
    struct rp_buf words = {0};
    const char *known = NULL;

    for (size_t i = 0; i < RP_COUNT(missing); i++)
        if (rp_str_is(goal->what, missing[i].what))
            known = missing[i].words;
    rp_buf_printf(&words, "%s %.*s: ", rp_goal_kind_name(goal->kind), RP_STR_ARG(goal->name));
    if (known)
        rp_buf_text(&words, known);
    else
        rp_buf_printf(&words, "no test reaches %.*s", RP_STR_ARG(goal->what));
    rp_buf_printf(&words, "  %.*s:%d", RP_STR_ARG(goal->file), goal->line);
    rp_trial_wrap(out, RP_TRIAL_COLUMNS, 2, 4, rp_buf_view(&words));
    rp_buf_fini(&words);
}

static void text_percent(struct rp_buf *out, const struct rp_trial_result *result)
{
    int64_t percent = rp_trial_percent(result);

    rp_milli_print(out, percent - percent % 100); /* one place is enough */
    rp_buf_text(out, "%");
}

static void text_coverage(struct rp_buf *out, const struct rp_trial_result *result)
{
    rp_buf_text(out, "\nCoverage: ");
    text_percent(out, result);
    rp_buf_printf(out, ", %zu of %zu reached\n", result->reached, result->reachable);
    for (size_t i = 0; i < result->goal_count; i++) {
        if (!result->goals[i].reached)
            text_goal(out, &result->goals[i]);
    }
}

static void print_text(struct rp_buf *out, const struct rp_trial_result *result, bool coverage,
                       bool colour)
{
    struct rp_str file = RP_STR("");

    for (size_t i = 0; i < result->test_count; i++) {
        if (!rp_str_eq(file, result->tests[i].file)) {
            file = result->tests[i].file;
            rp_buf_printf(out, "%.*s\n", RP_STR_ARG(file));
        }
        text_test(out, &result->tests[i], colour);
    }
    if (coverage)
        text_coverage(out, result);
    rp_buf_printf(out, "%s%zu passed, %zu failed\n", coverage ? "" : "\n", result->passed,
                  result->failed);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_test(struct rp_jw *jw, const struct rp_trial_test *test)
{
    rp_jw_object(jw);
    rp_jw_put_str(jw, "name", test->name);
    rp_jw_put_bool(jw, "ok", test->ok);
    rp_jw_put_str(jw, "file", test->file);
    rp_jw_put_int(jw, "line", test->line);
    rp_jw_key(jw, "failures");
    rp_jw_array(jw);
    for (size_t i = 0; i < test->failure_count; i++) {
        const struct rp_trial_failure *failure = &test->failures[i];

        rp_jw_object(jw);
        rp_jw_put_str(jw, "file", failure->file);
        rp_jw_put_int(jw, "line", failure->line);
        rp_jw_put_str(jw, "after", failure->moment);
        rp_jw_put_str(jw, "what", failure->what);
        rp_jw_put_str(jw, "expected", failure->expected);
        rp_jw_put_str(jw, "actual", failure->actual);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
    test->ok ? rp_jw_put_text(jw, "trace", NULL) : rp_jw_put_str(jw, "trace", test->trace);
    rp_jw_object_end(jw);
}

static void json_coverage(struct rp_jw *jw, const struct rp_trial_result *result)
{
    rp_jw_key(jw, "coverage");
    rp_jw_object(jw);
    rp_jw_put_milli(jw, "percent", rp_trial_percent(result));
    rp_jw_put_int(jw, "reached", (int64_t)result->reached);
    rp_jw_put_int(jw, "reachable", (int64_t)result->reachable);
    rp_jw_key(jw, "goals");
    rp_jw_array(jw);
    for (size_t i = 0; i < result->goal_count; i++) {
        const struct rp_goal *goal = &result->goals[i];

        rp_jw_object(jw);
        rp_jw_put_text(jw, "kind", rp_goal_kind_name(goal->kind));
        rp_jw_put_str(jw, "name", goal->name);
        rp_jw_put_str(jw, "goal", goal->what);
        rp_jw_put_bool(jw, "reached", goal->reached);
        rp_jw_put_str(jw, "file", goal->file);
        rp_jw_put_int(jw, "line", goal->line);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}

static void print_json(struct rp_buf *out, const struct rp_trial_result *result, bool coverage)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "passed", (int64_t)result->passed);
    rp_jw_put_int(&jw, "failed", (int64_t)result->failed);
    rp_jw_key(&jw, "tests");
    rp_jw_array(&jw);
    for (size_t i = 0; i < result->test_count; i++)
        json_test(&jw, &result->tests[i]);
    rp_jw_array_end(&jw);
    if (coverage)
        json_coverage(&jw, result);
    rp_jw_object_end(&jw);
    rp_buf_char(out, '\n');
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

/* Characters that XML cannot hold become spaces. */
static void xml_text(struct rp_buf *out, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\n')
            rp_buf_char(out, ' ');
        else
            rp_html_escape(out, (struct rp_str){text.ptr + i, 1});
    }
}

static void xml_test(struct rp_buf *out, const struct rp_trial_test *test)
{
    struct rp_buf words = {0};

    rp_buf_text(out, "    <testcase name=\"");
    xml_text(out, test->name);
    rp_buf_text(out, "\" classname=\"");
    xml_text(out, test->file);
    rp_buf_printf(out, "\" line=\"%d\"", test->line);
    if (test->ok) {
        rp_buf_text(out, "/>\n");
        return;
    }
    rp_buf_text(out, ">\n");
    for (size_t i = 0; i < test->failure_count; i++) {
        rp_buf_reset(&words);
        say_failure(&test->failures[i], &words);
        rp_buf_text(out, "      <failure message=\"");
        xml_text(out, rp_buf_view(&words));
        rp_buf_text(out, "\">");
        xml_text(out, i == 0 ? test->trace : RP_STR(""));
        rp_buf_text(out, "</failure>\n");
    }
    rp_buf_text(out, "    </testcase>\n");
    rp_buf_fini(&words);
}

static void print_junit(struct rp_buf *out, const struct rp_trial_result *result)
{
    rp_buf_printf(out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<testsuites tests=\"%zu\" failures=\"%zu\">\n",
                  result->test_count, result->failed);
    for (size_t i = 0; i < result->test_count;) {
        size_t end = i, failed = 0;

        for (;
             end < result->test_count && rp_str_eq(result->tests[end].file, result->tests[i].file);
             end++)
            failed += !result->tests[end].ok;
        rp_buf_text(out, "  <testsuite name=\"");
        xml_text(out, result->tests[i].file);
        rp_buf_printf(out, "\" tests=\"%zu\" failures=\"%zu\">\n", end - i, failed);
        for (; i < end; i++)
            xml_test(out, &result->tests[i]);
        rp_buf_text(out, "  </testsuite>\n");
    }
    rp_buf_text(out, "</testsuites>\n");
}

/* ---- TAP ------------------------------------------------------------------------------------- */

/* "#" would begin a directive. */
static void tap_name(struct rp_buf *out, struct rp_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '#' || name.ptr[i] == '\\')
            rp_buf_char(out, '\\');
        rp_buf_char(out, name.ptr[i]);
    }
}

static void print_tap(struct rp_buf *out, const struct rp_trial_result *result)
{
    struct rp_buf words = {0};

    rp_buf_printf(out, "TAP version 13\n1..%zu\n", result->test_count);
    for (size_t i = 0; i < result->test_count; i++) {
        const struct rp_trial_test *test = &result->tests[i];

        rp_buf_printf(out, "%sok %zu - ", test->ok ? "" : "not ", i + 1);
        tap_name(out, test->name);
        rp_buf_char(out, '\n');
        if (test->ok)
            continue;
        rp_buf_text(out, "  ---\n  failures:\n");
        for (size_t f = 0; f < test->failure_count; f++) {
            struct rp_jw jw = rp_jw(out);

            rp_buf_reset(&words);
            say_failure(&test->failures[f], &words);
            rp_buf_text(out, "    - ");
            rp_jw_str(&jw, rp_buf_view(&words)); /* a JSON text is a YAML text */
            rp_buf_char(out, '\n');
        }
        if (test->trace.len > 0) {
            rp_buf_text(out, "  trace: |\n");
            add_trace(out, test->trace, 4);
        }
        rp_buf_text(out, "  ...\n");
    }
    rp_buf_fini(&words);
}

void rp_trial_print(struct rp_buf *out, const struct rp_trial_result *result,
                    enum rp_trial_format format, bool coverage, bool colour)
{
    switch (format) {
    case RP_TRIAL_TEXT:
        print_text(out, result, coverage, colour);
        return;
    case RP_TRIAL_JSON:
        print_json(out, result, coverage);
        return;
    case RP_TRIAL_JUNIT:
        print_junit(out, result);
        return;
    case RP_TRIAL_TAP:
        print_tap(out, result);
        return;
    }
    RP_UNREACHABLE();
}
