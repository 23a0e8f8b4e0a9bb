/* SPDX-License-Identifier: MIT */
/* One HTTP request over libcurl, the way everything goes out: no redirect, no proxy, TLS verified,
 * the address judged at connect time, the answer bounded. Loop thread only. Certificates are
 * checked against the system's authorities, or those in the file that the environment names in
 * SSL_CERT_FILE. */
#ifndef RP_DELIVER_REQUEST_H
#define RP_DELIVER_REQUEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "deliver/curl_loop.h"
#include "deliver/guard.h"

struct rp_request_call;

struct rp_request_answer {
    int http_status;        /* 0: none came */
    int64_t retry_after_ms; /* -1: none given */
    bool refused;           /* by policy: the address is private */
    struct rp_str body;     /* its first keep_max bytes */
    struct rp_str problem;  /* why no answer came; "" when one did */
};

typedef void rp_request_done_fn(void *ctx, const struct rp_request_answer *answer);

/* Borrowed until the end, but headers, which the request takes over (also on failure). */
struct rp_request_spec {
    const char *method, *url;
    struct rp_str body;
    bool has_body;
    struct curl_slist *headers;
    int64_t timeout_ms; /* of the whole request, from start to the end of the answer */
    int64_t now_ms;     /* for a Retry-After with a date */
    bool allow_private;
    size_t keep_max;
};

/* A header line; control characters in the value are left out. */
void rp_request_header(struct curl_slist **headers, const char *name, struct rp_str value);
/* The same, when name and value are one text: "Name: value". */
void rp_request_line(struct curl_slist **headers, struct rp_str line);
/* Starts. The status line decides: an answer that is cut short, too long (RP_WEBHOOK_ANSWER_MAX) or
 * too slow after its headers counts as answered. `done` is called once, never before this returns;
 * the request is freed after it. EIO. */
int rp_request_start(struct rp_curl_loop *curl, const struct rp_request_spec *spec,
                     rp_request_done_fn *done, void *ctx, struct rp_request_call **ret_request,
                     struct rp_err *err);
/* Gives up and frees; `done` is not called. */
void rp_request_abort(struct rp_request_call *request);

/* The wait that a Retry-After header asks for, from seconds or an HTTP date; -1 when it is neither.
 */
int64_t rp_request_retry_after(const char *text, int64_t now_ms);

#endif
