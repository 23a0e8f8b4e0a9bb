/* SPDX-License-Identifier: MIT */
/* One pass over the rows behind the watermark, two sorted arrays. */
#include "core/recent.h"

#include "base/mem.h"
#include "store/events.h"
#include "store/identities.h"

#include <stdlib.h>
#include <string.h>

static int heads_by_node(const void *a, const void *b)
{
    const struct rp_recent_head *x = a;
    const struct rp_recent_head *y = b;

    return x->node != y->node ? (x->node > y->node) - (x->node < y->node)
                              : (x->event < y->event) - (x->event > y->event);
}

static int nodes_by_lead(const void *a, const void *b)
{
    const struct rp_recent_node *x = a;
    const struct rp_recent_node *y = b;

    return x->lead != y->lead ? (x->lead > y->lead) - (x->lead < y->lead)
                              : (x->node > y->node) - (x->node < y->node);
}

static int load_heads(struct rp_arena *arena, struct rp_store *store, struct rp_recent *recent,
                      struct rp_err *err)
{
    int64_t after = rp_store_meta(store, "watermark", 0);
    struct rp_event_cursor *cursor = NULL;
    struct rp_recent_head *heads = NULL;
    struct rp_arena row;
    struct rp_event event;
    size_t count = 0;
    size_t cap = 0;
    int64_t prev;
    int status;

    rp_arena_init(&row);
    while ((status = rp_event_next(&row, store, &cursor, after, &event, &prev, err)) > 0) {
        heads = count == cap ? rp_grow(heads, &cap, count + 1, sizeof(*heads)) : heads;
        heads[count++] = (struct rp_recent_head){event.node, event.id, event.received_ms};
        rp_arena_reset(&row);
    }
    rp_event_cursor_free(cursor);
    rp_arena_fini(&row);
    if (count > 0 && status == 0) {
        qsort(heads, count, sizeof(*heads), heads_by_node);
        recent->heads = RP_ARENA_ARRAY(arena, struct rp_recent_head, count);
        for (size_t i = 0; i < count; i++) { /* the newest of each node comes first */
            if (i == 0 || heads[i].node != heads[i - 1].node) {
                recent->heads[recent->head_count++] = heads[i];
            }
        }
    }
    free(heads);
    return status;
}

static void load_nodes(struct rp_arena *arena, struct rp_store *store, struct rp_recent *recent)
{
    int64_t first = rp_store_meta(store, "watermark_node", 0) + 1;
    int64_t last = rp_identity_newest(store);

    if (last < first) {
        return;
    }
    recent->nodes = RP_ARENA_ARRAY(arena, struct rp_recent_node, (size_t)(last - first + 1));
    for (int64_t node = first; node <= last; node++) {
        int64_t lead = rp_identity_lead(store, node);

        if (lead != 0) {
            recent->nodes[recent->node_count++] = (struct rp_recent_node){lead, node};
        }
    }
    qsort(recent->nodes, recent->node_count, sizeof(*recent->nodes), nodes_by_lead);
}

int rp_recent_load(struct rp_arena *arena, struct rp_store *store, struct rp_recent *ret_recent,
                   struct rp_err *err)
{
    *ret_recent = (struct rp_recent){0};
    load_nodes(arena, store, ret_recent);
    return load_heads(arena, store, ret_recent, err);
}

static const struct rp_recent_head *find_head(const struct rp_recent *recent, int64_t node)
{
    size_t from = 0;
    size_t to = recent->head_count;

    while (from < to) {
        size_t middle = (from + to) / 2;

        if (recent->heads[middle].node == node) {
            return &recent->heads[middle];
        }
        if (recent->heads[middle].node < node) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

bool rp_recent_concerns(const struct rp_recent *recent, const struct rp_lead *lead)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);

    for (size_t i = 0; i < count; i++) {
        const struct rp_recent_head *newer = find_head(recent, heads[i].node);

        if (newer && newer->event > heads[i].event) {
            return true;
        }
    }
    return false;
}

static void apply_head(const struct rp_recent *recent, struct rp_lead *lead, struct rp_head head)
{
    const struct rp_recent_head *newer = find_head(recent, head.node);

    if (newer && newer->event > head.event) {
        rp_lead_head_set(lead, head.node, newer->event);
        if (newer->received_ms > lead->updated_ms) {
            lead->updated_ms = newer->received_ms;
        }
    }
}

void rp_recent_apply(const struct rp_recent *recent, struct rp_lead *lead)
{
    const struct rp_head *heads;
    size_t count = 0;
    size_t from = 0;
    size_t to = recent->node_count;

    while (from < to) { /* the first of this lead's */
        size_t middle = (from + to) / 2;

        if (recent->nodes[middle].lead < lead->id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    for (; from < recent->node_count && recent->nodes[from].lead == lead->id; from++) {
        bool known = false;

        heads = rp_lead_heads(lead, &count);
        for (size_t i = 0; i < count && !known; i++) {
            known = heads[i].node == recent->nodes[from].node;
        }
        if (!known) {
            rp_lead_head_set(lead, recent->nodes[from].node, 0);
        }
    }
    heads = rp_lead_heads(lead, &count);
    for (size_t i = 0; i < count; i++) {
        apply_head(recent, lead, heads[i]); /* may move the cells: read them again */
        heads = rp_lead_heads(lead, &count);
    }
}
