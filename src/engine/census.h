/* SPDX-License-Identifier: MIT */
/* What a database holds, counted for `check --db`: which events came, which traits leads have,
 * which rules fired. Plain counts that the core fills; what follows from them for rules is told
 * here. */
#ifndef RP_ENGINE_CENSUS_H
#define RP_ENGINE_CENSUS_H

#include "base/json_write.h"
#include "engine/diagnose.h"
#include "engine/map.h"
#include "engine/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

#define RP_CENSUS_NAMES_MAX 20000 /* event names, and traits: further ones are not counted */

struct rp_census_name {
    struct rp_str name; /* as it came first */
    uint64_t count;     /* events of that name; leads with that trait */
    int64_t lead;       /* the last lead counted */
};

struct rp_census {
    struct rp_arena *arena;
    uint64_t leads, events;                     /* looked at */
    bool whole;                                 /* those are all; else the newest leads */
    struct rp_map event_numbers, trait_numbers; /* folded name of an event, spelling of a trait */
    struct rp_census_name *event_names, *traits;
    uint32_t event_count, event_cap, trait_count, trait_cap;
    uint64_t *fired;               /* [score] hits, also those that granted nothing */
    uint64_t *with_field;          /* [field] leads with that trait, whatever its spelling */
    const struct rp_rules *before; /* the rules that are active in the database; NULL: none */
};

/* Counts for these rules; everything lives in the arena. */
void rp_census_init(struct rp_census *census, struct rp_arena *arena, const struct rp_rules *rules);
/* One event of a name: for pages and the like, the type's. */
void rp_census_event(struct rp_census *census, struct rp_str name);
/* A lead's event brought the trait under that spelling. Counted once a lead. */
void rp_census_trait(struct rp_census *census, struct rp_str name, int64_t lead);
/* Events of the kind, under its name and its other names (whatever their `where`). */
uint64_t rp_census_kind(const struct rp_census *census, const struct rp_kind *kind);

/* Where rules read each field first. */
struct rp_census_spot {
    bool read;
    struct rp_place place; /* line 0: in texts only */
    int width;
};
struct rp_census_spot *rp_census_spots(struct rp_arena *arena, const struct rp_rules *rules);

/* Findings: events that never came, traits that nobody has, rules that nothing fires, rules that
 * look renamed. To be sorted afterwards. */
void rp_lint_census(struct rp_diagnosis *diagnosis, const struct rp_rules *rules,
                    const struct rp_census *census);

/* What rules read and how much of it there is: a table, and the member "facts". */
void rp_census_print(struct rp_buf *out, const struct rp_rules *rules,
                     const struct rp_census *census);
void rp_census_json(struct rp_jw *jw, const struct rp_rules *rules, const struct rp_census *census);

#endif
