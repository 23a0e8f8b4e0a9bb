/* SPDX-License-Identifier: MIT */
/* The outbox: actions to deliver, written in the transaction of their decision, under one key. */
#ifndef RP_STORE_OUTBOX_H
#define RP_STORE_OUTBOX_H

#include "base/arena.h"
#include "model/decision.h"
#include "store/db.h"

/*   pending ──claim──▶ leased ──done──▶ delivered
 *      ▲                 │ └──dead────▶ dead ──retry──▶ pending
 *      └───retry, lease over            (cancel from pending, dead ──▶ cancelled)
 *   held, open (tasks) are never claimed. */
enum rp_outbox_state {
    RP_OUTBOX_PENDING,
    RP_OUTBOX_LEASED,
    RP_OUTBOX_DELIVERED,
    RP_OUTBOX_DEAD,
    RP_OUTBOX_CANCELLED,
    RP_OUTBOX_HELD,
    RP_OUTBOX_OPEN,
};
/* Why a row is held that a server without deliveries made; by hand it may go out. */
#define RP_OUTBOX_DRY_RUN "dry run: recorded, not sent (serve --no-deliver)"
const char *rp_outbox_state_name(enum rp_outbox_state state);

struct rp_outbox_row {
    int64_t id, lead, event, move;
    struct rp_str lead_public_id;               /* read only */
    struct rp_str key, action, to, body, error; /* error: of the last attempt, or why it is held */
    enum rp_action_kind kind;
    uint16_t part;
    enum rp_outbox_state state;
    int attempts, http_status;
    int64_t created_ms, due_ms, lease_ms, done_ms;
    struct rp_str
        memory; /* CRM, of a claim: what was written there before (store/crm_rows.h); "" */
};

/* 0, or EDENIED when the lead has a row with this key already (then nothing is written): keys are
 * made of the lead's public id, so no two leads share one. */
RP_MUST_USE int rp_outbox_add(struct rp_store *store, const struct rp_outbox_row *row,
                              int64_t *ret_id, struct rp_err *err);
/* How a row leaves: e-mail on its own way, the rest over HTTP. */
enum rp_outbox_way { RP_WAY_HTTP, RP_WAY_MAIL, RP_WAYS, RP_WAY_ANY = RP_WAYS };

/* Up to `max` rows of that way that are due (pending, or leased and over) of the kinds webhook,
 * notify, email and crm, oldest first, now leased until lease_until_ms with attempts + 1. Of one
 * lead and endpoint only the oldest unfinished row is given out: a row that waits for its next
 * attempt holds back the later ones, which keeps order. */
RP_MUST_USE int rp_outbox_claim(struct rp_arena *arena, struct rp_store *store,
                                enum rp_outbox_way way, int64_t now_ms, int64_t lease_until_ms,
                                size_t max, struct rp_outbox_row **ret_rows, size_t *ret_count,
                                struct rp_err *err);
/* The end of a lease; only a row that is leased changes (EDENIED for another, ENOTFOUND for none).
 * RETRY: pending again at due_ms. RETURNED: no attempt was made: pending again at due_ms,
 * attempts - 1, http_status and error as they were. */
enum rp_outcome {
    RP_OUTCOME_DELIVERED,
    RP_OUTCOME_RETRY,
    RP_OUTCOME_DEAD,
    RP_OUTCOME_RETURNED,
    RP_OUTCOME_HELD, /* it may not go out any more: `error` says why; no attempt was made */
};
RP_MUST_USE int rp_outbox_finish(struct rp_store *store, int64_t id, enum rp_outcome outcome,
                                 int http_status, struct rp_str error, int64_t due_ms,
                                 int64_t now_ms, struct rp_err *err);
/* Ends every lease now: at start, when the process that held them is gone. */
RP_MUST_USE int rp_outbox_end_leases(struct rp_store *store, int64_t now_ms, struct rp_err *err);
/* What waits and would be due until a moment is due now: a pause that handed it back is over. */
RP_MUST_USE int rp_outbox_hasten(struct rp_store *store, int64_t now_ms, int64_t until_ms,
                                 struct rp_err *err);
/* By hand: retry a dead or pending row at once, cancel one. ENOTFOUND, EDENIED (wrong state). */
RP_MUST_USE int rp_outbox_retry(struct rp_store *store, int64_t id, int64_t now_ms,
                                struct rp_err *err);
RP_MUST_USE int rp_outbox_cancel(struct rp_store *store, int64_t id, int64_t now_ms,
                                 struct rp_err *err);
/* Newest first; state < 0: all; lead 0: all; before_id 0: from the newest. */
RP_MUST_USE int rp_outbox_list(struct rp_arena *arena, struct rp_store *store, int state,
                               int64_t lead, int64_t before_id, size_t max,
                               struct rp_outbox_row **ret_rows, size_t *ret_count,
                               struct rp_err *err);
/* What a person looks for; a zeroed one but for state = -1 means all. */
struct rp_outbox_filter {
    int state;                  /* -1: any */
    int64_t id, lead, since_ms; /* 0: any */
    struct rp_str action, to;   /* "": any */
};
/* Newest first, those before before_id (0: from the newest). */
RP_MUST_USE int rp_outbox_find(struct rp_arena *arena, struct rp_store *store,
                               const struct rp_outbox_filter *filter, int64_t before_id, size_t max,
                               struct rp_outbox_row **ret_rows, size_t *ret_count,
                               struct rp_err *err);
/* -1: there is no such state. */
int rp_outbox_state_parse(struct rp_str name);
/* Assignments that nobody could take, made since then, behind after_id in their order. */
RP_MUST_USE int rp_outbox_held_assigns(struct rp_arena *arena, struct rp_store *store,
                                       int64_t after_id, int64_t since_ms, size_t max,
                                       struct rp_outbox_row **ret_rows, size_t *ret_count,
                                       struct rp_err *err);
/* One of them has found somebody. */
RP_MUST_USE int rp_outbox_assigned(struct rp_store *store, int64_t id, struct rp_str body,
                                   int64_t now_ms, struct rp_err *err);
/* The earliest due time or end of a lease of that way; RP_NEVER: nothing waits. */
int64_t rp_outbox_due(struct rp_store *store, enum rp_outbox_way way);
int64_t rp_outbox_count(struct rp_store *store, enum rp_outbox_state state);
/* When the oldest row that is pending or leased was made; RP_NEVER: there is none. */
int64_t rp_outbox_oldest(struct rp_store *store);

#endif
