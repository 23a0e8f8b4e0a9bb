/* SPDX-License-Identifier: MIT */
/* What people stop: rows that wait in memory go back at once, what is out ends, and nothing starts
 * before it is let go on. */
#include "deliver/mail.h"
#include "rig.h"

#include <stdio.h>
#include <string.h>

static struct rp_pauses pauses_of(const char *scope)
{
    struct rp_pauses pauses = {.count = 1};

    (void)snprintf(pauses.items[0].scope, sizeof(pauses.items[0].scope), "%s", scope);
    return pauses;
}

static void test_waiting_rows_go_back(void **state)
{
    struct rig *rig = *state;
    struct rp_pauses pauses = pauses_of("endpoint:slow"), none = {0};

    rig_endpoint(rig, "slow", rig_receiver(rig, rig_hold), NULL)->parallel = 1;
    rig_endpoint(rig, "other", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "slow", 1, 0); /* out */
    rig_submit(rig, 2, 2, "slow", 1, 0);
    rig_submit(rig, 3, 1, "slow", 1, 0);
    rig_submit(rig, 4, 2, "slow", 1, 0);
    rp_deliver_pause(rig->deliver, &pauses);
    assert_int_equal(rig->result_count, 3);
    for (int64_t id = 2; id <= 4; id++) {
        assert_int_equal(rig_result(rig, id)->outcome, RP_OUTCOME_RETURNED);
        assert_int_equal(rig_result(rig, id)->due_ms, RIG_NOW);
    }
    rig_submit(rig, 5, 3, "slow", 1, 0);
    assert_int_equal(rig_result(rig, 5)->outcome, RP_OUTCOME_RETURNED);
    rig_submit(rig, 6, 3, "other", 1, 0);
    rig_results(rig, 5);
    assert_int_equal(rig_result(rig, 6)->outcome, RP_OUTCOME_DELIVERED);
    rp_deliver_pause(rig->deliver, &none);
    rig_submit(rig, 7, 4, "slow", 1, 0); /* waits for the one that is out, and does not come back */
    rig_turns(rig, 1);
    assert_int_equal(rig->result_count, 5);
}

struct mails {
    struct rig *rig;
    struct rp_mail *mail;
    int returned, retried;
    int64_t due_ms;
};

static int64_t now(void *ctx)
{
    const struct mails *mails = ctx;

    return mails->rig->now_ms;
}

static void on_mailed(void *ctx, const struct rp_outbox_result *result,
                      const struct rp_mail_bounce *bounce)
{
    struct mails *mails = ctx;

    assert_null(bounce);
    mails->returned += result->outcome == RP_OUTCOME_RETURNED;
    mails->retried += result->outcome == RP_OUTCOME_RETRY;
    mails->due_ms = result->due_ms;
}

static void on_stopped(void *ctx)
{
    struct mails *mails = ctx;

    mails->mail = NULL;
}

static void submit_mail(struct mails *mails, int64_t id)
{
    struct rp_outbox_row row = {
        .id = id,
        .kind = RP_ACTION_EMAIL,
        .key = RP_STR("k"),
        .body = RP_STR("{\"to\":\"c@d.test\",\"purpose\":\"transactional\",\"text\":\"x\"}"),
        .attempts = 1,
        .lease_ms = RP_NEVER};

    rp_mail_submit(mails->mail, &row, 1);
}

static size_t queued(struct mails *mails)
{
    struct rp_mail_stats stats;

    rp_mail_stats(mails->mail, &stats);
    return stats.queued;
}

/* One a minute on a clock that stands still: the first goes out (nobody answers), the others wait.
 */
static void test_waiting_mails_go_back(void **state)
{
    struct mails mails = {.rig = *state};
    struct receiver *closed = rig_receiver(mails.rig, rig_ok);
    char url[64];
    struct rp_config config = {
        .smtp = {.from = RP_STR("a@b.test"), .timeout_ms = 5000, .parallel = 2, .per_minute = 1}};
    struct rp_mail_options options = {
        .config = &config, .clock = {now, &mails}, .mailed = on_mailed, .ctx = &mails};

    (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", closed->port);
    config.smtp.url = rp_str_from(url);
    receiver_close(closed);
    rig_turns(mails.rig, 1);
    assert_int_equal(rp_mail_new(&mails.rig->loop, &options, &mails.mail, NULL), 0);
    for (int64_t id = 1; id <= 3; id++)
        submit_mail(&mails, id);
    RIG_UNTIL(mails.rig, mails.retried == 1);
    assert_int_equal(queued(&mails), 2);
    rp_mail_pause(mails.mail, true);
    assert_int_equal(queued(&mails), 0);
    RIG_UNTIL(mails.rig, mails.returned == 2);
    assert_int_equal(mails.due_ms, RIG_NOW);
    submit_mail(&mails, 4);
    RIG_UNTIL(mails.rig, mails.returned == 3);
    rp_mail_pause(mails.mail, false);
    submit_mail(&mails, 5);
    assert_int_equal(queued(&mails), 1);
    rp_mail_stop(mails.mail, 0, on_stopped, &mails);
    RIG_UNTIL(mails.rig, mails.mail == NULL);
    assert_int_equal(mails.returned, 4);
    assert_int_equal(mails.retried, 1);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int rp_test_pause(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_waiting_rows_go_back),
        RIG_TEST(test_waiting_mails_go_back),
    };

    return cmocka_run_group_tests_name("deliver: pauses", tests, NULL, NULL);
}
