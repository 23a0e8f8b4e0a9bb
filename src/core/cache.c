/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing over pointers; deletion moves the rest of the cluster back,
 * so that no tombstones pile up. Eviction is a clock hand over the slots that passes dirty and
 * pinned leads; when everything is dirty the table grows past its bound until the next flush. */
#include "core/cache.h"

#include "base/check.h"
#include "base/mem.h"

#include <stdlib.h>

enum { CACHE_FIRST = 1024 };

static size_t home(const struct rp_cache *cache, int64_t lead)
{
    uint64_t hash = (uint64_t)lead * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(hash >> 20) & (cache->cap - 1);
}

void rp_cache_init(struct rp_cache *cache, size_t max)
{
    *cache = (struct rp_cache){.max = max, .cap = CACHE_FIRST};
    cache->slots = rp_calloc(cache->cap, sizeof(struct rp_cached *));
}

static void entry_free(struct rp_cached *entry)
{
    rp_lead_fini(&entry->lead);
    free(entry);
}

void rp_cache_clear(struct rp_cache *cache)
{
    for (size_t i = 0; i < cache->cap; i++) {
        if (cache->slots[i]) {
            entry_free(cache->slots[i]);
            cache->slots[i] = NULL;
        }
    }
    cache->count = 0;
}

void rp_cache_fini(struct rp_cache *cache)
{
    if (cache->slots) {
        rp_cache_clear(cache);
    }
    free(cache->slots);
    *cache = (struct rp_cache){0};
}

static size_t slot_of(const struct rp_cache *cache, int64_t lead)
{
    size_t at = home(cache, lead);

    while (cache->slots[at] && cache->slots[at]->lead.id != lead) {
        at = (at + 1) & (cache->cap - 1);
    }
    return at;
}

struct rp_cached *rp_cache_find(const struct rp_cache *cache, int64_t lead)
{
    return cache->slots[slot_of(cache, lead)];
}

static void remove_at(struct rp_cache *cache, size_t hole)
{
    entry_free(cache->slots[hole]);
    cache->slots[hole] = NULL;
    cache->count--;
    for (size_t at = (hole + 1) & (cache->cap - 1); cache->slots[at];
         at = (at + 1) & (cache->cap - 1)) {
        size_t want = home(cache, cache->slots[at]->lead.id);
        size_t gap = (at - want) & (cache->cap - 1);

        if (gap >= ((at - hole) & (cache->cap - 1))) {
            cache->slots[hole] = cache->slots[at];
            cache->slots[at] = NULL;
            hole = at;
        }
    }
}

void rp_cache_remove(struct rp_cache *cache, int64_t lead)
{
    size_t at = slot_of(cache, lead);

    if (cache->slots[at]) {
        remove_at(cache, at);
    }
}

static void evict_one(struct rp_cache *cache)
{
    for (size_t tried = 0; tried < cache->cap; tried++) {
        size_t at = cache->hand;

        cache->hand = (cache->hand + 1) & (cache->cap - 1);
        if (cache->slots[at] && cache->slots[at]->lead.flags == 0) {
            remove_at(cache, at);
            return;
        }
    }
}

static void grow(struct rp_cache *cache)
{
    struct rp_cached **old = cache->slots;
    size_t old_cap = cache->cap;

    cache->cap *= 2;
    cache->hand = 0;
    cache->slots = rp_calloc(cache->cap, sizeof(struct rp_cached *));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i]) {
            cache->slots[slot_of(cache, old[i]->lead.id)] = old[i];
        }
    }
    free(old);
}

struct rp_cached *rp_cache_add(struct rp_cache *cache, int64_t lead)
{
    struct rp_cached *entry;

    RP_ASSERT(rp_cache_find(cache, lead) == NULL);
    if (cache->count >= cache->max) {
        evict_one(cache);
    }
    if (cache->count * 4 >= cache->cap * 3) {
        grow(cache);
    }
    entry = rp_calloc(1, sizeof(*entry));
    rp_lead_init(&entry->lead);
    entry->lead.id = lead;
    cache->slots[slot_of(cache, lead)] = entry;
    cache->count++;
    return entry;
}
