/* SPDX-License-Identifier: MIT */
/* One event into a lead's cells, in this order: profile, excludes, touches, score rules in
 * declaration order, counters, the kept values of state dimensions, the newest order. The same
 * events in the same order give the same bytes, whoever folds them and from wherever: nothing but
 * the cells is carried from one event to the next.
 *
 *   newest cell: at i64, rank i32, flags u32, length u32, zero u32, messageId */
#include "engine/fold.h"

#include "base/hash.h"
#include "base/mem.h"
#include "engine/base_event.h"
#include "engine/eval.h"
#include "model/consent.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define NEWEST_VOIDS    2U /* some event voids another */
#define NEWEST_TOUCHED  1U /* some event brought a touch */
#define NEWEST_OBJECTED 4U /* to profiling: events give no points */

struct newest {
    int64_t at;
    int32_t rank;
    uint32_t flags, id_len, zero;
};

/* ---- Life ------------------------------------------------------------------------------------ */

void rp_fold_init(struct rp_fold *fold, const struct rp_rules *rules, struct rp_vm *vm,
                  struct rp_arena *arena)
{
    struct rp_scratch *s = rp_calloc(1, sizeof(*s));
    size_t scores = rules->score_count + 1;

    RP_ASSERT(rules->index != NULL);
    RP_ASSERT(vm != NULL || rules->test_count == 0);
    *fold = (struct rp_fold){.rules = rules, .vm = vm, .arena = arena, .scratch = s};
    s->rules = rules;
    s->index = rules->index;
    s->slots = rp_calloc(rules->field_count + RP_TOUCH_ATTRS, sizeof(*s->slots));
    s->hits = rp_calloc(rules->field_count + 1, sizeof(*s->hits));
    s->hit_fields = rp_calloc(rules->field_count + 1, sizeof(*s->hit_fields));
    s->kinds = rp_calloc(rules->kind_count + 1, sizeof(*s->kinds));
    s->kind_epoch = rp_calloc(rules->kind_count + 1, sizeof(*s->kind_epoch));
    s->candidates = rp_calloc(scores, sizeof(*s->candidates));
    s->merged = rp_calloc(scores, sizeof(*s->merged));
    s->counter_epoch = rp_calloc(rules->counter_count + 1, sizeof(*s->counter_epoch));
    s->before = rp_calloc(s->index->crossing_count + 1, sizeof(*s->before));
    s->before_day = rp_calloc(s->index->crossing_count + 1, sizeof(*s->before_day));
    s->held = rp_calloc(s->index->held_count + 1, sizeof(*s->held));
}

void rp_fold_fini(struct rp_fold *fold)
{
    struct rp_scratch *s = fold->scratch;

    if (!s)
        return;
    free(s->slots);
    free(s->hits);
    free(s->hit_fields);
    free(s->kinds);
    free(s->kind_epoch);
    free(s->candidates);
    free(s->merged);
    free(s->counter_epoch);
    free(s->before);
    free(s->before_day);
    free(s->held);
    rp_buf_fini(&s->facts);
    free(s);
    fold->scratch = NULL;
}

/* ---- Lists of the decision ------------------------------------------------------------------- */

static void *list_room(struct rp_arena *arena, void *items, size_t count, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 8;
    void *grown;

    if (count < *cap)
        return items;
    grown = rp_arena_zalloc(arena, more * size);
    if (count)
        memcpy(grown, items, count * size);
    *cap = more;
    return grown;
}

struct rp_grant *rp_decision_grant(struct rp_arena *arena, struct rp_decision *decision)
{
    decision->grants = list_room(arena, decision->grants, decision->grant_count,
                                 &decision->grant_cap, sizeof(*decision->grants));
    return &decision->grants[decision->grant_count++];
}

struct rp_move *rp_decision_move(struct rp_arena *arena, struct rp_decision *decision)
{
    decision->moves = list_room(arena, decision->moves, decision->move_count, &decision->move_cap,
                                sizeof(*decision->moves));
    return &decision->moves[decision->move_count++];
}

struct rp_intent *rp_decision_intent(struct rp_arena *arena, struct rp_decision *decision)
{
    decision->intents = list_room(arena, decision->intents, decision->intent_count,
                                  &decision->intent_cap, sizeof(*decision->intents));
    return &decision->intents[decision->intent_count++];
}

struct rp_sequence_change *rp_decision_sequence(struct rp_arena *arena,
                                                struct rp_decision *decision)
{
    decision->sequences = list_room(arena, decision->sequences, decision->sequence_count,
                                    &decision->sequence_cap, sizeof(*decision->sequences));
    return &decision->sequences[decision->sequence_count++];
}

struct rp_fault *rp_decision_fault(struct rp_arena *arena, struct rp_decision *decision)
{
    decision->faults = list_room(arena, decision->faults, decision->fault_count,
                                 &decision->fault_cap, sizeof(*decision->faults));
    return &decision->faults[decision->fault_count++];
}

/* ---- Effective order ------------------------------------------------------------------------- */

static bool newest_read(const struct rp_lead *lead, struct newest *ret_newest,
                        struct rp_str *ret_id)
{
    uint32_t len = 0;
    const char *cell = rp_lead_cell(lead, rp_cell_key(RP_CELL_NEWEST, 0, 0), &len);

    if (!cell || len < sizeof(*ret_newest))
        return false;
    memcpy(ret_newest, cell, sizeof(*ret_newest));
    *ret_id = (struct rp_str){cell + sizeof(*ret_newest), ret_newest->id_len};
    return true;
}

static void newest_write(struct rp_lead *lead, const struct rp_event *event, uint32_t flags)
{
    struct rp_order order = rp_event_order(event);
    struct newest newest = {order.at_ms, order.rank, flags, (uint32_t)order.message_id.len, 0};
    char *cell = rp_lead_cell_resize(lead, rp_cell_key(RP_CELL_NEWEST, 0, 0),
                                     (uint32_t)(sizeof(newest) + order.message_id.len));

    memcpy(cell, &newest, sizeof(newest));
    if (order.message_id.len)
        memcpy(cell + sizeof(newest), order.message_id.ptr, order.message_id.len);
}

int64_t rp_fold_newest(const struct rp_lead *lead)
{
    struct newest newest;
    struct rp_str id;

    return newest_read(lead, &newest, &id) ? newest.at : RP_NEVER;
}

bool rp_fold_in_order(const struct rp_lead *lead, const struct rp_event *event)
{
    struct rp_order order = rp_event_order(event), last = {0};
    struct newest newest;

    if (!newest_read(lead, &newest, &last.message_id))
        return true;
    last.at_ms = newest.at;
    last.rank = newest.rank;
    return rp_order_cmp(&order, &last) > 0;
}

/* ---- Candidates ------------------------------------------------------------------------------ */

/* Joins an ascending list into the candidates; both stay ascending and free of doubles. */
static uint32_t candidates_join(struct rp_scratch *s, uint32_t count, const uint32_t *list,
                                uint32_t list_count)
{
    uint32_t *swap, i = 0, j = 0, n = 0;

    if (list_count == 0)
        return count;
    if (count == 0 || list[0] > s->candidates[count - 1]) {
        for (; j < list_count; j++) {
            if (count == 0 || s->candidates[count - 1] != list[j])
                s->candidates[count++] = list[j];
        }
        return count;
    }
    while (i < count || j < list_count) {
        uint32_t next = j == list_count || (i < count && s->candidates[i] <= list[j])
                            ? s->candidates[i++]
                            : list[j++];

        if (n == 0 || s->merged[n - 1] != next)
            s->merged[n++] = next;
    }
    swap = s->candidates;
    s->candidates = s->merged;
    s->merged = swap;
    return n;
}

static uint32_t candidates_run(struct rp_scratch *s, uint32_t count, uint64_t key)
{
    const struct rp_run *run = rp_runs_find(&s->index->values, key);

    return run ? candidates_join(s, count, s->index->scores + run->first, run->count) : count;
}

static uint32_t candidates_guard(struct rp_scratch *s, uint32_t count, uint32_t kind,
                                 const struct rp_guard *guard)
{
    const struct rp_value *value = rp_bind_value(s, guard->field);

    for (uint32_t i = 0; value && i < value->count; i++) {
        struct rp_str text = rp_atom_folded(s, &value->atoms[i]);

        if (guard->equal)
            count =
                candidates_run(s, count, rp_index_value_key(kind, guard->field, 0, rp_hash(text)));
        for (uint32_t l = 0; l < guard->length_count && guard->lengths[l] <= text.len; l++) {
            struct rp_str start = {text.ptr, guard->lengths[l]};

            count = candidates_run(
                s, count,
                rp_index_value_key(kind, guard->field, guard->lengths[l], rp_hash(start)));
        }
    }
    return count;
}

uint32_t rp_candidates(struct rp_scratch *s)
{
    uint32_t count = 0;

    for (uint32_t k = 0; k < s->kind_count; k++) {
        const struct rp_dispatch *dispatch = &s->index->dispatch[s->kinds[k]];

        count = candidates_join(s, count, dispatch->rest, dispatch->rest_count);
        for (uint32_t g = 0; g < dispatch->guard_count; g++)
            count = candidates_guard(s, count, s->kinds[k], &dispatch->guards[g]);
    }
    return count;
}

/* ---- Tests in Lua ---------------------------------------------------------------------------- */

static bool fact_lead(void *ctx, struct rp_str name, struct rp_scalar *ret_value)
{
    struct rp_scratch *s = ctx;
    uint32_t field = rp_lead_key_field(s->rules, name);
    const struct rp_value *value;
    struct rp_atom *atom;

    if (field == RP_NONE)
        return rp_profile_other(s, s->lead, name, ret_value);
    value = rp_bind_value(s, field);
    if (!value)
        return false;
    atom = &value->atoms[0];
    *ret_value = (struct rp_scalar){.type = atom->type,
                                    .text = value->count > 1 ? rp_value_text(s, value) : atom->text,
                                    .number = atom->type == RP_STRING ? (double)NAN : atom->number};
    if (value->count > 1)
        ret_value->type = RP_STRING;
    return true;
}

static double fact_past(void *ctx, uint32_t rule, uint32_t use)
{
    struct rp_scratch *s = ctx;
    const struct rp_use *asked = &s->rules->scores[rule].uses[use];
    double value;

    return rp_measure(s, asked->measure, asked->counter, asked->within_ms, &value) ? value
                                                                                   : (double)NAN;
}

static uint64_t monotonic_ns(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* A test whose run is counted: its time is for reports alone, the outcome never depends on it. */
static int counted_test(struct rp_scratch *s, uint32_t rule, const struct rp_vm_facts *facts,
                        struct rp_rule_count *count, struct rp_test_result *result,
                        struct rp_err *err)
{
    uint64_t start = count ? monotonic_ns() : 0;
    int rc = rp_vm_test(s->arena, s->fold->vm, s->rules->scores[rule].test, rule, s->event, facts,
                        result, err);

    if (count)
        rp_rule_count_test(count, rc != 0, rp_vm_steps(s->fold->vm), monotonic_ns() - start);
    return rc;
}

/* False: the test said no, or failed (recorded as a fault). */
static bool run_test(struct rp_scratch *s, uint32_t rule, struct rp_hit *hit,
                     struct rp_rule_count *count, struct rp_decision *decision)
{
    const struct rp_score *score = &s->rules->scores[rule];
    struct rp_vm_facts facts = {s, fact_lead, fact_past};
    struct rp_test_result result = {0};
    struct rp_err err = {0};
    struct rp_fault *fault;
    int rc = counted_test(s, rule, &facts, count, &result, &err);

    if (rc == 0) {
        hit->share = result.share > 1 ? 1 : result.share;
        hit->evidence = result.evidence;
        return result.share > 0;
    }
    fault = rp_decision_fault(s->arena, decision);
    *fault = (struct rp_fault){
        .rule = score->name,
        .kind = rc == RIPEN_EBUDGET ? RP_STR("budget") : RP_STR("error"),
        .message = rp_arena_str(s->arena, rp_str_from(err.text)),
        .file = rp_arena_str(s->arena, rp_str_from(err.file)),
        .line = err.line,
    };
    return false;
}

/* The rule's `when`. */
static bool rule_holds(struct rp_scratch *s, uint32_t rule)
{
    const struct rp_probes *probes = s->index->probes[rule];
    const struct rp_cond *when;

    for (uint32_t i = 0; probes && i < probes->count; i++) {
        const struct rp_probe *probe = &probes->items[i];

        if (rp_match(s, &probe->match, rp_bind_value(s, probe->field)) != RP_TRUE)
            return false;
    }
    when = probes ? NULL : s->rules->scores[rule].when;
    return !when || rp_cond_eval(s, when) == RP_TRUE;
}

static void run_scores(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    struct rp_rule_count *counts = s->event->id == 0 ? s->fold->counts : NULL, *count;
    uint32_t candidates = rp_candidates(s);

    for (uint32_t i = 0; i < candidates; i++) {
        struct rp_hit hit = {.rule = s->candidates[i], .share = 1};
        const struct rp_score *score;
        bool gave;

        count = counts ? &counts[hit.rule] : NULL;
        if (count) {
            count->runs++;
            count->changed = true;
        }
        if (!rule_holds(s, hit.rule))
            continue;
        score = &s->rules->scores[hit.rule];
        if (score->test != RP_NONE && !run_test(s, hit.rule, &hit, count, decision))
            continue;
        gave = rp_points_grant(s, lead, &hit, decision);
        if (count) {
            count->hits++;
            count->granted += gave;
        }
    }
}

/* ---- The fold -------------------------------------------------------------------------------- */

/* What crossed(…) compares with: the values as of a moment and a day earlier. */
void rp_read_before(struct rp_scratch *s, int64_t ms)
{
    int64_t now = s->now_ms;

    s->before_of = s->epoch;
    for (uint32_t i = 0; i < s->index->crossing_count; i++) {
        s->now_ms = ms;
        s->before[i] = rp_score_read(s, s->index->crossings[i].dim);
        s->now_ms -= RP_DAY;
        s->before_day[i] = rp_score_read(s, s->index->crossings[i].dim);
    }
    s->now_ms = now;
}

void rp_fold_before(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms)
{
    struct rp_scratch *s = fold->scratch;

    if (s->index->crossing_count == 0)
        return;
    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
    s->model = fold->model;
    rp_read_before(s, now_ms);
    s->kept_before = lead;
}

static bool is_excluded(struct rp_scratch *s)
{
    for (uint32_t i = 0; i < s->rules->exclude_count; i++) {
        if (rp_cond_eval(s, s->rules->excludes[i].when) == RP_TRUE)
            return true;
    }
    return false;
}

/* Some touch is known: a later page is not the first. */
static bool has_touch(const struct rp_scratch *s, const struct rp_lead *lead)
{
    uint32_t len;

    for (uint32_t a = 0; s->index->touches && a < RP_TOUCH_ATTRS; a++) {
        uint32_t field = s->index->touch[RP_TOUCH_FIRST][a];

        if (field != RP_NONE && rp_lead_cell(lead, rp_cell_key(RP_CELL_TRAIT, 0, field), &len))
            return true;
    }
    return false;
}

static void fold_base(struct rp_fold *fold, struct rp_lead *lead, const struct rp_event *event)
{
    struct rp_scratch *s = fold->scratch;
    struct newest newest = {0};
    struct rp_str id;
    bool first = !newest_read(lead, &newest, &id);
    uint32_t len;

    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, event, event->effective_ms);
    if (s->index->held_count)
        rp_held_before(s, first ? RP_NEVER : newest.at);
    if (rp_base_fold(s, lead, event, first))
        return;
    rp_bind_event(s, lead, event, event->effective_ms);
    rp_fit_store(s, lead);
    if (s->index->held_count)
        rp_held_behind(s, lead);
    newest.flags |= has_touch(s, lead) ? NEWEST_TOUCHED : 0;
    if (rp_lead_cell(lead, rp_cell_key(RP_CELL_VOIDED, 0, 0), &len))
        newest.flags |= NEWEST_VOIDS;
    newest.flags &= ~NEWEST_OBJECTED;
    newest.flags |= rp_consent_objected(lead) ? NEWEST_OBJECTED : 0;
    newest_write(lead, event, newest.flags);
}

void rp_fold_event(struct rp_fold *fold, struct rp_lead *lead, const struct rp_event *event,
                   struct rp_decision *decision)
{
    struct rp_scratch *s = fold->scratch;
    struct newest newest = {0};
    struct rp_str id;
    bool first, known, changed, touched, voids, objected;

    if (event->flags & RP_EVENT_BASE) {
        fold_base(fold, lead, event);
        return;
    }
    first = !newest_read(lead, &newest, &id);
    if ((event->flags & RP_EVENT_VOIDED) ||
        ((newest.flags & NEWEST_VOIDS) && rp_voided(lead, event))) {
        decision->voided = true;
        return;
    }
    s->arena = fold->arena;
    s->fold = fold;
    voids = rp_void(lead, event, fold, decision) || (newest.flags & NEWEST_VOIDS);
    rp_bind_event(s, lead, event, event->effective_ms);
    if (s->index->crossing_count && s->kept_before != lead)
        rp_read_before(s, event->received_ms);
    if (s->index->held_count)
        rp_held_before(s, first ? RP_NEVER : newest.at);
    known = rp_profile_known(s->rules, lead);
    changed = rp_profile_merge(s, lead);
    touched = (newest.flags & NEWEST_TOUCHED) != 0;
    objected = (newest.flags & NEWEST_OBJECTED) != 0;
    if ((event->flags & RP_EVENT_ROBOT) || is_excluded(s)) {
        decision->excluded = true;
    } else {
        changed |= rp_profile_touch(s, lead, known, &touched);
        rp_bind_kinds(s);
        if (!objected)
            run_scores(s, lead, decision);
        rp_adjust(s, lead, decision);
        rp_counters_add(s, lead);
        rp_active_note(s, lead);
        rp_wake_note(s, lead);
    }
    if (first || changed)
        rp_fit_store(s, lead);
    if (s->index->held_count)
        rp_held_behind(s, lead);
    if (rp_consent_is(event) && !(event->flags & RP_EVENT_ROBOT)) {
        rp_consent_note(lead, event); /* also of excluded leads */
        objected = rp_consent_objected(lead);
    }
    newest_write(lead, event,
                 (touched ? NEWEST_TOUCHED : 0) | (voids ? NEWEST_VOIDS : 0) |
                     (objected ? NEWEST_OBJECTED : 0));
}
