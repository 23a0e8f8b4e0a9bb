/* SPDX-License-Identifier: MIT */
/* The rig of the delivery tests; see rig.h. */
#include "rig.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t rig_now(void *ctx)
{
    const struct rig *rig = ctx;

    return rig->now_ms;
}

static void on_delivered(void *ctx, const struct rp_outbox_result *result)
{
    struct rig *rig = ctx;

    assert_true(rig->result_count < RIG_RESULTS);
    struct rig_result *kept = &rig->results[rig->result_count++];
    *kept = (struct rig_result){.id = result->id,
                                .due_ms = result->due_ms,
                                .outcome = result->outcome,
                                .http_status = result->http_status};
    snprintf(kept->error, sizeof(kept->error), "%.*s", RP_STR_ARG(result->error));
    if (rig->on_result)
        rig->on_result(rig, result);
}

static void on_watchdog(uv_timer_t *timer)
{
    struct rig *rig = timer->data;

    rig->late = true;
}

int rig_setup(void **state)
{
    struct rig *rig = rp_calloc(1, sizeof(*rig));

    rig->results = rp_calloc(RIG_RESULTS, sizeof(*rig->results));
    rig->now_ms = RIG_NOW;
    if (uv_loop_init(&rig->loop) != 0)
        return -1;
    uv_timer_init(&rig->loop, &rig->watchdog);
    rig->watchdog.data = rig;
    uv_timer_start(&rig->watchdog, on_watchdog, 20000, 0);
    *state = rig;
    return 0;
}

static void on_stopped(void *ctx)
{
    struct rig *rig = ctx;

    rig->stopped = true;
    rig->deliver = NULL;
}

void rig_stop(struct rig *rig, int64_t grace_ms)
{
    rp_deliver_stop(rig->deliver, grace_ms, on_stopped, rig);
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;

    rig->on_result = NULL;
    if (rig->deliver)
        rig_stop(rig, 0);
    for (size_t i = 0; i < rig->receiver_count; i++)
        receiver_close(&rig->receivers[i]);
    uv_close((uv_handle_t *)&rig->watchdog, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    int left = uv_loop_close(&rig->loop);
    if (rig->deliver)
        left = -1;
    free(rig->results);
    free(rig);
    return left;
}

struct receiver *rig_receiver(struct rig *rig, receiver_fn *answer)
{
    assert_true(rig->receiver_count < RIG_RECEIVERS);
    struct receiver *receiver = &rig->receivers[rig->receiver_count++];

    receiver_open(receiver, &rig->loop, answer, rig);
    return receiver;
}

struct rp_endpoint *rig_endpoint(struct rig *rig, const char *name, struct receiver *receiver,
                                 const char *url)
{
    struct rp_endpoint *endpoint = &rig->endpoints[rig->endpoint_count];
    char *text = rig->urls[rig->endpoint_count++];

    if (receiver)
        snprintf(text, sizeof(rig->urls[0]), "http://127.0.0.1:%d/hook?for=%s", receiver->port,
                 name);
    else
        snprintf(text, sizeof(rig->urls[0]), "%s", url);
    *endpoint = (struct rp_endpoint){.name = rp_str_from(name),
                                     .url = rp_str_from(text),
                                     .secret = RP_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                                     .timeout_ms = 5000,
                                     .parallel = 8,
                                     .allow_private = true};
    return endpoint;
}

void rig_start(struct rig *rig)
{
    struct rp_config config = {.endpoints = rig->endpoints, .endpoint_count = rig->endpoint_count};
    struct rp_clock clock = {rig_now, rig};
    struct rp_err err = {0};

    if (rp_deliver_new(&rig->loop, &config, clock, on_delivered, rig, &rig->deliver, &err))
        fail_msg("%s", err.text);
}

void rig_submit(struct rig *rig, int64_t id, int64_t lead, const char *to, int attempts,
                int64_t lease_ms)
{
    char key[32], body[32];
    struct rp_outbox_row row = {.id = id,
                                .lead = lead,
                                .to = rp_str_from(to),
                                .kind = RP_ACTION_WEBHOOK,
                                .state = RP_OUTBOX_LEASED,
                                .attempts = attempts,
                                .lease_ms = lease_ms};

    snprintf(key, sizeof(key), "key-%" PRId64, id);
    snprintf(body, sizeof(body), "{\"id\":%" PRId64 "}", id);
    row.key = rp_str_from(key);
    row.body = rp_str_from(body);
    rp_deliver_submit(rig->deliver, &row, 1);
    memset(key, 'x', sizeof(key)); /* rows are copied */
    memset(body, 'x', sizeof(body));
}

void rig_turn(struct rig *rig, const char *what)
{
    if (rig->late)
        fail_msg("waited in vain for %s; %zu results", what, rig->result_count);
    uv_run(&rig->loop, UV_RUN_ONCE);
}

void rig_results(struct rig *rig, size_t count)
{
    RIG_UNTIL(rig, rig->result_count >= count);
    assert_int_equal(rig->result_count, count);
}

static void on_over(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

void rig_turns(struct rig *rig, int64_t ms)
{
    bool over = false;
    uv_timer_t timer;

    uv_timer_init(&rig->loop, &timer);
    timer.data = &over;
    uv_timer_start(&timer, on_over, (uint64_t)ms, 0);
    RIG_UNTIL(rig, over);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&rig->loop, UV_RUN_NOWAIT);
}

const struct rig_result *rig_result(const struct rig *rig, int64_t id)
{
    for (size_t i = rig->result_count; i > 0; i--) {
        if (rig->results[i - 1].id == id)
            return &rig->results[i - 1];
    }
    fail_msg("no result for row %" PRId64, id);
    return NULL;
}

size_t rig_count(const struct rig *rig, enum rp_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < rig->result_count; i++)
        count += rig->results[i].outcome == outcome;
    return count;
}

struct reply rig_ok(struct receiver *receiver, struct rp_str head, struct rp_str body)
{
    (void)receiver;
    (void)head;
    (void)body;
    return (struct reply){.status = 200};
}

struct reply rig_hold(struct receiver *receiver, struct rp_str head, struct rp_str body)
{
    (void)receiver;
    (void)head;
    (void)body;
    return (struct reply){.status = RECEIVER_HOLD};
}
