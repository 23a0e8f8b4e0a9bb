/* SPDX-License-Identifier: MIT */
/* A lead's history: the merge of its nodes' chains of events, in effective order, each messageId
 * once (the first accepted copy counts). What a rebuild, an explanation and a late event fold. */
#ifndef RP_CORE_HISTORY_H
#define RP_CORE_HISTORY_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/fold.h"
#include "model/event.h"
#include "model/lead.h"
#include "store/db.h"

struct rp_history {
    struct rp_event *events; /* in effective order, parsed; arena */
    size_t count;
};

/* Reads the events of the lead's heads; `extra` (may be NULL) are events that have no row yet and
 * take part too (their props are shared). */
int rp_history_load(struct rp_arena *arena, struct rp_store *store, const struct rp_lead *lead,
                    const struct rp_event *const *extra, size_t extra_count,
                    struct rp_history *ret_history, struct rp_err *err);

/* The same, but EBUSY when there are more than rows_max rows: no more than that were read. */
int rp_history_load_some(struct rp_arena *arena, struct rp_store *store, const struct rp_lead *lead,
                         const struct rp_event *const *extra, size_t extra_count, size_t rows_max,
                         struct rp_history *ret_history, struct rp_err *err);

/* The same without extra events and in portions: more returns 1 while there are rows left, 0 at
 * their end. `end` gives the history and frees the reading; free ends it early (NULL: no effect).
 * The lead's heads are copied. */
struct rp_history_reading;
struct rp_history_reading *rp_history_reading_new(struct rp_arena *arena, struct rp_store *store,
                                                  const struct rp_lead *lead);
int rp_history_reading_more(struct rp_history_reading *reading, size_t rows, struct rp_err *err);
void rp_history_reading_end(struct rp_history_reading *reading, struct rp_history *ret_history);
void rp_history_reading_free(struct rp_history_reading *reading);

/* Events of one lead that are at hand, in whatever order: drops second copies, sorts the rest into
 * effective order and marks what is void, in place; ret_history points to them. */
void rp_history_order(struct rp_event *events, size_t count, struct rp_history *ret_history);

/* Clears the lead's fold and folds the events with effective time <= until_ms. For each event that
 * has no row yet (id 0), `seen` (may be NULL) gets its decision. */
typedef void rp_history_seen_fn(void *ctx, const struct rp_event *event,
                                const struct rp_decision *decision);
void rp_history_fold(struct rp_fold *fold, struct rp_lead *lead, const struct rp_history *history,
                     int64_t until_ms, rp_history_seen_fn *seen, void *ctx);

bool rp_history_has_node(const struct rp_lead *lead, int64_t node);

/* The `top` most valuable reasons of a lead now, folding its history with a trace. "" when it
 * cannot be read. */
struct rp_str rp_history_reasons(struct rp_arena *arena, struct rp_store *store,
                                 const struct rp_rules *rules, struct rp_vm *vm,
                                 const struct rp_lead *lead, int64_t now_ms, uint32_t top,
                                 uint32_t model);

#endif
