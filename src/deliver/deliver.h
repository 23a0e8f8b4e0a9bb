/* SPDX-License-Identifier: MIT */
/* Delivers leased outbox rows over HTTP: a queue and a cap for each endpoint, Standard Webhooks
 * signatures, private addresses refused at connect time. Lives on the loop; knows no store: rows come
 * in, results go out by callback. */
#ifndef RP_DELIVER_DELIVER_H
#define RP_DELIVER_DELIVER_H

#include "base/err.h"
#include "base/when.h"
#include "core/core.h"
#include "engine/config.h"
#include "store/outbox.h"

#include <uv.h>

struct rp_deliver;

/* The end of an attempt, on the loop thread; the result's texts live until the call returns. */
typedef void rp_delivered_fn(void *ctx, const struct rp_outbox_result *result);

/* Copies what it needs of the endpoints. */
int rp_deliver_new(uv_loop_t *loop, const struct rp_config *config, struct rp_clock clock,
                   rp_delivered_fn *delivered, void *ctx, struct rp_deliver **ret_deliver,
                   struct rp_err *err);
/* Stops starting attempts; `stopped` is called when the last one in flight has ended or given up after
 * grace_ms, and the object is freed then. */
void rp_deliver_stop(struct rp_deliver *deliver, int64_t grace_ms, void (*stopped)(void *ctx),
                     void *ctx);
/* How many rows can be handed over now (bounded by RP_ENDPOINT_QUEUE_MAX). */
size_t rp_deliver_room(const struct rp_deliver *deliver);
/* Takes leased rows (copied). A row whose endpoint is unknown or switched off ends as dead at once. */
void rp_deliver_submit(struct rp_deliver *deliver, const struct rp_outbox_row *rows, size_t count);

struct rp_endpoint_stats {
    struct rp_str name;
    uint64_t delivered, failed, dead;
    size_t queued, in_flight;
    bool disabled; /* answered 410 */
};
size_t rp_deliver_stats(const struct rp_deliver *deliver, struct rp_endpoint_stats *ret_stats,
                        size_t max);

#endif
