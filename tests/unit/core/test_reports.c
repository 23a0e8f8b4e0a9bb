/* SPDX-License-Identifier: MIT */
/* Reports over a few leads whose numbers can be counted by hand. */
#include "core/report.h"
#include "core_test.h"
#include "groups.h"

#define HOUR INT64_C(3600000)

static char *report(struct bench *b, rp_report_fn *run, const char *by, enum rp_format format)
{
    struct rp_report_query query = {.by = rp_str_from(by),
                                    .since_ms = RP_NEVER,
                                    .until_ms = RP_NEVER,
                                    .now_ms = T0 + 10 * HOUR};
    struct rp_buf out = {0};
    struct rp_err err = {0};

    if (run(b->reader, &query, format, &out, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return out.ptr;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("%s\nstands not in\n%s", part, text);
    }
}

static void send_at(struct bench *b, int hour, const char *rest)
{
    static int number;

    b->now_ms = T0 + hour * HOUR;
    bench_send(b, false, "{\"messageId\":\"r%d\",%s}", number++, rest);
}

/* u1 buys, u2 stays, a3 is a visitor, u4 is put back by hand. */
static void four_leads(struct bench *b)
{
    send_at(b, 0,
            "\"type\":\"page\",\"anonymousId\":\"a1\",\"context\":{\"campaign\":{\"source\":"
            "\"google\"}},\"properties\":{\"path\":\"/\"}");
    send_at(b, 0,
            "\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"traits\":{"
            "\"title\":\"VP\"}");
    send_at(b, 0, "\"type\":\"identify\",\"userId\":\"u2\",\"traits\":{\"title\":\"Intern\"}");
    send_at(b, 0, "\"type\":\"page\",\"anonymousId\":\"a3\",\"properties\":{\"path\":\"/\"}");
    send_at(b, 0, "\"type\":\"identify\",\"userId\":\"u4\",\"traits\":{\"title\":\"VP\"}");
    send_at(b, 1, "\"type\":\"page\",\"userId\":\"u1\",\"properties\":{\"path\":\"/pricing\"}");
    send_at(b, 1, "\"type\":\"page\",\"userId\":\"u4\",\"properties\":{\"path\":\"/pricing\"}");
    send_at(b, 2, "\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\"");
    send_at(b, 3,
            "\"type\":\"track\",\"event\":\"Stage Set\",\"userId\":\"u4\",\"properties\":{"
            "\"stage\":\"lead\",\"reason\":\"a rival\"}");
}

static void funnel_counts_stays(void **state)
{
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, RULES);
    four_leads(&b);
    text = report(&b, rp_report_funnel, "", RP_FORMAT_JSON);
    has(text, "{\"stage\":\"visitor\",\"side\":false,\"entries\":4,\"passedThrough\":3,\"leads\":4,"
              "\"wentOn\":3,\"rate\":0.75,\"interval\":{\"lo\":0.300642,\"hi\":0.954413},"
              "\"fellBack\":0,\"there\":1,");
    has(text, "{\"stage\":\"lead\",\"side\":false,\"entries\":4,\"passedThrough\":0,\"leads\":3,"
              "\"wentOn\":2,\"rate\":0.666667,");
    has(text, "\"fellBack\":0,\"there\":2,\"hours\":{\"q25\":1,\"median\":1,\"q75\":null}}");
    has(text, "{\"stage\":\"mql\",\"side\":false,\"entries\":2,\"passedThrough\":0,\"leads\":2,"
              "\"wentOn\":1,\"rate\":0.5,");
    has(text, "\"fellBack\":1,\"there\":0,\"hours\":{\"q25\":1,\"median\":1,\"q75\":2}}");
    has(text, "{\"from\":\"mql\",\"to\":\"lead\",\"count\":1}");
    has(text, "{\"stage\":\"sql\",\"side\":false,\"entries\":1,");
    free(text);
    text = report(&b, rp_report_funnel, "", RP_FORMAT_TEXT);
    has(text, "mql                   2");
    has(text, "1  mql → lead");
    free(text);
    bench_close(&b);
}

/* The rules name no touch: the report finds it all the same. */
static void funnel_by_a_fact_that_no_rule_names(void **state)
{
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, RULES);
    four_leads(&b);
    text = report(&b, rp_report_funnel, "source", RP_FORMAT_JSON);
    has(text, "{\"group\":\"(none)\",\"leads\":3,");
    has(text, "{\"group\":\"google\",\"leads\":1,");
    free(text);
    text = report(&b, rp_report_funnel, "title", RP_FORMAT_JSON);
    has(text, "{\"group\":\"VP\",\"leads\":2,");
    free(text);
    text = report(&b, rp_report_funnel, "mql.source", RP_FORMAT_TEXT);
    has(text, "mql.source: google (1 leads)");
    free(text);
    bench_close(&b);
}

static void reasons_are_counted(void **state)
{
    struct bench b;
    char rules[4096];
    char *text;

    (void)state;
    snprintf(rules, sizeof(rules), "%sreasons \"Lead Rejected\" { \"too small\", \"student\" }\n",
             RULES);
    bench_open(&b, NULL, rules);
    four_leads(&b);
    send_at(&b, 4,
            "\"type\":\"track\",\"event\":\"Lead Rejected\",\"userId\":\"u4\","
            "\"properties\":{\"reason\":\"student\"}");
    assert_int_equal(rp_core_flush(b.core, NULL), 0);
    text = report(&b, rp_report_funnel, "title", RP_FORMAT_JSON);
    has(text, "\"rejected\":1,\"reasons\":[{\"event\":\"Lead Rejected\",\"reason\":\"student\","
              "\"count\":1,\"groups\":{\"VP\":1}}],\"rejectedByRule\":{\"page\":1,\"pricing\":1}");
    free(text);
    bench_close(&b);
}

int test_reports(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(funnel_counts_stays),
        cmocka_unit_test(funnel_by_a_fact_that_no_rule_names),
        cmocka_unit_test(reasons_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
