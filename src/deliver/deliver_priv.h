/* SPDX-License-Identifier: MIT */
/* Inside of delivery: what an endpoint and the whole are, and what deliver.c (rows in, sweep,
 * life), deliver_attempt.c (attempts) and deliver_endpoint.c (configuration) share. */
#ifndef RP_DELIVER_DELIVER_PRIV_H
#define RP_DELIVER_DELIVER_PRIV_H

#include "base/mem.h"
#include "deliver/breaker.h"
#include "deliver/budget.h"
#include "deliver/crm_attempt.h"
#include "deliver/deliver.h"
#include "deliver/lanes.h"
#include "deliver/pace.h"
#include "deliver/webhook.h"

#define RP_DELIVER_MAGIC UINT32_C(0x64656c76)

struct rp_target {
    struct rp_deliver *deliver;
    struct rp_webhook_target target; /* owns its texts */
    struct rp_crm_place crm;         /* of a preset; owns its texts */
    struct rp_curl_loop *curl;       /* one of the deliver's two */
    struct rp_lanes lanes;
    struct rp_pace pace;
    struct rp_breaker breaker;
    struct rp_budget budget;
    uint64_t not_before; /* of the loop's clock: the CRM asked for a pause until then */
    char trouble[400];   /* why the breaker opened */
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
    struct rp_target *endpoints;
    struct rp_pauses pauses;
    size_t endpoint_count, out_count, open_parts;
    bool stopping, closing;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
};

/* Hands a result out that is about no attempt. */
void rp_deliver_report(struct rp_deliver *deliver, int64_t id, enum rp_outcome outcome,
                       int http_status, struct rp_str error, int64_t due_ms);
/* Takes a waiting job and the later ones of its lead out, to the end of a list for give_back. */
void rp_deliver_cut(struct rp_target *endpoint, struct rp_job *job, int64_t due_ms,
                    struct rp_job ***tail);
/* Reports a list of cut jobs as returned and frees it. */
void rp_deliver_give_back(struct rp_deliver *deliver, struct rp_job *job);
/* Closes what is left once nothing is out. */
void rp_deliver_close_when_idle(struct rp_deliver *deliver);

/* deliver_attempt.c: starts what may start. */
void rp_target_dispatch(struct rp_target *endpoint);
/* Ends the attempts that are out, their rows to be tried again at once. */
void rp_target_give_up(struct rp_target *endpoint, struct rp_str why, int64_t now_ms);
/* Why a row of an endpoint that answered 410 is dead. */
extern const struct rp_str rp_target_gone;
/* Before each request of a CRM's attempt; ctx is the target. */
void rp_target_asked(void *ctx);

/* deliver_endpoint.c: EINPUT when the url or a secret cannot be used. */
int rp_target_init(struct rp_deliver *deliver, struct rp_target *endpoint,
                   const struct rp_endpoint *wanted, struct rp_err *err);
void rp_target_fini(struct rp_target *endpoint);

#endif
