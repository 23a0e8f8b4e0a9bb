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
 * counts as time out); at most one row of a lead and endpoint is out; endpoints share nothing but
 * the loop. The callback may submit or stop, so no queue is walked while it is called. */
#include "deliver/deliver.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/retry.h"
#include "deliver/guard.h"
#include "deliver/lanes.h"
#include "deliver/pace.h"
#include "deliver/webhook.h"

#include <stdlib.h>

#define DELIVER_MAGIC    UINT32_C(0x64656c76)
#define SWEEP_MS         250
#define LEASE_MARGIN_MS  RP_SECOND /* to write the result down before the lease ends */
#define LEASE_WAIT_MS    RP_MINUTE /* to wait for a slot */
#define PARALLEL_DEFAULT 8
#define TIMEOUT_DEFAULT  (15 * RP_SECOND)

struct endpoint {
    struct rp_deliver *deliver;
    struct rp_webhook_target target; /* owns its texts */
    struct rp_curl_loop *curl;       /* one of the deliver's two */
    struct rp_lanes lanes;
    struct rp_pace pace;
    struct rp_job *out_first, *out_last; /* oldest start first */
    uint32_t parallel;
    size_t out_count;
    bool disabled;
    uint64_t delivered, failed, dead;
};

struct rp_deliver {
    uint32_t magic;
    uv_loop_t *loop;
    struct rp_clock clock;
    rp_delivered_fn *delivered;
    void *ctx;
    /* Two, so that no connection made for an endpoint with allow_private serves one without. */
    struct rp_curl_loop *public_curl, *private_curl;
    uv_timer_t sweep, grace;
    struct endpoint *endpoints;
    size_t endpoint_count, out_count, open_parts;
    bool stopping, closing;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
};

static const char gone_text[] =
    "the endpoint answered 410 Gone and is switched off; load the configuration again, then retry";
static const struct rp_str gone = {gone_text, sizeof(gone_text) - 1};

static void dispatch(struct endpoint *endpoint);
static void close_when_idle(struct rp_deliver *deliver);

static double random_share(void)
{
    uint32_t bits = 0;

    rp_random(&bits, sizeof(bits));
    return (double)bits / 4294967296.0;
}

static void report(struct rp_deliver *deliver, int64_t id, enum rp_outcome outcome, int http_status,
                   struct rp_str error, int64_t due_ms)
{
    struct rp_outbox_result result = {
        .id = id, .outcome = outcome, .http_status = http_status, .error = error, .due_ms = due_ms};

    deliver->delivered(deliver->ctx, &result);
}

/* Takes a waiting job and the later ones of its lead out, to the end of a list for give_back. */
static void cut(struct endpoint *endpoint, struct rp_job *job, int64_t due_ms,
                struct rp_job ***tail)
{
    **tail = rp_lanes_cut(&endpoint->lanes, job);
    for (; **tail; *tail = &(**tail)->next)
        (**tail)->due_ms = due_ms;
}

/* Reports a list of cut jobs as returned and frees it. */
static void give_back(struct rp_deliver *deliver, struct rp_job *job)
{
    int64_t now_ms = rp_clock_now(&deliver->clock);

    while (job) {
        struct rp_job *next = job->next;
        /* After its lease a row may be leased anew: a result would hit the wrong lease. */
        if (job->lease_ms == RP_NEVER || job->lease_ms > now_ms)
            report(deliver, job->id, RP_OUTCOME_RETURNED, 0, RP_STR(""), job->due_ms);
        free(job);
        job = next;
    }
}

static void kill_waiting(struct endpoint *endpoint)
{
    struct rp_job *first = NULL, **tail = &first;

    while (endpoint->lanes.first)
        cut(endpoint, endpoint->lanes.first, 0, &tail);
    while (first) {
        struct rp_job *next = first->next;
        endpoint->dead++;
        report(endpoint->deliver, first->id, RP_OUTCOME_DEAD, 410, gone, 0);
        free(first);
        first = next;
    }
}

/* --- attempts ------------------------------------------------------------------------------------
 */

static void link_out(struct endpoint *endpoint, struct rp_job *job)
{
    job->next = NULL;
    job->prev = endpoint->out_last;
    if (endpoint->out_last)
        endpoint->out_last->next = job;
    else
        endpoint->out_first = job;
    endpoint->out_last = job;
    endpoint->out_count++;
    endpoint->deliver->out_count++;
}

static void unlink_out(struct endpoint *endpoint, struct rp_job *job)
{
    if (job->prev)
        job->prev->next = job->next;
    else
        endpoint->out_first = job->next;
    if (job->next)
        job->next->prev = job->prev;
    else
        endpoint->out_last = job->prev;
    endpoint->out_count--;
    endpoint->deliver->out_count--;
}

/* The end of a job that is out: frees it and reports. The caller dispatches. */
static void settle(struct endpoint *endpoint, struct rp_job *job, enum rp_outcome outcome,
                   int http_status, struct rp_str error, int64_t due_ms)
{
    struct rp_deliver *deliver = endpoint->deliver;
    struct rp_job *later = NULL, **tail = &later;
    bool disables = http_status == 410 && !endpoint->disabled;
    int64_t id = job->id;

    /* The row goes back to the outbox, and what comes after it for the same lead must not overtake.
     */
    if (outcome == RP_OUTCOME_RETRY && rp_lanes_follower(job))
        cut(endpoint, rp_lanes_follower(job), due_ms, &tail);
    unlink_out(endpoint, job);
    rp_lanes_free(&endpoint->lanes, job);
    endpoint->delivered += outcome == RP_OUTCOME_DELIVERED;
    endpoint->failed += outcome == RP_OUTCOME_RETRY;
    endpoint->dead += outcome == RP_OUTCOME_DEAD;
    endpoint->disabled |= disables;
    report(deliver, id, outcome, http_status, error, due_ms);
    give_back(deliver, later);
    if (disables) {
        rp_log(RP_LOG_WARN, "endpoint_disabled", "endpoint=%.*s status=410",
               RP_STR_ARG(endpoint->target.name));
        kill_waiting(endpoint);
    }
}

/* A rp_webhook_done_fn; ctx is the job. */
static void on_answer(void *ctx, const struct rp_webhook_answer *answer)
{
    struct rp_job *job = ctx;
    struct endpoint *endpoint = job->owner;
    struct rp_deliver *deliver = endpoint->deliver;
    enum rp_outcome outcome = RP_OUTCOME_DEAD;
    struct rp_buf error = {0};
    int64_t due_ms = 0;

    RP_CHECK_OBJ(deliver, DELIVER_MAGIC);
    rp_pace_ended(&endpoint->pace, job->started_ms, uv_now(deliver->loop));
    if (!answer->refused)
        outcome = rp_retry_decide(answer->http_status, job->attempts, answer->retry_after_ms,
                                  random_share(), rp_clock_now(&deliver->clock), &due_ms);
    rp_buf_str(&error, answer->error);
    if (outcome == RP_OUTCOME_DEAD && job->attempts >= RP_RETRY_ATTEMPTS_MAX)
        rp_buf_printf(&error, "; given up after %d attempts", job->attempts);
    settle(endpoint, job, outcome, answer->http_status, rp_buf_view(&error), due_ms);
    rp_buf_fini(&error);
    if (deliver->stopping)
        close_when_idle(deliver);
    else
        dispatch(endpoint);
}

static void start(struct endpoint *endpoint, struct rp_job *job)
{
    struct rp_deliver *deliver = endpoint->deliver;
    int64_t now_ms = rp_clock_now(&deliver->clock), due_ms = 0;
    enum rp_outcome outcome = RP_OUTCOME_DEAD;
    struct rp_err err = {0};

    job->started_ms = uv_now(deliver->loop);
    link_out(endpoint, job);
    int status = rp_webhook_start(endpoint->curl, &endpoint->target, job->key, job->body, now_ms,
                                  on_answer, job, &job->webhook, &err);
    if (!status)
        return;
    if (status != RIPEN_EINPUT)
        outcome = rp_retry_decide(0, job->attempts, -1, random_share(), now_ms, &due_ms);
    settle(endpoint, job, outcome, 0, rp_str_from(err.text), due_ms);
}

static void dispatch(struct endpoint *endpoint)
{
    struct rp_deliver *deliver = endpoint->deliver;

    while (!deliver->stopping && !endpoint->disabled && endpoint->out_count < endpoint->parallel) {
        struct rp_job *job = rp_lanes_take(&endpoint->lanes);
        if (!job)
            break;
        start(endpoint, job);
    }
}

/* --- the sweep: slow endpoints and ending leases -------------------------------------------------
 */

static void cut_late(struct endpoint *endpoint, int64_t now_ms, struct rp_job ***tail)
{
    struct rp_job *job = endpoint->lanes.first;

    while (job) {
        struct rp_job *next = job->next;
        if (job->start_by_ms != RP_NEVER && job->start_by_ms < now_ms) {
            cut(endpoint, job, now_ms, tail);
            if (next && !next->lane) /* of the same lead, so it was cut along */
                next = endpoint->lanes.first;
        }
        job = next;
    }
}

static void cut_surplus(struct endpoint *endpoint, int64_t now_ms, struct rp_job ***tail)
{
    size_t room = rp_pace_room(&endpoint->pace);
    struct rp_job *last = endpoint->lanes.first;

    if (endpoint->lanes.waiting <= room)
        return;
    for (size_t kept = 1; kept < room; kept++)
        last = last->next;
    while (last->next)
        cut(endpoint, last->next, rp_pace_due_ms(&endpoint->pace, now_ms, random_share()), tail);
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

    RP_CHECK_OBJ(deliver, DELIVER_MAGIC);
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        struct endpoint *endpoint = &deliver->endpoints[i];
        if (endpoint->out_count == endpoint->parallel)
            rp_pace_busy(&endpoint->pace, endpoint->out_first->started_ms, uv_now(deliver->loop));
        cut_late(endpoint, now_ms, &tail);
        cut_surplus(endpoint, now_ms, &tail);
    }
    if (count_waiting(deliver) == 0)
        uv_timer_stop(&deliver->sweep);
    give_back(deliver, out);
}

/* --- taking rows ---------------------------------------------------------------------------------
 */

size_t rp_deliver_room(const struct rp_deliver *deliver)
{
    RP_CHECK_OBJ(deliver, DELIVER_MAGIC);
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

static struct endpoint *find_endpoint(struct rp_deliver *deliver, struct rp_str name)
{
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        if (rp_str_eq(deliver->endpoints[i].target.name, name))
            return &deliver->endpoints[i];
    }
    return NULL;
}

static void enqueue(struct endpoint *endpoint, const struct rp_outbox_row *row, int64_t now_ms)
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
    dispatch(endpoint);
}

static void take_row(struct rp_deliver *deliver, const struct rp_outbox_row *row)
{
    struct endpoint *endpoint = find_endpoint(deliver, row->to);
    int64_t now_ms = rp_clock_now(&deliver->clock);

    if (!endpoint) {
        struct rp_buf error = {0};
        rp_buf_printf(
            &error,
            "there is no endpoint \"%.*s\" in ripen.lua; declare it, load the configuration "
            "again, then retry",
            RP_STR_ARG(row->to));
        report(deliver, row->id, RP_OUTCOME_DEAD, 0, rp_buf_view(&error), 0);
        rp_buf_fini(&error);
    } else if (endpoint->disabled) {
        endpoint->dead++;
        report(deliver, row->id, RP_OUTCOME_DEAD, 410, gone, 0);
    } else if (deliver->stopping) {
        report(deliver, row->id, RP_OUTCOME_RETURNED, 0, RP_STR(""), now_ms);
    } else if (endpoint->lanes.waiting >= rp_pace_room(&endpoint->pace)) {
        int64_t due_ms = rp_pace_due_ms(&endpoint->pace, now_ms, random_share());
        report(deliver, row->id, RP_OUTCOME_RETURNED, 0, RP_STR(""), due_ms);
    } else {
        enqueue(endpoint, row, now_ms);
    }
}

void rp_deliver_submit(struct rp_deliver *deliver, const struct rp_outbox_row *rows, size_t count)
{
    RP_CHECK_OBJ(deliver, DELIVER_MAGIC);
    for (size_t i = 0; i < count; i++)
        take_row(deliver, &rows[i]);
}

size_t rp_deliver_stats(const struct rp_deliver *deliver, struct rp_endpoint_stats *ret_stats,
                        size_t max)
{
    RP_CHECK_OBJ(deliver, DELIVER_MAGIC);
    for (size_t i = 0; i < deliver->endpoint_count && i < max; i++) {
        const struct endpoint *endpoint = &deliver->endpoints[i];
        ret_stats[i] = (struct rp_endpoint_stats){.name = endpoint->target.name,
                                                  .delivered = endpoint->delivered,
                                                  .failed = endpoint->failed,
                                                  .dead = endpoint->dead,
                                                  .queued = endpoint->lanes.waiting,
                                                  .in_flight = endpoint->out_count,
                                                  .disabled = endpoint->disabled};
    }
    return deliver->endpoint_count;
}

/* --- life ----------------------------------------------------------------------------------------
 */

static void fini_endpoint(struct endpoint *endpoint)
{
    free((void *)(uintptr_t)endpoint->target.name.ptr);
    free((void *)(uintptr_t)endpoint->target.url);
    rp_sign_key_wipe(&endpoint->target.key);
}

static void free_deliver(struct rp_deliver *deliver)
{
    for (size_t i = 0; i < deliver->endpoint_count; i++)
        fini_endpoint(&deliver->endpoints[i]);
    free(deliver->endpoints);
    deliver->magic = 0;
    free(deliver);
}

static int init_endpoint(struct rp_deliver *deliver, struct endpoint *endpoint,
                         const struct rp_endpoint *wanted, struct rp_err *err)
{
    struct rp_err why = {0};
    int status = rp_guard_url(wanted->url, &why);

    if (!status)
        status = rp_sign_key_read(wanted->secret, &endpoint->target.key, &why);
    if (status)
        return rp_err_set(err, status, "endpoint \"%.*s\": %s", RP_STR_ARG(wanted->name), why.text);
    endpoint->deliver = deliver;
    endpoint->parallel = wanted->parallel > 0 ? wanted->parallel : PARALLEL_DEFAULT;
    endpoint->curl = wanted->allow_private ? deliver->private_curl : deliver->public_curl;
    endpoint->target.name =
        (struct rp_str){rp_strndup(wanted->name.ptr, wanted->name.len), wanted->name.len};
    endpoint->target.url = rp_strndup(wanted->url.ptr, wanted->url.len);
    endpoint->target.timeout_ms = wanted->timeout_ms > 0 ? wanted->timeout_ms : TIMEOUT_DEFAULT;
    endpoint->target.allow_private = wanted->allow_private;
    rp_pace_init(&endpoint->pace, endpoint->parallel, uv_now(deliver->loop));
    return RIPEN_OK;
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

static void close_when_idle(struct rp_deliver *deliver)
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

    RP_CHECK_OBJ(deliver, DELIVER_MAGIC);
    for (size_t i = 0; i < deliver->endpoint_count; i++) {
        struct endpoint *endpoint = &deliver->endpoints[i];
        while (endpoint->out_first) {
            rp_webhook_abort(endpoint->out_first->webhook);
            settle(endpoint, endpoint->out_first, RP_OUTCOME_RETRY, 0, why, now_ms);
        }
    }
    close_when_idle(deliver);
}

void rp_deliver_stop(struct rp_deliver *deliver, int64_t grace_ms, void (*stopped)(void *ctx),
                     void *ctx)
{
    RP_CHECK_OBJ(deliver, DELIVER_MAGIC);
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
            cut(&deliver->endpoints[i], deliver->endpoints[i].lanes.first, now_ms, &tail);
    }
    give_back(deliver, out);
    close_when_idle(deliver);
}

int rp_deliver_new(uv_loop_t *loop, const struct rp_config *config, struct rp_clock clock,
                   rp_delivered_fn *delivered, void *ctx, struct rp_deliver **ret_deliver,
                   struct rp_err *err)
{
    struct rp_deliver *deliver = rp_calloc(1, sizeof(*deliver));
    int status;

    deliver->magic = DELIVER_MAGIC;
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
        status = init_endpoint(deliver, &deliver->endpoints[i], &config->endpoints[i], err);
        deliver->endpoint_count = i + 1;
    }
    if (status) { /* the loop's next turns free it */
        deliver->stopping = true;
        close_when_idle(deliver);
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
