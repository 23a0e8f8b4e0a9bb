/* SPDX-License-Identifier: MIT */
/* One attempt to write a row into a CRM: the requests of a flow (crm.h), one behind the other,
 * within the endpoint's timeout. Loop thread only. */
#ifndef RP_DELIVER_CRM_ATTEMPT_H
#define RP_DELIVER_CRM_ATTEMPT_H

#include "deliver/crm.h"
#include "deliver/curl_loop.h"

struct rp_crm_attempt;

struct rp_crm_answer {
    enum rp_crm_verdict verdict; /* never ASK */
    int http_status;             /* of the last request; 0: none came */
    int64_t pause_ms;            /* LIMITED */
    struct rp_str text, memory;  /* until the callback returns; memory "": as it was */
};

typedef void rp_crm_done_fn(void *ctx, const struct rp_crm_answer *answer);

/* What is written, as its outbox row has it; borrowed until the attempt's end. */
struct rp_crm_row {
    struct rp_str key, body;
    struct rp_str memory; /* what Ripen wrote there before, "": nothing */
};

/* What an endpoint's attempts share; its texts live as long as attempts run. */
struct rp_crm_place {
    struct rp_crm_target target;
    struct rp_str token; /* of the last login, "": none; owned here */
    int64_t timeout_ms;
    bool allow_private;
    void (*asked)(void *ctx); /* before each request, for the pace */
    void *ctx;
};

/* Starts. `done` is called once, never before this returns; the attempt is freed after it.
 * EINPUT: the row can never be written, the text says why; EIO. */
int rp_crm_attempt_start(struct rp_curl_loop *curl, struct rp_crm_place *place,
                         const struct rp_crm_row *row, int64_t now_ms, rp_crm_done_fn *done,
                         void *ctx, struct rp_crm_attempt **ret_attempt, struct rp_err *err);
/* Gives up and frees; `done` is not called. */
void rp_crm_attempt_abort(struct rp_crm_attempt *attempt);

#endif
