/* SPDX-License-Identifier: MIT */
/* A pass looks through the event rows in order; a lead with a row that is too old is compacted: its
 * events before the pass's time are folded, the newest of their rows becomes the base, the others
 * go, the chains close over them.
 *
 * Invariants: a lead is compacted only when the base and the events left fold to the very bytes of
 * its state, else nothing of it is touched; rows, heads, state and horizon change in one
 * transaction; no reader beside knows a row that goes (all of them are at or before the watermark),
 * and no rebuild is under way. */
#include "core/retention.h"

#include "base/mem.h"
#include "core/core_priv.h"
#include "engine/base_event.h"
#include "store/events.h"
#include "store/people.h"
#include "store/retention.h"
#include "store/scan.h"

#include <stdlib.h>
#include <string.h>

enum { SCAN_ROWS = 512 };
#define PASS_EVERY_MS (6 * RP_HOUR)

/* A lead under way. */
struct compacting {
    struct rp_core *core;
    struct rp_cached *lead;
    struct rp_history history;
    size_t old;           /* how many of its events become the base */
    struct rp_event base; /* the row that stays for them */
    int64_t *nodes;       /* theirs */
    size_t node_count;
    int64_t *kept; /* rows of the others, ascending */
    size_t kept_count;
};

void rp_core_retention_init(struct rp_core *core, int64_t keep_ms)
{
    core->retention = (struct rp_core_retention){
        .keep_ms = keep_ms,
        .horizon_ms = rp_store_meta(core->store, "retention_horizon", INT64_MIN),
    };
}

bool rp_core_retention_too_old(const struct rp_core *core, const struct rp_event *event)
{
    const struct rp_core_retention *r = &core->retention;

    return event->effective_ms < r->horizon_ms ||
           (r->keep_ms > 0 && event->effective_ms < event->received_ms - r->keep_ms);
}

/* ---- The base -------------------------------------------------------------------------------- */

static void add_node(struct compacting *c, int64_t node)
{
    for (size_t i = 0; i < c->node_count; i++) {
        if (c->nodes[i] == node) {
            return;
        }
    }
    c->nodes[c->node_count++] = node;
}

static void find_nodes(struct compacting *c)
{
    struct rp_arena *arena = &c->core->history_arena;
    size_t room = c->old;

    for (size_t i = 0; i < c->old; i++) {
        size_t count;

        (void)rp_base_nodes(arena, &c->history.events[i], &count);
        room += count;
    }
    c->nodes = RP_ARENA_ARRAY(arena, int64_t, room + 1);
    for (size_t i = 0; i < c->old; i++) {
        size_t count;
        const int64_t *nodes = rp_base_nodes(arena, &c->history.events[i], &count);

        add_node(c, c->history.events[i].node);
        for (size_t n = 0; n < count; n++) {
            add_node(c, nodes[n]);
        }
    }
}

/* Folds what becomes the base, and makes its row. */
static int make_base(struct compacting *c, struct rp_fold *fold, struct rp_err *err)
{
    struct rp_arena *arena = &c->core->history_arena;
    struct rp_base *base = rp_base_new(c->core->rules);
    struct rp_buf body = {0};
    struct rp_lead folded;

    rp_lead_init(&folded);
    rp_lead_copy(&folded, &c->lead->lead);
    rp_lead_cells_clear_fold(&folded);
    fold->trace = rp_base_trace;
    fold->trace_ctx = base;
    for (size_t i = 0; i < c->old; i++) {
        struct rp_decision decision = {0};

        rp_fold_event(fold, &folded, &c->history.events[i], &decision);
        if (!decision.voided) {
            rp_base_add(base, arena, &c->history.events[i], decision.excluded);
        }
    }
    fold->trace = NULL;
    find_nodes(c);
    rp_base_body(base, &folded, c->nodes, c->node_count, &body);
    c->base = c->history.events[c->old - 1];
    c->base.flags = RP_EVENT_BASE;
    c->base.name = RP_STR("History Compacted");
    c->base.message_id = rp_arena_printf(arena, "base:%lld", (long long)c->base.id);
    c->base.body = rp_arena_str(arena, rp_buf_view(&body));
    rp_buf_fini(&body);
    rp_lead_fini(&folded);
    rp_base_free(base);
    return rp_event_body_parse(arena, &c->base) == 0
               ? 0
               : rp_err_set(err, RIPEN_ESTORE, "a base of old events could not be read back");
}

/* Whether base and later events come to the state as it is, byte for byte. */
static bool is_same(const struct compacting *c, struct rp_fold *fold)
{
    struct rp_decision decision = {0};
    struct rp_lead folded;
    uint32_t len, expected_len;
    const void *cells, *expected = rp_lead_cells_fold(&c->lead->lead, &expected_len);
    bool same;

    rp_lead_init(&folded);
    rp_lead_copy(&folded, &c->lead->lead);
    rp_lead_cells_clear_fold(&folded);
    rp_fold_event(fold, &folded, &c->base, &decision);
    for (size_t i = c->old; i < c->history.count; i++) {
        rp_fold_event(fold, &folded, &c->history.events[i], &decision);
    }
    cells = rp_lead_cells_fold(&folded, &len);
    same = len == expected_len && (len == 0 || memcmp(cells, expected, len) == 0);
    rp_lead_fini(&folded);
    return same;
}

/* ---- Chains ---------------------------------------------------------------------------------- */

static int by_row(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void find_kept(struct compacting *c)
{
    c->kept = RP_ARENA_ARRAY(&c->core->history_arena, int64_t, c->history.count + 1);
    c->kept[c->kept_count++] = c->base.id;
    for (size_t i = c->old; i < c->history.count; i++) {
        c->kept[c->kept_count++] = c->history.events[i].id;
    }
    qsort(c->kept, c->kept_count, sizeof(*c->kept), by_row);
}

/* Copies of a message are not of the history as long as the first one is. */
static bool is_copy_of_old(const struct compacting *c, const struct rp_event *event)
{
    for (size_t i = 0; i < c->old; i++) {
        if (rp_str_eq(c->history.events[i].message_id, event->message_id)) {
            return true;
        }
    }
    return false;
}

/* 1: the row stays. A copy goes with the first of its message, which nobody would know any more, or
 * by its own time. */
static int stays(struct compacting *c, int64_t row, bool in_history, struct rp_err *err)
{
    struct rp_event event;
    int64_t prev;
    int status;

    if (bsearch(&row, c->kept, c->kept_count, sizeof(row), by_row)) {
        return 1;
    }
    if (in_history) {
        return 0;
    }
    status = rp_event_read(&c->core->history_arena, c->core->store, row, &event, &prev, err);
    return status != 0
               ? status
               : event.effective_ms >= c->core->retention.cutoff_ms && !is_copy_of_old(c, &event);
}

static bool is_old(const struct compacting *c, int64_t row)
{
    for (size_t i = 0; i < c->old; i++) {
        if (c->history.events[i].id == row) {
            return true;
        }
    }
    return false;
}

/* The rows of a node, newest first, from its head. */
static int read_chain(struct compacting *c, int64_t head, int64_t **ret_rows, size_t *ret_count,
                      struct rp_err *err)
{
    size_t cap = 0;
    int64_t *rows = NULL;

    *ret_count = 0;
    while (head != 0) {
        int64_t prev;
        int status = rp_scan_message(c->core->store, head, RP_STR(""), &prev, err);

        if (status < 0) {
            free(rows);
            return status;
        }
        rows = *ret_count == cap ? rp_grow(rows, &cap, *ret_count + 1, sizeof(*rows)) : rows;
        rows[(*ret_count)++] = head;
        head = prev;
    }
    *ret_rows = rows;
    return 0;
}

/* Takes the old rows out of a chain; *ret_head is what the newest of it is then. */
static int close_chain(struct compacting *c, int64_t head, int64_t *ret_head, struct rp_err *err)
{
    int64_t *rows = NULL;
    size_t count;
    bool gap = false;
    int status = read_chain(c, head, &rows, &count, err);

    *ret_head = 0;
    for (size_t i = status == 0 ? count : 0; i-- > 0 && status >= 0;) {
        status = stays(c, rows[i], is_old(c, rows[i]), err);
        if (status == 0) {
            gap = true;
            status = rp_event_remove(c->core->store, rows[i], err);
            c->core->stats.events_compacted++;
        } else if (status > 0) {
            status = gap ? rp_retention_link(c->core->store, rows[i], *ret_head, err) : 0;
            gap = false;
            *ret_head = rows[i];
        }
    }
    free(rows);
    return status;
}

static int close_chains(struct compacting *c, struct rp_err *err)
{
    struct rp_lead *lead = &c->lead->lead;
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);
    struct rp_head *before = RP_ARENA_ARRAY(&c->core->history_arena, struct rp_head, count + 1);
    int status = 0;

    if (count > 0) {
        memcpy(before, heads, count * sizeof(*before));
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        int64_t head;

        status = close_chain(c, before[i].event, &head, err);
        if (status == 0) {
            rp_lead_head_set(lead, before[i].node, head);
        }
    }
    return status;
}

/* ---- One lead -------------------------------------------------------------------------------- */

static int write_all(struct compacting *c, struct rp_err *err)
{
    struct rp_core *core = c->core;
    int status;

    find_kept(c);
    status = close_chains(c, err);
    if (status == 0) { /* the body after the chains: the row's link is what closing them made it */
        status = rp_retention_base(core->store, &c->base, err);
    }
    if (status == 0) {
        status = rp_core_save(core, c->lead, err);
    }
    if (status == 0 && core->retention.cutoff_ms > core->retention.horizon_ms) {
        status =
            rp_store_meta_set(core->store, "retention_horizon", core->retention.cutoff_ms, err);
    }
    rp_trail_drop(&core->trails, c->lead->lead.id);
    return status;
}

/* 1: compacted, 0: left as it is. */
static int compact(struct rp_core *core, int64_t id, struct rp_err *err)
{
    struct compacting c = {.core = core};
    struct rp_fold fold;
    int status = rp_core_lead(core, id, &c.lead, err);

    if (status != 0 || c.lead->lead.through > core->stats.watermark) {
        return status;
    }
    rp_core_touch(core, c.lead);
    status = rp_core_save(core, c.lead, err); /* its cells are of these rules then */
    if (status == 0) {
        status = rp_history_load(&core->history_arena, core->store, &c.lead->lead, NULL, 0,
                                 &c.history, err);
    }
    while (status == 0 && c.old < c.history.count &&
           c.history.events[c.old].effective_ms < core->retention.cutoff_ms) {
        c.old++;
    }
    if (status != 0 || c.old == 0) {
        return status;
    }
    rp_fold_init(&fold, core->rules, core->vm, &core->history_arena);
    fold.model = core->fold.model;
    status = make_base(&c, &fold, err);
    if (status == 0 && is_same(&c, &fold)) {
        status = write_all(&c, err);
        status = status == 0 ? 1 : status;
    }
    rp_fold_fini(&fold);
    return status;
}

static void compact_lead(struct rp_core *core, int64_t id)
{
    struct rp_core_stats before = core->stats;
    int done;
    int status;

    if (id == 0 || id == core->retention.refused || rp_aside_has(core, id)) {
        return;
    }
    status = rp_store_begin(core->store, NULL);
    if (status != 0) {
        return;
    }
    done = compact(core, id, NULL);
    status = done < 0 ? done : rp_store_commit(core->store, NULL);
    if (status != 0) {
        rp_store_rollback(core->store);
        core->stale = true;
        core->stats = before;
    } else if (done > 0) {
        core->stats.leads_compacted++;
        if (core->retention.cutoff_ms > core->retention.horizon_ms) {
            core->retention.horizon_ms = core->retention.cutoff_ms;
        }
    } else {
        core->retention.refused = id;
    }
    rp_core_unpin(core);
    rp_arena_reset(&core->history_arena);
}

/* ---- The pass -------------------------------------------------------------------------------- */

bool rp_core_retention_step(struct rp_core *core)
{
    struct rp_core_retention *r = &core->retention;
    int64_t now = rp_clock_now(&core->clock);
    int64_t node;
    int status;

    if (r->keep_ms == 0 || core->stale || !core->rules || core->sweep.work) {
        return false;
    }
    if (!r->passing) {
        if (now < r->next_ms) {
            return false;
        }
        r->passing = true;
        r->cutoff_ms = now - r->keep_ms;
        r->after = r->refused = 0;
    }
    status = rp_retention_scan(core->store, &r->after, r->cutoff_ms, SCAN_ROWS, &node, NULL);
    if (status > 0) {
        compact_lead(core, node ? rp_identity_lead(core->store, node) : 0);
        return true;
    }
    r->passing = false;
    r->next_ms = now + PASS_EVERY_MS;
    return false;
}

/* ---- Un-merge -------------------------------------------------------------------------------- */

static bool is_of(const struct rp_merge *merge, int64_t node)
{
    for (size_t i = 0; i < merge->node_count; i++) {
        if (merge->nodes[i] == node) {
            return true;
        }
    }
    return false;
}

int rp_core_retention_apart(struct rp_core *core, const struct rp_merge *merge,
                            const struct rp_lead *into, struct rp_err *err)
{
    struct rp_history history = {0};
    int status =
        core->retention.horizon_ms == INT64_MIN
            ? 0
            : rp_history_load(&core->history_arena, core->store, into, NULL, 0, &history, err);

    for (size_t i = 0; i < history.count && status == 0; i++) {
        size_t count, theirs = 0;
        const int64_t *nodes = history.events[i].flags & RP_EVENT_BASE
                                   ? rp_base_nodes(&core->history_arena, &history.events[i], &count)
                                   : NULL;

        for (size_t n = 0; nodes && n < count; n++) {
            theirs += is_of(merge, nodes[n]);
        }
        if (nodes && theirs > 0 && theirs < count) {
            status = rp_err_set(err, RIPEN_EDENIED,
                                "the events of both are older than retention keeps and were "
                                "compacted together; they cannot be taken apart any more");
        }
    }
    rp_arena_reset(&core->history_arena);
    return status;
}
