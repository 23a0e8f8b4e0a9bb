/* SPDX-License-Identifier: MIT */
/* Delivery: which row goes out when, and what its end means. Knows endpoints, rows and results; the
 * queue is in lanes.c, the request in webhook.c, the pace in pace.c, the retry schedule in
 * core/retry.c. Must not know the store.
 *
 *   take_row ──▶ waiting ──dispatch──▶ out ──settle──▶ result: delivered, retry, dead
 *      │            └──cut, give_back──▶ result: returned
 *      └──endpoint unknown or switched off──▶ result: dead
 *
 * Invariants: an attempt starts only when its endpoint has a free slot (so that queueing never
 * counts as time out), its breaker lets it and its rate has room; at most one row of a lead and
 * endpoint is out; endpoints share nothing but the loop. A row that waits while its endpoint is
 * left alone is handed back without an attempt. The callback may submit or stop, so no queue is
 * walked while it is called. */
#include "deliver/deliver.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/when.h"
#include "deliver/deliver_priv.h"

#include <stdlib.h>

#define SWEEP_MS        250
#define LEASE_MARGIN_MS RP_SECOND /* to write the result down before the lease ends */
#define LEASE_WAIT_MS   RP_MINUTE /* to wait for a slot */

void rp_deliver_report(struct rp_deliver *deliver, int64_t id, enum rp_outcome outcome,
                       int http_status, struct rp_str error, int64_t due_ms)
{
    struct rp_outbox_result result = {.id = id,
                                      .outcome = outcome,
                                      .http_status = http_status,
                                      .error = error,
                                      .due_ms = due_ms,
                                      .memory = RP_STR("")};

    deliver->delivered(deliver->ctx, &result);
}

/* Takes a waiting job and the later ones of its lead out, to the end of a list for give_back. */
void rp_deliver_cut(struct rp_target *endpoint, struct rp_job *job, int64_t due_ms,
                    struct rp_job ***tail)
{
    **tail = rp_lanes_cut(&endpoint->lanes, job);
    for (; **tail; *tail = &(**tail)->next)
        (**tail)->due_ms = due_ms;
}

/* Reports a list of cut jobs as returned and frees it. */
void rp_deliver_give_back(struct rp_deliver *deliver, struct rp_job *job)
{
    int64_t now_ms = rp_clock_now(&deliver->clock);

    while (job) {
        struct rp_job *next = job->next;
        /* After its lease a row may be leased anew: a result would hit the wrong lease. */
        if (job->lease_ms == RP_NEVER || job->lease_ms > now_ms)
            rp_deliver_report(deliver, job->id, RP_OUTCOME_RETURNED, 0, RP_STR(""), job->due_ms);
        free(job);
        job = next;
    }
}

/* --- the sweep: slow endpoints and ending leases -------------------------------------------------
 */

static void cut_late(struct rp_target *endpoint, int64_t now_ms, struct rp_job ***tail)
{
    struct rp_job *job = endpoint->lanes.first;

    while (job) {
        struct rp_job *next = job->next;
        if (job->start_by_ms != RP_NEVER && job->start_by_ms < now_ms) {
            rp_deliver_cut(endpoint, job, now_ms, tail);
            if (next && !next->lane) /* of the same lead, so it was cut along */
                next = endpoint->lanes.first;
        }
        job = next;
    }
}

/* For how long the endpoint is left alone. */
static uint64_t left_alone_ms(const struct rp_target *endpoint)
{
    uint64_t now = uv_now(endpoint->deliver->loop), until = endpoint->not_before;

    if (endpoint->breaker.state == RP_BREAKER_OPEN && endpoint->breaker.probe_at > until)
        until = endpoint->breaker.probe_at;
    return until > now ? until - now : 0;
}

/* How many rows may wait in memory: one for the probe while the endpoint is left alone, and no more
 * than a rate lets out within half a lease. */
static size_t room_of(const struct rp_target *endpoint)
{
    size_t room = rp_pace_room(&endpoint->pace);
    size_t rated = (size_t)endpoint->budget.per_10s * 3;

    if (endpoint->breaker.state != RP_BREAKER_CLOSED || left_alone_ms(endpoint) > 0)
        return 1;
    return rated > 0 && rated < room ? rated : room;
}

/* When a row that is handed back may come again. */
static int64_t back_at(struct rp_target *endpoint, int64_t now_ms)
{
    return rp_pace_due_ms(&endpoint->pace, now_ms + (int64_t)left_alone_ms(endpoint),
                          rp_random_share());
}

static void cut_surplus(struct rp_target *endpoint, int64_t now_ms, struct rp_job ***tail)
{
    size_t room = room_of(endpoint);
    struct rp_job *last = endpoint->lanes.first;

    if (endpoint->lanes.waiting <= room)
        return;
    for (size_t kept = 1; kept < room; kept++)
        last = last->next;
    while (last->next)
        rp_deliver_cut(endpoint, last->next, back_at(endpoint, now_ms), tail);
}

static size_t count_waiting(const struct rp_deliver *deliver)
{
    size_t sum = 0;

    for (size_t i = 0; i < deliver->endpoint_count; i++)
        sum += deliver->endpoints[i].lanes.waiting;
    return sum;
}

static void on_sweep(uv_timer_t *timer)
{
    struct rp_deliver *deliver = timer->data;
    int64_t now_ms = rp_clock_now(&deliver->clock);
    struct rp_job *out = NULL, **tail = &out;

    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        struct rp_target *endpoint = &deliver->endpoints[i];
        if (endpoint->out_count == endpoint->parallel)
            rp_pace_busy(&endpoint->pace, endpoint->out_first->started_ms, uv_now(deliver->loop));
        cut_late(endpoint, now_ms, &tail);
        cut_surplus(endpoint, now_ms, &tail);
    }
    for (size_t i = 0; i < deliver->endpoint_count; i++)
        rp_target_dispatch(&deliver->endpoints[i]);
    if (count_waiting(deliver) == 0)
        uv_timer_stop(&deliver->sweep);
    rp_deliver_give_back(deliver, out);
}

/* --- taking rows ---------------------------------------------------------------------------------
 */

size_t rp_deliver_room(const struct rp_deliver *deliver)
{
    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    size_t taken = count_waiting(deliver);
    return deliver->stopping || taken >= RP_ENDPOINT_QUEUE_MAX ? 0 : RP_ENDPOINT_QUEUE_MAX - taken;
}

int64_t rp_deliver_lease_ms(const struct rp_deliver *deliver)
{
    int64_t longest_ms = 0;

    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        if (deliver->endpoints[i].target.timeout_ms > longest_ms)
            longest_ms = deliver->endpoints[i].target.timeout_ms;
    }
    return longest_ms + LEASE_MARGIN_MS + LEASE_WAIT_MS;
}

static struct rp_target *find_endpoint(struct rp_deliver *deliver, struct rp_str name)
{
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        if (rp_str_eq(deliver->endpoints[i].target.name, name))
            return &deliver->endpoints[i];
    }
    return NULL;
}

static void enqueue(struct rp_target *endpoint, const struct rp_outbox_row *row, int64_t now_ms)
{
    struct rp_deliver *deliver = endpoint->deliver;
    struct rp_job *job = rp_job_new(row);

    job->owner = endpoint;
    if (job->lease_ms != RP_NEVER) {
        job->start_by_ms = job->lease_ms - endpoint->target.timeout_ms - LEASE_MARGIN_MS;
        if (job->start_by_ms < now_ms) /* a lease too short for any wait: better tried than never */
            job->start_by_ms = job->lease_ms;
    }
    if (!rp_lanes_add(&endpoint->lanes, job)) {
        free(job);
        return;
    }
    if (!uv_is_active((uv_handle_t *)&deliver->sweep))
        uv_timer_start(&deliver->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    rp_target_dispatch(endpoint);
}

static void take_row(struct rp_deliver *deliver, const struct rp_outbox_row *row)
{
    struct rp_target *endpoint = find_endpoint(deliver, row->to);
    int64_t now_ms = rp_clock_now(&deliver->clock);

    if (!endpoint) {
        struct rp_buf error = {0};
        rp_buf_printf(
            &error,
            "there is no endpoint \"%.*s\" in ripen.lua; declare it, load the configuration "
            "again, then retry",
            RP_STR_ARG(row->to));
        rp_deliver_report(deliver, row->id, RP_OUTCOME_DEAD, 0, rp_buf_view(&error), 0);
        rp_buf_fini(&error);
    } else if (endpoint->disabled) {
        endpoint->dead++;
        rp_deliver_report(deliver, row->id, RP_OUTCOME_DEAD, 410, rp_target_gone, 0);
    } else if (deliver->stopping || rp_pauses_cover(&deliver->pauses, row->kind, row->to)) {
        rp_deliver_report(deliver, row->id, RP_OUTCOME_RETURNED, 0, RP_STR(""), now_ms);
    } else if (endpoint->lanes.waiting >= room_of(endpoint)) {
        rp_deliver_report(deliver, row->id, RP_OUTCOME_RETURNED, 0, RP_STR(""),
                          back_at(endpoint, now_ms));
    } else {
        enqueue(endpoint, row, now_ms);
    }
}

void rp_deliver_submit(struct rp_deliver *deliver, const struct rp_outbox_row *rows, size_t count)
{
    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    for (size_t i = 0; i < count; i++)
        take_row(deliver, &rows[i]);
}

void rp_deliver_pause(struct rp_deliver *deliver, const struct rp_pauses *pauses)
{
    struct rp_job *out = NULL, **tail = &out;
    int64_t now_ms = rp_clock_now(&deliver->clock);

    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    deliver->pauses = *pauses;
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        struct rp_target *endpoint = &deliver->endpoints[i];
        struct rp_job *job = endpoint->lanes.first;
        while (job) {
            struct rp_job *next = job->next;
            if (rp_pauses_cover(pauses, job->kind, endpoint->target.name)) {
                rp_deliver_cut(endpoint, job, now_ms, &tail);
                next = endpoint->lanes.first; /* later ones of its lead were cut along */
            }
            job = next;
        }
    }
    rp_deliver_give_back(deliver, out);
}

size_t rp_deliver_stats(const struct rp_deliver *deliver, struct rp_endpoint_stats *ret_stats,
                        size_t max)
{
    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    for (size_t i = 0; i < deliver->endpoint_count && i < max; i++) {
        const struct rp_target *endpoint = &deliver->endpoints[i];
        ret_stats[i] =
            (struct rp_endpoint_stats){.name = endpoint->target.name,
                                       .delivered = endpoint->delivered,
                                       .failed = endpoint->failed,
                                       .dead = endpoint->dead,
                                       .queued = endpoint->lanes.waiting,
                                       .in_flight = endpoint->out_count,
                                       .opened = endpoint->breaker.opened,
                                       .wait_ms = (int64_t)left_alone_ms(endpoint),
                                       .state = endpoint->breaker.state,
                                       .trouble = rp_str_from(endpoint->trouble),
                                       .crm = endpoint->crm.target.preset,
                                       .limited = uv_now(deliver->loop) < endpoint->not_before,
                                       .disabled = endpoint->disabled};
    }
    return deliver->endpoint_count;
}

/* --- life ----------------------------------------------------------------------------------------
 */

static void free_deliver(struct rp_deliver *deliver)
{
    for (size_t i = 0; i < deliver->endpoint_count; i++)
        rp_target_fini(&deliver->endpoints[i]);
    free(deliver->endpoints);
    deliver->magic = 0;
    free(deliver);
}

static void on_part_closed(void *ctx)
{
    struct rp_deliver *deliver = ctx;

    RP_ASSERT(deliver->open_parts > 0);
    if (--deliver->open_parts > 0)
        return;
    void (*stopped)(void *) = deliver->stopped;
    void *stopped_ctx = deliver->stopped_ctx;
    free_deliver(deliver);
    if (stopped)
        stopped(stopped_ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

void rp_deliver_close_when_idle(struct rp_deliver *deliver)
{
    if (deliver->closing || deliver->out_count > 0)
        return;
    deliver->closing = true;
    uv_close((uv_handle_t *)&deliver->sweep, on_timer_closed);
    uv_close((uv_handle_t *)&deliver->grace, on_timer_closed);
    rp_curl_loop_close(deliver->public_curl, on_part_closed, deliver);
    rp_curl_loop_close(deliver->private_curl, on_part_closed, deliver);
}

static void on_grace_over(uv_timer_t *timer)
{
    struct rp_deliver *deliver = timer->data;
    struct rp_str why = RP_STR("the server stopped before an answer came");
    int64_t now_ms = rp_clock_now(&deliver->clock);

    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        rp_target_give_up(&deliver->endpoints[i], why, now_ms);
    }
    rp_deliver_close_when_idle(deliver);
}

void rp_deliver_stop(struct rp_deliver *deliver, int64_t grace_ms, void (*stopped)(void *ctx),
                     void *ctx)
{
    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    uint64_t wait = grace_ms > 0 ? (uint64_t)grace_ms : 0;
    if (deliver->closing || (deliver->stopping && wait >= uv_timer_get_due_in(&deliver->grace)))
        return;
    uv_timer_start(&deliver->grace, on_grace_over, wait, 0);
    if (deliver->stopping)
        return;
    deliver->stopping = true;
    deliver->stopped = stopped;
    deliver->stopped_ctx = ctx;
    uv_timer_stop(&deliver->sweep);
    struct rp_job *out = NULL, **tail = &out;
    int64_t now_ms = rp_clock_now(&deliver->clock);
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        while (deliver->endpoints[i].lanes.first)
            rp_deliver_cut(&deliver->endpoints[i], deliver->endpoints[i].lanes.first, now_ms,
                           &tail);
    }
    rp_deliver_give_back(deliver, out);
    rp_deliver_close_when_idle(deliver);
}

int rp_deliver_new(uv_loop_t *loop, const struct rp_config *config, struct rp_clock clock,
                   rp_delivered_fn *delivered, void *ctx, struct rp_deliver **ret_deliver,
                   struct rp_err *err)
{
    struct rp_deliver *deliver = rp_calloc(1, sizeof(*deliver));
    int status;

    deliver->magic = RP_DELIVER_MAGIC;
    deliver->loop = loop;
    deliver->clock = clock;
    deliver->delivered = delivered;
    deliver->ctx = ctx;
    status = rp_curl_loop_new(loop, &deliver->public_curl, err);
    if (status)
        goto free_it;
    status = rp_curl_loop_new(loop, &deliver->private_curl, err);
    if (status)
        goto close_public;
    uv_timer_init(loop, &deliver->sweep);
    uv_timer_init(loop, &deliver->grace);
    deliver->sweep.data = deliver->grace.data = deliver;
    deliver->open_parts = 4;
    deliver->endpoints = rp_calloc(config->endpoint_count, sizeof(*deliver->endpoints));
    for (size_t i = 0; i < config->endpoint_count && !status; i++) {
        status = rp_target_init(deliver, &deliver->endpoints[i], &config->endpoints[i], err);
        deliver->endpoint_count = i + 1;
    }
    if (status) { /* the loop's next turns free it */
        deliver->stopping = true;
        rp_deliver_close_when_idle(deliver);
        return status;
    }
    *ret_deliver = deliver;
    return RIPEN_OK;

close_public:
    deliver->open_parts = 1;
    rp_curl_loop_close(deliver->public_curl, on_part_closed, deliver);
    return status;
free_it:
    free_deliver(deliver);
    return status;
}
