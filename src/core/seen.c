/* SPDX-License-Identifier: MIT */
/* The messageIds of the run under way, so that copies in one group are found. A slot is chosen by
 * messageId and lead together: one messageId sent for thousands of leads costs no more than as many
 * different ones. When two leads become one within the run, the items of the one that goes are
 * entered again under the other. */
#include "base/mem.h"
#include "core/core_priv.h"

#include <stdlib.h>
#include <string.h>

enum { SEEN_FIRST = 64 };

static uint64_t key_of(uint64_t hash, int64_t lead)
{
    uint64_t key = hash ^ (uint64_t)lead * UINT64_C(0x9e3779b97f4a7c15);

    return (key ^ key >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

static void put(struct rp_core *core, uint64_t key, struct rp_item *item)
{
    size_t at = (size_t)(key >> 32) & (core->seen_cap - 1);

    while (core->seen[at].item) {
        at = (at + 1) & (core->seen_cap - 1);
    }
    core->seen[at].hash = key;
    core->seen[at].item = item;
    core->seen_count++;
}

static void grow(struct rp_core *core)
{
    struct seen_item *old = core->seen;
    size_t old_cap = core->seen_cap;

    core->seen_cap *= 2;
    core->seen_room = core->seen_cap;
    core->seen_count = 0;
    core->seen = rp_calloc(core->seen_cap, sizeof(*core->seen));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].item) {
            put(core, old[i].hash, old[i].item);
        }
    }
    free(old);
}

/* Clears as many slots as this run needs: a large one before it may have left room for more. */
void rp_seen_prepare(struct rp_core *core, size_t items)
{
    size_t cap = SEEN_FIRST;

    while (cap < items * 2) {
        cap *= 2;
    }
    if (cap > core->seen_room) {
        free(core->seen);
        core->seen = rp_malloc(cap * sizeof(*core->seen));
        core->seen_room = cap;
    }
    core->seen_cap = cap;
    core->seen_count = 0;
    memset(core->seen, 0, cap * sizeof(*core->seen));
}

bool rp_seen_find(struct rp_core *core, uint64_t hash, struct rp_str message_id, int64_t lead)
{
    uint64_t key = key_of(hash, lead);

    for (size_t at = (size_t)(key >> 32) & (core->seen_cap - 1); core->seen[at].item;
         at = (at + 1) & (core->seen_cap - 1)) {
        const struct rp_event *event = &core->seen[at].item->event;

        if (core->seen[at].hash == key && rp_str_eq(event->message_id, message_id) &&
            rp_identity_lead(core->store, event->node) == lead) {
            return true;
        }
    }
    return false;
}

void rp_seen_add(struct rp_core *core, uint64_t hash, int64_t lead, struct rp_item *item)
{
    if ((core->seen_count + 1) * 2 > core->seen_cap) {
        grow(core);
    }
    put(core, key_of(hash, lead), item);
}

void rp_seen_merged(struct rp_core *core, const struct rp_cached *from, int64_t into)
{
    for (struct rp_item *item = from->pending; item; item = item->next_pending) {
        rp_seen_add(core, item->hash, into, item);
    }
}
