/* SPDX-License-Identifier: MIT */
/* Reports over a few leads whose numbers can be counted by hand. */
#include "base/limits.h"
#include "core/backtest.h"
#include "core/report.h"
#include "core_test.h"
#include "groups.h"

#include <unistd.h>

#define HOUR INT64_C(3600000)

/* What the report says; the caller frees. */
static char *report_by(struct bench *b, rp_report_fn *run, const struct rp_report_query *query,
                       enum rp_format format)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};

    if (run(b->reader, query, format, &out, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return out.ptr;
}

static char *report(struct bench *b, rp_report_fn *run, const char *by, enum rp_format format)
{
    struct rp_report_query query = {.by = rp_str_from(by),
                                    .since_ms = RP_NEVER,
                                    .until_ms = RP_NEVER,
                                    .now_ms = T0 + 10 * HOUR};

    return report_by(b, run, &query, format);
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("%s\nstands not in\n%s", part, text);
    }
}

static char *with(const char *from, const char *old, const char *new)
{
    const char *at = strstr(from, old);
    struct rp_buf buf = {0};

    assert_non_null(at);
    rp_buf_printf(&buf, "%.*s%s%s", (int)(at - from), from, new, at + strlen(old));
    return buf.ptr;
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
    send_at(&b, 5,
            "\"type\":\"page\",\"userId\":\"u1\",\"context\":{\"campaign\":{\"source\":\"bing\"}},"
            "\"properties\":{\"path\":\"/\"}");
    send_at(&b, 6,
            "\"type\":\"track\",\"event\":\"Lead Rejected\",\"userId\":\"u1\","
            "\"properties\":{\"reason\":\"too small\"}");
    assert_int_equal(rp_core_flush(b.core, NULL), 0);
    text = report(&b, rp_report_funnel, "mql.source", RP_FORMAT_JSON);
    has(text, "\"reason\":\"too small\",\"count\":1,\"groups\":{\"google\":1}}"); /* not bing */
    free(text);
    text = report(&b, rp_report_funnel, "shoe_size", RP_FORMAT_TEXT);
    has(text, "Of no lead the shoe_size is known.");
    free(text);
    bench_close(&b);
}

/* ---- Two hundred leads ----------------------------------------------------------------------- */

static const char TWO_HUNDRED[] =
    "dimension \"engagement\" { }\n"
    "total { engagement = 1 }\n"
    "score \"visit\" { why = \"Came\", on = \"Visit\", points = 5 }\n"
    "score \"demo\" { why = \"Saw a demo\", on = \"Demo\", points = 20 }\n"
    "score \"never\" { why = \"Never\", on = \"Never\", points = 1 }\n"
    "stages { \"visitor\", \"mql\", \"sql\" }\n"
    "stage \"mql\" { enter = at_least { engagement = 5 } }\n"
    "stage \"sql\" { from = { \"visitor\", \"mql\" }, enter = did \"Bought\" }\n"
    "action \"tell\" { on = entered \"sql\", webhook { to = endpoint \"crm\", body = { a = 1 } } "
    "}\n";

/* A hundred saw a demo, of whom 60 bought; of the others 20 did. All of them came twice. One more
 * came yesterday. */
static void two_hundred(struct bench *b)
{
    for (int i = 0; i < 200; i++) {
        bool demo = i < 100;
        bool bought = demo ? i < 60 : i < 120;

        b->now_ms = T0;
        if (demo) {
            bench_send(b, false,
                       "{\"type\":\"track\",\"event\":\"Demo\",\"userId\":\"u%d\",\"messageId\":"
                       "\"d%d\",\"properties\":{}}",
                       i, i);
        }
        b->now_ms = T0 + HOUR;
        bench_send(b, false,
                   "{\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"u%d\",\"messageId\":"
                   "\"v%d\"}",
                   i, i);
        b->now_ms = T0 + 48 * HOUR;
        if (bought) {
            bench_send(b, false,
                       "{\"type\":\"track\",\"event\":\"Bought\",\"userId\":\"u%d\",\"messageId\":"
                       "\"b%d\"}",
                       i, i);
        }
    }
    b->now_ms = T0 + 99 * 24 * HOUR;
    bench_send(b, false,
               "{\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"young\",\"messageId\":"
               "\"y\"}");
    b->now_ms = T0 + 100 * 24 * HOUR;
    assert_int_equal(rp_core_flush(b->core, NULL), 0);
}

static char *report_late(struct bench *b, rp_report_fn *run)
{
    struct rp_report_query query = {.since_ms = RP_NEVER,
                                    .until_ms = RP_NEVER,
                                    .now_ms = T0 + 100 * 24 * HOUR,
                                    .value = 10,
                                    .cost = 5,
                                    .capacity = 8};
    char *text = report_by(b, run, &query, RP_FORMAT_TEXT);

    assert_true(strlen(text) > 100);
    free(text);
    return report_by(b, run, &query, RP_FORMAT_JSON);
}

static void thresholds_count_who_would_have_come(void **state)
{
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, TWO_HUNDRED);
    two_hundred(&b);
    text = report_late(&b, rp_report_thresholds);
    /* All 201 reach 5; of the 200 old ones 80 bought: those with a demo reached 5 by it. */
    has(text, "\"inForce\":5,");
    has(text, "{\"threshold\":5,\"leads\":201,\"aWeek\":14.07,\"mature\":200,\"right\":80,"
              "\"rate\":0.4,\"interval\":{\"lo\":0.334606,\"hi\":0.469163},\"outcomes\":80,"
              "\"found\":80,\"profit\":-200}");
    has(text,
        "{\"threshold\":20,\"leads\":100,\"aWeek\":7,\"mature\":100,\"right\":60,\"rate\":0.6,");
    has(text, "\"outcomes\":80,\"found\":60,\"profit\":100}");
    has(text, "\"best\":6,\"forCapacity\":6}"); /* 6 is the first that only a demo reaches */
    free(text);
    bench_close(&b);
}

static void trends_tell_what_goes_along(void **state)
{
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, TWO_HUNDRED);
    two_hundred(&b);
    text = report_late(&b, rp_report_trends);
    has(text, "\"leads\":200,\"young\":1,\"right\":80,\"rate\":0.4,");
    /* Who saw a demo became an mql by it, and nobody else had done that before. */
    has(text, "{\"what\":\"event Demo\",\"leads\":100,\"right\":60,");
    has(text, "\"rateWith\":0.6,\"rateWithout\":0.2,\"lift\":1.5,");
    free(text);
    bench_close(&b);
}

static void rules_and_actions_are_counted(void **state)
{
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, TWO_HUNDRED);
    two_hundred(&b);
    text = report_late(&b, rp_report_rules);
    has(text, "\"decided\":201,\"mature\":200,\"right\":80,");
    has(text,
        "{\"rule\":\"visit\",\"fired\":201,\"leads\":201,\"points\":1005,\"decidedWith\":101,");
    has(text, "{\"rule\":\"demo\",\"fired\":100,\"leads\":100,\"points\":2000,\"decidedWith\":100,"
              "\"shareOfDecided\":0.497512,\"mature\":100,\"right\":60,\"lift\":1.5,");
    has(text, "{\"rule\":\"never\",\"fired\":0,\"leads\":0,");
    free(text);
    text = report_late(&b, rp_report_actions_done);
    has(text, "{\"action\":\"tell\",\"kind\":\"webhook\",\"delivered\":0,\"waiting\":80,\"held\":0,"
              "\"dead\":0,");
    free(text);
    bench_close(&b);
}

/* A period says which decisions are meant; what they had, they may have had before it. */
static void a_period_forgets_nothing(void **state)
{
    struct rp_report_query query = {
        .since_ms = T0 + HOUR, .until_ms = RP_NEVER, .now_ms = T0 + 10 * HOUR};
    struct rp_err err = {0};
    struct rp_buf out = {0};
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, TWO_HUNDRED);
    send_at(&b, 0, "\"type\":\"track\",\"event\":\"Never\",\"userId\":\"u1\"");
    send_at(&b, 2, "\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"u1\"");
    text = report_by(&b, rp_report_rules, &query, RP_FORMAT_JSON);
    has(text, "{\"rule\":\"never\",\"fired\":0,\"leads\":0,\"points\":0,\"decidedWith\":1,");
    has(text, "{\"rule\":\"visit\",\"fired\":1,\"leads\":1,\"points\":5,\"decidedWith\":1,");
    free(text);
    query.stage = RP_STR("nowhere");
    assert_int_equal(rp_report_rules(b.reader, &query, RP_FORMAT_TEXT, &out, &err), RIPEN_EINPUT);
    has(err.text, "lack stage \"nowhere\"");
    rp_buf_fini(&out);
    bench_close(&b);
}

/* Also when hardly anybody reaches it anew, and when it is out of reach. */
static void the_threshold_in_force_is_told(void **state)
{
    struct rp_report_query query = {
        .since_ms = T0 + 50 * 24 * HOUR, .until_ms = RP_NEVER, .now_ms = T0 + 100 * 24 * HOUR};
    char *high = with(TWO_HUNDRED, "engagement = 5 }", "engagement = 500 }");
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, TWO_HUNDRED);
    two_hundred(&b);
    text = report_by(&b, rp_report_thresholds, &query, RP_FORMAT_JSON);
    has(text, "{\"threshold\":5,\"leads\":1,\"aWeek\":0.14,\"mature\":0,\"right\":0,");
    has(text, "{\"threshold\":20,\"leads\":0,");
    free(text);
    bench_close(&b);
    bench_open(&b, NULL, high);
    two_hundred(&b);
    text = report_by(&b, rp_report_thresholds, &query, RP_FORMAT_JSON);
    has(text, "\"inForce\":500,");
    has(text, "{\"threshold\":500,\"leads\":0,");
    free(text);
    free(high);
    bench_close(&b);
}

/* Twenty leads a week, of whom 2, 7, 12 and 17 buy; every second one came by a campaign. */
static void trends_of_pages_campaigns_and_sources(void **state)
{
    enum { DAYS = 120 };
    struct rp_report_query query = {
        .since_ms = RP_NEVER, .until_ms = RP_NEVER, .now_ms = T0 + DAYS * 24 * HOUR};
    char name[124];
    struct bench b;
    char *text;

    (void)state;
    memset(name, 'n', 119); /* a letter of two bytes stands across the bound of names */
    memcpy(name + 119, "\xc3\xa9", 3);
    bench_open(&b, NULL, TWO_HUNDRED);
    for (int i = 0; i < 80; i++) {
        b.now_ms = T0 + (i / 20) * 7 * 24 * HOUR;
        if (i % 2 == 0) {
            bench_send(&b, false,
                       "{\"type\":\"page\",\"userId\":\"u%d\",\"messageId\":\"p%d\",\"context\":{"
                       "\"campaign\":{\"source\":\"google\",\"name\":\"%s\"}},\"properties\":{"
                       "\"path\":\"/pricing\"}}",
                       i, i, name);
        }
        bench_send(&b, false,
                   "{\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"u%d\",\"messageId\":"
                   "\"v%d\"}",
                   i, i);
        if (i % 20 < 2 + 5 * (i / 20)) {
            b.now_ms += HOUR;
            bench_send(&b, false,
                       "{\"type\":\"track\",\"event\":\"Bought\",\"userId\":\"u%d\","
                       "\"messageId\":\"b%d\"}",
                       i, i);
        }
    }
    b.now_ms = query.now_ms;
    text = report_by(&b, rp_report_trends, &query, RP_FORMAT_JSON);
    has(text, "\"leads\":80,\"young\":0,\"right\":38,");
    has(text, "\"rateTrend\":{\"weeks\":4,\"p\":0.0000");
    has(text, "\"rising\":true},\"thingsLeftOut\":false,");
    has(text,
        "{\"what\":\"page /pricing\",\"leads\":40,\"right\":20,\"verdict\":\"nothing seen\",");
    has(text, "{\"what\":\"source google\",\"leads\":40,\"right\":20,");
    memcpy(name + 119, "\"", 2);
    has(text, "{\"what\":\"campaign nnnnnnn");
    has(text, name);
    has(text, "\"rateWith\":0.5,\"rateWithout\":0.45,\"lift\":1.052632,");
    has(text, "\"volume\":null}");
    free(text);
    text = report_by(&b, rp_report_trends, &query, RP_FORMAT_TEXT);
    has(text, "The share that became sql rises over the 4 weeks");
    free(text);
    bench_close(&b);
}

/* At the bounds and past them: values of a fact, things that leads do. */
static void past_the_bounds_the_rest_is_told(void **state)
{
    struct rp_report_query query = {.since_ms = RP_NEVER,
                                    .until_ms = RP_NEVER,
                                    .now_ms = T0 + 100 * 24 * HOUR,
                                    .by = RP_STR("source")};
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, TWO_HUNDRED);
    for (int i = 0; i <= RP_REPORT_GROUPS_MAX; i++) {
        bench_send(&b, false,
                   "{\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"g%d\",\"messageId\":"
                   "\"g%d\",\"context\":{\"campaign\":{\"source\":\"s%d\"}}}",
                   i, i, i);
        text = i < RP_REPORT_GROUPS_MAX - 1
                   ? NULL
                   : report_by(&b, rp_report_funnel, &query, RP_FORMAT_JSON);
        assert_true(!text || (strstr(text, "{\"group\":\"(other)\",\"leads\":1,") != NULL) ==
                                 (i == RP_REPORT_GROUPS_MAX));
        free(text);
    }
    bench_close(&b);
    query.by = RP_STR("");
    bench_open(&b, NULL, TWO_HUNDRED);
    for (int i = 0; i < 668; i++) { /* a page, a campaign and a source each; the last two pages */
        bench_send(&b, false,
                   "{\"type\":\"page\",\"userId\":\"u%d\",\"messageId\":\"p%d\",\"properties\":{"
                   "\"path\":\"/%d\"},\"context\":{\"%s\":{\"name\":\"c%d\",\"source\":\"s%d\"}}}",
                   i == 667, i, i, i < 666 ? "campaign" : "page", i, i);
    }
    send_at(&b, 1, "\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"u0\"");
    text = report_by(&b, rp_report_trends, &query, RP_FORMAT_JSON);
    has(text, "\"leads\":1,");
    has(text, "\"thingsLeftOut\":false,"); /* 2,000 with the visit */
    free(text);
    send_at(&b, 1, "\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"u1\"");
    text = report_by(&b, rp_report_trends, &query, RP_FORMAT_TEXT);
    has(text, "more than 2000 different things");
    free(text);
    bench_close(&b);
}

/* As of a moment in the past: what came later is not known then. */
static void answers_are_told_as_of_then(void **state)
{
    struct rp_report_query query = {
        .since_ms = RP_NEVER, .until_ms = RP_NEVER, .now_ms = T0 + 2 * HOUR};
    struct bench b;
    char *text;

    (void)state;
    bench_open(&b, NULL, RULES);
    four_leads(&b);
    text = report_by(&b, rp_report_sla, &query, RP_FORMAT_JSON);
    has(text, "{\"report\":\"sla\",\"stage\":\"mql\",");
    has(text, "\"until\":\"2026-03-02T11:00:00.000Z\"");
    has(text, "\"handedOver\":2,\"answered\":0,\"medianMs\":null,\"medianWorkingMs\":null,"
              "\"inTime\":0,\"inTimeShare\":null,\"open\":1,");
    free(text);
    bench_close(&b);
}

/* ---- Back-test ------------------------------------------------------------------------------- */

static struct rp_rules *rules_of(const char *text)
{
    struct rp_source source = {RP_STR("rules.lua"), rp_str_from(text)};
    struct rp_files files = {&source, 1};
    struct rp_load_options load = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    if (rp_load(&arena, &files, &load, &rules, &findings, &err) != 0) {
        fail_msg("%s", err.text);
    }
    rp_arena_fini(&arena);
    return rules;
}

/* The JSON without what differs from run to run. */
static char *backtest(const char *db, const struct rp_rules *candidate, unsigned workers,
                      struct rp_backtest *ret)
{
    struct rp_backtest_options options = {.db_path = db,
                                          .candidate = candidate,
                                          .name = RP_STR("candidate"),
                                          .since_ms = RP_NEVER,
                                          .now_ms = T0 + 100 * 24 * HOUR,
                                          .workers = workers};
    struct rp_buf out = {0}, page = {0}, text = {0};
    struct rp_err err = {0};

    if (rp_backtest_run(&options, ret, &err) != 0) {
        fail_msg("%s", err.text);
    }
    ret->seconds = 0;
    ret->workers = 0;
    rp_backtest_json(ret, &out);
    rp_backtest_text(ret, 3, &text);
    rp_backtest_html(ret, &page);
    assert_true(text.len > 500 && page.len > 3000);
    assert_null(strstr(page.ptr, "http")); /* no request leaves the page */
    rp_buf_fini(&text);
    rp_buf_fini(&page);
    return out.ptr;
}

static void backtest_tells_who_changes(void **state)
{
    char *text = with(RULES, "engagement = 10,", "engagement = 11.5,");
    struct rp_rules *candidate = rules_of(text), *same = rules_of(RULES);
    struct rp_backtest result;
    char path[] = "/tmp/ripen-backtest-XXXXXX";
    char file[64], lock[80];
    struct bench b;
    char *json, *again;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(file, sizeof(file), "%s/b.db", path);
    bench_open(&b, file, RULES);
    four_leads(&b);
    assert_int_equal(rp_core_flush(b.core, NULL), 0);

    /* u4 had exactly 11 points when it became an mql. */
    json = backtest(file, candidate, 1, &result);
    has(json, "\"active\":{\"name\":\"generation 1\"");
    assert_int_equal(result.leads, 4);
    assert_int_equal(result.events, 9);
    assert_int_equal((int)result.quality[RP_BT_ACTIVE].decisions, 2);
    assert_int_equal((int)result.quality[RP_BT_ACTIVE].mature, 2);
    assert_int_equal((int)result.quality[RP_BT_ACTIVE].right, 1);
    assert_int_equal((int)result.quality[RP_BT_CANDIDATE].decisions, 1);
    assert_int_equal((int)result.quality[RP_BT_CANDIDATE].right, 1);
    assert_int_equal((int)result.quality[RP_BT_CANDIDATE].found, 1);
    assert_int_equal((int)result.lost.mature, 1);
    assert_int_equal(result.kinds[RP_BT_LOST], 1);
    assert_int_equal(result.change_count, 1);
    assert_int_equal(result.changes[0].at_ms[RP_BT_ACTIVE], T0 + HOUR);
    assert_int_equal(result.changes[0].at_ms[RP_BT_CANDIDATE], RP_NEVER);
    has(result.changes[0].why[RP_BT_ACTIVE], "engagement is 11 (needs 10)");
    has(result.changes[0].why[RP_BT_CANDIDATE], "engagement is 11 (needs 11.5)");
    rp_backtest_fini(&result);
    again = backtest(file, candidate, 3, &result); /* the same with three threads */
    assert_string_equal(json, again);
    free(json);
    free(again);
    rp_backtest_fini(&result);

    /* The rules in force against themselves: nobody changes. */
    json = backtest(file, same, 2, &result);
    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        assert_int_equal(result.kinds[k], 0);
    }
    for (size_t i = 0; i < result.record_count; i++) {
        assert_int_equal(result.records[i].total[0], result.records[i].total[1]);
        assert_int_equal(result.records[i].decided[0], result.records[i].decided[1]);
        assert_int_equal(result.records[i].at_ms[0], result.records[i].at_ms[1]);
    }
    assert_int_equal(result.records[0].total[0], bench_total(&b, "u1", T0 + 100 * 24 * HOUR));
    free(json);
    rp_backtest_fini(&result);
    bench_close(&b);
    rp_rules_free(candidate);
    rp_rules_free(same);
    free(text);
    (void)unlink(file);
    snprintf(lock, sizeof(lock), "%s-lock", file);
    (void)unlink(lock);
    snprintf(lock, sizeof(lock), "%s-wal", file);
    (void)unlink(lock);
    snprintf(lock, sizeof(lock), "%s-shm", file);
    (void)unlink(lock);
    (void)rmdir(path);
}

int test_reports(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(funnel_counts_stays),
        cmocka_unit_test(funnel_by_a_fact_that_no_rule_names),
        cmocka_unit_test(reasons_are_counted),
        cmocka_unit_test(thresholds_count_who_would_have_come),
        cmocka_unit_test(trends_tell_what_goes_along),
        cmocka_unit_test(rules_and_actions_are_counted),
        cmocka_unit_test(a_period_forgets_nothing),
        cmocka_unit_test(the_threshold_in_force_is_told),
        cmocka_unit_test(trends_of_pages_campaigns_and_sources),
        cmocka_unit_test(past_the_bounds_the_rest_is_told),
        cmocka_unit_test(answers_are_told_as_of_then),
        cmocka_unit_test(backtest_tells_who_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
