/* SPDX-License-Identifier: MIT */
/* The leads in memory: an open-addressing table from lead row to state, bounded; clean leads are
 * evicted when it is full. Those not asked for in a while are kept in few bytes (core/cold.h) until
 * they are. Knows which are dirty; does not know how they are stored. */
#ifndef RP_CORE_CACHE_H
#define RP_CORE_CACHE_H

#include "base/buf.h"
#include "model/lead.h"

#include <stdbool.h>
#include <stddef.h>

enum rp_cached_flag {
    RP_LEAD_DIRTY = 1,   /* changed since it was last written or queued for writing */
    RP_LEAD_WRITING = 2, /* in the flush cycle under way */
    RP_LEAD_PINNED = 4,  /* part of the run under way */
    RP_LEAD_SAVE = 8,    /* to be written within the run: what no fold brings back has changed */
};

/* A cached lead; `lead` comes first, so that the pointers convert. */
struct rp_cached {
    struct rp_lead lead;
    struct rp_item *pending, *pending_last; /* items of the run under way, in arrival order */
    bool merged;                            /* into another lead, within the run under way */
    bool used;                              /* asked for since the hand last passed */
    uint32_t stage_list;                    /* the core's list that lead.stage is an index of */
    int64_t queued_ms; /* the entry of the heap of timers that counts; 0: none */
    int64_t timer_ms;  /* what its timer row says; 0: it has none */
};

struct rp_cache {
    void **slots; /* of struct rp_cached, or of struct rp_cold with the lowest bit set */
    size_t cap, count, max, hand;
    size_t hot, hot_max, hot_hand; /* leads that are not cold */
    struct rp_cached *spare;       /* to be used again */
    struct rp_buf scratch;
};

void rp_cache_init(struct rp_cache *cache, size_t max);
void rp_cache_fini(struct rp_cache *cache);
void rp_cache_clear(struct rp_cache *cache);

/* NULL: not here. The pointer is good while the lead is pinned, else until some thousand others
 * were asked for. */
struct rp_cached *rp_cache_find(struct rp_cache *cache, int64_t lead);
/* Its flags, to be read and changed at once, without making it hot; NULL: not here. */
uint16_t *rp_cache_flags(struct rp_cache *cache, int64_t lead);
/* A new entry with lead->id set, owned by the cache; evicts a clean, unpinned one when full. */
struct rp_cached *rp_cache_add(struct rp_cache *cache, int64_t lead);
void rp_cache_remove(struct rp_cache *cache, int64_t lead);

#endif
