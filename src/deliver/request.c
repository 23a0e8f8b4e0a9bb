/* SPDX-License-Identifier: MIT */
/* One HTTP request over libcurl. Knows bytes and limits; must not know what they mean, nor queues,
 * retries or the store. */
#include "deliver/request.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/when.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000

struct rp_request_call {
    struct rp_curl_call call; /* first: the call is the request */
    struct rp_curl_loop *curl;
    rp_request_done_fn *done;
    void *ctx;
    int64_t now_ms;
    struct curl_slist *headers;
    struct rp_guard guard;
    size_t answer_len, keep_max;
    struct rp_buf answer;
    char detail[CURL_ERROR_SIZE];
};

int64_t rp_request_retry_after(const char *text, int64_t now_ms)
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

static size_t on_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
    struct rp_request_call *request = ctx;
    size_t len = size * count;
    size_t room =
        request->answer.len < request->keep_max ? request->keep_max - request->answer.len : 0;

    rp_buf_add(&request->answer, bytes, len < room ? len : room);
    request->answer_len += len;
    /* Less than len ends the transfer; what matters, the status, is here already. */
    return request->answer_len > RP_WEBHOOK_ANSWER_MAX ? 0 : len;
}

void rp_request_line(struct curl_slist **headers, struct rp_str line)
{
    struct rp_buf text = {0};

    for (size_t i = 0; i < line.len; i++) {
        if ((unsigned char)line.ptr[i] >= 0x20 && line.ptr[i] != 0x7f)
            rp_buf_char(&text, line.ptr[i]);
    }
    struct curl_slist *longer = curl_slist_append(*headers, text.ptr);
    RP_ASSERT(longer != NULL);
    *headers = longer;
    rp_buf_fini(&text);
}

void rp_request_header(struct curl_slist **headers, const char *name, struct rp_str value)
{
    struct rp_buf line = {0};

    rp_buf_printf(&line, "%s: %.*s", name, RP_STR_ARG(value));
    rp_request_line(headers, rp_buf_view(&line));
    rp_buf_fini(&line);
}

static void set_limits(struct rp_request_call *request, const struct rp_request_spec *spec)
{
    CURL *easy = request->call.easy;
    long connect_ms =
        spec->timeout_ms < CONNECT_TIMEOUT_MS ? (long)spec->timeout_ms : CONNECT_TIMEOUT_MS;

    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)spec->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    /* A proxy from the environment would connect on our behalf, past the guard. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, rp_guard_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &request->guard);
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
}

static void set_options(struct rp_request_call *request, const struct rp_request_spec *spec)
{
    CURL *easy = request->call.easy;

    curl_easy_setopt(easy, CURLOPT_URL, spec->url);
    if (spec->has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, spec->body.ptr ? spec->body.ptr : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)spec->body.len);
    }
    if (strcmp(spec->method, spec->has_body ? "POST" : "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, spec->method);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Ripen/" RIPEN_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->detail);
    set_limits(request, spec);
}

static void free_request(struct rp_request_call *request)
{
    curl_easy_cleanup(request->call.easy);
    curl_slist_free_all(request->headers);
    rp_buf_fini(&request->answer);
    free(request);
}

/* Of a host with several addresses, those that are public were tried: then it is no refusal. */
static bool refused(const struct rp_request_call *request)
{
    return request->guard.reason && !request->guard.opened;
}

static void on_done(struct rp_curl_call *call, CURLcode code)
{
    struct rp_request_call *request = (struct rp_request_call *)call;
    struct rp_request_answer answer = {.retry_after_ms = -1, .problem = RP_STR("")};
    struct curl_header *retry_after = NULL;
    struct rp_buf problem = {0};
    long status = 0;

    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200)
        answer.http_status = (int)status;
    if (curl_easy_header(call->easy, "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK)
        answer.retry_after_ms = rp_request_retry_after(retry_after->value, request->now_ms);
    answer.refused = answer.http_status == 0 && refused(request);
    if (answer.refused)
        rp_buf_printf(&problem, "%s (%s)", request->guard.address, request->guard.reason);
    else if (answer.http_status == 0)
        rp_buf_text(&problem, request->detail[0] ? request->detail : curl_easy_strerror(code));
    answer.problem = rp_buf_view(&problem);
    answer.body = rp_buf_view(&request->answer);
    request->done(request->ctx, &answer);
    rp_buf_fini(&problem);
    free_request(request);
}

int rp_request_start(struct rp_curl_loop *curl, const struct rp_request_spec *spec,
                     rp_request_done_fn *done, void *ctx, struct rp_request_call **ret_request,
                     struct rp_err *err)
{
    struct rp_request_call *request = rp_calloc(1, sizeof(*request));

    request->call.done = on_done;
    request->call.easy = curl_easy_init();
    RP_ASSERT(request->call.easy != NULL);
    request->curl = curl;
    request->done = done;
    request->ctx = ctx;
    request->now_ms = spec->now_ms;
    request->keep_max = spec->keep_max;
    request->guard.allow_private = spec->allow_private;
    request->headers = curl_slist_append(spec->headers, "Expect:");
    RP_ASSERT(request->headers != NULL);
    set_options(request, spec);
    int status = rp_curl_loop_add(curl, &request->call, err);
    if (status) {
        free_request(request);
        return status;
    }
    *ret_request = request;
    return RIPEN_OK;
}

void rp_request_abort(struct rp_request_call *request)
{
    rp_curl_loop_remove(request->curl, &request->call);
    free_request(request);
}
