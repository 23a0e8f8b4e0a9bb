/* SPDX-License-Identifier: MIT */
/* From a hit to points, exactly as the contract orders it: points × share of test, then once and
 * once_per, limit, cooldown, then the group; rounded to thousandths once; then remembered. Each
 * model keeps its own memory. Hits that grant nothing are recorded and remembered nowhere: they
 * prolong no cooldown and use up no limit.
 *
 *   rule cell:   hits i64, then times i64 of the newest granted hits that limit and cooldown ask
 * for once cell:   hashes u64 of the keys of once_per group cell:  with `per`: positive i64,
 * negative i64 in the window, then each: at i64, granted i64; without: one accumulator for each
 * class of decay (index->group_sum) */
#include "base/hash.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"

#include <math.h>

struct group_grant {
    int64_t at, granted;
};

/* ---- once, limit, cooldown ------------------------------------------------------------------- */

/* Times that the rule's cell keeps. */
static uint32_t times_kept(const struct rp_score *score)
{
    uint32_t kept = score->cooldown_ms ? 1 : 0;

    if (score->limit_times && score->limit_per_ms && score->limit_times > kept)
        kept = score->limit_times;
    return kept;
}

static uint64_t once_hash(struct rp_scratch *s, const struct rp_value *value)
{
    uint64_t hash = rp_hash(rp_atom_folded(s, &value->atoms[0]));

    for (uint32_t i = 1; i < value->count; i++)
        hash = rp_path(hash, rp_atom_folded(s, &value->atoms[i]));
    return hash;
}

static const char *cut_by_once(struct rp_scratch *s, const struct rp_hit *hit, uint64_t once_key)
{
    const struct rp_score *score = &s->rules->scores[hit->rule];
    uint32_t len = 0;
    const uint8_t *keys;
    uint64_t key;

    if (score->once_per == RP_NONE)
        return NULL;
    keys = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_ONCE, s->model, hit->rule), &len);
    for (uint32_t at = 0; keys && at < len; at += sizeof(key)) {
        memcpy(&key, keys + at, sizeof(key));
        if (key == once_key)
            return "once";
    }
    return len / sizeof(key) >= RP_ONCE_KEYS_MAX ? "once_per_full" : NULL;
}

static const char *cut_by_times(const struct rp_scratch *s, uint32_t rule)
{
    const struct rp_score *score = &s->rules->scores[rule];
    int64_t t = s->event->effective_ms, hits = 0, at, newest = RP_NEVER;
    uint32_t len = 0, in_window = 0;
    const uint8_t *cell = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_RULE, s->model, rule), &len);

    if (!cell)
        return NULL;
    memcpy(&hits, cell, sizeof(hits));
    for (uint32_t i = sizeof(hits); i < len; i += sizeof(at)) {
        memcpy(&at, cell + i, sizeof(at));
        in_window += at > t - score->limit_per_ms;
        newest = at;
    }
    if (score->once && hits > 0)
        return "once";
    if (score->limit_times &&
        (score->limit_per_ms ? in_window : hits) >= (int64_t)score->limit_times)
        return "limit";
    if (score->cooldown_ms && newest != RP_NEVER && t - newest < score->cooldown_ms)
        return "cooldown";
    return NULL;
}

static void remember_hit(struct rp_scratch *s, struct rp_lead *lead, uint32_t rule,
                         uint64_t once_key)
{
    const struct rp_score *score = &s->rules->scores[rule];
    uint32_t key = rp_cell_key(RP_CELL_RULE, s->model, rule), len = 0, kept = times_kept(score);
    uint32_t once_cell = rp_cell_key(RP_CELL_ONCE, s->model, rule);
    int64_t hits = 1, old = 0;
    uint8_t *cell;

    if (score->once_per != RP_NONE) {
        rp_lead_cell(lead, once_cell, &len);
        cell = rp_lead_cell_resize(lead, once_cell, len + (uint32_t)sizeof(once_key));
        memcpy(cell + len, &once_key, sizeof(once_key));
    }
    if (!score->once && !score->limit_times && !score->cooldown_ms)
        return;
    cell = rp_lead_cell(lead, key, &len);
    if (len)
        memcpy(&old, cell, sizeof(old));
    hits += old;
    if (len < sizeof(hits) + kept * sizeof(hits)) {
        len = len ? len : sizeof(hits);
        cell = rp_lead_cell_resize(lead, key, len + (kept ? (uint32_t)sizeof(hits) : 0));
        len += kept ? (uint32_t)sizeof(hits) : 0;
    } else if (kept) {
        memmove(cell + 8, cell + 16, len - 16);
    }
    memcpy(cell, &hits, sizeof(hits));
    if (kept)
        memcpy(cell + len - 8, &s->event->effective_ms, sizeof(int64_t));
}

/* ---- Groups ---------------------------------------------------------------------------------- */

/* With the bounds of the model that is scored. */
static const struct rp_group *group_of(const struct rp_scratch *s, uint32_t index)
{
    return &s->rules->models[s->model].groups[index];
}

static bool group_bounds(const struct rp_group *group)
{
    return group->has_cap || group->has_floor;
}

/* What is granted in the window (t − per, t], positive and negative. */
static void group_window(const struct rp_scratch *s, uint32_t index, int64_t sums[2])
{
    const struct rp_group *group = group_of(s, index);
    int64_t t = s->event->effective_ms;
    uint32_t len = 0;
    const uint8_t *cell = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_GROUP, s->model, index), &len);
    struct group_grant grant;

    sums[0] = sums[1] = 0;
    if (!cell)
        return;
    memcpy(sums, cell, 16);
    for (uint32_t at = 16; at < len; at += sizeof(grant)) {
        memcpy(&grant, cell + at, sizeof(grant));
        if (grant.at > t - group->per_ms)
            break;
        sums[grant.granted < 0] -= grant.granted;
    }
}

static double group_value(const struct rp_scratch *s, uint32_t index)
{
    const struct rp_rules *rules = s->rules;
    double value = 0;

    for (uint32_t i = 0; i < rules->sum_count; i++) {
        uint32_t cell = s->index->group_sum[index * rules->sum_count + i];

        if (cell != RP_NONE)
            value += rp_sum_value(s->lead, rp_cell_key(RP_CELL_GROUP, s->model, cell),
                                  &rules->sums[i].decay, s->event->effective_ms);
    }
    return value;
}

/* What the group leaves of `asked` thousandths. */
static double group_room(const struct rp_scratch *s, uint32_t index, double asked)
{
    const struct rp_group *group = group_of(s, index);
    double room;
    int64_t sums[2];

    if ((asked > 0 && !group->has_cap) || (asked < 0 && !group->has_floor) || asked == 0)
        return asked;
    if (group->per_ms) {
        group_window(s, index, sums);
        room = asked > 0 ? (double)(group->cap - sums[0]) : (double)(group->floor - sums[1]);
    } else {
        room = (double)(asked > 0 ? group->cap : group->floor) - group_value(s, index);
    }
    if (asked > 0)
        return room <= 0 ? 0 : asked < room ? asked : room;
    return room >= 0 ? 0 : asked > room ? asked : room;
}

static void group_remember(struct rp_scratch *s, struct rp_lead *lead, uint32_t index, uint32_t sum,
                           int64_t granted)
{
    const struct rp_group *group = group_of(s, index);
    uint32_t key = rp_cell_key(RP_CELL_GROUP, s->model, index), len = 0, gone = 16;
    struct group_grant grant = {s->event->effective_ms, granted}, old;
    int64_t sums[2];
    uint8_t *cell;

    if (!group_bounds(group))
        return;
    if (!group->per_ms) {
        key = s->index->group_sum[index * s->rules->sum_count + sum];
        RP_ASSERT(key != RP_NONE);
        rp_sum_grant(lead, rp_cell_key(RP_CELL_GROUP, s->model, key), &s->rules->sums[sum].decay,
                     grant.at, granted);
        return;
    }
    group_window(s, index, sums);
    cell = rp_lead_cell(lead, key, &len);
    for (; gone < len; gone += (uint32_t)sizeof(old)) {
        memcpy(&old, cell + gone, sizeof(old));
        if (old.at > grant.at - group->per_ms)
            break;
    }
    if (len)
        memmove(cell + 16, cell + gone, len - gone);
    len = len ? len - (gone - 16) : 16;
    cell = rp_lead_cell_resize(lead, key, len + (uint32_t)sizeof(grant));
    sums[granted < 0] += granted;
    memcpy(cell, sums, 16);
    memcpy(cell + len, &grant, sizeof(grant));
}

/* ---- One award ------------------------------------------------------------------------------- */

struct award_case {
    const struct rp_award *award;
    double share;
    const char *cut; /* of the whole hit, NULL */
    struct rp_str evidence;
};

/* The key of a dimension `by` a field; false when this hit gives that dimension nothing. */
static bool award_key(struct rp_scratch *s, const struct rp_dim *dim, struct rp_str *ret_key)
{
    const struct rp_value *value;

    *ret_key = (struct rp_str){0};
    if (dim->by == RP_NONE)
        return true;
    value = rp_bind_value(s, dim->by);
    if (!value)
        return false;
    *ret_key = rp_value_text(s, value);
    return ret_key->len > 0 && ret_key->len <= RP_ID_MAX;
}

static int64_t award_store(struct rp_scratch *s, struct rp_lead *lead, const struct rp_award *award,
                           struct rp_str key, int64_t granted)
{
    const struct rp_decay *decay = &s->rules->sums[award->sum].decay;
    int64_t t = s->event->effective_ms;

    if (s->rules->dims[award->dim].by == RP_NONE)
        rp_sum_grant(lead, rp_cell_key(RP_CELL_SUM, s->model, award->sum), decay, t, granted);
    else if (!rp_sum_by_grant(s->arena, lead, rp_cell_key(RP_CELL_SUM_BY, s->model, award->sum),
                              decay, t, granted, key))
        return 0;
    return granted;
}

static void award_trace(struct rp_scratch *s, const struct rp_grant *grant, uint32_t sum)
{
    const struct rp_score *score = &s->rules->scores[grant->rule];
    struct rp_trace_row row = {.grant = *grant,
                               .sum = sum,
                               .event = s->event->id,
                               .at_ms = s->event->effective_ms,
                               .message_id = s->event->message_id,
                               .event_name = s->event->name,
                               .until_ms = RP_NEVER};

    if (row.event_name.len == 0)
        row.event_name = rp_str_from(rp_event_type_name(s->event->type));
    if (score->why_text.count)
        row.why = rp_template_text(s, &score->why_text);
    s->fold->trace(s->fold->trace_ctx, &row);
}

static int64_t award_grant(struct rp_scratch *s, struct rp_lead *lead, const struct rp_hit *hit,
                           const struct award_case *c, struct rp_decision *decision)
{
    const struct rp_score *score = &s->rules->scores[hit->rule];
    const struct rp_award *award = c->award;
    double asked = award->points * RP_MILLI * c->share, granted = asked;
    const char *cut = c->cut;
    struct rp_grant *grant;
    struct rp_str key;
    bool grouped;

    if (!award_key(s, &s->rules->dims[award->dim], &key))
        return 0;
    grouped = !cut && score->group != RP_NONE && s->rules->groups[score->group].dim == award->dim;
    if (grouped)
        granted = group_room(s, score->group, asked);
    grant = rp_decision_grant(s->arena, decision);
    *grant = (struct rp_grant){.rule = hit->rule,
                               .model = (uint16_t)s->model,
                               .dim = (uint16_t)award->dim,
                               .asked = rp_round_milli(asked),
                               .granted = cut ? 0 : rp_round_milli(granted),
                               .evidence = c->evidence,
                               .key = key};
    if (!cut && grant->granted != grant->asked)
        cut = "group";
    if (grant->granted) {
        grant->granted = award_store(s, lead, award, key, grant->granted);
        cut = grant->granted ? cut : "by_full";
    }
    if (grant->granted && grouped)
        group_remember(s, lead, score->group, award->sum, grant->granted);
    grant->cut = cut ? rp_str_from(cut) : (struct rp_str){0};
    if (s->fold->trace)
        award_trace(s, grant, award->sum);
    return grant->granted;
}

/* per = { field, each, points, max }: how many times the points are given; false: the field is
 * unknown. */
static bool per_times(struct rp_scratch *s, const struct rp_score *score, double *ret_times)
{
    const struct rp_value *value;
    double number;

    *ret_times = 1;
    if (score->per_field == RP_NONE)
        return true;
    value = rp_bind_value(s, score->per_field);
    if (!value || !rp_value_number(value, &number))
        return false;
    number = floor(number / score->per_each);
    *ret_times = number > 0 ? number : 0;
    return true;
}

/* The points of an award, before the share: of `per` never beyond its max. */
static struct rp_award award_points(const struct rp_score *score, const struct rp_award *award,
                                    double times)
{
    struct rp_award counted = *award;

    counted.points *= times;
    if (score->per_field != RP_NONE && !isnan(score->per_max) &&
        fabs(counted.points) > score->per_max)
        counted.points = award->points < 0 ? -score->per_max : score->per_max;
    return counted;
}

bool rp_points_grant(struct rp_scratch *s, struct rp_lead *lead, const struct rp_hit *hit,
                     struct rp_decision *decision)
{
    const struct rp_score *score = &s->rules->scores[hit->rule];
    const struct rp_value *once = NULL;
    struct award_case c = {.share = hit->share, .evidence = hit->evidence};
    uint64_t once_key = 0;
    bool gave = false;
    double times;

    if (!per_times(s, score, &times))
        return false;
    if (score->once_per != RP_NONE) {
        once = rp_bind_value(s, score->once_per);
        if (!once)
            return false;
        once_key = once_hash(s, once);
        if (c.evidence.len == 0)
            c.evidence = rp_value_text(s, once);
    }
    for (s->model = 0; s->model < s->rules->model_count; s->model++) {
        const struct rp_model *model = &s->rules->models[s->model];
        int64_t given = 0;

        if (model->without && model->without[hit->rule])
            continue;
        c.cut = score->shadow ? "shadow" : NULL;
        if (!c.cut)
            c.cut = cut_by_once(s, hit, once_key);
        if (!c.cut)
            c.cut = cut_by_times(s, hit->rule);
        for (uint32_t a = 0; a < score->award_count; a++) {
            struct rp_award award = award_points(
                score, &(model->awards ? model->awards[hit->rule] : score->awards)[a], times);

            c.award = &award;
            given |= award_grant(s, lead, hit, &c, decision);
        }
        if (given && s->model == s->fold->model)
            gave = true;
        if (given)
            remember_hit(s, lead, hit->rule, once_key);
    }
    s->model = s->fold->model;
    return gave;
}

/* ---- From a base ----------------------------------------------------------------------------- */

uint32_t rp_points_sum(const struct rp_scratch *s, uint32_t rule, uint32_t dim)
{
    if (rule != RP_NONE) {
        const struct rp_score *score = &s->rules->scores[rule];

        for (uint32_t a = 0; a < score->award_count; a++) {
            if (score->awards[a].dim == dim)
                return score->awards[a].sum;
        }
    }
    for (uint32_t i = 0; i < s->rules->sum_count; i++) {
        if (s->rules->sums[i].dim == dim)
            return i;
    }
    return RP_NONE;
}

bool rp_points_restore(struct rp_scratch *s, struct rp_lead *lead, uint32_t rule, uint32_t dim,
                       int64_t granted, struct rp_str key)
{
    const struct rp_score *score = rule == RP_NONE ? NULL : &s->rules->scores[rule];
    struct rp_award award = {.dim = dim, .sum = rp_points_sum(s, rule, dim)};

    if ((s->rules->dims[dim].by != RP_NONE && key.len == 0) ||
        award_store(s, lead, &award, key, granted) == 0)
        return false;
    for (uint32_t a = 0; score && score->group != RP_NONE && a < score->award_count; a++) {
        if (score->awards[a].dim == dim && s->rules->groups[score->group].dim == dim) {
            group_remember(s, lead, score->group, award.sum, granted);
            break;
        }
    }
    return true;
}

void rp_points_recall(struct rp_scratch *s, struct rp_lead *lead, uint32_t rule, struct rp_str hits,
                      struct rp_str once)
{
    const struct rp_score *score = &s->rules->scores[rule];
    uint32_t times = hits.len >= 16 ? (uint32_t)hits.len / 8 - 1 : 0, kept = times_kept(score);
    bool asks = score->once || score->limit_times || score->cooldown_ms;

    times = times < kept ? times : kept;
    for (uint32_t m = 0; m < s->rules->model_count; m++) {
        uint32_t key = rp_cell_key(RP_CELL_ONCE, m, rule), len;
        int64_t old = 0, all = 0;
        uint8_t *cell;

        (void)rp_lead_cell(lead, key, &len);
        if (score->once_per != RP_NONE && once.len > 0)
            memcpy((uint8_t *)rp_lead_cell_resize(lead, key, len + (uint32_t)once.len) + len,
                   once.ptr, once.len);
        if (!asks || hits.len < sizeof(all))
            continue;
        key = rp_cell_key(RP_CELL_RULE, m, rule);
        cell = rp_lead_cell(lead, key, &len);
        if (len >= sizeof(old))
            memcpy(&old, cell, sizeof(old));
        memcpy(&all, hits.ptr, sizeof(all));
        all += old;
        cell = rp_lead_cell_resize(lead, key, (uint32_t)sizeof(all) + times * 8);
        memcpy(cell, &all, sizeof(all));
        if (times > 0)
            memcpy(cell + sizeof(all), hits.ptr + hits.len - (size_t)times * 8, (size_t)times * 8);
    }
}
