/* SPDX-License-Identifier: MIT */
/* The base of a lead whose old events are not kept any more: one event, flagged RP_EVENT_BASE, that
 * stands in the place of the newest of them and holds what they came to. Under the rules that made
 * it the fold takes its cells as they were, byte for byte; under other rules it is taken as granted
 * (base_fold.c). It is an event of the history like any other, so whoever folds a history folds
 * bases too, and law 1 holds for them by itself.
 *
 *   body:   {"base":["hex of the record", …]}
 *   record: version, generation, cells, nodes, the person's and the group's traits as JSON, fields,
 *           hits a rule, grants, the newest events by name, void messages; texts and blocks with
 *           their length in front (u32), numbers as they are in memory */
#ifndef RP_ENGINE_BASE_EVENT_H
#define RP_ENGINE_BASE_EVENT_H

#include "engine/fold.h"

enum { RP_BASE_VERSION = 1, RP_BASE_SEEN_MAX = 256, RP_BASE_TRAITS_MAX = 512 };

/* Gathers while the events that become the base are folded under `rules`; the caller frees. */
struct rp_base;
struct rp_base *rp_base_new(const struct rp_rules *rules);
void rp_base_free(struct rp_base *base); /* NULL: no effect */
rp_trace_fn rp_base_trace;               /* of the fold; ctx: the struct rp_base */
/* After an event was folded (not for one that is void). An earlier base is taken over. `excluded`
 * as the fold found it: then only its traits are, since it counts for nothing. */
void rp_base_add(struct rp_base *base, struct rp_arena *arena, const struct rp_event *event,
                 bool excluded);
/* The body of the event, from the lead's cells as they are behind the last event added. `nodes`
 * are those whose events are in it. */
void rp_base_body(const struct rp_base *base, const struct rp_lead *lead, const int64_t *nodes,
                  size_t node_count, struct rp_buf *out);

/* The nodes whose events are in a base; a body that is none has none. Arena. */
const int64_t *rp_base_nodes(struct rp_arena *arena, const struct rp_event *event,
                             size_t *ret_count);

/* ---- The record, taken apart: what base_make.c and base_fold.c share ------------------------- */

struct rp_base_reader {
    const uint8_t *at, *end;
    bool bad; /* it ended too early */
};
/* False: the event holds no record of this version. */
bool rp_base_open(struct rp_arena *arena, const struct rp_event *event,
                  struct rp_base_reader *ret_reader);
uint32_t rp_base_u32(struct rp_base_reader *reader);
int64_t rp_base_i64(struct rp_base_reader *reader);
struct rp_str rp_base_str(struct rp_base_reader *reader); /* borrows from the record */

struct rp_base_grant {
    struct rp_str rule, dim, model, key, event_name, evidence, why, cut;
    int64_t at_ms, asked, granted, until_ms;
    bool by_hand;
};
struct rp_base_grant rp_base_grant(struct rp_base_reader *reader);

struct rp_base_seen {
    enum rp_event_type type;
    uint32_t flags;
    struct rp_str name;
    int64_t at_ms, received_ms;
};
struct rp_base_seen rp_base_seen(struct rp_base_reader *reader);

/* ---- The fold: base_fold.c ------------------------------------------------------------------- */

struct rp_scratch;
/* Takes a base into the lead's cells, and shows its grants to the fold's trace. `first`: nothing
 * was folded before it. True when the cells were taken as they were; else the caller goes on as
 * after an event that changed the profile. */
bool rp_base_fold(struct rp_scratch *s, struct rp_lead *lead, const struct rp_event *event,
                  bool first);

#endif
