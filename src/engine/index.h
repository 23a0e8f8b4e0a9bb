/* SPDX-License-Identifier: MIT */
/* What the loader derives from finished rules so that an event touches only the declarations that
 * can concern it: which kinds an event has, which score rules may hit, which counters take it, and
 * which slots its values fill. Made once a generation in the rules' arena, read by the evaluation
 * alone. */
#ifndef RP_ENGINE_INDEX_H
#define RP_ENGINE_INDEX_H

#include "engine/ruleset.h"

#include <stdint.h>

/* What a value of an event fills. */
enum rp_target_role { RP_TARGET_EVENT, RP_TARGET_TRAIT, RP_TARGET_TOUCH };
struct rp_target {
    uint32_t slot; /* field; TOUCH: enum rp_touch_source */
    uint16_t role;
    uint16_t rank; /* the lowest wins: 0 the path itself, 1 the fallback; the alias's place */
};

/* 64-bit key → a run in a pool; open addressing, `count` 0 marks a free place. */
struct rp_run {
    uint64_t key;
    uint32_t first, count;
};
struct rp_runs {
    struct rp_run *table;
    uint64_t mask; /* size - 1 */
};

/* An event's name or type makes it one of `kind`, when `where` holds. */
struct rp_member {
    uint32_t kind;
    const struct rp_cond *where; /* NULL: always */
};

/* Values of a field that score rules of one kind are found by. */
struct rp_guard {
    uint32_t field;
    uint32_t rules;    /* found through this field */
    bool equal;        /* some by the whole value */
    uint32_t *lengths; /* some by a prefix: its lengths, ascending */
    uint32_t length_count;
};

struct rp_dispatch { /* one for each kind */
    struct rp_guard *guards;
    uint32_t guard_count;
    uint32_t *rest; /* score rules without a guard, ascending */
    uint32_t rest_count;
    uint32_t *counters;
    uint32_t counter_count;
    uint32_t rules, max_candidates;
    uint32_t *fields; /* of the guards, most used first */
};

enum rp_touch { RP_TOUCH_FIRST, RP_TOUCH_LAST, RP_TOUCH_LEAD, RP_TOUCH_MQL };
#define RP_TOUCHES 4
enum rp_touch_attr {
    RP_ATTR_SOURCE,
    RP_ATTR_MEDIUM,
    RP_ATTR_CAMPAIGN,
    RP_ATTR_TERM,
    RP_ATTR_CONTENT,
    RP_ATTR_LANDING,
    RP_ATTR_REFERRER,
};
#define RP_TOUCH_ATTRS 7
enum rp_touch_source { /* values of an event that tell where it came from */
                       RP_FROM_SOURCE,
                       RP_FROM_MEDIUM,
                       RP_FROM_CAMPAIGN,
                       RP_FROM_TERM,
                       RP_FROM_CONTENT,
                       RP_FROM_PATH,
                       RP_FROM_PAGE_PATH,
                       RP_FROM_URL,
                       RP_FROM_PAGE_URL,
                       RP_FROM_SEARCH,
                       RP_FROM_PAGE_SEARCH,
                       RP_FROM_REFERRER,
                       RP_FROM_PAGE_REFERRER,
};
#define RP_TOUCH_SOURCES 13

/* A dimension whose value before an event is needed, for crossed(…). */
struct rp_crossing {
    uint32_t dim; /* RP_NONE: the total */
    int64_t threshold;
};

/* A below {…, held}, with the model whose scores it asks for. */
struct rp_held {
    const struct rp_cond *cond;
    uint32_t model;
};
/* The stages that can be entered from another one. */
struct rp_entry {
    uint16_t stage;
    bool timed; /* time alone may bring it */
};
struct rp_entries {
    struct rp_entry *items;
    uint32_t count;
};
struct rp_waking {
    uint32_t field, cell;
};

/* A plain condition of a score rule: all of these fields must match. */
struct rp_probe {
    uint32_t field;
    struct rp_matcher match;
};
struct rp_probes {
    uint32_t count;
    struct rp_probe items[];
};

struct rp_index {
    struct rp_runs paths; /* rp_path → targets */
    struct rp_target *targets;
    struct rp_runs names; /* event name of a track, folded → members */
    struct rp_member *members;
    struct rp_member *types[RP_EVENT_TYPES]; /* members by the type alone, "*" included */
    uint32_t type_counts[RP_EVENT_TYPES];
    struct rp_dispatch *dispatch;    /* [kind] */
    struct rp_runs values;           /* kind, field and value or prefix → score rules */
    uint32_t *scores;                /* pool of values */
    const struct rp_probes **probes; /* [score]; NULL: ask its `when` */
    uint32_t *visits;                /* counters of visits */
    uint32_t visit_count;
    struct rp_runs keys; /* rp_hash of a lead field's key → fields */
    uint32_t *key_fields;
    uint32_t touch[RP_TOUCHES][RP_TOUCH_ATTRS]; /* field or RP_NONE; last touches that no rule reads
                                                   are kept behind rules->field_count */
    bool touches;                               /* some touch is read */
    bool *dim_static;    /* [dim] a state dimension that changes only with the profile */
    uint32_t *group_sum; /* [group * sum_count + sum]: cell index of a group without `per` */
    struct rp_crossing *crossings;
    uint32_t crossing_count;
    struct rp_entries **entries; /* [model][stage] */
    struct rp_held *held;
    uint32_t held_count;
    struct rp_waking *wakings; /* statuses that a property of an event wakes */
    uint32_t waking_count;
    bool asks_active;    /* some condition asks for inactivity */
    bool *falls, *rises; /* [dim], the total last: whether time alone may move a score that way;
                            ends of points given by hand apart */
    uint32_t total;      /* the total's place in them */
};

/* Derives the index; everything lives in rules->arena. Called once, when all else of the rules
 * stands. May add fields of its own behind rules->fields (touches that others are copied from). */
struct rp_index *rp_index_new(struct rp_rules *rules);

/* The run under a key, NULL when there is none. */
const struct rp_run *rp_runs_find(const struct rp_runs *runs, uint64_t key);
/* The key of a value (or a prefix of `len` > 0 bytes) in index->values. `hash`: rp_hash of the
 * bytes. */
uint64_t rp_index_value_key(uint32_t kind, uint32_t field, uint32_t len, uint64_t hash);

/* The part of the index about score rules, in index_scores.c. */
void rp_index_scores(struct rp_rules *rules, struct rp_index *index);

/* What time needs: entries, held conditions, wakings; in index_timers.c. */
void rp_index_timers(struct rp_rules *rules, struct rp_index *index);

/* index->probes, in index_probes.c. */
void rp_index_probes(struct rp_rules *rules, struct rp_index *index);

/* Pairs (key, item) → runs, for building: items of equal keys stand together in the order added. */
struct rp_pairs {
    struct rp_pair {
        uint64_t key;
        uint32_t item, order;
    } * items;
    size_t count, cap;
};
void rp_pairs_add(struct rp_pairs *pairs, uint64_t key, uint32_t item);
/* Fills *runs and the pool of items (both in the arena) and frees the pairs. */
uint32_t *rp_pairs_end(struct rp_arena *arena, struct rp_pairs *pairs, struct rp_runs *runs);

/* How events of one kind are dispatched, for `check --plan`. */
struct rp_index_plan {
    uint32_t rules;          /* enabled score rules on this kind */
    uint32_t indexed;        /* of them found through a value of the event */
    uint32_t max_candidates; /* most rules that one event of this kind can touch, lists apart */
    uint32_t counters;       /* counters that look at each such event */
    const uint32_t *fields;  /* the slots that they are indexed on, most used first */
    uint32_t field_count;
};

/* `kind` is an index of rules->kinds. */
struct rp_index_plan rp_index_plan(const struct rp_rules *rules, uint32_t kind);

#endif
