/* SPDX-License-Identifier: MIT */
/* One family at a time, in step under both rule sets: notes entries into stages by week, the first
 * time that each side decides, both scores at the moment at which the rules in force decided and at
 * a fixed age, and in words why. What is kept of a lead is a record of fixed size; words only of
 * those that change. */
#include "base/json_read.h"
#include "base/mem.h"
#include "core/backtest_priv.h"
#include "core/report_table.h"
#include "store/decisions.h"

#include <stdlib.h>
#include <string.h>

/* ---- Life ------------------------------------------------------------------------------------ */

static void rules_init(struct rp_bt_tally *t, size_t s, const struct rp_rules *rules,
                       uint32_t model)
{
    const struct rp_model *seen = &rules->models[model];
    uint32_t count = rules->score_count + rules->fit_count;

    t->rules[s] = rp_calloc(count + 1, sizeof(*t->rules[s]));
    t->gave[s] = rp_calloc(count + 1, sizeof(*t->gave[s]));
    t->gave_list[s] = rp_calloc(count + 1, sizeof(*t->gave_list[s]));
    t->weigh[s] = rp_weigh_new(rules);
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        t->rules[s][i] = (struct rp_bt_rule){.name = score->name,
                                             .off = !score->enabled || score->shadow ||
                                                    (seen->without && seen->without[i])};
    }
    for (uint32_t i = 0; i < rules->fit_count; i++) {
        const struct rp_fit *fit = &rules->fits[i];

        t->rules[s][rules->score_count + i] = (struct rp_bt_rule){
            .name = fit->name,
            .fit = true,
            .off = !fit->enabled || fit->shadow || (seen->without_fits && seen->without_fits[i])};
    }
}

void rp_bt_tally_init(struct rp_bt_tally *t, const struct rp_backtest_options *options,
                      const struct rp_backtest *shape, const struct rp_bt_stages *stages,
                      const struct rp_rules *const *rules, const uint32_t *models)
{
    uint32_t fits = 0;

    *t = (struct rp_bt_tally){.options = options, .shape = shape, .stages = stages};
    rp_lead_init(&t->scratch);
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        rules_init(t, s, rules[s], models[s]);
        fits = rules[s]->fit_count > fits ? rules[s]->fit_count : fits;
    }
    t->fits = rp_calloc(fits + 1, sizeof(*t->fits));
    t->ends = rp_calloc((size_t)shape->stage_count * shape->stage_count + 1, sizeof(*t->ends));
}

static void change_fini(struct rp_bt_change *change)
{
    free(change->email);
    free(change->why[0]);
    free(change->why[1]);
}

void rp_bt_tally_fini(struct rp_bt_tally *t)
{
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        free(t->rules[s]);
        free(t->gave[s]);
        free(t->gave_list[s]);
        rp_weigh_free(t->weigh[s]);
    }
    for (size_t i = 0; i < t->change_count; i++) {
        change_fini(&t->changes[i]);
    }
    for (size_t i = 0; i < t->week_count; i++) {
        free(t->weeks[i].entered);
    }
    for (size_t i = 0; i < t->member_cap; i++) {
        free(t->members[i].why[0]);
        free(t->members[i].why[1]);
    }
    free(t->fits);
    free(t->ends);
    free(t->members);
    free(t->pending);
    free(t->records);
    free(t->changes);
    free(t->weeks);
    rp_lead_fini(&t->scratch);
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* The conditions of a decision in words, out of its reasons. */
static char *words_of(struct rp_arena *arena, const struct rp_move *move)
{
    struct rp_buf words = {0};
    struct rp_json json;
    char *text;

    rp_json_init(&json, arena, move->reasons);
    for (int token = rp_json_next(&json); token != RP_JSON_END && token != RP_JSON_ERROR;
         token = rp_json_next(&json)) {
        if (token == RP_JSON_KEY && rp_str_is(json.string, "actual") &&
            rp_json_next(&json) == RP_JSON_STRING) {
            rp_buf_printf(&words, "%s%.*s", words.len > 0 ? "; " : "", RP_STR_ARG(json.string));
        }
    }
    if (words.len == 0) {
        rp_buf_str(&words, move->because);
    }
    text = rp_strndup(words.ptr ? words.ptr : "", words.len);
    rp_buf_fini(&words);
    return text;
}

static char *why_not(struct rp_bt_tally *t, size_t s, size_t member, int64_t now_ms)
{
    struct rp_lead *lead = rp_replay_lead(t->replay, s, member);
    struct rp_buf words = {0};
    char *text;

    if (t->stages[s].decide == RP_NONE || !lead) {
        return rp_strdup("these rules have no such stage");
    }
    (void)rp_why_not_stage(rp_replay_fold(t->replay, s, member, now_ms), lead, t->stages[s].decide,
                           now_ms, &words);
    text = rp_strndup(words.ptr ? words.ptr : "", words.len);
    rp_buf_fini(&words);
    return text;
}

/* ---- Weeks ----------------------------------------------------------------------------------- */

static struct rp_bt_week *week_of(struct rp_bt_tally *t, int64_t ms)
{
    int64_t monday = rp_table_week(ms);
    size_t low = 0, high = t->week_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (t->weeks[middle].monday_ms == monday) {
            return &t->weeks[middle];
        }
        if (t->weeks[middle].monday_ms < monday) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    t->weeks = t->week_count == t->week_cap
                   ? rp_grow(t->weeks, &t->week_cap, t->week_count + 1, sizeof(*t->weeks))
                   : t->weeks;
    memmove(&t->weeks[low + 1], &t->weeks[low], (t->week_count - low) * sizeof(*t->weeks));
    t->week_count++;
    t->weeks[low] = (struct rp_bt_week){
        monday, rp_calloc((size_t)t->shape->stage_count * RP_BT_SIDES, sizeof(int64_t))};
    return &t->weeks[low];
}

/* ---- Decisions ------------------------------------------------------------------------------- */

static int32_t score_at(struct rp_bt_tally *t, size_t s, size_t member, int64_t ms)
{
    struct rp_fold *fold = rp_replay_fold(t->replay, s, member, ms);
    struct rp_lead *lead = rp_replay_lead(t->replay, s, member);
    int64_t total = lead ? rp_lead_score(fold, lead, fold->model, RP_NONE, ms) : 0;

    return total > INT32_MAX ? INT32_MAX : total < INT32_MIN ? INT32_MIN : (int32_t)total;
}

/* Which rules the decision stood on: folds the history once more. */
static void weigh(struct rp_bt_tally *t, size_t s, size_t member, int64_t now_ms)
{
    struct rp_fold *fold = rp_replay_fold(t->replay, s, member, now_ms);
    uint32_t dims = fold->rules->dim_count;

    rp_weigh_begin(t->weigh[s], fold->model, now_ms);
    fold->trace = rp_weigh_trace;
    fold->trace_ctx = t->weigh[s];
    rp_replay_again(t->replay, s, member, &t->scratch);
    fold->trace = NULL;
    rp_weigh_end(t->weigh[s], fold, &t->scratch);
    for (uint32_t i = 0; i < t->shape->rule_count[s]; i++) {
        bool has = false;

        for (uint32_t d = 0; d < dims && !has; d++) {
            has = rp_weigh_points(t->weigh[s], i, d) != 0;
        }
        if (has) {
            t->rules[s][i].decisions++;
            t->rules[s][i].needed += rp_weigh_needed(t->weigh[s], i, t->stages[s].decide);
        }
    }
}

/* Both sides stand at the moment now. */
static void take_decision(struct rp_bt_tally *t, size_t s, size_t member, char *why, int64_t now_ms)
{
    struct rp_bt_member *m = &t->members[member];
    size_t other = 1 - s;

    free(m->why[s]);
    m->why[s] = why;
    if (s == RP_BT_ACTIVE) {
        m->decided[RP_BT_ACTIVE] = score_at(t, RP_BT_ACTIVE, member, now_ms);
        m->decided[RP_BT_CANDIDATE] = score_at(t, RP_BT_CANDIDATE, member, now_ms);
    }
    if (m->at_ms[other] == RP_NEVER) {
        free(m->why[other]);
        m->why[other] = why_not(t, other, member, now_ms);
    }
    if (t->options->since_ms == RP_NEVER || now_ms >= t->options->since_ms) {
        weigh(t, s, member, now_ms);
    }
}

static void note_moves(struct rp_bt_tally *t, const struct rp_replayed *what)
{
    struct rp_bt_member *m = &t->members[what->member];
    bool counts = t->options->since_ms == RP_NEVER || what->now_ms >= t->options->since_ms;

    for (size_t i = 0; i < what->decision->move_count; i++) {
        const struct rp_move *move = &what->decision->moves[i];
        uint32_t to = t->stages[what->side].to[move->to];

        if (counts) {
            week_of(t, what->now_ms)->entered[to * RP_BT_SIDES + what->side]++;
        }
        if (move->to != t->stages[what->side].decide || m->at_ms[what->side] != RP_NEVER) {
            continue;
        }
        m->at_ms[what->side] = what->now_ms;
        char *why = words_of(what->fold->arena, move);
        if (!what->event) { /* both sides know the same */
            take_decision(t, what->side, what->member, why, what->now_ms);
            continue;
        }
        t->pending =
            t->pending_count == t->pending_cap
                ? rp_grow(t->pending, &t->pending_cap, t->pending_count + 1, sizeof(*t->pending))
                : t->pending;
        t->pending[t->pending_count++] = (struct rp_bt_pending){what->side, what->member, why};
    }
}

static void note_grants(struct rp_bt_tally *t, const struct rp_replayed *what)
{
    const struct rp_decision *decision = what->decision;
    uint32_t last = RP_NONE;

    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct rp_grant *grant = &decision->grants[i];

        if (grant->granted == 0 || grant->model != what->fold->model) {
            continue;
        }
        t->rules[what->side][grant->rule].events += grant->rule != last;
        last = grant->rule;
        if (!t->gave[what->side][grant->rule]) {
            t->gave[what->side][grant->rule] = true;
            t->gave_list[what->side][t->gave_count[what->side]++] = grant->rule;
        }
    }
}

void rp_bt_judged(void *ctx, const struct rp_replayed *what)
{
    struct rp_bt_tally *t = ctx;

    if (what->event) {
        if (what->side == RP_BT_ACTIVE) {
            t->members[what->member].excluded = what->decision->excluded;
        }
        note_grants(t, what);
    }
    note_moves(t, what);
}

void rp_bt_after(void *ctx, int64_t now_ms)
{
    struct rp_bt_tally *t = ctx;

    for (size_t i = 0; i < t->pending_count; i++) {
        take_decision(t, t->pending[i].side, t->pending[i].member, t->pending[i].why, now_ms);
    }
    t->pending_count = 0;
}

void rp_bt_before(void *ctx, int64_t until_ms)
{
    struct rp_bt_tally *t = ctx;

    for (size_t m = 0; m < t->family->lead_count; m++) {
        struct rp_lead *lead = rp_replay_lead(t->replay, RP_BT_ACTIVE, m);
        struct rp_bt_member *member = &t->members[m];

        if (!lead || member->has_aged || lead->created_ms + RP_BT_AGE_MS >= until_ms) {
            continue;
        }
        member->has_aged = true;
        member->aged_ms = lead->created_ms + RP_BT_AGE_MS;
        for (size_t s = 0; s < RP_BT_SIDES; s++) {
            member->aged[s] = score_at(t, s, m, member->aged_ms);
        }
    }
}

/* ---- A family -------------------------------------------------------------------------------- */

void rp_bt_family_begin(struct rp_bt_tally *t, const struct rp_family *family)
{
    size_t old = t->member_cap;

    t->family = family;
    if (t->member_cap < family->lead_count) {
        t->members = rp_grow(t->members, &t->member_cap, family->lead_count, sizeof(*t->members));
        memset(t->members + old, 0, (t->member_cap - old) * sizeof(*t->members));
    }
    for (size_t m = 0; m < family->lead_count; m++) {
        free(t->members[m].why[0]);
        free(t->members[m].why[1]);
        t->members[m] = (struct rp_bt_member){.at_ms = {RP_NEVER, RP_NEVER}, .aged_ms = RP_NEVER};
    }
}

/* The outcome on record at or behind a moment, RP_NEVER. One who stands alone has the decisions of
 * all who were merged into it. */
static int64_t outcome_behind(const struct rp_bt_tally *t, int64_t lead, bool alone, int64_t ms)
{
    struct rp_str outcome = t->shape->stages[t->shape->outcome];
    size_t count;
    const struct rp_move_row *moves = rp_replay_moves(t->replay, &count);

    for (size_t i = 0; i < count; i++) {
        if ((alone || moves[i].lead == lead) && rp_str_eq(moves[i].to, outcome) &&
            !rp_str_eq(moves[i].from, outcome) && moves[i].at_ms >= ms &&
            moves[i].at_ms <= t->options->now_ms) {
            return moves[i].at_ms;
        }
    }
    return RP_NEVER;
}

static bool is_right(const struct rp_bt_tally *t, int64_t lead, bool alone, int64_t ms)
{
    int64_t outcome = ms == RP_NEVER ? RP_NEVER : outcome_behind(t, lead, alone, ms);

    return outcome != RP_NEVER && outcome <= ms + t->shape->window_ms;
}

static enum rp_bt_kind kind_of(const struct rp_bt_lead *record, const uint32_t *end)
{
    const int64_t *at = record->at_ms;

    if ((at[RP_BT_ACTIVE] == RP_NEVER) != (at[RP_BT_CANDIDATE] == RP_NEVER)) {
        return at[RP_BT_ACTIVE] == RP_NEVER ? RP_BT_GAINED : RP_BT_LOST;
    }
    if (at[RP_BT_ACTIVE] != at[RP_BT_CANDIDATE]) {
        return at[RP_BT_CANDIDATE] < at[RP_BT_ACTIVE] ? RP_BT_EARLIER : RP_BT_LATER;
    }
    return end[RP_BT_ACTIVE] != end[RP_BT_CANDIDATE] ? RP_BT_ELSEWHERE : RP_BT_KINDS;
}

static char *email_of(struct rp_bt_tally *t, size_t member, const struct rp_lead *lead)
{
    struct rp_fold *fold = rp_replay_fold(t->replay, RP_BT_ACTIVE, member, t->options->now_ms);
    struct rp_str text = RP_STR("");

    (void)rp_lead_field(fold, lead, fold->rules->email_field, t->options->now_ms, &text);
    return rp_strndup(text.ptr ? text.ptr : "", text.len);
}

static void note_change(struct rp_bt_tally *t, size_t member, const struct rp_bt_lead *record,
                        const uint32_t *end)
{
    enum rp_bt_kind kind = kind_of(record, end);
    const struct rp_lead *lead = rp_replay_lead(t->replay, RP_BT_ACTIVE, member);
    struct rp_bt_change *change;

    if (kind == RP_BT_KINDS || ++t->kinds[kind] > (int64_t)t->options->list_max) {
        return;
    }
    t->changes = t->change_count == t->change_cap
                     ? rp_grow(t->changes, &t->change_cap, t->change_count + 1, sizeof(*change))
                     : t->changes;
    change = &t->changes[t->change_count++];
    *change = (struct rp_bt_change){.lead = record->lead,
                                    .kind = kind,
                                    .email = email_of(t, member, lead),
                                    .outcome_ms = record->outcome_ms};
    memcpy(change->public_id, lead->public_id, sizeof(change->public_id));
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        change->at_ms[s] = record->at_ms[s];
        change->end[s] = end[s];
        change->why[s] = t->members[member].why[s];
        t->members[member].why[s] = NULL;
    }
}

static void note_record(struct rp_bt_tally *t, size_t member, bool alone)
{
    const struct rp_bt_member *m = &t->members[member];
    enum rp_arms_in in = rp_replay_in_arm(t->replay, member);
    int64_t lead = t->family->leads[member];
    struct rp_bt_lead record = {.lead = lead, .aged_ms = m->aged_ms, .excluded = m->excluded};
    uint32_t end[RP_BT_SIDES];

    record.outcome_ms = outcome_behind(t, lead, alone, INT64_MIN);
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        const struct rp_lead *state = rp_replay_lead(t->replay, s, member);

        record.at_ms[s] = m->at_ms[s];
        record.decided[s] = m->decided[s];
        record.aged[s] = m->aged[s];
        record.total[s] = score_at(t, s, member, t->options->now_ms);
        record.right[s] = is_right(t, lead, alone, m->at_ms[s]);
        end[s] = t->stages[s].to[state->stage == RP_STAGE_NONE ? 0 : state->stage];
    }
    if (m->has_aged) {
        record.aged_over = record.outcome_ms != RP_NEVER && record.outcome_ms <= m->aged_ms;
        record.aged_right = is_right(t, lead, alone, m->aged_ms);
    }
    t->records = t->record_count == t->record_cap
                     ? rp_grow(t->records, &t->record_cap, t->record_count + 1, sizeof(record))
                     : t->records;
    t->records[t->record_count++] = record;
    t->leads++;
    t->excluded += record.excluded;
    t->in_arms += in != RP_ARMS_IN_NONE;
    t->in_lost_arms += in == RP_ARMS_IN_LOST;
    if (!record.excluded) {
        t->ends[end[RP_BT_ACTIVE] * t->shape->stage_count + end[RP_BT_CANDIDATE]]++;
        note_change(t, member, &record, end);
    }
}

static void note_rules(struct rp_bt_tally *t, size_t member)
{
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        struct rp_fold *fold = rp_replay_fold(t->replay, s, member, t->options->now_ms);
        const struct rp_rules *rules = fold->rules;

        rp_weigh_fits(fold, rp_replay_lead(t->replay, s, member), t->options->now_ms, t->fits);
        for (uint32_t f = 0; f < rules->fit_count; f++) {
            t->rules[s][rules->score_count + f].leads += t->fits[f];
        }
    }
}

void rp_bt_family_end(struct rp_bt_tally *t, size_t events)
{
    size_t standing = 0;

    for (size_t m = 0; m < t->family->lead_count; m++) {
        standing += rp_replay_lead(t->replay, RP_BT_ACTIVE, m) != NULL;
    }
    for (size_t m = 0; m < t->family->lead_count; m++) {
        if (rp_replay_lead(t->replay, RP_BT_ACTIVE, m)) {
            note_record(t, m, standing == 1);
            note_rules(t, m);
        }
    }
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        for (uint32_t i = 0; i < t->gave_count[s]; i++) {
            t->rules[s][t->gave_list[s][i]].leads++;
            t->gave[s][t->gave_list[s][i]] = false;
        }
        t->gave_count[s] = 0;
    }
    t->events += (int64_t)events;
    t->aside += rp_replay_cut(t->replay);
    rp_arena_reset(rp_replay_arena(t->replay));
}
