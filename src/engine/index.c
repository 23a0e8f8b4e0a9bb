/* SPDX-License-Identifier: MIT */
/* Derives the index of a rule set: names to kinds, paths to slots, what touches are read, which
 * state dimensions change with the profile alone. Knows rules, not leads or events. The index is
 * immutable; runs of equal keys keep the order in which they were added, so that declaration order
 * comes free. */
#include "engine/index.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

/* ---- Runs ------------------------------------------------------------------------------------ */

void rp_pairs_add(struct rp_pairs *pairs, uint64_t key, uint32_t item)
{
    pairs->items = rp_grow(pairs->items, &pairs->cap, pairs->count + 1, sizeof(*pairs->items));
    pairs->items[pairs->count] = (struct rp_pair){key, item, (uint32_t)pairs->count};
    pairs->count++;
}

static int pair_cmp(const void *left, const void *right)
{
    const struct rp_pair *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void runs_put(struct rp_runs *runs, uint64_t key, uint32_t first, uint32_t count)
{
    uint64_t at = (key ^ key >> 32) & runs->mask;

    while (runs->table[at].count)
        at = (at + 1) & runs->mask;
    runs->table[at] = (struct rp_run){key, first, count};
}

uint32_t *rp_pairs_end(struct rp_arena *arena, struct rp_pairs *pairs, struct rp_runs *runs)
{
    uint32_t *pool = RP_ARENA_ARRAY(arena, uint32_t, pairs->count + 1);
    size_t size = 4;

    while (size < pairs->count * 2)
        size *= 2;
    *runs = (struct rp_runs){RP_ARENA_ARRAY(arena, struct rp_run, size), size - 1};
    if (pairs->count)
        qsort(pairs->items, pairs->count, sizeof(*pairs->items), pair_cmp);
    for (size_t i = 0, first; i < pairs->count;) {
        for (first = i; i < pairs->count && pairs->items[i].key == pairs->items[first].key; i++)
            pool[i] = pairs->items[i].item;
        runs_put(runs, pairs->items[first].key, (uint32_t)first, (uint32_t)(i - first));
    }
    free(pairs->items);
    *pairs = (struct rp_pairs){0};
    return pool;
}

const struct rp_run *rp_runs_find(const struct rp_runs *runs, uint64_t key)
{
    uint64_t at = (key ^ key >> 32) & runs->mask;

    while (runs->table[at].count) {
        if (runs->table[at].key == key)
            return &runs->table[at];
        at = (at + 1) & runs->mask;
    }
    return NULL;
}

/* ---- Touches -----------------------------------------------------------------------------------
 */

static const char *const touch_names[RP_TOUCHES] = {"first_touch", "last_touch", "lead_touch",
                                                    "mql_touch"};
static const char *const attr_names[RP_TOUCH_ATTRS] = {"source",  "medium",  "campaign", "term",
                                                       "content", "landing", "referrer"};

static bool touch_parse(struct rp_str key, uint32_t *ret_touch, uint32_t *ret_attr)
{
    const char *dot = key.len ? memchr(key.ptr, '.', key.len) : NULL;
    struct rp_str head, tail;

    if (!dot)
        return false;
    head = (struct rp_str){key.ptr, (size_t)(dot - key.ptr)};
    tail = (struct rp_str){dot + 1, key.len - head.len - 1};
    for (uint32_t t = 0; t < RP_TOUCHES; t++) {
        for (uint32_t a = 0; rp_str_is(head, touch_names[t]) && a < RP_TOUCH_ATTRS; a++) {
            if (rp_str_is(tail, attr_names[a])) {
                *ret_touch = t;
                *ret_attr = a;
                return true;
            }
        }
    }
    return false;
}

/* lead_touch and mql_touch are copies of last_touch, which must then be kept too: where no rule
 * reads it, under a cell index behind the fields. */
static void index_touches(const struct rp_rules *rules, struct rp_index *index)
{
    for (uint32_t t = 0; t < RP_TOUCHES; t++) {
        for (uint32_t a = 0; a < RP_TOUCH_ATTRS; a++)
            index->touch[t][a] = RP_NONE;
    }
    for (uint32_t f = 0, t, a; f < rules->field_count; f++) {
        if (rules->fields[f].home != RP_FIELD_TOUCH || !touch_parse(rules->fields[f].key, &t, &a))
            continue;
        if (index->touch[t][a] == RP_NONE)
            index->touch[t][a] = f;
        index->touches = true;
    }
    for (uint32_t a = 0; a < RP_TOUCH_ATTRS; a++) {
        if (index->touch[RP_TOUCH_LAST][a] == RP_NONE &&
            (index->touch[RP_TOUCH_LEAD][a] != RP_NONE || index->touch[RP_TOUCH_MQL][a] != RP_NONE))
            index->touch[RP_TOUCH_LAST][a] = rules->field_count + a;
    }
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static const char *const touch_paths[RP_TOUCH_SOURCES] = {
    "context.campaign.source", "context.campaign.medium",  "context.campaign.name",
    "context.campaign.term",   "context.campaign.content", "properties.path",
    "context.page.path",       "properties.url",           "context.page.url",
    "properties.search",       "context.page.search",      "properties.referrer",
    "context.page.referrer",
};

struct targets {
    struct rp_target *items;
    size_t count, cap;
    struct rp_pairs pairs;
};

static void target_add(struct targets *targets, uint64_t path, struct rp_target target)
{
    targets->items =
        rp_grow(targets->items, &targets->cap, targets->count + 1, sizeof(*targets->items));
    targets->items[targets->count] = target;
    rp_pairs_add(&targets->pairs, path, (uint32_t)targets->count++);
}

static void index_paths(struct rp_rules *rules, struct rp_index *index)
{
    struct targets targets = {0};
    uint32_t *pool;

    for (uint32_t f = 0; f < rules->field_count; f++) {
        const struct rp_field *field = &rules->fields[f];

        if (field->home == RP_FIELD_EVENT) {
            target_add(&targets, field->path, (struct rp_target){f, RP_TARGET_EVENT, 0});
            if (field->fallback)
                target_add(&targets, field->fallback, (struct rp_target){f, RP_TARGET_EVENT, 1});
        }
        for (uint32_t a = 0; field->home == RP_FIELD_TRAIT && a < field->alias_count; a++)
            target_add(&targets, field->aliases[a],
                       (struct rp_target){f, RP_TARGET_TRAIT, (uint16_t)a});
    }
    for (uint32_t i = 0; index->touches && i < RP_TOUCH_SOURCES; i++)
        target_add(&targets, rp_path_of(rp_str_from(touch_paths[i])),
                   (struct rp_target){i, RP_TARGET_TOUCH, 0});
    index->targets = RP_ARENA_ARRAY(&rules->arena, struct rp_target, targets.count + 1);
    pool = rp_pairs_end(&rules->arena, &targets.pairs, &index->paths);
    for (size_t i = 0; i < targets.count; i++)
        index->targets[i] = targets.items[pool[i]];
    free(targets.items);
}

/* ---- Kinds ----------------------------------------------------------------------------------- */

static void type_add(struct rp_arena *arena, struct rp_index *index, uint32_t type,
                     struct rp_member member)
{
    uint32_t count = index->type_counts[type];
    struct rp_member *members = RP_ARENA_ARRAY(arena, struct rp_member, count + 1);

    if (count)
        memcpy(members, index->types[type], count * sizeof(*members));
    members[count] = member;
    index->types[type] = members;
    index->type_counts[type]++;
}

static void index_kinds(struct rp_rules *rules, struct rp_index *index)
{
    struct rp_arena *arena = &rules->arena;
    struct rp_pairs pairs = {0};
    struct rp_member *members;
    uint32_t count = 0, *pool;
    enum rp_event_type type;

    for (uint32_t k = 0; k < rules->kind_count; k++)
        count += 1 + rules->kinds[k].also_count;
    members = RP_ARENA_ARRAY(arena, struct rp_member, count + 1);
    count = 0;
    for (uint32_t k = 0; k < rules->kind_count; k++) {
        const struct rp_kind *kind = &rules->kinds[k];

        if (kind->any) {
            for (uint32_t t = 0; t < RP_EVENT_TYPES; t++)
                type_add(arena, index, t, (struct rp_member){k, NULL});
        } else if (kind->type != RP_TRACK) {
            type_add(arena, index, (uint32_t)kind->type, (struct rp_member){k, NULL});
        } else {
            rp_pairs_add(&pairs, rp_hash(rp_text_fold(arena, kind->name)), count);
            members[count++] = (struct rp_member){k, NULL};
        }
        for (uint32_t a = 0; a < kind->also_count; a++) {
            struct rp_member member = {k, kind->also[a].where};

            if (rp_event_type_parse(kind->also[a].event, &type) && type != RP_TRACK) {
                type_add(arena, index, (uint32_t)type, member);
                continue;
            }
            rp_pairs_add(&pairs, rp_hash(rp_text_fold(arena, kind->also[a].event)), count);
            members[count++] = member;
        }
    }
    index->members = RP_ARENA_ARRAY(arena, struct rp_member, count + 1);
    pool = rp_pairs_end(arena, &pairs, &index->names);
    for (uint32_t i = 0; i < count; i++)
        index->members[i] = members[pool[i]];
}

static void index_counters(struct rp_rules *rules, struct rp_index *index)
{
    index->visits = RP_ARENA_ARRAY(&rules->arena, uint32_t, rules->counter_count + 1);
    for (uint32_t c = 0; c < rules->counter_count; c++) {
        if (rules->counters[c].op == RP_COUNTER_VISITS)
            index->visits[index->visit_count++] = c;
    }
    for (uint32_t k = 0; k < rules->kind_count; k++) {
        struct rp_dispatch *dispatch = &index->dispatch[k];

        dispatch->counters = RP_ARENA_ARRAY(&rules->arena, uint32_t, rules->counter_count + 1);
        for (uint32_t c = 0; c < rules->counter_count; c++) {
            const struct rp_counter *counter = &rules->counters[c];

            for (uint32_t i = 0; counter->op != RP_COUNTER_VISITS && i < counter->kind_count; i++) {
                if (counter->kinds[i] == k)
                    dispatch->counters[dispatch->counter_count++] = c;
            }
        }
    }
}

/* ---- Dimensions, groups, triggers ------------------------------------------------------------ */

/* True when the condition reads the lead's profile and nothing else. */
static bool cond_of_profile(const struct rp_rules *rules, const struct rp_cond *cond)
{
    enum rp_field_home home;

    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (!cond_of_profile(rules, &cond->parts[i]))
            return false;
    }
    switch (cond->op) {
    case RP_COND_FIELD:
        home = rules->fields[cond->field].home;
        return home == RP_FIELD_TRAIT || home == RP_FIELD_TOUCH;
    case RP_COND_ALL:
    case RP_COND_ANY:
    case RP_COND_NO:
    case RP_COND_SOME:
    case RP_COND_IN_SEGMENT:
    case RP_COND_KNOWN:
        return true;
    case RP_COND_COUNT:
    case RP_COND_AT_LEAST:
    case RP_COND_BELOW:
    case RP_COND_GRADE_IN:
    case RP_COND_IN_STAGE:
    case RP_COND_IN_STATUS:
    case RP_COND_INACTIVE:
    case RP_COND_FILLED:
        return false;
    }
    return false;
}

static bool fit_of_profile(const struct rp_rules *rules, const struct rp_fit *fit)
{
    enum rp_field_home home;

    if (fit->op == RP_FIT_WHEN)
        return fit->when && cond_of_profile(rules, fit->when);
    if (fit->measure != RP_MEASURE_FIELD)
        return false;
    home = rules->fields[fit->field].home;
    return home == RP_FIELD_TRAIT || home == RP_FIELD_TOUCH;
}

static void index_dims(struct rp_rules *rules, struct rp_index *index)
{
    struct rp_arena *arena = &rules->arena;
    uint32_t next = rules->group_count;

    index->dim_static = RP_ARENA_ARRAY(arena, bool, rules->dim_count + 1);
    for (uint32_t d = 0; d < rules->dim_count; d++)
        index->dim_static[d] = rules->dims[d].state;
    for (uint32_t f = 0; f < rules->fit_count; f++) {
        if (rules->fits[f].enabled && !fit_of_profile(rules, &rules->fits[f]))
            index->dim_static[rules->fits[f].dim] = false;
    }
    index->group_sum =
        RP_ARENA_ARRAY(arena, uint32_t, (size_t)rules->group_count * rules->sum_count + 1);
    for (uint32_t g = 0; g < rules->group_count; g++) {
        for (uint32_t s = 0; s < rules->sum_count; s++) {
            bool needed = !rules->groups[g].per_ms && rules->sums[s].dim == rules->groups[g].dim;

            index->group_sum[g * rules->sum_count + s] = needed ? next++ : RP_NONE;
        }
    }
}

static void trigger_crossings(struct rp_index *index, const struct rp_trigger *trigger,
                              bool counting)
{
    if (trigger->op == RP_TRIGGER_CROSSED) {
        if (!counting)
            index->crossings[index->crossing_count] =
                (struct rp_crossing){trigger->index, trigger->threshold};
        index->crossing_count++;
    }
    for (uint32_t i = 0; i < trigger->part_count; i++)
        trigger_crossings(index, &trigger->parts[i], counting);
}

static void all_crossings(const struct rp_rules *rules, struct rp_index *index, bool counting)
{
    for (uint32_t a = 0; a < rules->action_count; a++)
        trigger_crossings(index, &rules->actions[a].on, counting);
    for (uint32_t q = 0; q < rules->sequence_count; q++) {
        const struct rp_sequence *sequence = &rules->sequences[q];

        for (uint32_t i = 0; i < sequence->start_count; i++) {
            if (sequence->starts[i].trigger)
                trigger_crossings(index, sequence->starts[i].trigger, counting);
        }
        for (uint32_t i = 0; i < sequence->exit_count; i++) {
            if (sequence->exits[i].trigger)
                trigger_crossings(index, sequence->exits[i].trigger, counting);
        }
    }
}

static void index_crossings(struct rp_rules *rules, struct rp_index *index)
{
    all_crossings(rules, index, true);
    index->crossings = RP_ARENA_ARRAY(&rules->arena, struct rp_crossing, index->crossing_count + 1);
    index->crossing_count = 0;
    all_crossings(rules, index, false);
}

static void index_keys(struct rp_rules *rules, struct rp_index *index)
{
    struct rp_pairs pairs = {0};

    for (uint32_t f = 0; f < rules->field_count; f++) {
        enum rp_field_home home = rules->fields[f].home;

        if (home == RP_FIELD_TRAIT || home == RP_FIELD_TOUCH)
            rp_pairs_add(&pairs, rp_hash(rules->fields[f].key), f);
    }
    index->key_fields = rp_pairs_end(&rules->arena, &pairs, &index->keys);
}

struct rp_index *rp_index_new(struct rp_rules *rules)
{
    struct rp_index *index = RP_ARENA_NEW(&rules->arena, struct rp_index);

    index->dispatch = RP_ARENA_ARRAY(&rules->arena, struct rp_dispatch, rules->kind_count + 1);
    index_touches(rules, index);
    index_paths(rules, index);
    index_kinds(rules, index);
    index_counters(rules, index);
    index_dims(rules, index);
    index_crossings(rules, index);
    index_keys(rules, index);
    rp_index_scores(rules, index);
    rp_index_probes(rules, index);
    rp_index_timers(rules, index);
    return index;
}

struct rp_index_plan rp_index_plan(const struct rp_rules *rules, uint32_t kind)
{
    const struct rp_dispatch *dispatch = &rules->index->dispatch[kind];

    RP_ASSERT(kind < rules->kind_count);
    return (struct rp_index_plan){
        .rules = dispatch->rules,
        .indexed = dispatch->rules - dispatch->rest_count,
        .max_candidates = dispatch->max_candidates,
        .counters = dispatch->counter_count,
        .fields = dispatch->fields,
        .field_count = dispatch->guard_count,
    };
}
