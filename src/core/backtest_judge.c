/* SPDX-License-Identifier: MIT */
/* From the workers' tallies to the result: sums, lists in the order of leads, and what needs all
 * leads at once. Precision counts decisions whose window is over, whatever came of them: to count
 * those that have an outcome already would count the quick successes. */
#include "base/mem.h"
#include "core/backtest_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALPHA 0.05

/* ---- Sums ------------------------------------------------------------------------------------ */

static void add_week(struct rp_backtest *b, struct rp_bt_week *week)
{
    size_t at = 0;
    size_t numbers = (size_t)b->stage_count * RP_BT_SIDES;

    while (at < b->week_count && b->weeks[at].monday_ms < week->monday_ms) {
        at++;
    }
    if (at == b->week_count || b->weeks[at].monday_ms != week->monday_ms) {
        b->weeks = rp_realloc(b->weeks, (b->week_count + 1) * sizeof(*b->weeks));
        memmove(&b->weeks[at + 1], &b->weeks[at], (b->week_count - at) * sizeof(*b->weeks));
        b->weeks[at] = *week;
        b->week_count++;
        week->entered = NULL; /* given away */
        return;
    }
    for (size_t i = 0; i < numbers; i++) {
        b->weeks[at].entered[i] += week->entered[i];
    }
}

static void add_rules(struct rp_backtest *b, const struct rp_bt_tally *t)
{
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        for (uint32_t i = 0; i < b->rule_count[s]; i++) {
            struct rp_bt_rule *rule = &b->rules[s][i];
            const struct rp_bt_rule *more = &t->rules[s][i];

            rule->fit = more->fit;
            rule->off = more->off;
            rule->events += more->events;
            rule->leads += more->leads;
            rule->decisions += more->decisions;
            rule->needed += more->needed;
        }
    }
}

void rp_bt_add(struct rp_backtest *b, struct rp_bt_tally *t)
{
    b->leads += t->leads;
    b->events += t->events;
    b->excluded += t->excluded;
    b->aside += t->aside;
    b->too_long += t->too_long;
    b->in_arms += t->in_arms;
    b->in_lost_arms += t->in_lost_arms;
    if (t->record_count > 0) {
        b->records =
            rp_realloc(b->records, (b->record_count + t->record_count) * sizeof(*b->records));
        memcpy(b->records + b->record_count, t->records, t->record_count * sizeof(*b->records));
        b->record_count += t->record_count;
    }
    if (t->change_count > 0) {
        b->changes =
            rp_realloc(b->changes, (b->change_count + t->change_count) * sizeof(*b->changes));
        memcpy(b->changes + b->change_count, t->changes, t->change_count * sizeof(*b->changes));
        b->change_count += t->change_count;
        t->change_count = 0; /* given away */
    }
    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        b->kinds[k] += t->kinds[k];
    }
    for (size_t i = 0; i < t->week_count; i++) {
        add_week(b, &t->weeks[i]);
    }
    for (size_t i = 0; t->ends && i < (size_t)b->stage_count * b->stage_count; i++) {
        b->ends[i] += t->ends[i];
    }
    if (t->rules[0]) {
        add_rules(b, t);
    }
}

/* ---- Order ----------------------------------------------------------------------------------- */

static int by_lead(const void *a, const void *b)
{
    const struct rp_bt_lead *x = a;
    const struct rp_bt_lead *y = b;

    return (x->lead > y->lead) - (x->lead < y->lead);
}

static int by_kind(const void *a, const void *b)
{
    const struct rp_bt_change *x = a;
    const struct rp_bt_change *y = b;

    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
                              : (x->lead > y->lead) - (x->lead < y->lead);
}

/* Each worker kept the first of its leads; the first of all are among them. */
static void cut_lists(struct rp_backtest *b, size_t list_max)
{
    size_t kept = 0, of_kind = 0;

    for (size_t i = 0; i < b->change_count; i++) {
        struct rp_bt_change *change = &b->changes[i];

        of_kind = i > 0 && change->kind == b->changes[i - 1].kind ? of_kind + 1 : 0;
        if (of_kind < list_max) {
            struct rp_bt_change keep = *change;

            if (kept != i) {
                b->changes[kept] = keep;
            }
            kept++;
        } else {
            free(change->email);
            free(change->why[0]);
            free(change->why[1]);
        }
    }
    b->change_count = kept;
}

/* ---- Quality --------------------------------------------------------------------------------- */

static bool in_time(const struct rp_backtest *b, int64_t at_ms)
{
    return at_ms != RP_NEVER && (b->since_ms == RP_NEVER || at_ms >= b->since_ms);
}

static bool is_mature(const struct rp_backtest *b, int64_t at_ms)
{
    return in_time(b, at_ms) && at_ms <= b->now_ms - b->window_ms;
}

static void add_decision(const struct rp_backtest *b, const struct rp_bt_lead *lead, size_t s,
                         struct rp_bt_quality *quality)
{
    quality->decisions += in_time(b, lead->at_ms[s]);
    if (is_mature(b, lead->at_ms[s])) {
        quality->mature++;
        quality->right += lead->right[s];
    }
}

static void conclude_quality(struct rp_bt_quality *q)
{
    q->precision = rp_stats_wilson(q->right, q->mature, ALPHA);
    q->recall = rp_stats_wilson(q->found, q->outcomes, ALPHA);
}

static void judge_quality(struct rp_backtest *b)
{
    for (size_t i = 0; i < b->record_count; i++) {
        const struct rp_bt_lead *lead = &b->records[i];
        bool outcome = in_time(b, lead->outcome_ms);

        if (lead->excluded) {
            continue;
        }
        for (size_t s = 0; s < RP_BT_SIDES; s++) {
            struct rp_bt_quality *q = &b->quality[s];

            add_decision(b, lead, s, q);
            q->outcomes += outcome;
            q->found += outcome && lead->at_ms[s] != RP_NEVER && lead->at_ms[s] <= lead->outcome_ms;
        }
        if (lead->at_ms[RP_BT_ACTIVE] == RP_NEVER) {
            add_decision(b, lead, RP_BT_CANDIDATE, &b->gained);
        }
        if (lead->at_ms[RP_BT_CANDIDATE] == RP_NEVER) {
            add_decision(b, lead, RP_BT_ACTIVE, &b->lost);
        }
    }
    conclude_quality(&b->quality[RP_BT_ACTIVE]);
    conclude_quality(&b->quality[RP_BT_CANDIDATE]);
    conclude_quality(&b->gained);
    conclude_quality(&b->lost);
}

/* How well both rank the same leads, each score read at the same moment. */
static void judge_ranking(const struct rp_backtest *b, bool at_age, struct rp_bt_auc *auc)
{
    uint8_t *y = rp_malloc(b->record_count + 1);
    double *scores = rp_calloc(2 * b->record_count + 2, sizeof(*scores));
    double *candidate = scores, *active = scores + b->record_count + 1;
    size_t n = 0;

    *auc = (struct rp_bt_auc){0};
    for (size_t i = 0; i < b->record_count; i++) {
        const struct rp_bt_lead *lead = &b->records[i];
        int64_t at_ms = at_age ? lead->aged_ms : lead->at_ms[RP_BT_ACTIVE];

        if (lead->excluded || !is_mature(b, at_ms) || (at_age && lead->aged_over)) {
            continue;
        }
        y[n] = at_age ? lead->aged_right : lead->right[RP_BT_ACTIVE];
        candidate[n] = at_age ? lead->aged[RP_BT_CANDIDATE] : lead->decided[RP_BT_CANDIDATE];
        active[n] = at_age ? lead->aged[RP_BT_ACTIVE] : lead->decided[RP_BT_ACTIVE];
        auc->converted += y[n++];
    }
    auc->leads = (double)n;
    auc->defined = auc->converted > 1 && auc->leads - auc->converted > 1;
    if (auc->defined) {
        auc->delong = rp_stats_delong(y, candidate, active, n, ALPHA);
    }
    free(y);
    free(scores);
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void judge_window(struct rp_backtest *b)
{
    double *times = rp_calloc(b->record_count + 1, sizeof(*times));
    size_t n = 0;

    for (size_t i = 0; i < b->record_count; i++) {
        const struct rp_bt_lead *lead = &b->records[i];
        int64_t at_ms = lead->at_ms[RP_BT_ACTIVE];

        if (!lead->excluded && at_ms != RP_NEVER && lead->outcome_ms >= at_ms) {
            times[n++] = (double)(lead->outcome_ms - at_ms);
        }
    }
    qsort(times, n, sizeof(*times), by_number);
    b->outcome_p95_ms = n >= 20 ? rp_stats_quantile_sorted(times, n, 0.95) : (double)NAN;
    free(times);
}

void rp_bt_conclude(struct rp_backtest *b, size_t list_max)
{
    if (b->record_count > 1) {
        qsort(b->records, b->record_count, sizeof(*b->records), by_lead);
    }
    if (b->change_count > 1) {
        qsort(b->changes, b->change_count, sizeof(*b->changes), by_kind);
    }
    cut_lists(b, list_max);
    judge_quality(b);
    judge_ranking(b, false, &b->at_decision);
    judge_ranking(b, true, &b->at_age);
    judge_window(b);
}

const char *rp_bt_kind_name(enum rp_bt_kind kind)
{
    static const char *const names[] = {"lost", "gained", "earlier", "later", "elsewhere"};

    RP_ASSERT(kind < RP_BT_KINDS);
    return names[kind];
}
