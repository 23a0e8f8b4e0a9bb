/* SPDX-License-Identifier: MIT */
/* Walks of whole tables for reports, in an order that a report can follow without keeping rows: by
 * lead, oldest first. Within a reader's snapshot. Numbers in `names` stay numbers: rp_store_name
 * gives their texts. A visitor returns 0 to go on, else the walk ends with that status. */
#ifndef RP_STORE_REPORT_ROWS_H
#define RP_STORE_REPORT_ROWS_H

#include "base/str.h"
#include "store/db.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stage decision of a lead; one without decisions comes once, with move 0. */
struct rp_lead_move {
    int64_t lead, created_ms;
    int64_t move, event;       /* 0: none; a timer or a person */
    int64_t from, to, because; /* numbers of names, 0: none */
    int64_t at_ms;
    bool passing;
};
typedef int rp_lead_move_fn(void *ctx, const struct rp_lead_move *move, struct rp_err *err);
/* All leads that stand (those merged away left out). */
RP_MUST_USE int rp_report_moves(struct rp_store *store, rp_lead_move_fn *visit, void *ctx,
                                struct rp_err *err);

/* An event without its body. Texts live until the visitor returns. */
struct rp_event_note {
    int64_t id, lead, name; /* name 0: none, or one past the names that are numbered */
    int64_t received_ms, effective_ms;
    int type;              /* enum rp_event_type */
    struct rp_str granted; /* "[[rule,dimension,thousandths],…]" with numbers of names; "" */
};
typedef int rp_event_note_fn(void *ctx, const struct rp_event_note *note, struct rp_err *err);
/* Events received in [since_ms, until_ms), in the order of their rows; those of nobody left out. */
RP_MUST_USE int rp_report_events(struct rp_store *store, int64_t since_ms, int64_t until_ms,
                                 rp_event_note_fn *visit, void *ctx, struct rp_err *err);
/* Those of one name alone; `text` is asked of the body ("$.properties.reason"). */
typedef int rp_event_text_fn(void *ctx, const struct rp_event_note *note, struct rp_str text,
                             struct rp_err *err);
RP_MUST_USE int rp_report_texts(struct rp_store *store, struct rp_str name, struct rp_str text,
                                int64_t since_ms, int64_t until_ms, rp_event_text_fn *visit,
                                void *ctx, struct rp_err *err);

/* Outbox rows made in [since_ms, until_ms), counted by action, kind, state and reason. */
struct rp_action_count {
    int64_t action, endpoint; /* numbers of names */
    int kind, state;
    struct rp_str error; /* of those held and dead: why; else "" */
    int64_t count, attempts;
};
typedef int rp_action_count_fn(void *ctx, const struct rp_action_count *count, struct rp_err *err);
RP_MUST_USE int rp_report_actions(struct rp_store *store, int64_t since_ms, int64_t until_ms,
                                  rp_action_count_fn *visit, void *ctx, struct rp_err *err);
/* How long each delivered one took, milliseconds, by action. */
typedef int rp_action_time_fn(void *ctx, int64_t action, int kind, int64_t ms, struct rp_err *err);
RP_MUST_USE int rp_report_times(struct rp_store *store, int64_t since_ms, int64_t until_ms,
                                rp_action_time_fn *visit, void *ctx, struct rp_err *err);

/* All merges, also those taken back (undone_ms, else RP_NEVER), oldest first. */
struct rp_merge_note {
    int64_t at_ms, undone_ms, from, into;
    const int64_t *nodes; /* that moved; until the visitor returns */
    size_t node_count;
};
typedef int rp_merge_note_fn(void *ctx, const struct rp_merge_note *note, struct rp_err *err);
RP_MUST_USE int rp_report_merges(struct rp_store *store, rp_merge_note_fn *visit, void *ctx,
                                 struct rp_err *err);

#endif
