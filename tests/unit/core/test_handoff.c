/* SPDX-License-Identifier: MIT */
/* Owners over the life of leads: turns over many leads, merges and their undoing, restarts; and
 * what is decided for many at once. */
#include "base/limits.h"
#include "core/amend.h"
#include "core/people.h"
#include "core_test.h"
#include "groups.h"

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
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("ana"), &unmerged, &err), 0);
    bench_expect(&b, "u1", "\"owner\":\"lea@acme.test\"");
    bench_expect(&b, unmerged.lead, "\"owner\":\"tom@acme.test\"");
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
    rp_buf_fini(&body);
    rp_buf_fini(&out);
    bench_close(&b);
}

int test_handoff(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leads_are_dealt_in_turn),
        cmocka_unit_test(a_merge_keeps_the_survivors_owner),
        cmocka_unit_test(an_owner_comes_along_to_who_has_none),
        cmocka_unit_test(a_restart_knows_owners_and_turns),
        cmocka_unit_test(many_at_once),
    };

    return cmocka_run_group_tests_name("core: hand-off", tests, NULL, NULL);
}
