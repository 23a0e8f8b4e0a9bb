/* SPDX-License-Identifier: MIT */
/* Law 1 for events that come late: whatever the order of arrival, the cells are the same bytes and
 * the explanation the same text; with checkpoints as without; over other rules, merges and copies.
 * And leads that are set aside: their events are judged later, once, and come to the same. */
#include "core/core_priv.h"
#include "core_test.h"
#include "groups.h"
#include "store/reports.h"
#include "store/states.h"

#include <unistd.h>

#define MINUTE INT64_C(60000)

static const char late_rules[] =
    "dimension \"engagement\" { range = {0, 500}, half_life = \"21d\" }\n"
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"
    "total { fit = 1, engagement = 1 }\n"
    "group \"web\" { dimension = \"engagement\", cap = 25, per = \"2d\" }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1, group = \"web\" }\n"
    "score \"pricing\" { why = \"Looked at prices\", on = \"page\", when = { path = glob "
    "\"/pricing*\" },\n"
    "  points = 10, limit = { times = 3, per = \"7d\" }, cooldown = \"30m\" }\n"
    "score \"once\" { why = \"Reads\", on = \"page\", points = 2, once_per = \"path\" }\n"
    "score \"form\" { why = \"Sent a form\", on = \"Form Submitted\", points = 5, once = true }\n"
    "score \"habit\" { why = \"Comes back\", on = \"page\",\n"
    "  when = did(\"page\", { times = 3, within = \"1d\" }),\n"
    "  points = 3 }\n"
    "fit \"vp\" { why = \"Job title\", field = \"title\", missing = 0, other = 0, words = {\n"
    "  { any = { \"vp\" }, points = 20 } } }\n"
    "stages { \"visitor\", \"mql\" }\n"
    "stage \"mql\" { enter = at_least { engagement = 30 } }\n"
    "action \"thanks\" { on = did \"Form Submitted\", webhook { to = endpoint \"crm\", body = {\n"
    "  form = \"x\" } } }\n"
    "action \"hand_over\" { on = entered \"mql\", webhook { to = endpoint \"crm\", body = {\n"
    "  stage = \"{stage}\" } } }\n";

/* What a lead comes to: its cells and its explanation, as text to compare. */
static char *story(struct bench *b, const char *lead)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct rp_lead stored;
    struct rp_str stage;
    int64_t id;
    uint32_t len;

    rp_lead_init(&stored);
    assert_int_equal(rp_core_flush(b->core, &err), 0);
    assert_int_equal(rp_lead_find(rp_core_store(b->core), rp_str_from(lead), &id, &err), 0);
    assert_int_equal(rp_state_load(rp_core_store(b->core), id, &stored, &stage, &err), 0);
    const uint8_t *cells = rp_lead_cells_fold(&stored, &len);
    for (uint32_t i = 0; i < len; i++) {
        rp_buf_printf(&out, "%02x", cells[i]);
    }
    rp_lead_fini(&stored);
    rp_buf_text(&out, "\n");
    assert_int_equal(rp_reader_explain(b->reader, rp_str_from(lead), T0 + 90 * MINUTE,
                                       RP_FORMAT_TEXT, false, &out, &err),
                     0);
    return out.ptr;
}

/* The story of this order; frees what it is compared with only once. */
static void expect_story(struct bench *b, const char *lead, char **expected, const char *what)
{
    char *now = story(b, lead);

    if (!*expected) {
        *expected = now;
        return;
    }
    if (strcmp(now, *expected) != 0) {
        fail_msg("%s: the lead came to\n%s\ninstead of\n%s", what, now, *expected);
    }
    free(now);
}

/* ---- Every order ------------------------------------------------------------------------------
 */

#define AT(minute)                                                                                 \
    "\"timestamp\":\"2026-03-02T09:" minute ":00Z\",\"receivedAt\":\"2026-03-02T10:00:00Z\""

/* Equal times, a copy of a message, an identify among pages of the same moment. */
static const char *const small[] = {
    "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"," AT(
        "00") ",\"properties\":{\"path\":\"/pricing\"}}",
    "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"," AT(
        "10") ",\"properties\":{\"path\":\"/pricing\"}}",
    "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m9\"," AT(
        "10") ",\"traits\":{\"title\":\"VP\"}}",
    "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m3\"," AT(
        "40") ",\"properties\":{\"path\":\"/a\"}}",
    "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m4\"," AT(
        "50") ",\"traits\":{\"title\":\"clerk\",\"n\":null}}",
    "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"," AT(
        "10") ",\"properties\":{\"path\":\"/pricing\"}}",
};
#define SMALL 6

static void send_in_order(const int *order, char **expected)
{
    struct bench b;

    bench_open(&b, NULL, late_rules);
    for (int i = 0; i < SMALL; i++) {
        bench_send(&b, false, "%s", small[order[i]]);
    }
    expect_story(&b, "u1", expected, "one by one");
    bench_close(&b);
}

static void every_order(void **state)
{
    int order[SMALL] = {0, 1, 2, 3, 4, 5};
    int stack[SMALL] = {0};
    char *expected = NULL;
    int every = getenv("RIPEN_MEMCHECK") ? 40 : 1; /* valgrind is thirty times slower */
    int at = 1;
    int orders = 0;

    (void)state;
    for (;;) {
        if (orders++ % every == 0) {
            send_in_order(order, &expected);
        }
        while (at < SMALL && stack[at] == at) { /* Heap's permutations */
            stack[at++] = 0;
        }
        if (at == SMALL) {
            break;
        }
        int from = at % 2 ? stack[at] : 0;
        int swap = order[from];
        order[from] = order[at];
        order[at] = swap;
        stack[at]++;
        at = 1;
    }
    assert_int_equal(orders, 720);
    free(expected);
}

/* ---- Long histories in any order --------------------------------------------------------------
 */

static uint64_t dice;

static int below(int limit)
{
    uint64_t z = dice += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (int)((z ^ z >> 31) % (uint64_t)limit);
}

#define EVENTS 240

/* Event n of a lead with a browser and a name; some share their times. */
static void event_text(int n, char *out, size_t size)
{
    int minute = n - n % 3;
    const char *ids = n % 4 ? "\"userId\":\"u1\"" : "\"userId\":\"u1\",\"anonymousId\":\"a1\"";
    int len = snprintf(out, size,
                       "{%s,\"messageId\":\"m%d\",\"timestamp\":\"2026-03-0%dT%02d:%02d:00Z\","
                       "\"receivedAt\":\"2026-03-09T00:00:00Z\",",
                       ids, n * 7919 % 1000, 1 + minute / 60, minute / 60 * 3, minute % 60);

    snprintf(out + len, size - (size_t)len,
             n % 17 == 0   ? "\"type\":\"identify\",\"traits\":{\"title\":\"%s\"}}"
             : n % 11 == 0 ? "\"type\":\"track\",\"event\":\"Form Submitted\",\"p\":\"%s\"}"
                           : "\"type\":\"page\",\"properties\":{\"path\":\"%s\"}}",
             n % 17 == 0 ? (n % 2 ? "VP" : "clerk")
             : n % 2     ? "/pricing"
                         : "/blog");
}

static void send_in_groups(struct bench *b, const int *order, int count)
{
    static char texts[16][400];
    const char *group[16];

    for (int at = 0; at < count;) {
        int size = 1 + below(5);

        size = size < count - at ? size : count - at;
        for (int i = 0; i < size; i++) {
            event_text(order[at + i], texts[i], sizeof(texts[i]));
            group[i] = texts[i];
        }
        bench_send_group(b, group, (size_t)size);
        at += size;
        if (below(40) == 0) {
            bench_send_group(b, group, (size_t)size); /* all of it again */
        }
    }
}

/* lateness: how far an event may stand from its place. */
static void shuffle(int *order, int count, int lateness)
{
    for (int i = 0; i < count; i++) {
        order[i] = i;
    }
    for (int i = 0; i < count; i++) {
        int span = lateness < count - i ? lateness : count - i;
        int other = i + below(span);
        int swap = order[i];

        order[i] = order[other];
        order[other] = swap;
    }
}

static void any_lateness(void **state)
{
    static const int lateness[] = {1, 2, 6, 40, EVENTS};
    char *expected = NULL;
    int order[EVENTS];

    (void)state;
    for (size_t i = 0; i < sizeof(lateness) / sizeof(lateness[0]); i++) {
        for (int seed = 0; seed < 3; seed++) {
            struct rp_core_stats stats;
            struct bench b;

            dice = (uint64_t)seed;
            bench_open(&b, NULL, late_rules);
            if (seed == 2) {
                b.core->trails.bytes_max = 0; /* no checkpoint is kept */
            }
            shuffle(order, EVENTS, lateness[i]);
            send_in_groups(&b, order, EVENTS);
            rp_core_stats(b.core, &stats);
            assert_true(stats.refolds > 10); /* equal times come in the order of their ids */
            assert_int_equal(b.core->trails.count, seed == 2 ? 0 : 1);
            expect_story(&b, "u1", &expected, "shuffled");
            bench_close(&b);
        }
    }
    free(expected);
}

/* A lead whose browser was somebody else's so far: the merge brings copies, whose first counts. */
static void merges_between(void **state)
{
    char *expected = NULL;

    (void)state;
    for (int seed = 0; seed < 6; seed++) {
        int order[EVENTS];
        struct bench b;
        struct rp_verified verified;
        struct rp_buf out = {0};
        struct rp_err err = {0};

        dice = (uint64_t)seed;
        bench_open(&b, NULL, late_rules);
        shuffle(order, EVENTS, 20);
        send_in_groups(&b, order, EVENTS / 2);
        for (int i = 0; i < 20; i++) {
            bench_send(
                &b, false,
                "{\"type\":\"page\",\"anonymousId\":\"a9\",\"messageId\":\"m%d\","
                "\"timestamp\":\"2026-03-01T0%d:20:30Z\","
                "\"receivedAt\":\"2026-03-09T00:00:00Z\",\"properties\":{\"path\":\"/z%d\"}}",
                2000 + (seed + i) % 20, (seed + i) % 20 % 10, (seed + i) % 20 % 3);
        }
        bench_send(&b, false,
                   "{\"type\":\"identify\",\"anonymousId\":\"a9\",\"userId\":\"u1\","
                   "\"messageId\":\"j\",\"timestamp\":\"2026-03-02T00:20:30Z\","
                   "\"receivedAt\":\"2026-03-09T00:00:00Z\"}");
        send_in_groups(&b, order + EVENTS / 2, EVENTS - EVENTS / 2);
        expect_story(&b, "u1", &expected, "merged");
        assert_int_equal(rp_reader_verify(b.reader, &verified, &out, &err), 0);
        assert_int_equal(verified.different, 0);
        assert_int_equal(verified.same, 1);
        rp_buf_fini(&out);
        bench_close(&b);
    }
    free(expected);
}

/* One messageId for thousands of leads in one group is that of thousands of messages. */
static void one_message_of_many(void **state)
{
    struct rp_buf text = {0};
    const char *requests[1];
    struct bench b;

    (void)state;
    bench_open(&b, NULL, late_rules);
    rp_buf_text(&text, "{\"batch\":[");
    for (int i = 0; i < 2500; i++) {
        rp_buf_printf(&text, "%s{\"type\":\"page\",\"userId\":\"u%d\",\"messageId\":\"m\"}",
                      i ? "," : "", i % 2400);
    }
    rp_buf_text(&text, "]}");
    requests[0] = text.ptr;
    bench_send_group(&b, requests, 1);
    struct rp_core_stats stats;
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.events, 2400);
    assert_int_equal(stats.duplicates, 100);
    rp_buf_fini(&text);
    bench_close(&b);
}

/* ---- Set aside --------------------------------------------------------------------------------
 */

static void send_aside(struct bench *b, int n)
{
    bench_send(b, true,
               "{\"type\":\"%s\",\"event\":\"Form Submitted\",\"anonymousId\":\"evil\","
               "\"messageId\":\"e%d\",\"timestamp\":\"2026-02-%02dT%02d:%02d:%02dZ\","
               "\"properties\":{\"path\":\"/pricing\"}}",
               n % 100 == 0 ? "track" : "page", n, 10 + n / 3600, n / 3600, n / 60 % 60, n % 60);
}

static void catch_up(struct bench *b)
{
    struct rp_core_stats stats;

    for (int i = 0; i < 100000; i++) {
        b->now_ms += 10;
        (void)rp_core_idle(b->core);
        rp_core_stats(b->core, &stats);
        if (stats.leads_aside == 0) {
            return;
        }
    }
    fail_msg("the lead is aside still");
}

static bool is_listed_aside(struct bench *b, const char *lead)
{
    struct rp_leads_query query = {.set_aside = true, .now_ms = b->now_ms};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    bool listed;

    assert_int_equal(rp_reader_leads(b->reader, &query, RP_FORMAT_JSON, false, &out, &err), 0);
    listed = strstr(out.ptr, lead) != NULL;
    rp_buf_fini(&out);
    return listed;
}

/* Newest first: each event precedes all others. RIPEN_ASIDE_EVENTS=20000 tries more. */
static void newest_first(void **state)
{
    const char *wanted = getenv("RIPEN_ASIDE_EVENTS");
    int events = wanted ? (int)strtol(wanted, NULL, 10) : 1500;
    struct rp_core_stats stats;
    char *expected = NULL;
    size_t outbox;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, late_rules);
    for (int n = 0; n < events; n++) {
        send_aside(&b, n);
    }
    expect_story(&b, "evil", &expected, "in order");
    outbox = bench_outbox(&b);
    assert_int_equal(outbox, (events + 99) / 100 + 1);
    bench_close(&b);

    bench_open(&b, NULL, late_rules);
    b.core->aside.enabled = true;
    for (int n = events; n-- > 0;) {
        send_aside(&b, n);
        if (n % (events / 3) == 0) {
            bench_send(&b, true,
                       "{\"type\":\"page\",\"anonymousId\":\"good\",\"messageId\":\"g%d\"}", n);
        }
    }
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.leads_aside, 1);
    assert_int_equal(stats.events, events + 4 - (events % 3 == 0));
    assert_true(stats.refolds < 200);
    assert_true(is_listed_aside(&b, "evil"));
    assert_false(is_listed_aside(&b, "good"));
    catch_up(&b);
    expect_story(&b, "evil", &expected, "set aside");
    assert_int_equal(bench_outbox(&b), outbox);
    bench_expect(&b, "evil", "\"stage\":\"mql\"");
    assert_false(is_listed_aside(&b, "evil"));
    /* It is an ordinary lead again. */
    bench_send(&b, true,
               "{\"type\":\"track\",\"event\":\"Form Submitted\",\"anonymousId\":\"evil\","
               "\"messageId\":\"last\"}");
    assert_int_equal(bench_outbox(&b), outbox + 1);
    free(expected);
    bench_close(&b);
}

/* A merge takes the waiting events along; a restart finds them. */
static void aside_over_merge_and_restart(void **state)
{
    char path[] = "/tmp/ripen-late-XXXXXX";
    struct rp_core_stats stats;
    struct bench b;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    bench_open(&b, "late.db", late_rules);
    b.core->aside.enabled = true;
    for (int n = 300; n-- > 0;) {
        send_aside(&b, n);
    }
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"evil\","
               "\"messageId\":\"j\",\"timestamp\":\"2026-03-01T00:00:00Z\"}");
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.leads_aside, 1);
    bench_close(&b);
    bench_open(&b, "late.db", late_rules);
    b.core->aside.enabled = true;
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.leads_aside, 1);
    catch_up(&b);
    assert_int_equal(bench_outbox(&b), 4);
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    bench_close(&b);
    (void)unlink("late.db");
    (void)unlink("late.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

int test_late(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order),    cmocka_unit_test(any_lateness),
        cmocka_unit_test(merges_between), cmocka_unit_test(one_message_of_many),
        cmocka_unit_test(newest_first),   cmocka_unit_test(aside_over_merge_and_restart),
    };

    return cmocka_run_group_tests_name("core: late", tests, NULL, NULL);
}
