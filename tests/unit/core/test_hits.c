/* SPDX-License-Identifier: MIT */
/* What comes back through the links of a mail: who is a person and who a robot at the edges of what
 * tells them apart, and that points of a robot found out late are taken back. */
#include "base/when.h"
#include "core/hits.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"

#include <unistd.h>

static void open_bench(struct bench *b, const char *path)
{
    struct rp_source sources[] = {
        {RP_STR("rules.lua"),
         RP_STR("dimension \"engagement\" { range = {-50, 200}, decay = \"none\" }\n"
                "total { engagement = 1 }\n"
                "score \"opened\" { why = \"Opened\", on = \"Email Opened\", points = 1 }\n"
                "score \"clicked\" { why = \"Clicked\", on = \"Email Clicked\", points = 10 }\n"
                "stages { \"visitor\", \"lead\" }\n"
                "stage \"lead\" { enter = known(), terminal = true }\n"
                "action \"mail\" { on = did \"Paid\",\n"
                "  email { template = \"mail\", purpose = \"transactional\" } }\n")},
        {RP_STR("templates/mail.txt"), RP_STR("Subject: Mail\n\nHello\n")},
    };
    struct rp_files files = {sources, RP_COUNT(sources)};

    bench_open_files(b, path, &files);
}

/* A mail to a lead: what its links name. */
struct mail {
    char lead[64], key[64];
};

/* Sends one and, unless it stays on its way, delivers it now. */
static struct mail send_mail(struct bench *b, const char *ids, bool delivered)
{
    struct rp_arena arena = {0};
    struct rp_outbox_row *rows;
    struct rp_err err = {0};
    struct mail mail;
    static int number;
    size_t count;

    bench_send(b, false,
               "{\"type\":\"track\",\"event\":\"Paid\",\"messageId\":\"paid%d\",%s"
               "\"context\":{\"traits\":{\"email\":\"ana@globex.test\"}}}",
               ++number, ids);
    assert_int_equal(
        rp_core_outbox_claim(b->core, &arena, RP_WAY_MAIL, 60000, 10, &rows, &count, &err), 0);
    assert_int_equal(count, 1);
    snprintf(mail.lead, sizeof(mail.lead), "%.*s", RP_STR_ARG(rows[0].lead_public_id));
    snprintf(mail.key, sizeof(mail.key), "%.*s", RP_STR_ARG(rows[0].key));
    if (delivered) {
        struct rp_outbox_result result = {.id = rows[0].id, .outcome = RP_OUTCOME_DELIVERED};

        assert_int_equal(rp_core_outbox_finish(b->core, &result, 1, &err), 0);
    }
    rp_arena_fini(&arena);
    return mail;
}

/* Somebody follows a link at a moment. */
static enum rp_verdict follow(struct bench *b, const struct mail *mail, enum rp_link_kind kind,
                              const char *about, int64_t at_ms)
{
    struct rp_hit hit = {.link = {.kind = kind,
                                  .lead = rp_str_from(mail->lead),
                                  .action = rp_str_from(mail->key),
                                  .about = rp_str_from(about)},
                         .user_agent = RP_STR("Thunderbird"),
                         .address = RP_STR("192.0.2.1"),
                         .received_ms = at_ms};
    struct rp_batch *batch = rp_batch_new();
    struct rp_err err = {0};
    enum rp_verdict verdict;

    b->now_ms = at_ms;
    batch->items = RP_ARENA_ARRAY(&batch->arena, struct rp_item, 1);
    batch->items[0].hit = &hit;
    batch->item_count = 1;
    if (rp_core_run(b->core, batch, &err) != 0) {
        fail_msg("%s", err.text);
    }
    verdict = batch->items[0].verdict;
    rp_batch_free(batch);
    return verdict;
}

static void click(struct bench *b, const struct mail *mail, const char *url, int64_t at_ms)
{
    assert_int_equal(follow(b, mail, RP_LINK_CLICK, url, at_ms), RP_VERDICT_ACCEPTED);
}

static void expect_points(struct bench *b, const char *lead, int points)
{
    assert_int_equal(bench_total(b, lead, b->now_ms), points * 1000);
}

static void settle(struct bench *b)
{
    while (rp_core_idle(b->core)) {
    }
}

#define ANA "ana@globex.test"

/* Sooner than RP_HIT_DELIVERED_MS after the delivery nobody has read it. */
static void too_soon_and_soon_enough(void **state)
{
    struct mail mail;
    struct bench b;

    (void)state;
    open_bench(&b, NULL);
    mail = send_mail(&b, "", true);
    follow(&b, &mail, RP_LINK_OPEN, "", T0 + RP_HIT_DELIVERED_MS - 1);
    expect_points(&b, ANA, 0);
    follow(&b, &mail, RP_LINK_OPEN, "", T0 + RP_HIT_DELIVERED_MS);
    expect_points(&b, ANA, 1);
    /* The same minute again is the same event; the next one is another. */
    assert_int_equal(follow(&b, &mail, RP_LINK_OPEN, "", T0 + 20 * RP_SECOND),
                     RP_VERDICT_DUPLICATE);
    expect_points(&b, ANA, 1);
    follow(&b, &mail, RP_LINK_OPEN, "", T0 + RP_MINUTE);
    expect_points(&b, ANA, 2);
    bench_close(&b);

    open_bench(&b, NULL); /* as far as we know it is still on its way */
    mail = send_mail(&b, "", false);
    follow(&b, &mail, RP_LINK_OPEN, "", T0 + RP_HOUR);
    expect_points(&b, ANA, 0);
    bench_close(&b);
}

/* The third link within RP_HIT_BURST_MS tells; what was done RP_HIT_ROBOT_MS before is its too. */
static void a_burst_at_its_edges(void **state)
{
    const int64_t start = T0 + RP_HOUR;
    struct mail mail;
    struct bench b;

    (void)state;
    for (int past = 0; past <= 1; past++) {
        open_bench(&b, NULL);
        mail = send_mail(&b, "", true);
        click(&b, &mail, "https://acme.test/a", start);
        (void)follow(&b, &mail, RP_LINK_CLICK, "https://acme.test/a", start); /* no other */
        click(&b, &mail, "https://acme.test/b", start + 2);
        expect_points(&b, ANA, 20);
        click(&b, &mail, "https://acme.test/c", start + RP_HIT_BURST_MS + past);
        settle(&b);
        expect_points(&b, ANA, past ? 30 : 0);
        bench_close(&b);
    }
    for (int past = 0; past <= 1; past++) {
        open_bench(&b, NULL);
        mail = send_mail(&b, "", true);
        follow(&b, &mail, RP_LINK_OPEN, "", start);
        follow(&b, &mail, RP_LINK_TRAP, "", start + RP_HIT_ROBOT_MS + past);
        settle(&b);
        expect_points(&b, ANA, past);
        bench_close(&b);
    }
}

/* Found out just before the process ends: the next one takes the points back. */
static void what_is_owed_outlives_a_restart(void **state)
{
    char path[] = "/tmp/ripen-hits-XXXXXX";
    struct mail mail;
    struct bench b;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    open_bench(&b, "h.db");
    mail = send_mail(&b, "", true);
    click(&b, &mail, "https://acme.test/a", T0 + RP_HOUR);
    follow(&b, &mail, RP_LINK_TRAP, "", T0 + RP_HOUR + 1);
    expect_points(&b, ANA, 10);
    bench_close(&b);
    open_bench(&b, "h.db");
    b.now_ms = T0 + 2 * RP_HOUR;
    expect_points(&b, ANA, 10);
    settle(&b);
    expect_points(&b, ANA, 0);
    follow(&b, &mail, RP_LINK_OPEN, "", T0 + 3 * RP_HOUR); /* a person opens it in the end */
    expect_points(&b, ANA, 1);
    bench_close(&b);
    (void)unlink("h.db");
    (void)unlink("h.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

/* The link names a lead that became part of another, which became part of a third. */
static void links_outlive_merges(void **state)
{
    struct mail mail;
    struct bench b;

    (void)state;
    open_bench(&b, NULL);
    bench_send(&b, false, "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"p0\"}");
    mail = send_mail(&b, "", true);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"pu\"}");
    b.now_ms += RP_SECOND;
    bench_send(&b, false,
               "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"p1\","
               "\"context\":{\"traits\":{\"email\":\"" ANA "\"}}}");
    bench_send(&b, false,
               "{\"type\":\"page\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"messageId\":\"p2\"}");
    bench_expect(&b, ANA, "\"userId\":\"u1\"");
    follow(&b, &mail, RP_LINK_OPEN, "", T0 + RP_HOUR);
    expect_points(&b, "u1", 1);
    follow(&b, &mail, RP_LINK_TRAP, "", T0 + RP_HOUR + 1);
    settle(&b);
    expect_points(&b, "u1", 0);
    bench_close(&b);
}

/* Nobody is kept in a list, and nobody who is forgotten comes back through a link. */
static void leaving_and_being_forgotten(void **state)
{
    struct mail mail;
    struct bench b;

    (void)state;
    open_bench(&b, NULL);
    mail = send_mail(&b, "", true);
    for (int i = 0; i < 3; i++) { /* as quick as a robot */
        follow(&b, &mail, RP_LINK_UNSUBSCRIBE,
               i == 0   ? "news"
               : i == 1 ? "tips"
                        : "marketing",
               T0 + i);
    }
    settle(&b);
    bench_expect(&b, ANA, "\"marketing\":{\"state\":\"unsubscribed\"");
    follow(&b, &mail, RP_LINK_OPEN, "", T0 + RP_HOUR);
    expect_points(&b, ANA, 1);
    assert_int_equal(bench_amend(&b, "forget", "{\"lead\":\"" ANA "\"}"), 0);
    assert_int_equal(follow(&b, &mail, RP_LINK_CLICK, "https://acme.test/a", T0 + 2 * RP_HOUR),
                     RP_VERDICT_REJECTED);
    assert_int_equal(follow(&b, &mail, RP_LINK_UNSUBSCRIBE, "", T0 + 2 * RP_HOUR),
                     RP_VERDICT_REJECTED);
    settle(&b);
    bench_close(&b);
}

int test_hits(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_soon_and_soon_enough),        cmocka_unit_test(a_burst_at_its_edges),
        cmocka_unit_test(what_is_owed_outlives_a_restart), cmocka_unit_test(links_outlive_merges),
        cmocka_unit_test(leaving_and_being_forgotten),
    };

    return cmocka_run_group_tests_name("core: links of mails", tests, NULL, NULL);
}
