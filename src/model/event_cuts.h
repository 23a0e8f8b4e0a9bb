/* SPDX-License-Identifier: MIT */
/* Where the end of a body may be cut off, to be stored once for many events (store/tails.c). Found
 * where a batch is parsed, so that the thread that stores it need not read the body again. */
#ifndef RP_MODEL_EVENT_CUTS_H
#define RP_MODEL_EVENT_CUTS_H

#include "base/arena.h"
#include "model/event.h"

#define RP_CUTS_MAX 32

/* An end of a body: from the comma at `at` on. */
struct rp_cut {
    uint32_t at;
    uint64_t hash; /* rp_cut_hash of it */
};

/* Finds the ends worth a number, the shortest first: they begin at a comma of the two outer levels
 * and hold no '@'. Returns how many; 0 for bodies that are too short or too long. Any thread. */
size_t rp_body_cuts(struct rp_str body, struct rp_cut cuts[RP_CUTS_MAX]);

/* Fills event->cuts, for an event whose body lives as long as the arena. */
void rp_event_cut(struct rp_arena *arena, struct rp_event *event);

/* The hash of an end, taken from behind, so that of many ends of a body each byte is read once. Of
 * one run of the program: it may not be stored. */
uint64_t rp_cut_hash(struct rp_str end);

#endif
