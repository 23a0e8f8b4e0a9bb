/* SPDX-License-Identifier: MIT */
/* Events older than is kept become a base: cells, scores and explanation stay the same bytes, then
 * and with all that follows; other rules go on from what was granted; older events are refused. */
#include "core/core_priv.h"
#include "core/evaluate.h"
#include "core/people.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"
#include "store/reports.h"
#include "store/scan.h"
#include "store/states.h"

#include <time.h>
#include <unistd.h>

#define DAY INT64_C(86400000)

#define RULES_WITH(page)                                                                           \
    "dimension \"engagement\" { range = {0, 500}, half_life = \"21d\" }\n"                         \
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"                                   \
    "dimension \"topics\" { by = \"topic\", decay = \"none\" }\n"                                  \
    "total { fit = 1, engagement = 1 }\n"                                                          \
    "group \"web\" { dimension = \"engagement\", cap = 25, per = \"2d\" }\n"                       \
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = " page                   \
    ", group = \"web\" }\n"                                                                        \
    "score \"pricing\" { why = \"Looked at prices\", on = \"page\", when = { path = glob "         \
    "\"/pricing*\" },\n"                                                                           \
    "  points = 10, limit = { times = 3, per = \"7d\" }, cooldown = \"30m\" }\n"                   \
    "score \"reads\" { why = \"Reads\", on = \"page\", points = 2, once_per = \"path\" }\n"        \
    "score \"form\" { why = \"Sent a form\", on = \"Form Submitted\", points = 5, once = true }\n" \
    "score \"topic\" { why = \"Cares\", on = \"page\", points = { topics = 1 } }\n"                \
    "score \"habit\" { why = \"Comes back\", on = \"page\",\n"                                     \
    "  when = did(\"page\", { times = 3, within = \"9d\" }), points = 3 }\n"                       \
    "fit \"vp\" { why = \"Job title\", field = \"title\", missing = 0, other = 0, words = {\n"     \
    "  { any = { \"vp\" }, points = 20 } } }\n"                                                    \
    "stages { \"visitor\", \"mql\" }\n"                                                            \
    "stage \"mql\" { enter = at_least { engagement = 60 } }\n"

static const char kept_rules[] = RULES_WITH("1");
static const char other_rules[] = RULES_WITH("4");

static void send_at(struct bench *b, int64_t day, int n)
{
    char at[40], body[256] = "\"type\":\"page\",\"userId\":\"u1\"";
    time_t seconds = (time_t)((T0 + day * DAY) / 1000 + (n % 5) * 3600);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (n % 11 == 3) {
        snprintf(body, sizeof(body),
                 "\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\","
                 "\"traits\":{\"title\":\"VP\",\"n%d\":%d,\"email\":\"u1@acme.test\"}",
                 n, n);
    } else if (n % 11 == 7) {
        snprintf(body, sizeof(body),
                 "\"type\":\"track\",\"event\":\"Form Submitted\",\"userId\":\"u1\"");
    } else if (n % 3 == 0) {
        snprintf(body, sizeof(body), "\"type\":\"page\",\"anonymousId\":\"a1\"");
    }
    bench_send(b, false,
               "{%s,\"messageId\":\"m%d\",\"timestamp\":\"%s\",\"receivedAt\":\"%s\","
               "\"properties\":{\"path\":\"%s%d\",\"topic\":\"t%d\"}}",
               body, n, at, at, n % 4 ? "/a" : "/pricing", n % 6, n % 2);
}

/* Forty days of a lead, two events a day. */
static void live(struct bench *b)
{
    for (int n = 0; n < 80; n++) {
        send_at(b, n / 2, n);
    }
    b->now_ms = T0 + 40 * DAY;
}

static int64_t lead_id(struct bench *b)
{
    struct rp_err err = {0};
    int64_t id;

    assert_int_equal(rp_lead_find(rp_core_store(b->core), RP_STR("u1"), &id, &err), 0);
    return id;
}

/* Its cells and what its scores are made of at some later times. */
static char *story(struct bench *b)
{
    struct rp_buf out = {0}, part = {0};
    struct rp_err err = {0};
    struct rp_lead stored;
    struct rp_str stage;
    uint32_t len;

    rp_lead_init(&stored);
    assert_int_equal(rp_core_flush(b->core, &err), 0);
    assert_int_equal(rp_state_load(rp_core_store(b->core), lead_id(b), &stored, &stage, &err), 0);
    const uint8_t *cells = rp_lead_cells_fold(&stored, &len);
    for (uint32_t i = 0; i < len; i++) {
        rp_buf_printf(&out, "%02x", cells[i]);
    }
    rp_lead_fini(&stored);
    for (int64_t day = 40; day < 120; day += 30) {
        assert_int_equal(rp_reader_explain(b->reader, RP_STR("u1"), T0 + day * DAY, RP_FORMAT_TEXT,
                                           false, &part, &err),
                         0);
        rp_buf_char(&out, '\n');
        rp_buf_str(&out, rp_buf_view(&part));
        rp_buf_reset(&part);
    }
    rp_buf_fini(&part);
    return out.ptr;
}

static void expect_same(char *one, char *two)
{
    size_t at = 0;

    while (one[at] && one[at] == two[at]) {
        at++;
    }
    if (one[at] || two[at]) {
        at = at > 100 ? at - 100 : 0;
        fail_msg("the lead came to …%.300s\ninstead of …%.300s", two + at, one + at);
    }
    free(one);
    free(two);
}

static void expect_verified(struct bench *b)
{
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(rp_core_flush(b->core, &err), 0);
    assert_int_equal(rp_reader_verify(b->reader, &verified, &out, &err), 0);
    if (verified.different != 0 || verified.same == 0) {
        fail_msg("%d same, %d different: %s", (int)verified.same, (int)verified.different,
                 out.ptr ? out.ptr : "");
    }
    rp_buf_fini(&out);
}

/* What is older than so many days goes; how many rows did. */
static uint64_t compact(struct bench *b, int64_t days)
{
    struct rp_core_stats before, after;
    struct rp_err err = {0};

    assert_int_equal(rp_core_flush(b->core, &err), 0);
    rp_core_stats(b->core, &before);
    rp_core_retention_init(b->core, days * DAY);
    while (rp_core_retention_step(b->core)) {
        continue;
    }
    rp_core_stats(b->core, &after);
    assert_false(b->core->stale);
    return after.events_compacted - before.events_compacted;
}

/* Rows that hold an event: what is removed is emptied in its place. */
static size_t rows(struct bench *b)
{
    int64_t ids[256];
    int64_t nodes[256];
    struct rp_err err = {0};
    int got = rp_scan_events(rp_core_store(b->core), 0, ids, nodes, 256, &err);
    size_t count = 0;

    assert_in_range(got, 0, 255);
    for (int i = 0; i < got; i++) {
        count += nodes[i] != 0;
    }
    return count;
}

static void same_bytes(void **state)
{
    struct bench plain, kept;

    (void)state;
    bench_open(&plain, NULL, kept_rules);
    bench_open(&kept, NULL, kept_rules);
    live(&plain);
    live(&kept);
    expect_same(story(&plain), story(&kept));
    assert_int_equal(compact(&kept, 20), 39); /* of days 0 to 19 one row is left */
    assert_int_equal(rows(&kept), 41);
    expect_same(story(&plain), story(&kept));
    expect_verified(&kept);
    for (int n = 80; n < 90; n++) { /* late ones, in another order here and there */
        send_at(&plain, 21 + n % 7, n);
        send_at(&kept, 21 + (169 - n) % 7, 169 - n);
    }
    expect_same(story(&plain), story(&kept));
    expect_verified(&kept);
    kept.now_ms += 10 * DAY; /* a base in a base */
    assert_true(compact(&kept, 20) > 10);
    expect_same(story(&plain), story(&kept));
    expect_verified(&kept);
    assert_int_equal(compact(&kept, 20), 0);
    bench_close(&plain);
    bench_close(&kept);
}

static void too_old(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, kept_rules);
    live(&b);
    assert_int_equal(compact(&b, 20), 39);
    send_at(&b, 19, 1000);
    assert_int_equal(b.last->rejected, 1);
    assert_int_equal(b.last->items[0].reject, RP_REJECT_TOO_OLD);
    send_at(&b, 5, 4); /* one that the base holds */
    assert_int_equal(b.last->items[0].reject, RP_REJECT_TOO_OLD);
    send_at(&b, 21, 1001);
    assert_int_equal(b.last->accepted, 1);
    rp_core_retention_init(b.core, 0); /* what is gone stays gone when nothing is declared */
    send_at(&b, 19, 1002);
    assert_int_equal(b.last->items[0].reject, RP_REJECT_TOO_OLD);
    bench_close(&b);
}

static void swap(struct bench *b, const char *text)
{
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_source source = {RP_STR("rules.lua"), rp_str_from(text)};
    struct rp_files files = {&source, 1};
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    assert_int_equal(rp_load(&arena, &files, &options, &rules, &findings, &err), 0);
    rp_reader_close(b->reader);
    assert_int_equal(rp_core_rules(b->core, rules, &files, RP_STR("test"), &err), 0);
    assert_int_equal(
        rp_reader_open(NULL, rp_core_store(b->core), rp_core_active(b->core), &b->reader, &err), 0);
    rp_arena_fini(&arena);
}

static void no_matter(void *ctx, const struct rp_would *would)
{
    (void)ctx;
    (void)would;
}

static void other_generation(void **state)
{
    struct bench b;
    int64_t before, after;

    (void)state;
    bench_open(&b, NULL, kept_rules);
    live(&b);
    b.now_ms += 30 * DAY; /* all of it is old */
    assert_int_equal(compact(&b, 20), 79);
    before = bench_total(&b, "u1", T0 + 45 * DAY);
    swap(&b, other_rules);
    after = bench_total(&b, "u1", T0 + 45 * DAY);
    assert_in_range(after, before - 2, before + 2); /* sums of half-lives, in another order */
    bench_expect(&b, "u1", "\"email\":\"u1@acme.test\"");
    send_at(&b, 60, 7 + 11 * 20); /* the form, once for life, was sent */
    assert_in_range(bench_total(&b, "u1", T0 + 45 * DAY), before - 2, before + 2);
    expect_verified(&b);
    bench_close(&b);
}

/* What an exclude left out was recorded and counts for nothing, in a base and under other rules
 * too; its traits are the lead's. */
static void excluded_in_base(void **state)
{
#define EXCLUDING(points)                                                                          \
    "dimension \"engagement\" { range = {0, 500}, decay = \"none\" }\n"                            \
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"                                   \
    "fit \"vp\" { why = \"Job title\", field = \"title\", missing = 0, other = 0, words = {\n"     \
    "  { any = { \"vp\" }, points = 20 } } }\n"                                                    \
    "exclude \"robots\" { when = context { userAgent = contains \"bot\" } }\n"                     \
    "score \"page\" { why = \"Page\", on = \"page\", points = " points " }\n"                      \
    "stages { \"visitor\", \"sql\" }\n"                                                            \
    "stage \"sql\" { enter = did \"Demo Requested\" }\n"
    struct rp_evaluate_options options = {.would = no_matter};
    size_t leads = 0;
    int64_t after = 0;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, EXCLUDING("1"));
    for (int i = 0; i < 2; i++) {
        bench_send(&b, false,
                   "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u%d\","
                   "\"messageId\":\"m%d\",\"context\":{\"userAgent\":\"%s\","
                   "\"traits\":{\"title\":\"VP\"}}}",
                   i, i, i ? "a person's" : "a bot");
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u%d\",\"messageId\":\"p%d\"}", i, i);
    }
    bench_expect(&b, "u0", "\"stage\":\"visitor\"");
    bench_expect(&b, "u1", "\"stage\":\"sql\"");
    b.now_ms += 30 * DAY;
    assert_int_equal(compact(&b, 20), 2);
    swap(&b, EXCLUDING("4"));
    options.now_ms = b.now_ms;
    assert_true(rp_core_evaluate(b.core, &options, &after, 10, &leads, &err) >= 0);
    assert_int_equal(leads, 2);
    bench_expect(&b, "u0", "\"stage\":\"visitor\"");
    bench_expect(&b, "u0", "\"fit\":20");
    expect_verified(&b);
    bench_close(&b);
#undef EXCLUDING
}

static void restart_and_forget(void **state)
{
    char path[] = "/tmp/retention.XXXXXX";
    struct rp_forget forget;
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    struct bench b;
    char *before;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    bench_open(&b, "kept.db", kept_rules);
    live(&b);
    before = story(&b);
    assert_int_equal(compact(&b, 20), 39);
    bench_close(&b);
    bench_open(&b, "kept.db", kept_rules);
    b.now_ms = T0 + 40 * DAY;
    expect_same(before, story(&b));
    expect_verified(&b);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("ana"), &unmerged, &err),
                     RIPEN_EDENIED);
    assert_int_equal(rp_core_forget(b.core, RP_STR("u1"), &forget, &err), 0);
    assert_int_equal(rows(&b), 0);
    bench_close(&b);
    (void)unlink("kept.db");
    (void)unlink("kept.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

/* A page of the day, under the ids, received on another. */
static void page_of(struct bench *b, const char *ids, const char *message, int day, int received)
{
    bench_send(
        b, false,
        "{\"type\":\"page\",%s,\"messageId\":\"%s\",\"properties\":{\"path\":\"/x\"},"
        "\"timestamp\":\"2026-03-%02dT10:00:00Z\",\"receivedAt\":\"2026-03-%02dT10:00:00Z\"}",
        ids, message, day, received);
}

/* Of two copies the first accepted counts; when it goes into the base, the other one goes too. */
static void copies(void **state)
{
    struct bench b;
    char *before;

    (void)state;
    bench_open(&b, NULL, kept_rules);
    b.now_ms = T0;
    page_of(&b, "\"anonymousId\":\"a9\"", "mx", 3, 3);
    page_of(&b, "\"userId\":\"u1\"", "my", 4, 4);
    page_of(&b, "\"userId\":\"u1\"", "mx", 28, 28);
    page_of(&b, "\"userId\":\"u1\",\"anonymousId\":\"a9\"", "mz", 29, 29);
    b.now_ms = T0 + 40 * DAY;
    before = story(&b);
    assert_int_equal(rows(&b), 4);
    assert_int_equal(compact(&b, 20), 2);
    assert_int_equal(rows(&b), 2);
    expect_same(before, story(&b));
    expect_verified(&b);
    bench_close(&b);
}

/* Points that an event got, and lost to a late one that is in the base by now, are no difference.
 */
static void late_in_base(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, kept_rules);
    page_of(&b, "\"userId\":\"u1\"", "m1", 3, 3);
    page_of(&b, "\"userId\":\"u1\"", "m2", 28, 28);
    bench_send(
        &b, false,
        "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m3\",\"properties\":{\"path\":"
        "\"/y\"},\"timestamp\":\"2026-03-28T11:00:00Z\",\"receivedAt\":\"2026-03-28T11:00:00Z\"}");
    bench_send(
        &b, false,
        "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m4\",\"properties\":{\"path\":"
        "\"/y\"},\"timestamp\":\"2026-03-02T11:00:00Z\",\"receivedAt\":\"2026-03-28T12:00:00Z\"}");
    expect_verified(&b);
    b.now_ms = T0 + 40 * DAY;
    assert_int_equal(compact(&b, 20), 1);
    expect_verified(&b);
    bench_close(&b);
}

int test_retention(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes),       cmocka_unit_test(too_old),
        cmocka_unit_test(other_generation), cmocka_unit_test(restart_and_forget),
        cmocka_unit_test(copies),           cmocka_unit_test(late_in_base),
        cmocka_unit_test(excluded_in_base),
    };

    return cmocka_run_group_tests_name("core: retention", tests, NULL, NULL);
}
