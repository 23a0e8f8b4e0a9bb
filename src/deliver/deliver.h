/* SPDX-License-Identifier: MIT */
/* Delivers leased outbox rows over HTTP: a queue and a cap for each endpoint, Standard Webhooks
 * signatures, private addresses refused at connect time. Lives on the loop; knows no store: rows
 * come in, results go out by callback.
 *
 * Every row that was submitted gets one result, with two exceptions: a row that is here already,
 * and one whose lease ran out while it waited (then it may belong to somebody else).
 * RP_OUTCOME_RETURNED hands a row back, and no attempt of it counts: its endpoint is slow or left
 * alone and others wait behind, a CRM asked for a pause or refuses the token, the lease would end
 * before an answer, an earlier row of the same lead is to be tried again first, people paused it,
 * or the server stops. */
#ifndef RP_DELIVER_DELIVER_H
#define RP_DELIVER_DELIVER_H

#include "base/err.h"
#include "base/when.h"
#include "core/core.h"
#include "deliver/breaker.h"
#include "engine/config.h"
#include "store/outbox.h"
#include "store/pauses.h"

#include <uv.h>

struct rp_deliver;

/* The end of a row's stay, on the loop thread, also from inside rp_deliver_submit and
 * rp_deliver_stop. May stop; may submit unless it was called from inside a submit, where rows that
 * end at once would make it call itself without end. The result's texts live until the call
 * returns. */
typedef void rp_delivered_fn(void *ctx, const struct rp_outbox_result *result);

/* Copies what it needs of the endpoints. EINPUT with the endpoint's name and place when a url or a
 * secret cannot be used. */
int rp_deliver_new(uv_loop_t *loop, const struct rp_config *config, struct rp_clock clock,
                   rp_delivered_fn *delivered, void *ctx, struct rp_deliver **ret_deliver,
                   struct rp_err *err);
/* Stops starting attempts and hands back what waits; `stopped` is called from the loop when the
 * last attempt in flight has ended or was given up after grace_ms (its row is to be tried again at
 * once), and the object is freed then. A second call only shortens the grace. */
void rp_deliver_stop(struct rp_deliver *deliver, int64_t grace_ms, void (*stopped)(void *ctx),
                     void *ctx);
/* How many rows can be handed over now (bounded by RP_ENDPOINT_QUEUE_MAX). */
size_t rp_deliver_room(const struct rp_deliver *deliver);
/* How long rows should be leased for: the longest time out and a minute to wait for a slot. */
int64_t rp_deliver_lease_ms(const struct rp_deliver *deliver);
/* Takes leased rows (copied). A row whose endpoint is unknown or switched off ends as dead at once.
 */
void rp_deliver_submit(struct rp_deliver *deliver, const struct rp_outbox_row *rows, size_t count);

/* From now on nothing that these cover starts; what waits of it is handed back. What is out ends.
 */
void rp_deliver_pause(struct rp_deliver *deliver, const struct rp_pauses *pauses);

#define RP_ENDPOINTS_SHOWN 64 /* in status and metrics */

struct rp_endpoint_stats {
    struct rp_str name;
    uint64_t delivered, failed, dead; /* rows, attempts that are tried again, rows */
    size_t queued, in_flight;
    uint64_t opened;             /* how often its breaker opened */
    enum rp_breaker_state state; /* of its breaker */
    int64_t wait_ms;             /* it is left alone for so long */
    struct rp_str trouble;       /* the last failure; "" */
    enum rp_preset crm;
    bool limited;  /* the CRM asked for a pause */
    bool disabled; /* answered 410; until the configuration is loaded again */
};
/* Up to `max`, in the order of the configuration; the names live as long as the object. Returns how
 * many endpoints there are. */
size_t rp_deliver_stats(const struct rp_deliver *deliver, struct rp_endpoint_stats *ret_stats,
                        size_t max);

#endif
