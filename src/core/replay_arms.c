/* SPDX-License-Identifier: MIT */
/* Reads experiments and their periods once: a split acts while a period of it is under way, and the
 * arms of a period name their models. */
#include "core/replay_arms.h"

#include "base/json_read.h"
#include "base/mem.h"
#include "core/experiment.h"
#include "model/assign_hash.h"
#include "store/experiments.h"

#include <stdlib.h>

struct period {
    int64_t from_ms, until_ms;           /* until: INT64_MAX, it is under way */
    uint32_t models[RP_ASSIGN_ARMS_MAX]; /* [arm]; RP_NONE: the rules do not have it */
};
struct split {
    int64_t id;
    struct rp_str name;
    struct period *periods; /* oldest first */
    size_t count;
};
struct rp_arms {
    struct rp_arena arena;
    struct split *splits; /* in the order in which the core asks them */
    size_t count;
};

/* ---- Reading --------------------------------------------------------------------------------- */

/* The texts of all members of that name, however deep, in order; how many. */
static size_t texts_of(struct rp_arena *arena, struct rp_str json_text, const char *key,
                       struct rp_str *ret_texts, size_t max)
{
    enum rp_json_token token;
    struct rp_json json;
    size_t count = 0;

    rp_json_init(&json, arena, json_text);
    while (count < max && (token = rp_json_next(&json)) > RP_JSON_END) {
        if (token == RP_JSON_KEY && rp_str_is(json.string, key) &&
            rp_json_next(&json) == RP_JSON_STRING) {
            ret_texts[count++] = json.string;
        }
    }
    return count;
}

static void read_period(struct rp_arms *arms, const struct rp_rules *rules,
                        const struct rp_period_row *row, struct period *period)
{
    struct rp_str models[RP_ASSIGN_ARMS_MAX];
    size_t count = texts_of(&arms->arena, row->arms, "model", models, RP_ASSIGN_ARMS_MAX);

    period->from_ms = row->started_ms;
    period->until_ms = row->ended_ms == RP_NEVER ? INT64_MAX : row->ended_ms;
    for (size_t i = 0; i < RP_ASSIGN_ARMS_MAX; i++) {
        period->models[i] = i < count ? rp_rules_model(rules, models[i]) : RP_NONE;
    }
}

static int read_split(struct rp_arms *arms, struct rp_store *store, const struct rp_rules *rules,
                      const struct rp_experiment_row *row, struct rp_err *err)
{
    struct split *split = &arms->splits[arms->count++];
    struct rp_period_row *rows;
    int status = rp_period_list(&arms->arena, store, row->id, &rows, &split->count, err);

    split->id = row->id;
    split->name = row->name;
    if (status != 0) {
        return status;
    }
    split->periods = RP_ARENA_ARRAY(&arms->arena, struct period, split->count + 1);
    for (size_t i = 0; i < split->count; i++) {
        read_period(arms, rules, &rows[i], &split->periods[i]);
    }
    return 0;
}

int rp_arms_load(struct rp_store *store, const struct rp_rules *rules, struct rp_arms **ret_arms,
                 struct rp_err *err)
{
    struct rp_arms *arms = rp_calloc(1, sizeof(*arms));
    struct rp_experiment_row *rows = NULL;
    size_t count = 0;
    int status;

    rp_arena_init(&arms->arena);
    *ret_arms = NULL;
    status = rp_experiment_list(&arms->arena, store, &rows, &count, err);
    arms->splits = RP_ARENA_ARRAY(&arms->arena, struct split, count + 1);
    for (size_t i = 0; i < count && status == 0; i++) {
        struct rp_str mode;

        if (texts_of(&arms->arena, rows[i].definition, "mode", &mode, 1) == 1 &&
            rp_str_is(mode, "split")) { /* in a shadow the control acts */
            status = read_split(arms, store, rules, &rows[i], err);
        }
    }
    if (status != 0 || count == 0) {
        rp_arms_free(arms);
        return status;
    }
    *ret_arms = arms;
    return 0;
}

void rp_arms_free(struct rp_arms *arms)
{
    if (arms) {
        rp_arena_fini(&arms->arena);
        free(arms);
    }
}

size_t rp_arms_count(const struct rp_arms *arms)
{
    return arms ? arms->count : 0;
}

struct rp_str rp_arms_name(const struct rp_arms *arms, size_t split)
{
    return arms->splits[split].name;
}

/* ---- A lead ---------------------------------------------------------------------------------- */

static void take_row(const struct rp_arms *arms, const struct rp_dealt *row,
                     struct rp_arm_held *held)
{
    for (size_t i = 0; i < arms->count; i++) {
        if (arms->splits[i].id != row->experiment) {
            continue;
        }
        if (row->origin == 0) {
            held[i].at_ms = row->at_ms;
            held[i].arm = row->arm;
        } else { /* a merge brought it, and will again */
            held[i].joined = !(row->flags & RP_DEALT_BROUGHT);
        }
    }
}

int rp_arms_own(const struct rp_arms *arms, struct rp_arena *arena, struct rp_store *store,
                const struct rp_lead *lead, struct rp_arm_held *held, struct rp_err *err)
{
    struct rp_dealt *rows;
    size_t count;
    int status = rp_dealt_list(arena, store, lead->id, &rows, &count, err);

    for (size_t i = 0; i < arms->count; i++) {
        const struct rp_arm_cell *cell = rp_arm_of(lead, arms->splits[i].id);

        held[i] = (struct rp_arm_held){.at_ms = RP_NEVER,
                                       .arm = RP_ARM_NONE,
                                       .lent_ms = RP_NEVER,
                                       .lent = RP_ARM_NONE,
                                       .before = cell && (cell->flags & RP_ARM_BEFORE)};
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        take_row(arms, &rows[i], held);
    }
    return status;
}

/* What counts just before a moment; false: nothing was dealt. */
static bool had_before(const struct rp_arm_held *held, int64_t ms, int64_t *ret_at, int *ret_arm)
{
    bool own = held->at_ms != RP_NEVER && held->at_ms < ms;

    *ret_at = own ? held->at_ms : held->lent_ms;
    *ret_arm = own ? held->arm : held->lent;
    return *ret_at != RP_NEVER;
}

void rp_arms_merge(const struct rp_arms *arms, const struct rp_arm_held *from, int64_t from_lead,
                   int64_t at_ms, struct rp_arm_held *into)
{
    for (size_t i = 0; i < arms->count; i++) {
        int64_t brought_ms, has_ms;
        int brought, arm;
        bool has = had_before(&into[i], at_ms, &has_ms, &arm);

        if (!had_before(&from[i], at_ms, &brought_ms, &brought) ||
            (has ? has_ms <= brought_ms : into[i].before)) {
            continue; /* of two, the older stands */
        }
        if (has && into[i].at_ms == has_ms) {
            into[i].at_ms = brought_ms;
            into[i].arm = brought;
        } else {
            into[i].lent_ms = brought_ms;
            into[i].lent = brought;
            into[i].lender = has || into[i].joined ? 0 : from_lead;
        }
    }
}

void rp_arms_apart(const struct rp_arms *arms, int64_t from_lead, struct rp_arm_held *into)
{
    for (size_t i = 0; i < arms->count; i++) {
        if (into[i].lender == from_lead) {
            into[i].lent_ms = RP_NEVER;
            into[i].lent = RP_ARM_NONE;
            into[i].lender = 0;
        }
    }
}

/* ---- Who acts -------------------------------------------------------------------------------- */

static const struct period *period_at(const struct split *split, int64_t at_ms)
{
    for (size_t i = 0; i < split->count; i++) {
        if (split->periods[i].from_ms <= at_ms && at_ms < split->periods[i].until_ms) {
            return &split->periods[i];
        }
    }
    return NULL;
}

/* The arm that the lead was in, RP_ARM_NONE; since when. */
static int arm_before(const struct rp_arm_held *held, int64_t ms, int64_t *ret_since)
{
    int arm;

    return had_before(held, ms, ret_since, &arm) && arm >= 0 && arm < RP_ASSIGN_ARMS_MAX
               ? arm
               : RP_ARM_NONE;
}

uint32_t rp_arms_model(const struct rp_arms *arms, const struct rp_arm_held *held, int64_t at_ms,
                       bool by_event, uint32_t otherwise)
{
    for (size_t i = 0; i < rp_arms_count(arms); i++) {
        int64_t since;
        int arm = arm_before(&held[i], by_event ? at_ms + 1 : at_ms, &since);
        const struct period *period =
            arm == RP_ARM_NONE ? NULL : period_at(&arms->splits[i], at_ms);

        if (period) {
            return period->models[arm] == RP_NONE ? otherwise : period->models[arm];
        }
    }
    return otherwise;
}

enum rp_arms_in rp_arms_in(const struct rp_arms *arms, const struct rp_arm_held *held,
                           int64_t until_ms)
{
    enum rp_arms_in in = RP_ARMS_IN_NONE;

    for (size_t i = 0; i < rp_arms_count(arms); i++) {
        const struct split *split = &arms->splits[i];
        int64_t since;
        int arm = arm_before(&held[i], until_ms + 1, &since);

        for (size_t p = 0; p < split->count && arm != RP_ARM_NONE; p++) {
            const struct period *period = &split->periods[p];

            if (period->until_ms > since && period->from_ms <= until_ms) {
                in = in == RP_ARMS_IN_LOST || period->models[arm] == RP_NONE ? RP_ARMS_IN_LOST
                                                                             : RP_ARMS_IN_ONE;
            }
        }
    }
    return in;
}
