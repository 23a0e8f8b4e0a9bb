/* SPDX-License-Identifier: MIT */
/* Counters: what is remembered of a lead's events. Equal uses share one; each use widens what it
 * keeps. Invariant: a counter's key is its kind of counting, its events, its condition's text and
 * its field, so that equal keys count the same. */
#include "base/limits.h"
#include "base/mem.h"
#include "engine/compile.h"

#include <math.h>

uint32_t rp_compile_counter(struct rp_compile *compile, enum rp_counter_op op, uint32_t *kinds,
                            uint32_t kind_count, const struct rp_node *where, uint32_t field)
{
    struct rp_rules *rules = compile->rules;
    struct rp_counter counter = {.op = op, .field = field};
    struct rp_buf key = {0};
    uint32_t known;

    if (op == RP_COUNTER_VISITS) {
        kinds = RP_ARENA_ARRAY(&rules->arena, uint32_t, 2);
        kinds[0] = rp_compile_kind(compile, RP_STR("page"), (struct rp_place){0});
        kinds[1] = rp_compile_kind(compile, RP_STR("screen"), (struct rp_place){0});
        kind_count = 2;
    }
    rp_buf_printf(&key, "%d %u", (int)op, field);
    for (uint32_t i = 0; i < kind_count; i++)
        rp_buf_printf(&key, " %u", kinds[i]);
    if (where) {
        rp_buf_text(&key, " where ");
        rp_node_print(&key, where);
    }
    known = rp_map_get(&compile->counters, rp_buf_view(&key));
    if (known == RP_MAP_NONE) {
        counter.kinds = kinds;
        counter.kind_count = kind_count;
        counter.where = rp_compile_cond(compile, where, RP_BARE_EVENT);
        rules->counters = rp_grow(rules->counters, &compile->counter_cap, rules->counter_count + 1u,
                                  sizeof *rules->counters);
        compile->counter_all_time = rp_grow(compile->counter_all_time, &compile->all_time_cap,
                                            rules->counter_count + 1u, sizeof(bool));
        rules->counters[rules->counter_count] = counter;
        compile->counter_all_time[rules->counter_count] = false;
        known = rules->counter_count++;
        rp_map_put(compile->arena, &compile->counters,
                   rp_arena_str(compile->arena, rp_buf_view(&key)), known);
    }
    rp_buf_fini(&key);
    return known;
}

void rp_compile_counter_needs(struct rp_compile *compile, uint32_t counter, uint32_t keep,
                              int64_t within_ms, bool by_day, bool ever)
{
    struct rp_counter *one = &compile->rules->counters[counter];

    if (keep > RP_WINDOW_ENTRIES_MAX)
        keep = RP_WINDOW_ENTRIES_MAX;
    if (keep > one->keep)
        one->keep = keep;
    if (within_ms > one->within_ms)
        one->within_ms = within_ms;
    if (within_ms == 0)
        compile->counter_all_time[counter] = true;
    one->by_day |= by_day;
    one->counts_ever |= ever;
}

static void count_filled(struct rp_compile *compile, const struct rp_node *list,
                         struct rp_counting *counting)
{
    counting->filled = RP_ARENA_ARRAY(&compile->rules->arena, uint32_t, list->item_count);
    counting->filled_count = list->item_count;
    for (uint32_t i = 0; i < list->item_count; i++) {
        counting->filled[i] = rp_compile_lead_field(
            compile, list->items[i].text, list->items[i].place, rp_node_width(&list->items[i]));
        compile->rules->fields[counting->filled[i]].keeps_text = true;
    }
}

/* A field of the events that are counted. */
static uint32_t distinct_field(struct rp_compile *compile, const struct rp_node *name)
{
    enum rp_bare before = compile->bare;
    uint32_t field;

    compile->bare = RP_BARE_EVENT;
    field = rp_compile_field(compile, name->text, name->place, rp_node_width(name));
    compile->bare = before;
    compile->rules->fields[field].keeps_text = true;
    return field;
}

struct rp_counting rp_compile_counting(struct rp_compile *compile, const struct rp_node *node,
                                       uint32_t keep)
{
    struct rp_counting counting = {
        .measure = RP_MEASURE_COUNT, .counter = RP_NONE, .field = RP_NONE};
    const char *name = node->call->name;
    const struct rp_node *options =
        node->item_count > 0 ? &node->items[node->item_count - 1] : NULL;
    uint32_t kind_count = 0;
    uint32_t *kinds = NULL;

    if (strcmp(name, "filled") == 0) {
        counting.measure = RP_MEASURE_FILLED;
        count_filled(compile, &node->items[0], &counting);
        return counting;
    }
    if (strcmp(name, "years_since") == 0) {
        counting.measure = RP_MEASURE_YEARS_SINCE;
        counting.field = rp_compile_lead_field(compile, node->items[0].text, node->items[0].place,
                                               rp_node_width(&node->items[0]));
        compile->rules->fields[counting.field].keeps_text = true;
        return counting;
    }
    counting.within_ms = rp_node_span(options, "within", 0);
    if (strcmp(name, "visits") == 0) {
        counting.counter = rp_compile_counter(compile, RP_COUNTER_VISITS, NULL, 0, NULL, RP_NONE);
        rp_compile_counter_needs(compile, counting.counter, keep, counting.within_ms, false,
                                 counting.within_ms == 0);
        return counting;
    }
    kinds = rp_compile_kinds(compile, &node->items[0], &kind_count);
    if (strcmp(name, "distinct") == 0) {
        counting.measure = RP_MEASURE_DISTINCT;
        counting.counter = rp_compile_counter(compile, RP_COUNTER_DISTINCT, kinds, kind_count,
                                              rp_node_get(options, "where"),
                                              distinct_field(compile, &node->items[1]));
        keep = RP_WINDOW_ENTRIES_MAX;
    } else {
        counting.counter = rp_compile_counter(
            compile, RP_COUNTER_EVENTS, kinds, kind_count,
            strcmp(name, "days_since") == 0 ? NULL : rp_node_get(options, "where"), RP_NONE);
        if (strcmp(name, "days") == 0) {
            counting.measure = RP_MEASURE_DAYS;
        } else if (strcmp(name, "days_since") == 0) {
            counting.measure = RP_MEASURE_DAYS_SINCE;
            keep = 1;
        }
    }
    rp_compile_counter_needs(compile, counting.counter, keep, counting.within_ms,
                             counting.measure == RP_MEASURE_DAYS,
                             counting.within_ms == 0 && counting.measure == RP_MEASURE_COUNT);
    return counting;
}
