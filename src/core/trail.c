/* SPDX-License-Identifier: MIT */
/* A table of trails and a list by use. Knows orders, rows and blocks of cells; reads no event and
 * folds nothing.
 *
 * Invariants: steps are in effective order (equal times and ranks in any); marks ascend by count;
 * `bytes` of the table is the sum over its trails. Checkpoints stand close together near the end
 * of a trail and further apart towards its beginning, since most late events are a little late. */
#include "core/trail.h"

#include "base/check.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 64 };

static size_t home(const struct rp_trails *trails, int64_t lead)
{
    uint64_t hash = (uint64_t)lead * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(hash >> 20) & (trails->cap - 1);
}

void rp_trails_init(struct rp_trails *trails, size_t bytes_max)
{
    *trails = (struct rp_trails){.bytes_max = bytes_max, .cap = SLOTS_FIRST};
    trails->slots = rp_calloc(trails->cap, sizeof(struct rp_trail *));
}

static size_t slot_of(const struct rp_trails *trails, int64_t lead)
{
    size_t at = home(trails, lead);

    while (trails->slots[at] && trails->slots[at]->lead != lead) {
        at = (at + 1) & (trails->cap - 1);
    }
    return at;
}

static void unlink_trail(struct rp_trails *trails, struct rp_trail *trail)
{
    *(trail->newer ? &trail->newer->older : &trails->newest) = trail->older;
    *(trail->older ? &trail->older->newer : &trails->oldest) = trail->newer;
    trail->newer = trail->older = NULL;
}

static void link_newest(struct rp_trails *trails, struct rp_trail *trail)
{
    trail->older = trails->newest;
    *(trails->newest ? &trails->newest->newer : &trails->oldest) = trail;
    trails->newest = trail;
}

static void count_bytes(struct rp_trails *trails, struct rp_trail *trail)
{
    size_t bytes = sizeof(*trail) + trail->step_cap * sizeof(struct rp_trail_step);

    for (size_t i = 0; i < trail->mark_count; i++) {
        bytes += trail->marks[i].len;
    }
    trails->bytes += bytes - trail->bytes;
    trail->bytes = bytes;
}

static void trail_free(struct rp_trail *trail)
{
    for (size_t i = 0; i < trail->mark_count; i++) {
        free(trail->marks[i].cells);
    }
    free(trail->steps);
    free(trail);
}

static void remove_at(struct rp_trails *trails, size_t hole)
{
    struct rp_trail *trail = trails->slots[hole];

    unlink_trail(trails, trail);
    trails->bytes -= trail->bytes;
    trails->count--;
    trails->slots[hole] = NULL;
    trail_free(trail);
    for (size_t at = (hole + 1) & (trails->cap - 1); trails->slots[at];
         at = (at + 1) & (trails->cap - 1)) {
        size_t gap = (at - home(trails, trails->slots[at]->lead)) & (trails->cap - 1);

        if (gap >= ((at - hole) & (trails->cap - 1))) {
            trails->slots[hole] = trails->slots[at];
            trails->slots[at] = NULL;
            hole = at;
        }
    }
}

void rp_trail_drop(struct rp_trails *trails, int64_t lead)
{
    size_t at = slot_of(trails, lead);

    if (trails->slots[at]) {
        remove_at(trails, at);
    }
}

void rp_trails_clear(struct rp_trails *trails)
{
    while (trails->oldest) {
        rp_trail_drop(trails, trails->oldest->lead);
    }
    RP_ASSERT(trails->count == 0 && trails->bytes == 0);
}

void rp_trails_fini(struct rp_trails *trails)
{
    if (trails->slots) {
        rp_trails_clear(trails);
    }
    free(trails->slots);
    *trails = (struct rp_trails){0};
}

struct rp_trail *rp_trail_find(struct rp_trails *trails, const struct rp_lead *lead)
{
    struct rp_trail *trail = trails->count ? trails->slots[slot_of(trails, lead->id)] : NULL;

    if (!trail) {
        return NULL;
    }
    if (trail->generation != lead->generation || trail->through != lead->through) {
        rp_trail_drop(trails, lead->id);
        return NULL;
    }
    if (trails->newest != trail) {
        unlink_trail(trails, trail);
        link_newest(trails, trail);
    }
    return trail;
}

static void grow(struct rp_trails *trails)
{
    struct rp_trail **old = trails->slots;
    size_t old_cap = trails->cap;

    trails->cap *= 2;
    trails->slots = rp_calloc(trails->cap, sizeof(struct rp_trail *));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i]) {
            trails->slots[slot_of(trails, old[i]->lead)] = old[i];
        }
    }
    free(old);
}

struct rp_trail *rp_trail_new(struct rp_trails *trails, const struct rp_lead *lead)
{
    struct rp_trail *trail = rp_calloc(1, sizeof(*trail));

    rp_trail_drop(trails, lead->id);
    trail->lead = lead->id;
    trail->generation = lead->generation;
    if ((trails->count + 1) * 2 > trails->cap) {
        grow(trails);
    }
    trails->slots[slot_of(trails, lead->id)] = trail;
    trails->count++;
    link_newest(trails, trail);
    count_bytes(trails, trail);
    return trail;
}

size_t rp_trail_push(struct rp_trails *trails, struct rp_trail *trail, const struct rp_event *event)
{
    struct rp_order order = rp_event_order(event);

    if (trail->step_count == trail->step_cap) {
        trail->steps = rp_grow(trail->steps, &trail->step_cap, trail->step_count + 1,
                               sizeof(struct rp_trail_step));
        count_bytes(trails, trail);
    }
    trail->steps[trail->step_count] =
        (struct rp_trail_step){.at_ms = order.at_ms, .row = event->id, .rank = order.rank};
    return trail->step_count++;
}

static void mark_remove(struct rp_trail *trail, size_t at)
{
    free(trail->marks[at].cells);
    trail->mark_count--;
    memmove(&trail->marks[at], &trail->marks[at + 1],
            (trail->mark_count - at) * sizeof(trail->marks[0]));
}

/* The checkpoint that is missed least: the gap it leaves is small against its distance from the
 * end. Never the newest. */
static size_t least_missed(const struct rp_trail *trail)
{
    size_t least = 0;
    double cost = 0;

    for (size_t i = 0; i + 1 < trail->mark_count; i++) {
        size_t before = i ? trail->marks[i - 1].count : 0;
        double gap = (double)(trail->marks[i + 1].count - before);
        double here = gap / (double)(trail->step_count - trail->marks[i].count + RP_TRAIL_STEP);

        if (i == 0 || here < cost) {
            least = i;
            cost = here;
        }
    }
    return least;
}

void rp_trail_mark(struct rp_trails *trails, struct rp_trail *trail, const struct rp_lead *lead)
{
    size_t last = trail->mark_count ? trail->marks[trail->mark_count - 1].count : 0;
    struct rp_trail_mark *mark;
    const void *cells;

    if (trail->step_count < last + RP_TRAIL_STEP) {
        return;
    }
    if (trail->mark_count == RP_TRAIL_MARKS) {
        mark_remove(trail, least_missed(trail));
    }
    mark = &trail->marks[trail->mark_count++];
    cells = rp_lead_cells_fold(lead, &mark->len);
    mark->cells = rp_malloc(mark->len);
    if (mark->len > 0) {
        memcpy(mark->cells, cells, mark->len);
    }
    mark->count = trail->step_count;
    count_bytes(trails, trail);
}

/* How many events precede this one for certain: their time and rank are lower. */
static size_t steps_before(const struct rp_trail *trail, const struct rp_order *order)
{
    size_t low = 0;
    size_t high = trail->step_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct rp_trail_step *step = &trail->steps[middle];

        if (step->at_ms < order->at_ms ||
            (step->at_ms == order->at_ms && step->rank < order->rank)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t rp_trail_from(const struct rp_trail *trail, const struct rp_event *event)
{
    struct rp_order order = rp_event_order(event);
    size_t before = steps_before(trail, &order);
    size_t mark = trail->mark_count;

    while (mark > 0 && trail->marks[mark - 1].count > before) {
        mark--;
    }
    return mark > 0 ? trail->marks[mark - 1].count : 0;
}

size_t rp_trail_rewind(struct rp_trails *trails, struct rp_trail *trail,
                       const struct rp_event *event, struct rp_lead *lead)
{
    size_t from = rp_trail_from(trail, event);

    while (trail->mark_count > 0 && trail->marks[trail->mark_count - 1].count > from) {
        mark_remove(trail, trail->mark_count - 1);
    }
    count_bytes(trails, trail);
    if (trail->mark_count == 0) {
        rp_lead_cells_clear_fold(lead);
        return 0;
    }
    struct rp_trail_mark *mark = &trail->marks[trail->mark_count - 1];

    rp_lead_cells_fold_set(lead, mark->cells, mark->len);
    return mark->count;
}

void rp_trail_cut(struct rp_trail *trail, size_t count)
{
    RP_ASSERT(count <= trail->step_count);
    trail->step_count = count;
}

bool rp_trails_bound(struct rp_trails *trails, struct rp_trail *trail)
{
    while (trails->bytes > trails->bytes_max && trails->oldest != trail) {
        rp_trail_drop(trails, trails->oldest->lead);
    }
    if (trails->bytes > trails->bytes_max) {
        rp_trail_drop(trails, trail->lead);
        return false;
    }
    return true;
}
