/* SPDX-License-Identifier: MIT */
/* How score rules are found: each rule of a kind is filed under one condition that it cannot hit
 * without (an equality, a set of values, the literal start of a pattern), the one that shares its
 * value with the fewest other rules; a rule without such a condition is asked on every event of the
 * kind. The index is a filter: a candidate's whole condition is judged afterwards, so that a
 * collision of hashes costs a look and nothing else. */
#include "base/hash.h"
#include "base/mem.h"
#include "engine/index.h"

#include <math.h>
#include <stdlib.h>

#define PREFIX_MAX 32 /* bytes of a pattern's start that are hashed */
#define KEYS_MAX   64 /* values of one condition; with more the rule is not filed under it */

/* The values that a condition needs one of. */
struct keys {
    struct {
        uint32_t len; /* 0: the whole value */
        uint64_t hash;
    } items[KEYS_MAX];
    uint32_t count;
    uint32_t field;
};

uint64_t rp_index_value_key(uint32_t kind, uint32_t field, uint32_t len, uint64_t hash)
{
    uint64_t key = hash ^ ((uint64_t)kind << 40 | (uint64_t)len << 32 | field);

    key *= UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 29;
}

static bool keys_add(struct keys *keys, struct rp_str text, bool whole)
{
    if (!whole && text.len > PREFIX_MAX)
        text.len = PREFIX_MAX;
    if (keys->count == KEYS_MAX || (!whole && text.len == 0))
        return false;
    keys->items[keys->count].len = whole ? 0 : (uint32_t)text.len;
    keys->items[keys->count++].hash = rp_hash(text);
    return true;
}

/* A text that nothing but itself equals: no number, no truth value. */
static bool scalar_plain(const struct rp_scalar *value)
{
    return value->type == RP_STRING && isnan(value->number) && !rp_str_is(value->folded, "true") &&
           !rp_str_is(value->folded, "false");
}

static bool values_keys(const struct rp_matcher *matcher, bool whole, struct keys *keys)
{
    for (uint32_t i = 0; i < matcher->value_count; i++) {
        if (whole ? !scalar_plain(&matcher->values[i]) : matcher->values[i].type != RP_STRING)
            return false;
        if (!keys_add(keys, matcher->values[i].folded, whole))
            return false;
    }
    return matcher->value_count > 0;
}

static bool glob_keys(const struct rp_matcher *matcher, struct keys *keys)
{
    for (uint32_t i = 0; i < matcher->value_count; i++) {
        struct rp_str text = matcher->values[i].folded;
        size_t len = 0;

        while (len < text.len && text.ptr[len] != '*' && text.ptr[len] != '?')
            len++;
        if (matcher->values[i].type != RP_STRING ||
            !keys_add(keys, (struct rp_str){text.ptr, len}, len == text.len))
            return false;
    }
    return matcher->value_count > 0;
}

/* Collects values that a matching fact must have one of; false when there is no such list. */
static bool matcher_keys(const struct rp_matcher *matcher, struct keys *keys)
{
    struct keys saved = *keys;

    switch ((int)matcher->op) {
    case RP_MATCH_EQ:
    case RP_MATCH_EXACT:
    case RP_MATCH_ONE_OF:
        return values_keys(matcher, true, keys);
    case RP_MATCH_STARTS:
        return values_keys(matcher, false, keys);
    case RP_MATCH_GLOB:
        return glob_keys(matcher, keys);
    case RP_MATCH_ANY:
        for (uint32_t i = 0; i < matcher->part_count; i++) {
            if (!matcher_keys(&matcher->parts[i], keys))
                return false;
        }
        return matcher->part_count > 0;
    case RP_MATCH_ALL:
        for (uint32_t i = 0; i < matcher->part_count; i++) {
            if (matcher_keys(&matcher->parts[i], keys))
                return true;
            *keys = saved;
        }
        return false;
    default:
        return false;
    }
}

/* ---- One kind -------------------------------------------------------------------------------- */

/* One key that rules are filed under. */
struct widest {
    uint64_t key;
    uint32_t kind, field, len, count;
};
struct filed {
    struct rp_pairs pairs;
    struct widest *items;
    size_t count, cap;
};

struct filing {
    const struct rp_rules *rules;
    uint32_t kind, score;
    struct rp_pairs *pairs;     /* pass 1: all keys of all conditions */
    const struct rp_runs *runs; /* pass 2: how many share each */
    struct keys best;
    uint32_t best_share;
};

static uint64_t filing_key(const struct filing *filing, const struct keys *keys, uint32_t i)
{
    return rp_index_value_key(filing->kind, keys->field, keys->items[i].len, keys->items[i].hash);
}

static void filing_keys(struct filing *filing, const struct keys *keys)
{
    uint32_t share = 0;

    for (uint32_t i = 0; i < keys->count; i++) {
        if (filing->runs) {
            const struct rp_run *run = rp_runs_find(filing->runs, filing_key(filing, keys, i));

            share = run && run->count > share ? run->count : share;
        } else {
            rp_pairs_add(filing->pairs, filing_key(filing, keys, i), filing->score);
        }
    }
    if (filing->runs && (!filing->best.count || share < filing->best_share)) {
        filing->best = *keys;
        filing->best_share = share;
    }
}

/* Visits the conditions without which the rule cannot hit. */
static void filing_cond(struct filing *filing, const struct rp_cond *cond)
{
    struct keys keys = {.field = cond->field};
    enum rp_field_home home;

    if (cond->op == RP_COND_ALL) {
        for (uint32_t i = 0; i < cond->part_count; i++)
            filing_cond(filing, &cond->parts[i]);
    } else if (cond->op == RP_COND_FIELD) {
        home = filing->rules->fields[cond->field].home;
        if ((home == RP_FIELD_EVENT || home == RP_FIELD_META || home == RP_FIELD_TRAIT ||
             home == RP_FIELD_TOUCH) &&
            matcher_keys(&cond->match, &keys))
            filing_keys(filing, &keys);
    }
}

static bool score_is_on(const struct rp_score *score, uint32_t kind)
{
    for (uint32_t i = 0; score->enabled && i < score->on_count; i++) {
        if (score->on[i] == kind)
            return true;
    }
    return false;
}

static struct rp_guard *guard_of(struct rp_dispatch *dispatch, uint32_t field)
{
    for (uint32_t g = 0; g < dispatch->guard_count; g++) {
        if (dispatch->guards[g].field == field)
            return &dispatch->guards[g];
    }
    return NULL;
}

static void guard_length(struct rp_arena *arena, struct rp_guard *guard, uint32_t len)
{
    uint32_t at = 0;

    if (!guard->lengths)
        guard->lengths = RP_ARENA_ARRAY(arena, uint32_t, PREFIX_MAX + 1);
    while (at < guard->length_count && guard->lengths[at] < len)
        at++;
    if (at < guard->length_count && guard->lengths[at] == len)
        return;
    memmove(guard->lengths + at + 1, guard->lengths + at,
            (guard->length_count - at) * sizeof(*guard->lengths));
    guard->lengths[at] = len;
    guard->length_count++;
}

static void guard_add(struct rp_arena *arena, struct rp_dispatch *dispatch, const struct keys *keys)
{
    struct rp_guard *guard = guard_of(dispatch, keys->field);

    if (!guard) {
        struct rp_guard *guards = RP_ARENA_ARRAY(arena, struct rp_guard, dispatch->guard_count + 1);

        if (dispatch->guard_count)
            memcpy(guards, dispatch->guards, dispatch->guard_count * sizeof(*guards));
        dispatch->guards = guards;
        guard = &guards[dispatch->guard_count++];
        guard->field = keys->field;
    }
    guard->rules++;
    for (uint32_t i = 0; i < keys->count; i++) {
        if (keys->items[i].len)
            guard_length(arena, guard, keys->items[i].len);
        else
            guard->equal = true;
    }
}

static int guard_cmp(const void *left, const void *right)
{
    const struct rp_guard *a = left, *b = right;

    if (a->rules != b->rules)
        return a->rules > b->rules ? -1 : 1;
    return (a->field > b->field) - (a->field < b->field);
}

static void file_keys(const struct filing *filing, struct filed *filed)
{
    for (uint32_t k = 0; k < filing->best.count; k++) {
        uint64_t key = filing_key(filing, &filing->best, k);

        rp_pairs_add(&filed->pairs, key, filing->score);
        filed->items = rp_grow(filed->items, &filed->cap, filed->count + 1, sizeof(*filed->items));
        filed->items[filed->count++] = (struct widest){.key = key,
                                                       .kind = filing->kind,
                                                       .field = filing->best.field,
                                                       .len = filing->best.items[k].len};
    }
}

/* Files the rules of one kind; their keys go into *filed. */
static void file_kind(struct rp_rules *rules, struct rp_index *index, uint32_t kind,
                      const struct rp_runs *shares, struct filed *filed)
{
    struct rp_dispatch *dispatch = &index->dispatch[kind];
    struct filing filing = {.rules = rules, .kind = kind, .runs = shares};
    uint32_t *rest = rp_malloc((rules->score_count + 1) * sizeof(*rest));

    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        if (!score_is_on(score, kind))
            continue;
        dispatch->rules++;
        filing.score = i;
        filing.best.count = 0;
        if (score->when)
            filing_cond(&filing, score->when);
        if (!filing.best.count) {
            rest[dispatch->rest_count++] = i;
            continue;
        }
        guard_add(&rules->arena, dispatch, &filing.best);
        file_keys(&filing, filed);
    }
    dispatch->rest = RP_ARENA_ARRAY(&rules->arena, uint32_t, dispatch->rest_count + 1);
    memcpy(dispatch->rest, rest, dispatch->rest_count * sizeof(*rest));
    free(rest);
    if (dispatch->guard_count)
        qsort(dispatch->guards, dispatch->guard_count, sizeof(*dispatch->guards), guard_cmp);
    dispatch->fields = RP_ARENA_ARRAY(&rules->arena, uint32_t, dispatch->guard_count + 1);
    for (uint32_t g = 0; g < dispatch->guard_count; g++)
        dispatch->fields[g] = dispatch->guards[g].field;
}

/* ---- The widest an event can reach ----------------------------------------------------------- */

static int widest_cmp(const void *left, const void *right)
{
    const struct widest *a = left, *b = right;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->field != b->field)
        return a->field < b->field ? -1 : 1;
    return (a->len > b->len) - (a->len < b->len);
}

/* For each kind: the rest, and for each field and length the longest run. */
static void count_candidates(struct rp_rules *rules, struct rp_index *index, struct filed *filed)
{
    size_t kept = 0;

    for (uint32_t k = 0; k < rules->kind_count; k++)
        index->dispatch[k].max_candidates = index->dispatch[k].rest_count;
    if (filed->count)
        qsort(filed->items, filed->count, sizeof(*filed->items), widest_cmp);
    for (size_t i = 0; i < filed->count; i++) {
        const struct rp_run *run = rp_runs_find(&index->values, filed->items[i].key);
        uint32_t count = run ? run->count : 0;

        if (kept == 0 || widest_cmp(&filed->items[kept - 1], &filed->items[i]) != 0) {
            filed->items[kept] = filed->items[i];
            filed->items[kept++].count = count;
        } else if (count > filed->items[kept - 1].count) {
            filed->items[kept - 1].count = count;
        }
    }
    for (size_t i = 0; i < kept; i++)
        index->dispatch[filed->items[i].kind].max_candidates += filed->items[i].count;
}

void rp_index_scores(struct rp_rules *rules, struct rp_index *index)
{
    struct rp_pairs all = {0};
    struct filed filed = {0};
    struct rp_runs shares;

    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];
        struct filing filing = {.rules = rules, .score = i, .pairs = &all};

        for (uint32_t o = 0; score->enabled && score->when && o < score->on_count; o++) {
            filing.kind = score->on[o];
            filing_cond(&filing, score->when);
        }
    }
    rp_pairs_end(&rules->arena, &all, &shares);
    for (uint32_t k = 0; k < rules->kind_count; k++)
        file_kind(rules, index, k, &shares, &filed);
    index->scores = rp_pairs_end(&rules->arena, &filed.pairs, &index->values);
    count_candidates(rules, index, &filed);
    free(filed.items);
}
