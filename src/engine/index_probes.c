/* SPDX-License-Identifier: MIT */
/* The plain conditions of score rules (fields that must all match) copied into one piece of memory
 * a rule: with thousands of rules the time of a candidate is the memory that it touches. Conditions
 * of other shapes are asked as they stand. */
#include "engine/index.h"

#include <string.h>

/* Values and texts that go along with a matcher; sets need more and stay where they are. */
#define VALUES_MAX 2

static bool is_plain(const struct rp_cond *cond)
{
    if (cond->op == RP_COND_FIELD)
        return true;
    if (cond->op != RP_COND_ALL)
        return false;
    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (cond->parts[i].op != RP_COND_FIELD)
            return false;
    }
    return true;
}

static size_t texts_size(const struct rp_matcher *match)
{
    size_t size = 0;

    for (uint32_t i = 0; match->value_count <= VALUES_MAX && i < match->value_count; i++)
        size += match->values[i].folded.len;
    return size;
}

/* Copies a matcher's values to *values and their folded texts to *texts; both move on. */
static void copy_values(struct rp_matcher *match, struct rp_scalar **values, char **texts)
{
    const struct rp_scalar *old = match->values;

    if (match->value_count == 0 || match->value_count > VALUES_MAX)
        return;
    match->values = *values;
    for (uint32_t i = 0; i < match->value_count; i++) {
        struct rp_scalar *value = (*values)++;

        *value = old[i];
        if (value->folded.len)
            memcpy(*texts, value->folded.ptr, value->folded.len);
        value->folded.ptr = *texts;
        *texts += value->folded.len;
    }
}

static const struct rp_probes *probes_of(struct rp_arena *arena, const struct rp_cond *when)
{
    const struct rp_cond *parts = when->op == RP_COND_ALL ? when->parts : when;
    uint32_t count = when->op == RP_COND_ALL ? when->part_count : 1;
    size_t head = sizeof(struct rp_probes) + count * sizeof(struct rp_probe), size = head;
    struct rp_probes *probes;
    struct rp_scalar *values;
    char *texts;

    for (uint32_t i = 0; i < count; i++)
        size += VALUES_MAX * sizeof(*values) + texts_size(&parts[i].match);
    probes = rp_arena_zalloc(arena, size);
    values = (struct rp_scalar *)(void *)((char *)probes + head);
    texts = (char *)(values + (size_t)count * VALUES_MAX);
    probes->count = count;
    for (uint32_t i = 0; i < count; i++) {
        probes->items[i] = (struct rp_probe){parts[i].field, parts[i].match};
        copy_values(&probes->items[i].match, &values, &texts);
    }
    return probes;
}

void rp_index_probes(struct rp_rules *rules, struct rp_index *index)
{
    index->probes = RP_ARENA_ARRAY(&rules->arena, const struct rp_probes *, rules->score_count + 1);
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_cond *when = rules->scores[i].when;

        if (when && is_plain(when))
            index->probes[i] = probes_of(&rules->arena, when);
    }
}
