/* SPDX-License-Identifier: MIT */
/* Event rows: appended in arrival order, never changed. Each names its node and the node's previous
 * event, so that a lead's history is the merge of its nodes' chains, without an index. */
#ifndef RP_STORE_EVENTS_H
#define RP_STORE_EVENTS_H

#include "base/arena.h"
#include "model/event.h"
#include "store/db.h"

/* Appends event->…; `prev` is the node's newest event before it (0: none). `granted`: the
 * contributions as granted, "[[rule,dim,thousandths],…]" with name ids; "" for none. The row id is
 * ret_id. */
RP_MUST_USE int rp_event_append(struct rp_store *store, const struct rp_event *event, int64_t prev,
                                struct rp_str granted, int64_t *ret_id, struct rp_err *err);

/* Reads a row into *ret_event (columns and body; props not parsed yet). Texts live in the arena. */
RP_MUST_USE int rp_event_read(struct rp_arena *arena, struct rp_store *store, int64_t id,
                              struct rp_event *ret_event, int64_t *ret_prev, struct rp_err *err);

/* In row order from `after` (exclusive): 1 a row, 0 the end, < 0 an error. Start with cursor NULL.
 */
struct rp_event_cursor;
int rp_event_next(struct rp_arena *arena, struct rp_store *store, struct rp_event_cursor **cursor,
                  int64_t after, struct rp_event *ret_event, int64_t *ret_prev, struct rp_err *err);
void rp_event_cursor_free(struct rp_event_cursor *cursor);

int64_t rp_event_newest(struct rp_store *store); /* 0: none */

#endif
