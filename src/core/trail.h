/* SPDX-License-Identifier: MIT */
/* Trails: of leads whose events come late, the order of all their events and some checkpoints of
 * the cells, so that the next late event folds what follows it and no more. In memory, bounded;
 * the trail that was used least recently goes first. A trail is a cache: it counts only while its
 * generation and its newest event are those of the lead, and whoever changes a lead's history in
 * another way than by appending to it (a merge, a void) drops it. */
#ifndef RP_CORE_TRAIL_H
#define RP_CORE_TRAIL_H

#include "model/event.h"
#include "model/lead.h"

#include <stddef.h>
#include <stdint.h>

enum { RP_TRAIL_MARKS = 8, RP_TRAIL_STEP = 16 };

/* An event's place in the effective order, but for its messageId, and its row. */
struct rp_trail_step {
    int64_t at_ms, row;
    int32_t rank;
    uint32_t zero;
};

/* The fold's cells after the first `count` events. */
struct rp_trail_mark {
    uint8_t *cells;
    uint32_t len;
    size_t count;
};

struct rp_trail {
    int64_t lead, through; /* newest row in it; 0: not complete yet */
    uint32_t generation;
    struct rp_trail_step *steps;
    size_t step_count, step_cap;
    struct rp_trail_mark marks[RP_TRAIL_MARKS]; /* by count */
    size_t mark_count;
    struct rp_trail *newer, *older; /* by use */
    size_t bytes;
};

struct rp_trails {
    struct rp_trail **slots; /* by lead, open addressing */
    size_t cap, count, bytes, bytes_max;
    struct rp_trail *newest, *oldest;
};

void rp_trails_init(struct rp_trails *trails, size_t bytes_max);
void rp_trails_clear(struct rp_trails *trails);
void rp_trails_fini(struct rp_trails *trails);

/* The lead's trail if it counts, now the one used last; else NULL, and a stale one is dropped. */
struct rp_trail *rp_trail_find(struct rp_trails *trails, const struct rp_lead *lead);
/* A new, empty one in the place of any other; others go when there is no room. */
struct rp_trail *rp_trail_new(struct rp_trails *trails, const struct rp_lead *lead);
void rp_trail_drop(struct rp_trails *trails, int64_t lead); /* none: no effect */

/* One more event, behind all others; returns its index. */
size_t rp_trail_push(struct rp_trails *trails, struct rp_trail *trail,
                     const struct rp_event *event);
/* The lead's cells hold exactly the trail's events: remembers them, unless a checkpoint is near. */
void rp_trail_mark(struct rp_trails *trails, struct rp_trail *trail, const struct rp_lead *lead);
/* Up to which event the checkpoint reaches that serves an event; what is behind it is to be folded.
 */
size_t rp_trail_from(const struct rp_trail *trail, const struct rp_event *event);
/* Forgets what cannot precede the event: returns how many events are left in front of the newest
 * checkpoint that stands (its cells are then in the lead; none: they are cleared). Events behind
 * it stay in the trail until rp_trail_cut. */
size_t rp_trail_rewind(struct rp_trails *trails, struct rp_trail *trail,
                       const struct rp_event *event, struct rp_lead *lead);
void rp_trail_cut(struct rp_trail *trail, size_t count);
/* To be called when a trail was filled: drops others, and this one too when it is larger than the
 * bound alone. True: it stands. */
bool rp_trails_bound(struct rp_trails *trails, struct rp_trail *trail);

#endif
