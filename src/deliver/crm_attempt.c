/* SPDX-License-Identifier: MIT */
/* Runs a flow over requests. Knows one row and one endpoint; must not know queues or the store.
 * Invariants: the attempt ends within the endpoint's timeout, however many requests it takes; a
 * token is in headers only. */
#include "deliver/crm_attempt.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/when.h"
#include "deliver/request.h"
#include "deliver/webhook.h"

#include <stdlib.h>
#include <string.h>

struct rp_crm_attempt {
    struct rp_curl_loop *curl;
    struct rp_crm_place *place;
    struct rp_crm_flow *flow;
    struct rp_request_call *request;
    struct rp_str key;
    int64_t now_ms, started_us;
    int http_status;
    rp_crm_done_fn *done;
    void *ctx;
};

static void free_attempt(struct rp_crm_attempt *attempt)
{
    rp_crm_free(attempt->flow);
    free(attempt);
}

static void on_answer(void *ctx, const struct rp_request_answer *answer);

static int send_request(struct rp_crm_attempt *attempt, struct rp_err *err)
{
    const struct rp_crm_request *wanted = rp_crm_request(attempt->flow);
    int64_t left_ms = attempt->place->timeout_ms - (rp_mono_us() - attempt->started_us) / 1000;
    struct curl_slist *headers = NULL;
    struct rp_request_spec spec = {.method = wanted->method,
                                   .url = wanted->url.ptr,
                                   .body = wanted->body,
                                   .has_body = wanted->content_type != NULL,
                                   .timeout_ms = left_ms > 1 ? left_ms : 1,
                                   .now_ms = attempt->now_ms,
                                   .allow_private = attempt->place->allow_private,
                                   .keep_max = RP_WEBHOOK_ANSWER_MAX};

    rp_request_header(&headers, "Accept", RP_STR("application/json"));
    if (wanted->content_type)
        rp_request_header(&headers, "Content-Type", rp_str_from(wanted->content_type));
    if (wanted->writes)
        rp_request_header(&headers, "Idempotency-Key", attempt->key);
    if (wanted->auth.len > 0)
        rp_request_line(&headers, wanted->auth);
    spec.headers = headers;
    attempt->place->asked(attempt->place->ctx);
    return rp_request_start(attempt->curl, &spec, on_answer, attempt, &attempt->request, err);
}

static void keep_token(struct rp_crm_attempt *attempt, struct rp_str token)
{
    struct rp_crm_place *place = attempt->place;

    if (token.len == 0)
        return;
    explicit_bzero((void *)(uintptr_t)place->token.ptr, place->token.len);
    free((void *)(uintptr_t)place->token.ptr);
    place->token = (struct rp_str){rp_strndup(token.ptr, token.len), token.len};
}

static void finish(struct rp_crm_attempt *attempt, enum rp_crm_verdict verdict, struct rp_str text)
{
    struct rp_crm_answer answer = {.verdict = verdict,
                                   .http_status = attempt->http_status,
                                   .pause_ms = rp_crm_pause_ms(attempt->flow),
                                   .text = text,
                                   .memory = rp_crm_memory(attempt->flow)};

    keep_token(attempt, rp_crm_token(attempt->flow));
    attempt->done(attempt->ctx, &answer);
    free_attempt(attempt);
}

static void on_answer(void *ctx, const struct rp_request_answer *answer)
{
    struct rp_crm_attempt *attempt = ctx;
    struct rp_err err = {0};
    enum rp_crm_verdict verdict;

    attempt->request = NULL;
    attempt->http_status = answer->http_status;
    if (answer->refused) {
        struct rp_buf text = {0};

        rp_buf_printf(&text,
                      "endpoint \"%.*s\" is at %.*s, which is not public; set allow_private = true "
                      "in ripen.lua if the CRM is in your own network",
                      RP_STR_ARG(attempt->place->target.name), RP_STR_ARG(answer->problem));
        finish(attempt, RP_CRM_DEAD, rp_buf_view(&text));
        rp_buf_fini(&text);
        return;
    }
    verdict = rp_crm_answer(attempt->flow, answer->http_status, answer->retry_after_ms,
                            answer->http_status ? answer->body : answer->problem);
    if (verdict == RP_CRM_ASK) {
        if (send_request(attempt, &err) != 0)
            finish(attempt, RP_CRM_RETRY, rp_str_from(err.text));
        return;
    }
    finish(attempt, verdict, rp_crm_text(attempt->flow));
}

int rp_crm_attempt_start(struct rp_curl_loop *curl, struct rp_crm_place *place,
                         const struct rp_crm_row *row, int64_t now_ms, rp_crm_done_fn *done,
                         void *ctx, struct rp_crm_attempt **ret_attempt, struct rp_err *err)
{
    struct rp_crm_attempt *attempt = rp_calloc(1, sizeof(*attempt));
    int status = RIPEN_OK;

    *attempt = (struct rp_crm_attempt){.curl = curl,
                                       .place = place,
                                       .key = row->key,
                                       .now_ms = now_ms,
                                       .started_us = rp_mono_us(),
                                       .done = done,
                                       .ctx = ctx};
    attempt->flow = rp_crm_new(&place->target, row->body, row->memory, place->token);
    if (!rp_webhook_key_safe(row->key))
        status = rp_err_set(err, RIPEN_EINPUT, "the row's key can stand in no header");
    else if (rp_crm_begin(attempt->flow) != RP_CRM_ASK)
        status = rp_err_set(err, RIPEN_EINPUT, "%.*s", RP_STR_ARG(rp_crm_text(attempt->flow)));
    else
        status = send_request(attempt, err);
    if (status) {
        free_attempt(attempt);
        return status;
    }
    *ret_attempt = attempt;
    return RIPEN_OK;
}

void rp_crm_attempt_abort(struct rp_crm_attempt *attempt)
{
    if (attempt->request)
        rp_request_abort(attempt->request);
    free_attempt(attempt);
}
