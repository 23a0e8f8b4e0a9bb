/* SPDX-License-Identifier: MIT */
/* One webhook attempt over libcurl: POST of the stored bytes, signed with the present time, no
 * redirect, no proxy, TLS verified, the answer bounded. Knows one target and one row's key and
 * body; must not know queues, retries or the store. Invariant: the bytes that are signed are the
 * bytes that are sent. */
#include "deliver/webhook.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/when.h"
#include "deliver/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECT_TIMEOUT_MS 5000
#define SHOWN_MAX          200 /* bytes of the answer in an error sentence */

struct rp_webhook {
    struct rp_curl_call call; /* first: the call is the attempt */
    struct rp_curl_loop *curl;
    const struct rp_webhook_target *target;
    rp_webhook_done_fn *done;
    void *ctx;
    int64_t now_ms;
    struct curl_slist *headers;
    struct rp_guard guard;
    size_t answer_len;
    char shown[SHOWN_MAX + 1]; /* the start of the answer */
    char detail[CURL_ERROR_SIZE];
};

int64_t rp_webhook_retry_after(const char *text, int64_t now_ms)
{
    int64_t seconds = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        if (seconds < INT32_MAX)
            seconds = seconds * 10 + (*at - '0');
    }
    if (at != text && *at == '\0')
        return seconds * RP_SECOND;
    time_t when = curl_getdate(text, NULL);
    if (when < 0)
        return -1;
    int64_t wait = (int64_t)when * RP_SECOND - now_ms;
    return wait > 0 ? wait : 0;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *ctx)
{
    struct rp_webhook *webhook = ctx;
    size_t len = size * count;

    for (size_t i = 0; i < len && webhook->answer_len + i < SHOWN_MAX; i++) {
        unsigned char c = (unsigned char)bytes[i];
        webhook->shown[webhook->answer_len + i] = c < 0x20 || c >= 0x7f ? ' ' : (char)c;
    }
    webhook->answer_len += len;
    /* Less than len ends the transfer; what matters, the status, is here already. */
    return webhook->answer_len > RP_WEBHOOK_ANSWER_MAX ? 0 : len;
}

static void add_header(struct rp_webhook *webhook, const char *name, struct rp_str value)
{
    struct rp_buf line = {0};

    rp_buf_text(&line, name);
    rp_buf_text(&line, ": ");
    rp_buf_str(&line, value);
    struct curl_slist *longer = curl_slist_append(webhook->headers, line.ptr);
    RP_ASSERT(longer != NULL);
    webhook->headers = longer;
    rp_buf_fini(&line);
}

static void add_headers(struct rp_webhook *webhook, struct rp_str key, struct rp_str body)
{
    int64_t seconds = webhook->now_ms / RP_SECOND;
    char time_text[24], signature[RP_SIGN_TEXT_MAX];

    snprintf(time_text, sizeof(time_text), "%" PRId64, seconds);
    add_header(webhook, "Content-Type", RP_STR("application/json"));
    add_header(webhook, "webhook-id", key);
    add_header(webhook, "webhook-timestamp", rp_str_from(time_text));
    add_header(webhook, "Idempotency-Key", key);
    if (webhook->target->key.len > 0) {
        rp_sign(&webhook->target->key, key, seconds, body, signature);
        add_header(webhook, "webhook-signature", rp_str_from(signature));
    }
    struct curl_slist *longer = curl_slist_append(webhook->headers, "Expect:");
    RP_ASSERT(longer != NULL);
    webhook->headers = longer;
}

static void set_options(struct rp_webhook *webhook, struct rp_str body)
{
    CURL *easy = webhook->call.easy;
    const struct rp_webhook_target *target = webhook->target;
    long connect_ms =
        target->timeout_ms < CONNECT_TIMEOUT_MS ? (long)target->timeout_ms : CONNECT_TIMEOUT_MS;

    curl_easy_setopt(easy, CURLOPT_URL, target->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.ptr ? body.ptr : "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, webhook->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Ripen/" RIPEN_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)target->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    /* A proxy from the environment would connect on our behalf, past the guard. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, rp_guard_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &webhook->guard);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    /* libcurl itself does not look at the variable by which one's own authority is named. */
    const char *authorities = getenv("SSL_CERT_FILE");
    if (authorities && authorities[0])
        curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Else the loop would wait for a look-up thread that hangs, when its attempt has timed out. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, webhook);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, webhook->detail);
}

static void free_webhook(struct rp_webhook *webhook)
{
    curl_easy_cleanup(webhook->call.easy);
    curl_slist_free_all(webhook->headers);
    free(webhook);
}

/* Of a host with several addresses, those that are public were tried: then it is no refusal. */
static bool refused(const struct rp_webhook *webhook)
{
    return webhook->guard.reason && !webhook->guard.opened;
}

/* The sentence for what is not a 2xx. */
static void explain(struct rp_webhook *webhook, int status, CURLcode code, struct rp_buf *out)
{
    struct rp_str name = webhook->target->name;

    if (status > 0) {
        rp_buf_printf(out, "endpoint \"%.*s\" answered %d%s%s", RP_STR_ARG(name), status,
                      webhook->shown[0] ? ": " : "", webhook->shown);
    } else if (refused(webhook)) {
        rp_buf_printf(out,
                      "endpoint \"%.*s\" is at %s (%s), which is not public; set allow_private = "
                      "true in ripen.lua if the receiver is in your own network",
                      RP_STR_ARG(name), webhook->guard.address, webhook->guard.reason);
    } else {
        rp_buf_printf(out, "endpoint \"%.*s\" did not answer: %s", RP_STR_ARG(name),
                      webhook->detail[0] ? webhook->detail : curl_easy_strerror(code));
    }
}

static void on_done(struct rp_curl_call *call, CURLcode code)
{
    struct rp_webhook *webhook = (struct rp_webhook *)call;
    struct rp_webhook_answer answer = {.retry_after_ms = -1};
    struct curl_header *retry_after = NULL;
    struct rp_buf error = {0};
    long status = 0;

    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200)
        answer.http_status = (int)status;
    if (curl_easy_header(call->easy, "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK)
        answer.retry_after_ms = rp_webhook_retry_after(retry_after->value, webhook->now_ms);
    answer.refused = answer.http_status == 0 && refused(webhook);
    if (answer.http_status < 200 || answer.http_status > 299)
        explain(webhook, answer.http_status, code, &error);
    answer.error = rp_buf_view(&error);
    webhook->done(webhook->ctx, &answer);
    rp_buf_fini(&error);
    free_webhook(webhook);
}

static bool header_safe(struct rp_str key)
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
    if (!header_safe(key))
        return rp_err_set(err, RIPEN_EINPUT,
                          "the row's key has %zu bytes or other than printable characters; a key "
                          "has 1 to %d printable ones",
                          key.len, RP_ID_MAX);
    struct rp_webhook *webhook = rp_calloc(1, sizeof(*webhook));
    webhook->call.done = on_done;
    webhook->call.easy = curl_easy_init();
    RP_ASSERT(webhook->call.easy != NULL);
    webhook->curl = curl;
    webhook->target = target;
    webhook->done = done;
    webhook->ctx = ctx;
    webhook->now_ms = now_ms;
    webhook->guard.allow_private = target->allow_private;
    add_headers(webhook, key, body);
    set_options(webhook, body);
    int status = rp_curl_loop_add(curl, &webhook->call, err);
    if (status) {
        free_webhook(webhook);
        return status;
    }
    *ret_webhook = webhook;
    return RIPEN_OK;
}

void rp_webhook_abort(struct rp_webhook *webhook)
{
    rp_curl_loop_remove(webhook->curl, &webhook->call);
    free_webhook(webhook);
}
