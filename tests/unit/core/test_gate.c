/* SPDX-License-Identifier: MIT */
/* Which e-mails may go: consent, the suppression list and the cap at its edges, asked when a row is
 * written and once more at its lease; who is put on the list and taken off. */
#include "base/when.h"
#include "core/aside.h"
#include "core/core_priv.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"
#include "model/consent.h"
#include "store/reports.h"
#include "store/suppressions.h"

#define CAP_MS (7 * RP_DAY)

static void open_bench(struct bench *b)
{
    struct rp_source sources[] = {
        {RP_STR("rules.lua"),
         RP_STR("stages { \"visitor\", \"lead\" }\n"
                "stage \"lead\" { enter = known(), terminal = true }\n"
                "action \"news\" { on = did \"News\", email { template = \"news\" } }\n"
                "action \"receipt\" { on = did \"Paid\",\n"
                "  email { template = \"news\", purpose = \"transactional\" } }\n"
                "limits { email = { per_lead = 2, per = \"7d\" } }\n")},
        {RP_STR("templates/news.txt"), RP_STR("Subject: News\n\nHello\n")},
    };
    struct rp_files files = {sources, RP_COUNT(sources)};

    bench_open_files(b, NULL, &files);
}

static void tell(struct bench *b, const char *user, const char *event)
{
    static int count;

    bench_send(b, false,
               "{\"type\":\"track\",\"userId\":\"%s\",\"event\":\"%s\",\"messageId\":\"g%d\"}",
               user, event, ++count);
}

/* A lead with an address that agreed to marketing. */
static void meet(struct bench *b, const char *user)
{
    bench_send(b, false,
               "{\"type\":\"identify\",\"userId\":\"%s\",\"messageId\":\"i-%s\","
               "\"traits\":{\"email\":\"%s@globex.test\"}}",
               user, user, user);
    tell(b, user, "Consent Given");
}

/* The newest row of the outbox. */
static struct rp_outbox_row newest(struct bench *b, struct rp_arena *arena)
{
    struct rp_outbox_row *rows;
    struct rp_err err = {0};
    size_t count;

    assert_int_equal(
        rp_outbox_list(arena, rp_core_store(b->core), -1, 0, 0, 1, &rows, &count, &err), 0);
    assert_int_equal(count, 1);
    return rows[0];
}

/* "": the newest row waits to go out, else why it is held. */
static void expect_newest(struct bench *b, const char *reason)
{
    struct rp_arena arena = {0};
    struct rp_outbox_row row = newest(b, &arena);

    assert_int_equal(row.state, reason[0] ? RP_OUTBOX_HELD : RP_OUTBOX_PENDING);
    if (!rp_str_is(row.error, reason)) {
        fail_msg("\"%.*s\" is not \"%s\"", RP_STR_ARG(row.error), reason);
    }
    rp_arena_fini(&arena);
}

static size_t claim(struct bench *b, struct rp_arena *arena, struct rp_outbox_row **rows)
{
    struct rp_err err = {0};
    size_t count;

    assert_int_equal(
        rp_core_outbox_claim(b->core, arena, RP_WAY_MAIL, 60000, 10, rows, &count, &err), 0);
    return count;
}

static void finish(struct bench *b, int64_t id, enum rp_outcome outcome)
{
    struct rp_outbox_result result = {
        .id = id, .outcome = outcome, .error = RP_STR("try again"), .due_ms = b->now_ms};
    struct rp_err err = {0};

    assert_int_equal(rp_core_outbox_finish(b->core, &result, 1, &err), 0);
}

/* The window is (now - per, now]: what went exactly `per` ago counts no more. */
static void the_cap_at_its_edges(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b);
    meet(&b, "u1");
    tell(&b, "u1", "News");
    expect_newest(&b, "");
    b.now_ms = T0 + RP_DAY;
    tell(&b, "u1", "News"); /* the second of two */
    expect_newest(&b, "");
    tell(&b, "u1", "News"); /* one past the cap */
    expect_newest(&b, "over the limit of 2 e-mails in 7d");
    tell(&b, "u1", "Paid"); /* a receipt goes all the same */
    expect_newest(&b, "");
    meet(&b, "u2"); /* and so does somebody else's */
    tell(&b, "u2", "News");
    expect_newest(&b, "");
    bench_close(&b);

    open_bench(&b);
    meet(&b, "u1");
    tell(&b, "u1", "News");
    b.now_ms = T0 + RP_DAY;
    tell(&b, "u1", "News");
    b.now_ms = T0 + CAP_MS - 1;
    tell(&b, "u1", "News");
    expect_newest(&b, "over the limit of 2 e-mails in 7d");
    b.now_ms = T0 + CAP_MS; /* the one that was held has not taken the room */
    tell(&b, "u1", "News");
    expect_newest(&b, "");
    tell(&b, "u1", "News");
    expect_newest(&b, "over the limit of 2 e-mails in 7d");
    bench_close(&b);
}

/* What leads got before they became one counts, also through a third. */
static void the_cap_counts_through_merges(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b);
    bench_send(&b, false, "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"p0\"}");
    for (int i = 1; i <= 2; i++) {
        b.now_ms += RP_SECOND;
        bench_send(&b, false,
                   "{\"type\":\"track\",\"event\":\"Consent Given\",\"messageId\":\"c%d\","
                   "\"context\":{\"traits\":{\"email\":\"ana%d@globex.test\"}}}",
                   i, i);
        bench_send(&b, false,
                   "{\"type\":\"track\",\"event\":\"News\",\"messageId\":\"n%d\","
                   "\"context\":{\"traits\":{\"email\":\"ana%d@globex.test\"}}}",
                   i, i);
        expect_newest(&b, "");
    }
    b.now_ms += RP_SECOND; /* the first becomes part of a1, and a1 of u1, who is the second too */
    bench_send(&b, false,
               "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"p1\","
               "\"context\":{\"traits\":{\"email\":\"ana1@globex.test\"}}}");
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"p2\","
               "\"traits\":{\"email\":\"ana2@globex.test\"}}");
    bench_send(&b, false,
               "{\"type\":\"page\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"messageId\":\"p3\"}");
    bench_expect(&b, "ana1@globex.test", "\"userId\":\"u1\"");
    tell(&b, "u1", "News");
    expect_newest(&b, "over the limit of 2 e-mails in 7d");
    bench_close(&b);
}

/* Whatever happens between the decision and the lease, or between two attempts, is seen. */
static void asked_again_at_each_lease(void **state)
{
    struct rp_arena arena = {0};
    struct rp_outbox_row *rows;
    struct rp_core_stats stats;
    struct bench b;

    (void)state;
    open_bench(&b);
    meet(&b, "u1");
    tell(&b, "u1", "News");
    assert_int_equal(claim(&b, &arena, &rows), 1);
    assert_int_equal(bench_amend(&b, "suppress", "{\"lead\":\"u1@globex.test\"}"), 0);
    finish(&b, rows[0].id, RP_OUTCOME_RETRY); /* this attempt was on its way */
    assert_int_equal(claim(&b, &arena, &rows), 0);
    expect_newest(&b, "the address is suppressed (manual)");
    assert_int_equal(newest(&b, &arena).attempts, 1);
    assert_int_equal(claim(&b, &arena, &rows), 0); /* and for good */
    tell(&b, "u1", "Paid");
    expect_newest(&b, "the address is suppressed (manual)"); /* gets nothing at all */
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.held[RP_GATE_SUPPRESSED], 2);

    meet(&b, "u2");
    tell(&b, "u2", "News");
    tell(&b, "u2", "Paid");
    tell(&b, "u2", "Consent Withdrawn");
    for (int i = 0; i < 2; i++) { /* one at a time, as they stand in one queue */
        size_t count = claim(&b, &arena, &rows);

        for (size_t k = 0; k < count; k++) {
            assert_true(rp_str_is(rows[k].action, "receipt"));
            finish(&b, rows[k].id, RP_OUTCOME_DELIVERED);
        }
    }
    assert_int_equal(newest(&b, &arena).state, RP_OUTBOX_DELIVERED);
    bench_expect(&b, "u2", "consent to marketing was withdrawn");
    rp_arena_fini(&arena);
    bench_close(&b);
}

static struct rp_cached *lead_of(struct bench *b, const char *user)
{
    struct rp_cached *lead;
    struct rp_err err = {0};
    int64_t id;

    assert_int_equal(rp_lead_find(rp_core_store(b->core), rp_str_from(user), &id, &err), 0);
    assert_int_equal(rp_core_lead(b->core, id, &lead, &err), 0);
    return lead;
}

/* Of an event before the lead's newest, and behind its consent. */
static void withdraw_late(struct bench *b, const char *user)
{
    bench_send(b, false,
               "{\"type\":\"track\",\"userId\":\"%s\",\"event\":\"Consent Withdrawn\","
               "\"messageId\":\"w-%s\",\"timestamp\":\"2026-03-02T09:30:00Z\"}",
               user, user);
}

/* A recovery cannot take in a row that came late, and leaves the lead to be folded at its next
 * touch; a lease is one. What a run that failed left in memory is no consent either. */
static void the_lease_knows_all_events(void **state)
{
    struct rp_outbox_row *rows;
    struct rp_arena arena = {0};
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    open_bench(&b);
    meet(&b, "u1");
    b.now_ms = T0 + RP_HOUR;
    tell(&b, "u1", "News");
    expect_newest(&b, "");
    assert_int_equal(rp_core_flush(b.core, &err), 0);
    withdraw_late(&b, "u1");
    b.core->stale = true;
    assert_int_equal(claim(&b, &arena, &rows), 0);
    expect_newest(&b, "consent to marketing was withdrawn");
    assert_false(b.core->stale);

    meet(&b, "u2"); /* the same, recovered by another's run */
    b.now_ms = T0 + 2 * RP_HOUR;
    tell(&b, "u2", "News");
    assert_int_equal(rp_core_flush(b.core, &err), 0);
    bench_send(&b, false,
               "{\"type\":\"track\",\"userId\":\"u2\",\"event\":\"Consent Withdrawn\","
               "\"messageId\":\"w2\",\"timestamp\":\"2026-03-02T10:30:00Z\"}");
    b.core->stale = true;
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u9\",\"messageId\":\"p9\"}");
    assert_int_equal(lead_of(&b, "u2")->lead.generation, 0);
    assert_int_equal(claim(&b, &arena, &rows), 0);
    expect_newest(&b, "consent to marketing was withdrawn");

    meet(&b, "u3");
    tell(&b, "u3", "News");
    tell(&b, "u3", "Consent Withdrawn");
    rp_consent_note(&lead_of(&b, "u3")->lead, &(struct rp_event){.type = RP_TRACK,
                                                                 .name = RP_STR("Consent Given"),
                                                                 .effective_ms = b.now_ms});
    b.core->stale = true; /* what failed said that */
    assert_int_equal(claim(&b, &arena, &rows), 0);
    expect_newest(&b, "consent to marketing was withdrawn");
    rp_arena_fini(&arena);
    bench_close(&b);
}

static void set_aside(struct bench *b, const char *user)
{
    struct rp_err err = {0};

    b->core->aside.enabled = true;
    assert_int_equal(rp_store_begin(rp_core_store(b->core), &err), 0);
    assert_int_equal(rp_aside_add(b->core, lead_of(b, user), &err), 0);
    assert_int_equal(rp_store_commit(rp_core_store(b->core), &err), 0);
}

/* Of a lead that is set aside it is not known what it said last: its mail waits until it is, but a
 * receipt does not. */
static void mail_of_a_lead_set_aside(void **state)
{
    static const bool withdraws[] = {true, false};
    struct rp_outbox_row *rows;
    struct rp_arena arena = {0};
    struct bench b;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(withdraws); i++) {
        open_bench(&b);
        meet(&b, "u1");
        tell(&b, "u1", "Paid");
        b.now_ms = T0 + RP_HOUR;
        tell(&b, "u1", "News");
        set_aside(&b, "u1");
        if (withdraws[i]) {
            withdraw_late(&b, "u1");
        }
        assert_int_equal(claim(&b, &arena, &rows), 1);
        assert_true(rp_str_is(rows[0].action, "receipt"));
        finish(&b, rows[0].id, RP_OUTCOME_DELIVERED);
        assert_int_equal(claim(&b, &arena, &rows), 0);
        expect_newest(&b, "");
        assert_int_equal(newest(&b, &arena).attempts, 0);
        for (int k = 0; k < 1000 && rp_aside_has(b.core, lead_of(&b, "u1")->lead.id); k++) {
            b.now_ms += RP_SECOND;
            (void)rp_aside_step(b.core, false);
        }
        b.now_ms += RP_MINUTE;
        assert_int_equal(claim(&b, &arena, &rows), withdraws[i] ? 0 : 1);
        if (withdraws[i]) {
            expect_newest(&b, "consent to marketing was withdrawn");
        }
        bench_close(&b);
    }
    rp_arena_fini(&arena);
}

/* Events that say that an address is dead, or that its owner complains. */
static void events_that_stop_mail(void **state)
{
    static const struct {
        const char *event, *properties;
        bool stops, is_public;
    } cases[] = {
        {"Email Bounced", "{\"type\":\"soft\"}", false, false},
        {"Email Bounced", "{\"permanent\":false}", false, false},
        {"Email Bounced", "{\"type\":\"hard\"}", true, false},
        {"Email Bounced", "{\"type\":\"hard\"}", false, true},
        {"Email Bounced", "{}", true, false},
        {"Email Marked as Spam", "{}", true, false},
        {"Email Opened", "{}", false, false},
    };
    struct bench b;

    (void)state;
    open_bench(&b);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        char user[16];

        snprintf(user, sizeof(user), "u%zu", i);
        meet(&b, user);
        bench_send(&b, cases[i].is_public,
                   "{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"%s\",\"messageId\":\"b%zu\","
                   "\"properties\":%s}",
                   cases[i].event, user, i, cases[i].properties);
        assert_int_equal(b.last->accepted, 1);
        bench_expect(&b, user,
                     !cases[i].stops                     ? "\"suppressed\":null"
                     : strstr(cases[i].event, "Bounced") ? "\"suppressed\":\"bounce\""
                                                         : "\"suppressed\":\"complaint\"");
    }
    bench_close(&b);
}

/* By address or by lead; taken off by a person alone, who says why. */
static void the_list_by_hand(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b);
    meet(&b, "u1");
    tell(&b, "u3", "Seen"); /* nobody knows where to write to */
    assert_int_equal(bench_amend(&b, "suppress", "{\"lead\":\"u1\",\"reason\":\"complaint\"}"), 0);
    bench_expect(&b, "u1", "\"suppressed\":\"complaint\"");
    assert_int_equal(bench_amend(&b, "suppress", "{\"lead\":\"u1\"}"), 0); /* stays as it was */
    bench_expect(&b, "u1", "\"suppressed\":\"complaint\"");
    assert_int_equal(bench_amend(&b, "suppress", "{\"lead\":\"u3\"}"), RIPEN_EINPUT);
    assert_int_equal(bench_amend(&b, "suppress", "{\"lead\":\"u9\"}"), RIPEN_ENOTFOUND);
    assert_int_equal(bench_amend(&b, "unsuppress", "{\"lead\":\"u1\"}"), RIPEN_EINPUT);
    tell(&b, "u1", "Consent Given"); /* no event takes it off */
    bench_expect(&b, "u1", "\"suppressed\":\"complaint\"");
    assert_int_equal(bench_amend(&b, "unsuppress", "{\"lead\":\"u1\",\"reason\":\"x\"}"), 0);
    bench_expect(&b, "u1", "\"suppressed\":null");
    assert_int_equal(
        bench_amend(&b, "unsuppress", "{\"lead\":\"u1@globex.test\",\"reason\":\"x\"}"),
        RIPEN_ENOTFOUND);
    bench_close(&b);
}

/* The digest outlives the lead: whoever comes back under the address still gets nothing. */
static void the_list_outlives_who_is_forgotten(void **state)
{
    struct rp_suppression_row *rows;
    struct rp_arena arena = {0};
    struct rp_err err = {0};
    struct bench b;
    size_t count;

    (void)state;
    open_bench(&b);
    meet(&b, "u1");
    meet(&b, "u2");
    assert_int_equal(bench_amend(&b, "suppress", "{\"lead\":\"U1@Globex.test\"}"), 0);
    assert_int_equal(bench_amend(&b, "forget", "{\"lead\":\"u1\"}"), 0);
    assert_int_equal(bench_amend(&b, "forget", "{\"lead\":\"u2\"}"), 0); /* was not on the list */
    assert_int_equal(rp_suppression_list(&arena, rp_core_store(b.core), 10, &rows, &count, &err),
                     0);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].address.len, 0);
    assert_true(rows[0].digest.len > 0);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u7\",\"messageId\":\"i7\","
               "\"traits\":{\"email\":\"u1@globex.test\"}}");
    tell(&b, "u7", "Paid");
    expect_newest(&b, "the address is suppressed (manual)");
    assert_int_equal(
        bench_amend(&b, "unsuppress", "{\"lead\":\"u1@globex.test\",\"reason\":\"x\"}"), 0);
    tell(&b, "u7", "Paid");
    expect_newest(&b, "");
    rp_arena_fini(&arena);
    bench_close(&b);
}

int test_gate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cap_at_its_edges),
        cmocka_unit_test(the_cap_counts_through_merges),
        cmocka_unit_test(asked_again_at_each_lease),
        cmocka_unit_test(the_lease_knows_all_events),
        cmocka_unit_test(mail_of_a_lead_set_aside),
        cmocka_unit_test(events_that_stop_mail),
        cmocka_unit_test(the_list_by_hand),
        cmocka_unit_test(the_list_outlives_who_is_forgotten),
    };

    return cmocka_run_group_tests_name("core: what may go out", tests, NULL, NULL);
}
