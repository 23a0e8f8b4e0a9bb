/* SPDX-License-Identifier: MIT */
/* Owners over the life of leads: turns over many leads, merges and their undoing, restarts; and
 * what is decided for many at once. */
#include "base/limits.h"
#include "core/amend.h"
#include "core/assign.h"
#include "core/people.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"
#include "store/tasks.h"

#include <unistd.h>

static const char rules[] =
    "stages { \"visitor\", \"lead\", \"mql\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { from = \"lead\", enter = did \"Went\", terminal = true }\n"
    "team \"sdr\" { members = { \"lea@acme.test\", \"tom@acme.test\" } }\n"
    "action \"hand\" { on = entered \"mql\", assign { team = \"sdr\" },\n"
    "  task { to = \"owner\", due = \"1h\", note = \"Call {lead.owner}\" } }\n";

static void went(struct bench *b, const char *ids, const char *message)
{
    b->now_ms += 1000;
    bench_send(b, false, "{\"type\":\"track\",\"event\":\"Went\",%s,\"messageId\":\"%s\"}", ids,
               message);
}

static void leads_are_dealt_in_turn(void **state)
{
    static const char *const group[] = {
        "{\"type\":\"track\",\"event\":\"Went\",\"userId\":\"u1\",\"messageId\":\"m1\"}",
        "{\"type\":\"track\",\"event\":\"Went\",\"userId\":\"u2\",\"messageId\":\"m2\"}",
        "{\"type\":\"track\",\"event\":\"Went\",\"userId\":\"u3\",\"messageId\":\"m3\"}",
    };
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    bench_send_group(&b, group, RP_COUNT(group)); /* one transaction */
    bench_expect(&b, "u1", "\"owner\":\"lea@acme.test\"");
    bench_expect(&b, "u2", "\"owner\":\"tom@acme.test\"");
    bench_expect(&b, "u3", "\"owner\":\"lea@acme.test\"");
    bench_expect(&b, "u3", "Call lea@acme.test");
    went(&b, "\"userId\":\"u4\"", "m4");
    bench_expect(&b, "u4", "\"owner\":\"tom@acme.test\"");
    bench_close(&b);
}

/* How many open tasks somebody has. */
static size_t tasks_of(struct bench *b, const char *owner)
{
    struct rp_task_filter filter = {.which = RP_TASKS_OPEN, .owner = rp_str_from(owner)};
    struct rp_arena arena = {0};
    struct rp_task_row *rows;
    struct rp_err err = {0};
    size_t count;

    assert_int_equal(rp_task_list(&arena, rp_core_store(b->core), &filter, 10, &rows, &count, &err),
                     0);
    rp_arena_fini(&arena);
    return count;
}

static void a_merge_keeps_the_survivors_owner(void **state)
{
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    went(&b, "\"userId\":\"u1\"", "m1");                                        /* lea */
    went(&b, "\"context\":{\"traits\":{\"email\":\"ana@globex.test\"}}", "m2"); /* tom */
    bench_expect(&b, "ana@globex.test", "\"owner\":\"tom@acme.test\"");
    b.now_ms += 1000;
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"ana@globex.test\"}}");
    bench_expect(&b, "ana@globex.test", "\"userId\":\"u1\"");
    bench_expect(&b, "u1", "\"owner\":\"lea@acme.test\"");
    assert_int_equal(tasks_of(&b, "lea@acme.test"), 2); /* the other's call is hers now */
    assert_int_equal(tasks_of(&b, "tom@acme.test"), 0);
    assert_int_equal(
        bench_amend(&b, "assign",
                    "{\"lead\":\"u1\",\"owner\":\"max@acme.test\",\"reason\":\"her region\"}"),
        0);
    assert_int_equal(tasks_of(&b, "max@acme.test"), 2);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("ana"), &unmerged, &err), 0);
    bench_expect(&b, "u1", "\"owner\":\"max@acme.test\"");
    bench_expect(&b, unmerged.lead, "\"owner\":\"tom@acme.test\"");
    assert_int_equal(tasks_of(&b, "max@acme.test"), 1);
    assert_int_equal(tasks_of(&b, "tom@acme.test"), 1);
    bench_close(&b);
}

static void an_owner_comes_along_to_who_has_none(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    went(&b, "\"context\":{\"traits\":{\"email\":\"ana@globex.test\"}}", "m1");
    b.now_ms += 1000;
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"}");
    bench_expect(&b, "u1", "\"owner\":null");
    b.now_ms += 1000;
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"ana@globex.test\"}}");
    bench_expect(&b, "u1", "\"owner\":\"lea@acme.test\"");
    bench_expect(&b, "u1", "\"because\":\"merged\"");
    bench_close(&b);
}

/* Nothing but the file is left. */
static void a_restart_knows_owners_and_turns(void **state)
{
    char path[] = "/tmp/ripen-handoff-XXXXXX";
    char wal[64];
    int file = mkstemp(path);
    struct bench b;

    (void)state;
    assert_true(file >= 0);
    close(file);
    unlink(path);
    bench_open(&b, path, rules);
    went(&b, "\"userId\":\"u1\"", "m1");
    bench_close(&b);
    bench_open(&b, path, rules);
    b.now_ms = T0 + RP_DAY;
    bench_expect(&b, "u1", "\"owner\":\"lea@acme.test\"");
    went(&b, "\"userId\":\"u2\"", "m2");
    bench_expect(&b, "u2", "\"owner\":\"tom@acme.test\"");
    bench_close(&b);
    unlink(path);
    snprintf(wal, sizeof(wal), "%s-wal", path);
    unlink(wal);
    snprintf(wal, sizeof(wal), "%s-shm", path);
    unlink(wal);
}

/* A portion at its bound, and one past it; a lead that is none costs only itself. */
static void many_at_once(void **state)
{
    struct rp_buf body = {0};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    went(&b, "\"userId\":\"u1\"", "m1");
    went(&b, "\"userId\":\"u2\"", "m2");
    for (int more = 0; more <= 1; more++) {
        rp_buf_reset(&body);
        rp_buf_reset(&out);
        rp_buf_text(&body, "{\"verb\":\"assign\",\"owner\":\"max@acme.test\",\"reason\":\"x\","
                           "\"of\":\"file\",\"leads\":[\"u1\",\"u2\"");
        for (int i = 2; i < RP_BULK_PORTION_MAX + more; i++)
            rp_buf_printf(&body, ",\"nobody%d\"", i);
        rp_buf_text(&body, "]}");
        assert_int_equal(
            rp_core_amend(b.core, RP_STR("bulk"), rp_buf_view(&body), RP_STR("boss"), &out, &err),
            more ? RIPEN_EINPUT : 0);
    }
    bench_expect(&b, "u1", "\"owner\":\"max@acme.test\"");
    bench_expect(&b, "u2", "\"owner\":\"max@acme.test\"");
    rp_buf_reset(&out);
    assert_int_equal(
        rp_core_amend(b.core, RP_STR("bulk"),
                      RP_STR("{\"verb\":\"note\",\"text\":\"hi\",\"leads\":[\"u1\",\"u9\"]}"),
                      RP_STR("boss"), &out, &err),
        0);
    assert_non_null(strstr(out.ptr, "\"done\":1"));
    assert_non_null(strstr(out.ptr, "\"lead\":\"u9\""));
    assert_int_equal(rp_core_amend(b.core, RP_STR("bulk"),
                                   RP_STR("{\"verb\":\"forget\",\"leads\":[\"u1\"]}"),
                                   RP_STR("boss"), &out, &err),
                     RIPEN_EINPUT);
    /* A list where a text belongs would hide what comes behind it, a lead those in the list. */
    assert_int_equal(
        bench_amend(&b, "bulk",
                    "{\"verb\":\"note\",\"text\":\"hi\",\"of\":[\"u1\"],\"leads\":[\"u2\"]}"),
        RIPEN_EINPUT);
    assert_int_equal(
        bench_amend(&b, "bulk",
                    "{\"verb\":\"note\",\"text\":\"hi\",\"leads\":[\"u1\"],\"lead\":\"u2\"}"),
        RIPEN_EINPUT);
    rp_buf_fini(&body);
    rp_buf_fini(&out);
    bench_close(&b);
}

/* Runs what the core does in its pauses at a moment. */
static void pause_at(struct bench *b, int64_t now_ms)
{
    b->now_ms = now_ms;
    while (rp_core_idle(b->core)) {
    }
}

/* The days of an absence are both included; then whoever is back gets what waited, once. */
static void who_is_back_gets_what_waited(void **state)
{
    struct rp_source sources[] = {
        {RP_STR("lists/away.csv"), RP_STR("member,from,to\nlea@acme.test,2026-03-02,2026-03-03\n")},
        {RP_STR("rules.lua"),
         RP_STR("stages { \"visitor\", \"mql\", \"sal\" }\n"
                "stage \"mql\" { enter = did \"Went\" }\n"
                "stage \"sal\" { from = \"mql\", enter = did \"Took\", terminal = true }\n"
                "team \"sdr\" { members = { \"lea@acme.test\" }, away = \"lists/away.csv\" }\n"
                "action \"hand\" { on = entered \"mql\", assign { team = \"sdr\" },\n"
                "  task { to = \"owner\", note = \"Call\" } }\n")},
    };
    const int64_t back_ms = T0 - 9 * RP_HOUR + 2 * RP_DAY; /* midnight: the day after the last */
    struct rp_files files = {sources, RP_COUNT(sources)};
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open_files(&b, NULL, &files);
    for (int i = 1; i <= 20; i++) { /* more than one portion */
        char user[16];
        char message[16];

        snprintf(user, sizeof(user), "\"userId\":\"u%d\"", i);
        snprintf(message, sizeof(message), "m%d", i);
        went(&b, user, message);
    }
    assert_int_equal(bench_outbox(&b), 40);
    bench_expect(&b, "u1", "can take it: lea@acme.test is away until 2026-03-03");
    assert_int_equal(
        bench_amend(&b, "assign",
                    "{\"lead\":\"u2\",\"owner\":\"max@acme.test\",\"reason\":\"he knows her\"}"),
        0);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Took\",\"userId\":\"u3\",\"messageId\":\"t3\"}");
    pause_at(&b, back_ms - RP_ASSIGN_AGAIN_MS - 1);
    pause_at(&b, back_ms - 1);
    bench_expect(&b, "u1", "\"owner\":null");
    pause_at(&b, back_ms - 1 + RP_ASSIGN_AGAIN_MS);
    bench_expect(&b, "u1", "\"owner\":\"lea@acme.test\"");
    bench_expect(&b, "u20", "\"owner\":\"lea@acme.test\"");
    bench_expect(&b, "u1", "\"because\":\"action\"");
    bench_expect(&b, "u2", "\"owner\":\"max@acme.test\""); /* a person decided meanwhile */
    bench_expect(&b, "u3", "\"owner\":null");              /* it went on without */
    assert_int_equal(bench_outbox(&b), 40);                /* the row that waited is done */
    assert_int_equal(rp_outbox_count(rp_core_store(b.core), RP_OUTBOX_HELD), 2);
    assert_int_equal(rp_core_flush(b.core, &err), 0);
    assert_int_equal(rp_reader_verify(b.reader, &verified, &out, &err), 0);
    assert_int_equal(verified.different, 0);
    rp_buf_fini(&out);
    bench_close(&b);
}

/* Past RP_ASSIGN_WAITS_MS it is left to people. */
static void what_waited_too_long_is_left(void **state)
{
    const int64_t since_ms = T0 + 1000;

    (void)state;
    for (int past = 0; past <= 1; past++) {
        struct rp_source sources[] = {
            {RP_STR("lists/away.csv"),
             RP_STR("member,from,to\nlea@acme.test,2026-03-02,2026-03-30\n")},
            {RP_STR("rules.lua"),
             RP_STR("team \"sdr\" { members = { \"lea@acme.test\" }, away = \"lists/away.csv\" }\n"
                    "action \"hand\" { on = did \"Went\", assign { team = \"sdr\" } }\n")},
        };
        struct rp_files files = {sources, RP_COUNT(sources)};
        struct bench b;

        bench_open_files(&b, NULL, &files);
        went(&b, "\"userId\":\"u1\"", "m1");
        pause_at(&b, since_ms + RP_ASSIGN_WAITS_MS + past);
        bench_expect(&b, "u1", past ? "\"owner\":null" : "\"owner\":\"lea@acme.test\"");
        bench_close(&b);
    }
}

int test_handoff(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leads_are_dealt_in_turn),
        cmocka_unit_test(a_merge_keeps_the_survivors_owner),
        cmocka_unit_test(an_owner_comes_along_to_who_has_none),
        cmocka_unit_test(a_restart_knows_owners_and_turns),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(who_is_back_gets_what_waited),
        cmocka_unit_test(what_waited_too_long_is_left),
    };

    return cmocka_run_group_tests_name("core: hand-off", tests, NULL, NULL);
}
