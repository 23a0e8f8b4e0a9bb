/* SPDX-License-Identifier: MIT */
/* One webhook attempt: POST of the stored bytes, signed with the present time (request.c sends it).
 * Knows one target and one row's key and body; must not know queues, retries or the store.
 * Invariant: the bytes that are signed are the bytes that are sent. */
#include "deliver/webhook.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN_MAX 200 /* bytes of the answer in an error sentence */

struct rp_webhook {
    struct rp_request_call *request;
    const struct rp_webhook_target *target;
    rp_webhook_done_fn *done;
    void *ctx;
};

static struct curl_slist *headers_of(const struct rp_webhook_target *target, struct rp_str key,
                                     struct rp_str body, int64_t now_ms)
{
    int64_t seconds = now_ms / RP_SECOND;
    char time_text[24], signature[RP_SIGN_TEXT_MAX];
    struct curl_slist *headers = NULL;

    snprintf(time_text, sizeof(time_text), "%" PRId64, seconds);
    rp_request_header(&headers, "Content-Type", RP_STR("application/json"));
    rp_request_header(&headers, "webhook-id", key);
    rp_request_header(&headers, "webhook-timestamp", rp_str_from(time_text));
    rp_request_header(&headers, "Idempotency-Key", key);
    if (target->key.len > 0) {
        rp_sign(&target->key, key, seconds, body, signature);
        rp_request_header(&headers, "webhook-signature", rp_str_from(signature));
    }
    return headers;
}

/* The sentence for what is not a 2xx. */
static void explain(const struct rp_webhook *webhook, const struct rp_request_answer *answer,
                    struct rp_buf *out)
{
    struct rp_str name = webhook->target->name;

    if (answer->http_status > 0) {
        rp_buf_printf(out, "endpoint \"%.*s\" answered %d%s", RP_STR_ARG(name), answer->http_status,
                      answer->body.len > 0 ? ": " : "");
        for (size_t i = 0; i < answer->body.len; i++) {
            unsigned char c = (unsigned char)answer->body.ptr[i];
            rp_buf_char(out, c < 0x20 || c >= 0x7f ? ' ' : (char)c);
        }
    } else if (answer->refused) {
        rp_buf_printf(out,
                      "endpoint \"%.*s\" is at %.*s, which is not public; set allow_private = "
                      "true in ripen.lua if the receiver is in your own network",
                      RP_STR_ARG(name), RP_STR_ARG(answer->problem));
    } else {
        rp_buf_printf(out, "endpoint \"%.*s\" did not answer: %.*s", RP_STR_ARG(name),
                      RP_STR_ARG(answer->problem));
    }
}

/* A rp_request_done_fn; ctx is the webhook. */
static void on_done(void *ctx, const struct rp_request_answer *got)
{
    struct rp_webhook *webhook = ctx;
    struct rp_webhook_answer answer = {.http_status = got->http_status,
                                       .retry_after_ms = got->retry_after_ms,
                                       .refused = got->refused};
    struct rp_buf error = {0};

    if (got->http_status < 200 || got->http_status > 299)
        explain(webhook, got, &error);
    answer.error = rp_buf_view(&error);
    webhook->done(webhook->ctx, &answer);
    rp_buf_fini(&error);
    free(webhook);
}

bool rp_webhook_key_safe(struct rp_str key)
{
    if (key.len == 0 || key.len > RP_ID_MAX)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] <= 0x20 || key.ptr[i] >= 0x7f)
            return false;
    }
    return true;
}

int rp_webhook_start(struct rp_curl_loop *curl, const struct rp_webhook_target *target,
                     struct rp_str key, struct rp_str body, int64_t now_ms,
                     rp_webhook_done_fn *done, void *ctx, struct rp_webhook **ret_webhook,
                     struct rp_err *err)
{
    if (!rp_webhook_key_safe(key))
        return rp_err_set(err, RIPEN_EINPUT,
                          "the row's key has %zu bytes or other than printable characters; a key "
                          "has 1 to %d printable ones",
                          key.len, RP_ID_MAX);
    struct rp_webhook *webhook = rp_calloc(1, sizeof(*webhook));
    struct rp_request_spec spec = {.method = "POST",
                                   .url = target->url,
                                   .body = body,
                                   .has_body = true,
                                   .headers = headers_of(target, key, body, now_ms),
                                   .timeout_ms = target->timeout_ms,
                                   .now_ms = now_ms,
                                   .allow_private = target->allow_private,
                                   .keep_max = SHOWN_MAX};
    webhook->target = target;
    webhook->done = done;
    webhook->ctx = ctx;
    int status = rp_request_start(curl, &spec, on_done, webhook, &webhook->request, err);
    if (status) {
        free(webhook);
        return status;
    }
    *ret_webhook = webhook;
    return RIPEN_OK;
}

void rp_webhook_abort(struct rp_webhook *webhook)
{
    rp_request_abort(webhook->request);
    free(webhook);
}
