/* SPDX-License-Identifier: MIT */
/* Follows the chains backwards, sorts, drops second copies, folds. Knows events and heads; decides
 * nothing. Cost is that of the lead's own events, never of the whole table, but for the tail behind
 * the watermark that a reader beside the server has to look through. */
#include "core/history.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "model/correction.h"
#include "store/events.h"

#include <stdlib.h>
#include <string.h>

/* A growing array in malloc'd memory while the number is not known, and where the reading stands:
 * the chain of a head, the next row of it. */
struct rp_history_reading {
    struct rp_arena *arena;
    struct rp_store *store;
    struct rp_event *events;
    size_t count, cap;
    struct rp_head *heads;
    size_t head_count, head;
    int64_t row;
};

struct rp_history_reading *rp_history_reading_new(struct rp_arena *arena, struct rp_store *store,
                                                  const struct rp_lead *lead)
{
    struct rp_history_reading *r = rp_calloc(1, sizeof(*r));
    const struct rp_head *heads = rp_lead_heads(lead, &r->head_count);

    r->arena = arena;
    r->store = store;
    r->heads = RP_ARENA_ARRAY(arena, struct rp_head, r->head_count + 1);
    if (r->head_count > 0) {
        memcpy(r->heads, heads, r->head_count * sizeof(*heads));
        r->row = r->heads[0].event;
    }
    return r;
}

void rp_history_reading_free(struct rp_history_reading *reading)
{
    if (reading) {
        free(reading->events);
        free(reading);
    }
}

static void add_event(struct rp_history_reading *r, const struct rp_event *event)
{
    if (r->count == r->cap) {
        r->events = rp_grow(r->events, &r->cap, r->count + 1, sizeof(struct rp_event));
    }
    r->events[r->count++] = *event;
}

static int read_row(struct rp_history_reading *r, struct rp_err *err)
{
    struct rp_event event;
    int64_t prev;
    int status = rp_event_read(r->arena, r->store, r->row, &event, &prev, err);

    if (status == 0) {
        status = rp_event_body_parse(r->arena, &event);
    }
    if (status == 0 && prev >= r->row) {
        status = rp_err_set(err, RIPEN_ESTORE,
                            "event %lld names a later one as its previous; "
                            "restore the file from a backup",
                            (long long)r->row);
    }
    if (status == 0) {
        add_event(r, &event);
        r->row = prev;
    }
    return status;
}

int rp_history_reading_more(struct rp_history_reading *r, size_t rows, struct rp_err *err)
{
    while (r->head < r->head_count) {
        if (r->row == 0) {
            r->head++;
            r->row = r->head < r->head_count ? r->heads[r->head].event : 0;
        } else if (rows == 0) {
            return 1;
        } else {
            int status = read_row(r, err);

            if (status != 0) {
                return status;
            }
            rows--;
        }
    }
    return 0;
}

static int by_order(const void *a, const void *b)
{
    const struct rp_event *x = a;
    const struct rp_event *y = b;
    struct rp_order left = rp_event_order(x);
    struct rp_order right = rp_event_order(y);
    int order = rp_order_cmp(&left, &right);
    /* Rows before events without one; equal orders cannot differ otherwise but by row. */
    int64_t xid = x->id ? x->id : INT64_MAX;
    int64_t yid = y->id ? y->id : INT64_MAX;

    return order != 0 ? order : (xid > yid) - (xid < yid);
}

static int by_message(const void *a, const void *b)
{
    const struct rp_event *x = *(const struct rp_event *const *)a;
    const struct rp_event *y = *(const struct rp_event *const *)b;
    int order = rp_str_cmp(x->message_id, y->message_id);
    int64_t xid = x->id ? x->id : INT64_MAX;
    int64_t yid = y->id ? y->id : INT64_MAX;

    order = order != 0 ? order : (xid > yid) - (xid < yid);
    return order != 0 ? order : (x > y) - (x < y); /* of those without a row the first given */
}

/* Only a merge can bring two copies of one message together; then the first accepted counts. */
static size_t drop_copies(struct rp_event *events, size_t count)
{
    const struct rp_event **sorted = rp_malloc(count * sizeof(*sorted));
    bool *drop = rp_calloc(count, sizeof(*drop));
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        sorted[i] = &events[i];
    }
    qsort(sorted, count, sizeof(*sorted), by_message);
    for (size_t i = 1; i < count; i++) {
        if (rp_str_eq(sorted[i]->message_id, sorted[i - 1]->message_id) &&
            !(sorted[i]->flags & RP_EVENT_BASE)) {
            drop[sorted[i] - events] = true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!drop[i]) {
            events[kept++] = events[i];
        }
    }
    free(drop);
    free(sorted);
    return kept;
}

/* Marks what Event Voided takes out, as the fold would know it had it come in this order. */
static void mark_voided(struct rp_event *events, size_t count)
{
    size_t voids = 0;

    for (size_t i = 0; i < count && voids < RP_VOIDS_MAX; i++) {
        struct rp_str target;

        if (rp_event_correction(&events[i]) != RP_CORRECTION_VOID) {
            continue;
        }
        voids++;
        target = rp_correction_text(&events[i], "messageId");
        for (size_t j = 0; j < count; j++) {
            if (rp_str_eq(events[j].message_id, target) &&
                rp_event_correction(&events[j]) != RP_CORRECTION_VOID) {
                events[j].flags |= RP_EVENT_VOIDED;
            }
        }
    }
}

void rp_history_order(struct rp_event *events, size_t count, struct rp_history *ret_history)
{
    if (count > 1) {
        count = drop_copies(events, count);
        qsort(events, count, sizeof(*events), by_order);
        mark_voided(events, count);
    }
    *ret_history = (struct rp_history){events, count};
}

void rp_history_reading_end(struct rp_history_reading *r, struct rp_history *ret_history)
{
    rp_history_order(r->events, r->count, ret_history);
    r->count = ret_history->count;
    ret_history->events = RP_ARENA_ARRAY(r->arena, struct rp_event, r->count + 1);
    if (r->count > 0) {
        memcpy(ret_history->events, r->events, r->count * sizeof(struct rp_event));
    }
    ret_history->count = r->count;
    rp_history_reading_free(r);
}

int rp_history_load(struct rp_arena *arena, struct rp_store *store, const struct rp_lead *lead,
                    const struct rp_event *const *extra, size_t extra_count,
                    struct rp_history *ret_history, struct rp_err *err)
{
    return rp_history_load_some(arena, store, lead, extra, extra_count, SIZE_MAX, ret_history, err);
}

int rp_history_load_some(struct rp_arena *arena, struct rp_store *store, const struct rp_lead *lead,
                         const struct rp_event *const *extra, size_t extra_count, size_t rows_max,
                         struct rp_history *ret_history, struct rp_err *err)
{
    struct rp_history_reading *reading = rp_history_reading_new(arena, store, lead);
    int status = rp_history_reading_more(reading, rows_max, err);

    if (status != 0) {
        rp_history_reading_free(reading);
        return status < 0
                   ? status
                   : rp_err_set(err, RIPEN_EBUSY, "a lead has more than %zu events", rows_max);
    }
    for (size_t i = 0; i < extra_count; i++) {
        add_event(reading, extra[i]);
    }
    rp_history_reading_end(reading, ret_history);
    return 0;
}

void rp_history_fold(struct rp_fold *fold, struct rp_lead *lead, const struct rp_history *history,
                     int64_t until_ms, rp_history_seen_fn *seen, void *ctx)
{
    rp_lead_cells_clear_fold(lead);
    for (size_t i = 0; i < history->count; i++) {
        struct rp_decision decision = {0};

        if (history->events[i].effective_ms > until_ms) {
            break;
        }
        rp_fold_event(fold, lead, &history->events[i], &decision);
        if (seen && history->events[i].id == 0) {
            seen(ctx, &history->events[i], &decision);
        }
    }
    lead->generation = fold->rules->number;
}

bool rp_history_has_node(const struct rp_lead *lead, int64_t node)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);

    for (size_t i = 0; i < count; i++) {
        if (heads[i].node == node) {
            return true;
        }
    }
    return false;
}

struct rp_str rp_history_reasons(struct rp_arena *arena, struct rp_store *store,
                                 const struct rp_rules *rules, struct rp_vm *vm,
                                 const struct rp_lead *lead, int64_t now_ms, uint32_t top,
                                 uint32_t model)
{
    struct rp_explain *explain = rp_explain_new(rules, model);
    struct rp_str text = RP_STR("");
    struct rp_history history;
    struct rp_fold fold;
    struct rp_lead copy;

    rp_fold_init(&fold, rules, vm, arena);
    fold.model = model;
    fold.trace = rp_explain_trace;
    fold.trace_ctx = explain;
    rp_lead_init(&copy);
    rp_lead_copy(&copy, lead);
    if (rp_history_load(arena, store, lead, NULL, 0, &history, NULL) == 0) {
        rp_history_fold(&fold, &copy, &history, now_ms, NULL, NULL);
        text = rp_explain_top(explain, &fold, &copy, now_ms, top);
    }
    rp_lead_fini(&copy);
    rp_fold_fini(&fold);
    rp_explain_free(explain);
    return text;
}
