/* SPDX-License-Identifier: MIT */
/* report actions: what became of each action: delivered, waiting, held and why, dead and why, and
 * how long deliveries took from the decision on. Counted from the outbox. */
#include "base/mem.h"
#include "core/reader_priv.h"
#include "core/report.h"
#include "core/report_table.h"
#include "model/stats.h"
#include "store/outbox.h"
#include "store/report_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { STATES = 7, REASONS_TOLD = 8 };

struct reason {
    struct rp_str text;
    int64_t count;
    bool dead; /* else held */
};
struct action {
    int64_t name;
    int kind;
    int64_t states[STATES], attempts;
    struct reason *reasons;
    size_t reason_count, reason_cap;
    double *times;
    size_t time_count, time_cap;
};
struct actions {
    struct rp_arena arena;
    struct rp_store *store;
    struct action *items;
    size_t count, cap;
};

static struct action *action_of(struct actions *a, int64_t name, int kind)
{
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].name == name && a->items[i].kind == kind) {
            return &a->items[i];
        }
    }
    a->items =
        a->count == a->cap ? rp_grow(a->items, &a->cap, a->count + 1, sizeof(*a->items)) : a->items;
    a->items[a->count] = (struct action){.name = name, .kind = kind};
    return &a->items[a->count++];
}

static int visit(void *ctx, const struct rp_action_count *count, struct rp_err *err)
{
    struct actions *a = ctx;
    struct action *action = action_of(a, count->action, count->kind);
    bool dead = count->state == RP_OUTBOX_DEAD;

    (void)err;
    if (count->state >= 0 && count->state < STATES) {
        action->states[count->state] += count->count;
    }
    action->attempts += count->attempts;
    if (!dead && count->state != RP_OUTBOX_HELD) {
        return 0;
    }
    for (size_t i = 0; i < action->reason_count; i++) {
        if (action->reasons[i].dead == dead && rp_str_eq(action->reasons[i].text, count->error)) {
            action->reasons[i].count += count->count;
            return 0;
        }
    }
    action->reasons = action->reason_count == action->reason_cap
                          ? rp_grow(action->reasons, &action->reason_cap, action->reason_count + 1,
                                    sizeof(*action->reasons))
                          : action->reasons;
    action->reasons[action->reason_count++] =
        (struct reason){rp_arena_str(&a->arena, count->error), count->count, dead};
    return 0;
}

static int visit_time(void *ctx, int64_t name, int kind, int64_t ms, struct rp_err *err)
{
    struct action *action = action_of(ctx, name, kind);

    (void)err;
    action->times = action->time_count == action->time_cap
                        ? rp_grow(action->times, &action->time_cap, action->time_count + 1,
                                  sizeof(*action->times))
                        : action->times;
    action->times[action->time_count++] = (double)(ms > 0 ? ms : 0);
    return 0;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static int by_count(const void *a, const void *b)
{
    const struct reason *x = a;
    const struct reason *y = b;

    return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                                : rp_str_cmp(x->text, y->text);
}

static double quantile(const struct action *action, double share)
{
    return action->time_count > 0
               ? rp_stats_quantile_sorted(action->times, action->time_count, share)
               : (double)NAN;
}

static int64_t waiting(const struct action *action)
{
    return action->states[RP_OUTBOX_PENDING] + action->states[RP_OUTBOX_LEASED] +
           action->states[RP_OUTBOX_OPEN];
}

static void put_time(struct rp_buf *out, double ms)
{
    struct rp_buf text = {0};

    rp_table_time(&text, ms);
    rp_table_right(out, text.ptr, 9);
    rp_buf_fini(&text);
}

static void print_text(const struct actions *a, struct rp_buf *out)
{
    if (a->count == 0) {
        rp_buf_text(out, "No action followed a decision in this time.\n");
        return;
    }
    rp_buf_text(out, "action               kind     delivered waiting    held    dead   median"
                     "     95 %\n");
    for (size_t i = 0; i < a->count; i++) {
        const struct action *action = &a->items[i];

        rp_table_cell(out, rp_store_name(a->store, action->name), 20);
        rp_buf_printf(out, " %-9s %8" PRId64 " %7" PRId64 " %7" PRId64 " %7" PRId64,
                      rp_action_kind_name((enum rp_action_kind)action->kind),
                      action->states[RP_OUTBOX_DELIVERED], waiting(action),
                      action->states[RP_OUTBOX_HELD], action->states[RP_OUTBOX_DEAD]);
        put_time(out, quantile(action, 0.5));
        put_time(out, quantile(action, 0.95));
        rp_buf_char(out, '\n');
        for (size_t r = 0; r < action->reason_count && r < REASONS_TOLD; r++) {
            rp_buf_printf(out, "    %s %" PRId64 ": ", action->reasons[r].dead ? "dead" : "held",
                          action->reasons[r].count);
            rp_table_cell(out, action->reasons[r].text, 62);
            rp_buf_char(out, '\n');
        }
        if (action->reason_count > REASONS_TOLD) {
            rp_buf_printf(out, "    … and %zu more reasons; --format json has all\n",
                          action->reason_count - REASONS_TOLD);
        }
        if (action->states[RP_OUTBOX_CANCELLED] > 0) {
            rp_buf_printf(out, "    cancelled %" PRId64 "\n", action->states[RP_OUTBOX_CANCELLED]);
        }
    }
    rp_buf_text(out,
                "\nwaiting: on its way, or a task that is open; held: kept back, and why; dead:\n"
                "given up after its attempts. median, 95 %: from the decision to the delivery.\n");
}

static void print_json(const struct actions *a, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "report", "actions");
    rp_jw_key(&jw, "actions");
    rp_jw_array(&jw);
    for (size_t i = 0; i < a->count; i++) {
        const struct action *action = &a->items[i];

        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "action", rp_store_name(a->store, action->name));
        rp_jw_put_text(&jw, "kind", rp_action_kind_name((enum rp_action_kind)action->kind));
        rp_jw_put_int(&jw, "delivered", action->states[RP_OUTBOX_DELIVERED]);
        rp_jw_put_int(&jw, "waiting", waiting(action));
        rp_jw_put_int(&jw, "held", action->states[RP_OUTBOX_HELD]);
        rp_jw_put_int(&jw, "dead", action->states[RP_OUTBOX_DEAD]);
        rp_jw_put_int(&jw, "cancelled", action->states[RP_OUTBOX_CANCELLED]);
        rp_jw_put_int(&jw, "attempts", action->attempts);
        rp_jw_key(&jw, "reasons");
        rp_jw_array(&jw);
        for (size_t r = 0; r < action->reason_count; r++) {
            rp_jw_object(&jw);
            rp_jw_put_text(&jw, "state", action->reasons[r].dead ? "dead" : "held");
            rp_jw_put_str(&jw, "reason", action->reasons[r].text);
            rp_jw_put_int(&jw, "count", action->reasons[r].count);
            rp_jw_object_end(&jw);
        }
        rp_jw_array_end(&jw);
        rp_jw_key(&jw, "seconds");
        rp_jw_object(&jw);
        rp_table_number(&jw, "median", quantile(action, 0.5) / 1000, 3);
        rp_table_number(&jw, "p95", quantile(action, 0.95) / 1000, 3);
        rp_table_number(&jw, "p99", quantile(action, 0.99) / 1000, 3);
        rp_jw_object_end(&jw);
        rp_jw_object_end(&jw);
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
}

int rp_report_actions_done(struct rp_reader *reader, const struct rp_report_query *query,
                           enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    struct actions a = {.store = reader->store};
    int64_t since = query->since_ms == RP_NEVER ? 0 : query->since_ms;
    int64_t until = query->until_ms == RP_NEVER ? query->now_ms : query->until_ms;
    int status = rp_reader_begin(reader, err);

    rp_arena_init(&a.arena);
    if (status == 0) {
        status = rp_report_actions(reader->store, since, until, visit, &a, err);
    }
    if (status == 0) {
        status = rp_report_times(reader->store, since, until, visit_time, &a, err);
    }
    for (size_t i = 0; i < a.count; i++) {
        if (a.items[i].time_count > 1) {
            qsort(a.items[i].times, a.items[i].time_count, sizeof(double), by_number);
        }
        if (a.items[i].reason_count > 1) {
            qsort(a.items[i].reasons, a.items[i].reason_count, sizeof(struct reason), by_count);
        }
    }
    if (status == 0) {
        if (format == RP_FORMAT_JSON) {
            print_json(&a, out);
        } else {
            print_text(&a, out);
        }
    }
    for (size_t i = 0; i < a.count; i++) {
        free(a.items[i].reasons);
        free(a.items[i].times);
    }
    free(a.items);
    rp_arena_fini(&a.arena);
    return rp_reader_end(reader, status);
}
