/* SPDX-License-Identifier: MIT */
/* What the delivery tests stand on: a loop, a clock that stands still, receivers, a struct
 * rp_deliver and the results that came out of it. */
#ifndef TEST_DELIVER_RIG_H
#define TEST_DELIVER_RIG_H

#include "deliver/deliver.h"
#include "receiver.h"
#include "suite.h"

#define RIG_NOW       INT64_C(1767225600000) /* 2026-01-01 */
#define RIG_RECEIVERS 4
#define RIG_RESULTS   16384

struct rig_result {
    int64_t id, due_ms;
    enum rp_outcome outcome;
    int http_status;
    char error[600];
};

struct rig {
    uv_loop_t loop;
    int64_t now_ms;
    struct receiver receivers[RIG_RECEIVERS];
    size_t receiver_count;
    struct rp_endpoint endpoints[8];
    char urls[8][128];
    size_t endpoint_count;
    struct rp_deliver *deliver;
    struct rig_result *results;
    size_t result_count;
    void (*on_result)(struct rig *rig, const struct rp_outbox_result *result);
    bool stopped, late;
    uv_timer_t watchdog;
};

int rig_setup(void **state);
int rig_teardown(void **state); /* stops what runs, and checks that nothing is left on the loop */

struct receiver *rig_receiver(struct rig *rig, receiver_fn *answer);
/* An endpoint at the receiver, or at a url when receiver is NULL; allow_private, parallel 8, 5 s.
 * Change the returned one before rig_start. */
struct rp_endpoint *rig_endpoint(struct rig *rig, const char *name, struct receiver *receiver,
                                 const char *url);
void rig_start(struct rig *rig);
/* One row; key "key-<id>", body {"id":<id>}. */
void rig_submit(struct rig *rig, int64_t id, int64_t lead, const char *to, int attempts,
                int64_t lease_ms);
void rig_results(struct rig *rig, size_t count); /* runs until so many came */
/* Runs until the condition holds; fails the test after 20 s. */
#define RIG_UNTIL(rig, condition)                                                                  \
    do {                                                                                           \
        while (!(condition))                                                                       \
            rig_turn(rig, #condition);                                                             \
    } while (0)
void rig_turn(struct rig *rig, const char *what);
void rig_turns(struct rig *rig, int64_t ms);      /* lets the loop go on for a while */
void rig_stop(struct rig *rig, int64_t grace_ms); /* does not wait */
const struct rig_result *rig_result(const struct rig *rig,
                                    int64_t id); /* the last one of the row */
size_t rig_count(const struct rig *rig, enum rp_outcome outcome);

receiver_fn rig_ok, rig_hold;

#endif
