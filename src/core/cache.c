/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing over pointers; deletion moves the rest of the cluster back,
 * so that no tombstones pile up. Two clock hands go round. One evicts when the table is full and
 * passes dirty and pinned leads; when everything is dirty the table grows past its bound until the
 * next flush. The other makes leads cold when too many are hot, and passes pinned ones and those
 * asked for since it came by last.
 *
 *   absent ──add──▶ hot ──hand, not used──▶ cold ──find──▶ hot        hot, cold ──hand, clean──▶
 * absent
 */
#include "core/cache.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "core/cold.h"

#include <stdlib.h>

enum { CACHE_FIRST = 1024 };

static size_t home(const struct rp_cache *cache, int64_t lead)
{
    uint64_t hash = (uint64_t)lead * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(hash >> 20) & (cache->cap - 1);
}

static bool is_cold(const void *slot)
{
    return (uintptr_t)slot & 1;
}

static struct rp_cold *cold_of(void *slot)
{
    return (struct rp_cold *)(void *)((char *)slot - 1);
}

static void *cold_slot(struct rp_cold *cold)
{
    return (char *)cold + 1;
}

static int64_t id_of(void *slot)
{
    return is_cold(slot) ? cold_of(slot)->id : ((struct rp_cached *)slot)->lead.id;
}

static uint16_t *flags_of(void *slot)
{
    return is_cold(slot) ? &cold_of(slot)->flags : &((struct rp_cached *)slot)->lead.flags;
}

void rp_cache_init(struct rp_cache *cache, size_t max)
{
    *cache = (struct rp_cache){.max = max, .cap = CACHE_FIRST, .hot_max = RP_LEADS_HOT_MAX};
    cache->slots = rp_calloc(cache->cap, sizeof(*cache->slots));
}

static void entry_free(struct rp_cached *entry)
{
    if (entry) {
        rp_lead_fini(&entry->lead);
        free(entry);
    }
}

static void slot_free(struct rp_cache *cache, void *slot)
{
    if (is_cold(slot)) {
        free(cold_of(slot));
    } else {
        entry_free(slot);
        cache->hot--;
    }
}

void rp_cache_clear(struct rp_cache *cache)
{
    for (size_t i = 0; i < cache->cap; i++) {
        if (cache->slots[i]) {
            slot_free(cache, cache->slots[i]);
            cache->slots[i] = NULL;
        }
    }
    cache->count = 0;
    RP_ASSERT(cache->hot == 0);
}

void rp_cache_fini(struct rp_cache *cache)
{
    if (cache->slots) {
        rp_cache_clear(cache);
    }
    entry_free(cache->spare);
    rp_buf_fini(&cache->scratch);
    free(cache->slots);
    *cache = (struct rp_cache){0};
}

static size_t slot_of(const struct rp_cache *cache, int64_t lead)
{
    size_t at = home(cache, lead);

    while (cache->slots[at] && id_of(cache->slots[at]) != lead) {
        at = (at + 1) & (cache->cap - 1);
    }
    return at;
}

/* Makes one lead cold that nobody asked for in a while; two rounds, since the first may only find
 * out. */
static void cool_one(struct rp_cache *cache)
{
    for (size_t tried = 0; tried < 2 * cache->cap; tried++) {
        void **slot = &cache->slots[cache->hot_hand];
        struct rp_cached *entry = *slot;

        cache->hot_hand = (cache->hot_hand + 1) & (cache->cap - 1);
        if (!entry || is_cold(entry) || entry->lead.flags & RP_LEAD_PINNED) {
            continue;
        }
        if (entry->used) {
            entry->used = false;
            continue;
        }
        *slot = cold_slot(rp_cold_make(&cache->scratch, entry));
        cache->hot--;
        entry_free(cache->spare);
        cache->spare = entry;
        return;
    }
}

static struct rp_cached *take_entry(struct rp_cache *cache)
{
    struct rp_cached *entry;

    if (cache->hot >= cache->hot_max) {
        cool_one(cache);
    }
    cache->hot++;
    if (!cache->spare) {
        entry = rp_calloc(1, sizeof(*entry));
        rp_lead_init(&entry->lead);
        return entry;
    }
    entry = cache->spare;
    cache->spare = NULL;
    return entry;
}

struct rp_cached *rp_cache_find(struct rp_cache *cache, int64_t lead)
{
    size_t at = slot_of(cache, lead);
    struct rp_cached *entry = cache->slots[at];

    if (is_cold(entry)) {
        struct rp_cold *cold = cold_of(cache->slots[at]);

        entry = take_entry(cache); /* slots stay where they are */
        rp_cold_open(&cache->scratch, cold, entry);
        free(cold);
        cache->slots[at] = entry;
    }
    if (entry) {
        entry->used = true;
    }
    return entry;
}

uint16_t *rp_cache_flags(struct rp_cache *cache, int64_t lead)
{
    void *slot = cache->slots[slot_of(cache, lead)];

    return slot ? flags_of(slot) : NULL;
}

static void remove_at(struct rp_cache *cache, size_t hole)
{
    slot_free(cache, cache->slots[hole]);
    cache->slots[hole] = NULL;
    cache->count--;
    for (size_t at = (hole + 1) & (cache->cap - 1); cache->slots[at];
         at = (at + 1) & (cache->cap - 1)) {
        size_t want = home(cache, id_of(cache->slots[at]));
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
        if (cache->slots[at] && *flags_of(cache->slots[at]) == 0) {
            remove_at(cache, at);
            return;
        }
    }
}

static void grow(struct rp_cache *cache)
{
    void **old = cache->slots;
    size_t old_cap = cache->cap;

    cache->cap *= 2;
    cache->hand = cache->hot_hand = 0;
    cache->slots = rp_calloc(cache->cap, sizeof(*cache->slots));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i]) {
            cache->slots[slot_of(cache, id_of(old[i]))] = old[i];
        }
    }
    free(old);
}

/* As new, but keeps the memory of its cells. */
static void make_new(struct rp_cached *entry, int64_t lead)
{
    struct rp_lead had = entry->lead;

    *entry = (struct rp_cached){.used = true};
    rp_lead_init(&entry->lead);
    entry->lead.cells = had.cells;
    entry->lead.cells_cap = had.cells_cap;
    entry->lead.marks = had.marks;
    entry->lead.marks_cap = had.marks_cap;
    entry->lead.id = lead;
}

struct rp_cached *rp_cache_add(struct rp_cache *cache, int64_t lead)
{
    struct rp_cached *entry;

    RP_ASSERT(cache->slots[slot_of(cache, lead)] == NULL);
    if (cache->count >= cache->max) {
        evict_one(cache);
    }
    if (cache->count * 4 >= cache->cap * 3) {
        grow(cache);
    }
    entry = take_entry(cache);
    make_new(entry, lead);
    cache->slots[slot_of(cache, lead)] = entry;
    cache->count++;
    return entry;
}
