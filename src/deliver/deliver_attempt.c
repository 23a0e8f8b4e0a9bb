/* SPDX-License-Identifier: MIT */
/* Attempts: when one may start, and what its end means for its row, for the rows behind it and for
 * the endpoint. Invariants: a row that was refused for what the configuration lacks, or for a pause
 * that the CRM asked for, has lost no attempt; a 410 ends a webhook endpoint and all that waits for
 * it. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/when.h"
#include "core/retry.h"
#include "deliver/deliver_priv.h"

#include <stdio.h>
#include <stdlib.h>

static const char gone_text[] =
    "the endpoint answered 410 Gone and is switched off; load the configuration again, then retry";
const struct rp_str rp_target_gone = {gone_text, sizeof(gone_text) - 1};

static void kill_waiting(struct rp_target *endpoint)
{
    struct rp_job *first = NULL, **tail = &first;

    while (endpoint->lanes.first)
        rp_deliver_cut(endpoint, endpoint->lanes.first, 0, &tail);
    while (first) {
        struct rp_job *next = first->next;
        endpoint->dead++;
        rp_deliver_report(endpoint->deliver, first->id, RP_OUTCOME_DEAD, 410, rp_target_gone, 0);
        free(first);
        first = next;
    }
}

static void link_out(struct rp_target *endpoint, struct rp_job *job)
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

static void unlink_out(struct rp_target *endpoint, struct rp_job *job)
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
static void settle(struct rp_target *endpoint, struct rp_job *job, struct rp_outbox_result result)
{
    struct rp_deliver *deliver = endpoint->deliver;
    struct rp_job *later = NULL, **tail = &later;
    bool disables = result.http_status == 410 && job->kind != RP_ACTION_CRM && !endpoint->disabled;

    result.id = job->id;
    /* The row goes back to the outbox, and what comes after it for the same lead must not overtake.
     */
    if (result.outcome == RP_OUTCOME_RETRY || result.outcome == RP_OUTCOME_RETURNED) {
        if (rp_lanes_follower(job))
            rp_deliver_cut(endpoint, rp_lanes_follower(job), result.due_ms, &tail);
    }
    unlink_out(endpoint, job);
    rp_lanes_free(&endpoint->lanes, job);
    endpoint->delivered += result.outcome == RP_OUTCOME_DELIVERED;
    endpoint->failed += result.outcome == RP_OUTCOME_RETRY;
    endpoint->dead += result.outcome == RP_OUTCOME_DEAD;
    endpoint->disabled |= disables;
    deliver->delivered(deliver->ctx, &result);
    rp_deliver_give_back(deliver, later);
    if (disables) {
        rp_log(RP_LOG_WARN, "endpoint_disabled", "endpoint=\"%.*s\" status=410",
               RP_STR_ARG(endpoint->target.name));
        kill_waiting(endpoint);
    }
}

/* What an attempt's end says of the endpoint. */
enum sign { SIGN_GOOD, SIGN_BAD, SIGN_TRIP };

static enum sign sign_of(int http_status)
{
    return http_status == 0 || http_status == 408 || http_status >= 500 ? SIGN_BAD : SIGN_GOOD;
}

static void watch_breaker(struct rp_target *endpoint, enum sign sign, struct rp_str why)
{
    uint64_t now = uv_now(endpoint->deliver->loop);
    bool was_closed = endpoint->breaker.state == RP_BREAKER_CLOSED, news = false;

    if (sign == SIGN_GOOD)
        rp_breaker_good(&endpoint->breaker);
    else if (sign == SIGN_BAD)
        news = rp_breaker_bad(&endpoint->breaker, now);
    else
        news = rp_breaker_trip(&endpoint->breaker, now);
    if (sign != SIGN_GOOD)
        snprintf(endpoint->trouble, sizeof(endpoint->trouble), "%.*s", RP_STR_ARG(why));
    if (news)
        rp_log(RP_LOG_ERROR, "endpoint_open",
               "endpoint=\"%.*s\" failures=%u next_probe_ms=%llu problem=\"%s\"",
               RP_STR_ARG(endpoint->target.name), endpoint->breaker.failures,
               (unsigned long long)endpoint->breaker.wait_ms, endpoint->trouble);
    else if (!was_closed && endpoint->breaker.state == RP_BREAKER_CLOSED)
        rp_log(RP_LOG_INFO, "endpoint_closed", "endpoint=\"%.*s\"",
               RP_STR_ARG(endpoint->target.name));
}

static void go_on(struct rp_target *endpoint)
{
    if (endpoint->deliver->stopping)
        rp_deliver_close_when_idle(endpoint->deliver);
    else
        rp_target_dispatch(endpoint);
}

/* A rp_webhook_done_fn; ctx is the job. */
static void on_answer(void *ctx, const struct rp_webhook_answer *answer)
{
    struct rp_job *job = ctx;
    struct rp_target *endpoint = job->owner;
    struct rp_deliver *deliver = endpoint->deliver;
    struct rp_outbox_result result = {
        .outcome = RP_OUTCOME_DEAD, .http_status = answer->http_status, .memory = RP_STR("")};
    struct rp_buf error = {0};

    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    rp_pace_ended(&endpoint->pace, job->started_ms, uv_now(deliver->loop));
    if (answer->refused) { /* by ourselves: it was not asked */
        rp_breaker_void(&endpoint->breaker, uv_now(deliver->loop));
    } else {
        result.outcome =
            rp_retry_decide(answer->http_status, job->attempts, answer->retry_after_ms,
                            rp_random_share(), rp_clock_now(&deliver->clock), &result.due_ms);
        watch_breaker(endpoint, sign_of(answer->http_status), answer->error);
    }
    rp_buf_str(&error, answer->error);
    if (result.outcome == RP_OUTCOME_DEAD && job->attempts >= RP_RETRY_ATTEMPTS_MAX)
        rp_buf_printf(&error, "; given up after %d attempts", job->attempts);
    result.error = rp_buf_view(&error);
    settle(endpoint, job, result);
    rp_buf_fini(&error);
    go_on(endpoint);
}

/* A rp_crm_done_fn; ctx is the job. */
static void on_crm(void *ctx, const struct rp_crm_answer *answer)
{
    struct rp_job *job = ctx;
    struct rp_target *endpoint = job->owner;
    struct rp_deliver *deliver = endpoint->deliver;
    int64_t now_ms = rp_clock_now(&deliver->clock);
    struct rp_outbox_result result = {.outcome = RP_OUTCOME_DEAD,
                                      .http_status = answer->http_status,
                                      .error = answer->text,
                                      .memory = answer->memory};

    RP_CHECK_OBJ(deliver, RP_DELIVER_MAGIC);
    rp_pace_ended(&endpoint->pace, job->started_ms, uv_now(deliver->loop));
    switch (answer->verdict) {
    case RP_CRM_DELIVERED:
        result.outcome = RP_OUTCOME_DELIVERED;
        watch_breaker(endpoint, SIGN_GOOD, answer->text);
        break;
    case RP_CRM_RETRY:
        /* The status may be one of the good ones: what came was no answer of the CRM. */
        result.outcome =
            rp_retry_decide(answer->http_status >= 500 ? answer->http_status : 0, job->attempts, -1,
                            rp_random_share(), now_ms, &result.due_ms);
        watch_breaker(endpoint, sign_of(answer->http_status), answer->text);
        break;
    case RP_CRM_REFUSED:
        /* It is the configuration that fails, not the row: no attempt of the row's is counted. */
        watch_breaker(endpoint, SIGN_TRIP, answer->text);
        result.outcome = RP_OUTCOME_RETURNED;
        result.due_ms = now_ms + (int64_t)endpoint->breaker.wait_ms;
        break;
    case RP_CRM_LIMITED:
        watch_breaker(endpoint, SIGN_GOOD, answer->text);
        endpoint->not_before = uv_now(deliver->loop) + (uint64_t)answer->pause_ms;
        snprintf(endpoint->trouble, sizeof(endpoint->trouble), "%.*s", RP_STR_ARG(answer->text));
        result.outcome = RP_OUTCOME_RETURNED;
        result.due_ms = now_ms + answer->pause_ms;
        break;
    case RP_CRM_DEAD:
    case RP_CRM_ASK:
        watch_breaker(endpoint, sign_of(answer->http_status), answer->text);
        break;
    }
    settle(endpoint, job, result);
    go_on(endpoint);
}

/* EINPUT: the row can never go out. */
static int start_job(struct rp_target *endpoint, struct rp_job *job, int64_t now_ms,
                     struct rp_err *err)
{
    bool crm = endpoint->crm.target.preset != RP_PRESET_NONE;

    if (crm != (job->kind == RP_ACTION_CRM))
        return rp_err_set(
            err, RIPEN_EINPUT,
            crm ? "endpoint \"%.*s\" is a CRM (its preset in ripen.lua): write into it "
                  "with crm {…}, or name another endpoint"
                : "endpoint \"%.*s\" has no preset in ripen.lua, so crm {…} cannot "
                  "write into it: add preset = \"hubspot\", \"salesforce\", "
                  "\"pipedrive\" or \"rest\"",
            RP_STR_ARG(endpoint->target.name));
    if (crm) {
        struct rp_crm_row row = {.key = job->key, .body = job->body, .memory = job->memory};

        return rp_crm_attempt_start(endpoint->curl, &endpoint->crm, &row, now_ms, on_crm, job,
                                    &job->crm, err);
    }
    return rp_webhook_start(endpoint->curl, &endpoint->target, job->key, job->body, now_ms,
                            on_answer, job, &job->webhook, err);
}

static void start(struct rp_target *endpoint, struct rp_job *job)
{
    struct rp_deliver *deliver = endpoint->deliver;
    int64_t now_ms = rp_clock_now(&deliver->clock);
    struct rp_outbox_result result = {.outcome = RP_OUTCOME_DEAD, .memory = RP_STR("")};
    struct rp_err err = {0};

    job->started_ms = uv_now(deliver->loop);
    link_out(endpoint, job);
    rp_breaker_started(&endpoint->breaker);
    int status = start_job(endpoint, job, now_ms, &err);
    if (!status)
        return;
    rp_breaker_void(&endpoint->breaker, uv_now(deliver->loop));
    if (status != RIPEN_EINPUT)
        result.outcome =
            rp_retry_decide(0, job->attempts, -1, rp_random_share(), now_ms, &result.due_ms);
    result.error = rp_str_from(err.text);
    settle(endpoint, job, result);
}

void rp_target_dispatch(struct rp_target *endpoint)
{
    struct rp_deliver *deliver = endpoint->deliver;

    while (!deliver->stopping && !endpoint->disabled && endpoint->out_count < endpoint->parallel) {
        uint64_t now = uv_now(deliver->loop);
        if (!rp_breaker_allows(&endpoint->breaker, now) || now < endpoint->not_before ||
            !rp_budget_ready(&endpoint->budget, now))
            break;
        struct rp_job *job = rp_lanes_take(&endpoint->lanes);
        if (!job)
            break;
        start(endpoint, job);
    }
}

void rp_target_asked(void *ctx)
{
    struct rp_target *endpoint = ctx;

    rp_budget_take(&endpoint->budget, uv_now(endpoint->deliver->loop));
}

void rp_target_give_up(struct rp_target *endpoint, struct rp_str why, int64_t now_ms)
{
    while (endpoint->out_first) {
        struct rp_outbox_result result = {
            .outcome = RP_OUTCOME_RETRY, .error = why, .due_ms = now_ms, .memory = RP_STR("")};

        if (endpoint->out_first->crm)
            rp_crm_attempt_abort(endpoint->out_first->crm);
        else
            rp_webhook_abort(endpoint->out_first->webhook);
        settle(endpoint, endpoint->out_first, result);
    }
}
