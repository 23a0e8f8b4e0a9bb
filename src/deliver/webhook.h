/* SPDX-License-Identifier: MIT */
/* One attempt: a signed POST of a ready JSON body. Loop thread only. */
#ifndef RP_DELIVER_WEBHOOK_H
#define RP_DELIVER_WEBHOOK_H

#include "base/err.h"
#include "base/str.h"
#include "deliver/request.h"
#include "deliver/sign.h"

#include <stdbool.h>
#include <stdint.h>

struct rp_webhook;

/* Where to; borrowed for as long as attempts run. */
struct rp_webhook_target {
    struct rp_str name; /* for sentences */
    const char *url;    /* checked by rp_guard_url */
    struct rp_sign_key key;
    int64_t timeout_ms; /* of the whole attempt, from start to the end of the answer */
    bool allow_private;
};

struct rp_webhook_answer {
    int http_status;        /* 0: none came */
    int64_t retry_after_ms; /* -1: none given */
    bool refused;           /* by policy: the address is private. Trying again is of no use */
    struct rp_str error;    /* a sentence; "" for 2xx. Until the callback returns */
};

typedef void rp_webhook_done_fn(void *ctx, const struct rp_webhook_answer *answer);

/* Starts. `key` (the webhook-id and Idempotency-Key) and `body` are borrowed until the end. The
 * status line decides: an answer that is cut short, too long (RP_WEBHOOK_ANSWER_MAX) or too slow
 * after its headers counts as answered. `done` is called once, never before this returns; the
 * attempt is freed after it. EINPUT for a key that cannot stand in a header, EIO. */
int rp_webhook_start(struct rp_curl_loop *curl, const struct rp_webhook_target *target,
                     struct rp_str key, struct rp_str body, int64_t now_ms,
                     rp_webhook_done_fn *done, void *ctx, struct rp_webhook **ret_webhook,
                     struct rp_err *err);
/* Gives up and frees; `done` is not called. */
void rp_webhook_abort(struct rp_webhook *webhook);

/* Whether a key can stand in a header. */
bool rp_webhook_key_safe(struct rp_str key);

#endif
