/* SPDX-License-Identifier: MIT */
/* The back-test in 80 columns: what changes, whether it is better, for whom, when, and which rules
 * do nothing. */
#include "core/backtest_draw.h"
#include "core/backtest_priv.h"
#include "core/report_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Around the stage's name. */
static const char *const kind_words[RP_BT_KINDS][2] = {
    {"are not ", " any more"},
    {"become ", " newly"},
    {"become ", " earlier"},
    {"become ", " later"},
    {"become ", " alike, or not, but end in another stage"},
};

static void put_two(struct rp_buf *out, const char *label, const char *active,
                    const char *candidate)
{
    rp_table_cell(out, rp_str_from(label), 34);
    rp_table_right(out, active, 22);
    rp_table_right(out, candidate, 22);
    rp_buf_char(out, '\n');
}

static void put_counts(struct rp_buf *out, const char *label, double active, double candidate)
{
    char one[32], other[32];

    snprintf(one, sizeof(one), "%.0f", active);
    snprintf(other, sizeof(other), "%.0f", candidate);
    put_two(out, label, one, other);
}

static void rate_of(char text[48], double x, double n, struct rp_interval ci)
{
    if (n > 0) {
        snprintf(text, 48, "%.1f %% (%.1f–%.1f)", 100 * x / n, 100 * ci.lo, 100 * ci.hi);
    } else {
        snprintf(text, 48, "-");
    }
}

static void quality_text(const struct rp_backtest *b, struct rp_buf *out)
{
    const struct rp_bt_quality *a = &b->quality[RP_BT_ACTIVE];
    const struct rp_bt_quality *c = &b->quality[RP_BT_CANDIDATE];
    struct rp_str stage = b->stages[b->stage], outcome = b->stages[b->outcome];
    char label[80], one[48], other[48];

    put_two(out, "", "active", "candidate");
    snprintf(label, sizeof(label), "leads that become %.*s", RP_STR_ARG(stage));
    put_counts(out, label, a->decisions, c->decisions);
    snprintf(label, sizeof(label), "  of these older than %.0f days",
             (double)b->window_ms / (double)RP_DAY);
    put_counts(out, label, a->mature, c->mature);
    snprintf(label, sizeof(label), "  of these %.*s within that time", RP_STR_ARG(outcome));
    put_counts(out, label, a->right, c->right);
    rate_of(one, a->right, a->mature, a->precision);
    rate_of(other, c->right, c->mature, c->precision);
    put_two(out, "precision", one, other);
    snprintf(label, sizeof(label), "all that became %.*s", RP_STR_ARG(outcome));
    put_counts(out, label, a->outcomes, c->outcomes);
    rate_of(one, a->found, a->outcomes, a->recall);
    rate_of(other, c->found, c->outcomes, c->recall);
    put_two(out, "recall: found before", one, other);
}

static void auc_text(const struct rp_bt_auc *auc, const char *label, struct rp_buf *out)
{
    const struct rp_delong *d = &auc->delong;
    char one[48], other[48];

    if (!auc->defined) {
        rp_buf_printf(out,
                      "%s: too few leads of both outcomes (%.0f leads, %.0f of them "
                      "right)\n",
                      label, auc->leads, auc->converted);
        return;
    }
    snprintf(one, sizeof(one), "%.3f (%.3f–%.3f)", d->auc_2, d->ci_2.lo, d->ci_2.hi);
    snprintf(other, sizeof(other), "%.3f (%.3f–%.3f)", d->auc_1, d->ci_1.lo, d->ci_1.hi);
    put_two(out, label, one, other);
    rp_buf_printf(out, "  %.0f leads, %.0f right; difference %+.3f (%+.3f to %+.3f), p %.3g\n",
                  auc->leads, auc->converted, d->auc_1 - d->auc_2, d->diff.lo, d->diff.hi, d->p);
}

static void alone_text(const struct rp_backtest *b, const struct rp_bt_quality *q, const char *who,
                       struct rp_buf *out)
{
    char rate[48];

    rate_of(rate, q->right, q->mature, q->precision);
    rp_buf_printf(out, "  %.0f that only the %s chooses: %.0f old enough, %.0f became %.*s, %s\n",
                  q->decisions, who, q->mature, q->right, RP_STR_ARG(b->stages[b->outcome]), rate);
}

static void change_text(const struct rp_backtest *b, const struct rp_bt_change *change,
                        struct rp_buf *out)
{
    static const char *const sides[] = {"active", "candidate"};
    bool named = change->email[0] != '\0';

    rp_buf_printf(out, "\n%s%s%s\n", named ? change->email : change->public_id,
                  change->outcome_ms != RP_NEVER ? ", became " : "",
                  change->outcome_ms != RP_NEVER ? b->stages[b->outcome].ptr : "");
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        rp_buf_printf(out, "  %-10s", sides[s]);
        if (change->at_ms[s] == RP_NEVER) {
            rp_buf_text(out, "no, ");
        } else {
            rp_table_day(out, change->at_ms[s]);
            rp_buf_text(out, ", ");
        }
        rp_buf_printf(out, "%s (now %.*s)\n", change->why[s] ? change->why[s] : "",
                      RP_STR_ARG(b->stages[change->end[s]]));
    }
}

static void changes_text(const struct rp_backtest *b, size_t told, struct rp_buf *out)
{
    struct rp_str stage = b->stages[b->stage];
    size_t listed[RP_BT_KINDS] = {0};
    bool more = false;
    int64_t all = 0;

    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        all += b->kinds[k];
        more = more || b->kinds[k] > (int64_t)told;
    }
    rp_buf_printf(out, "\nWho changes: %" PRId64 " of %" PRId64 " leads\n", all,
                  b->leads - b->excluded);
    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        if (b->kinds[k] > 0) {
            rp_buf_printf(out, "%7" PRId64 "  %s%.*s%s\n", b->kinds[k], kind_words[k][0],
                          RP_STR_ARG(stage), kind_words[k][1]);
        }
    }
    alone_text(b, &b->lost, "active set", out);
    alone_text(b, &b->gained, "candidate", out);
    for (size_t i = 0; i < b->change_count; i++) {
        if (listed[b->changes[i].kind]++ < told) {
            change_text(b, &b->changes[i], out);
        }
    }
    if (more) {
        rp_buf_printf(out, "\n--list N tells of more of each kind, --html FILE and --format json "
                           "of up to 1,000.\n");
    }
}

static void weeks_text(const struct rp_backtest *b, struct rp_buf *out)
{
    enum { WEEKS_TOLD = 26, BAR = 22 };
    size_t first = b->week_count > WEEKS_TOLD ? b->week_count - WEEKS_TOLD : 0;
    int64_t most = 1;

    for (size_t i = first; i < b->week_count; i++) {
        for (size_t s = 0; s < RP_BT_SIDES; s++) {
            int64_t count = b->weeks[i].entered[b->stage * RP_BT_SIDES + s];

            most = count > most ? count : most;
        }
    }
    rp_buf_printf(out, "\n%.*s a week%s\n", RP_STR_ARG(b->stages[b->stage]),
                  first > 0 ? " (the last 26)" : "");
    for (size_t i = first; i < b->week_count; i++) {
        const int64_t *entered = &b->weeks[i].entered[b->stage * RP_BT_SIDES];
        struct rp_buf bar = {0};

        rp_table_day(out, b->weeks[i].monday_ms);
        rp_buf_printf(out, " %6" PRId64 " ", entered[RP_BT_ACTIVE]);
        rp_table_bar(&bar, (double)entered[RP_BT_ACTIVE], (double)most, BAR);
        rp_table_cell(out, rp_buf_view(&bar), BAR + 1);
        rp_buf_reset(&bar);
        rp_buf_printf(out, " %6" PRId64 " ", entered[RP_BT_CANDIDATE]);
        rp_table_bar(&bar, (double)entered[RP_BT_CANDIDATE], (double)most, BAR);
        rp_buf_str(out, rp_buf_view(&bar));
        rp_buf_char(out, '\n');
        rp_buf_fini(&bar);
    }
}

/* Names in lines of 78 columns. */
static void names_text(const struct rp_backtest *b, bool (*wanted)(const struct rp_bt_rule *rule),
                       const char *label, struct rp_buf *out)
{
    size_t column = 0, count = 0;

    for (uint32_t i = 0; i < b->rule_count[RP_BT_CANDIDATE]; i++) {
        const struct rp_bt_rule *rule = &b->rules[RP_BT_CANDIDATE][i];

        if (!wanted(rule)) {
            continue;
        }
        if (count++ == 0) {
            rp_buf_printf(out, "%s:", label);
            column = 80;
        }
        if (column + rule->name.len + 2 > 78) {
            rp_buf_text(out, "\n  ");
            column = 2;
        } else {
            rp_buf_text(out, ", ");
            column += 2;
        }
        rp_buf_str(out, rule->name);
        column += rule->name.len;
    }
    if (count > 0) {
        rp_buf_char(out, '\n');
    }
}

bool rp_bt_never_fired(const struct rp_bt_rule *rule)
{
    return !rule->off && rule->leads == 0;
}

bool rp_bt_never_decided(const struct rp_bt_rule *rule)
{
    return !rule->off && rule->leads > 0 && rule->needed == 0;
}

static void scores_text(const struct rp_backtest *b, struct rp_buf *out)
{
    enum { BAR = 24 };
    struct rp_bt_bins bins;
    int64_t most = 1;

    rp_bt_bins(b, &bins);
    for (size_t i = 0; i < bins.count; i++) {
        for (size_t s = 0; s < RP_BT_SIDES; s++) {
            most = bins.leads[i][s] > most ? bins.leads[i][s] : most;
        }
    }
    rp_buf_text(out, "\nScores now (total, leads: active, candidate)\n");
    for (size_t i = 0; i < bins.count; i++) {
        struct rp_buf bar = {0};

        rp_buf_printf(out, "%8.0f… %7" PRId64 " ", bins.low + bins.width * (double)i,
                      bins.leads[i][RP_BT_ACTIVE]);
        rp_table_bar(&bar, (double)bins.leads[i][RP_BT_ACTIVE], (double)most, BAR);
        rp_table_cell(out, rp_buf_view(&bar), BAR + 1);
        rp_buf_reset(&bar);
        rp_buf_printf(out, " %7" PRId64 " ", bins.leads[i][RP_BT_CANDIDATE]);
        rp_table_bar(&bar, (double)bins.leads[i][RP_BT_CANDIDATE], (double)most, BAR);
        rp_buf_str(out, rp_buf_view(&bar));
        rp_buf_char(out, '\n');
        rp_buf_fini(&bar);
    }
}

/* A width of 1, 2 or 5 times a power of ten that makes some 12 bins. */
void rp_bt_bins(const struct rp_backtest *b, struct rp_bt_bins *bins)
{
    double lowest = (double)INFINITY, highest = -(double)INFINITY, width = 1;
    int step = 0;

    *bins = (struct rp_bt_bins){.width = 1};
    for (size_t i = 0; i < b->record_count; i++) {
        for (size_t s = 0; s < RP_BT_SIDES && !b->records[i].excluded; s++) {
            double total = (double)b->records[i].total[s] / 1000;

            lowest = total < lowest ? total : lowest;
            highest = total > highest ? total : highest;
        }
    }
    if (!(highest >= lowest)) {
        return;
    }
    while ((highest - lowest) / width > RP_BT_BINS_MAX - 4) {
        static const double factors[] = {2, 2.5, 2};

        width *= factors[step++ % 3];
    }
    bins->width = width;
    bins->low = floor(lowest / width) * width;
    bins->count = (size_t)((highest - bins->low) / width) + 1;
    for (size_t i = 0; i < b->record_count; i++) {
        for (size_t s = 0; s < RP_BT_SIDES && !b->records[i].excluded; s++) {
            double total = (double)b->records[i].total[s] / 1000;
            size_t at = (size_t)((total - bins->low) / width);

            bins->leads[at < bins->count ? at : bins->count - 1][s]++;
        }
    }
}

void rp_bt_arms(const struct rp_backtest *b, struct rp_buf *out)
{
    if (b->in_arms == 0) {
        return;
    }
    rp_buf_printf(out,
                  "%" PRId64 " leads were in arms of experiments (%.*s): on them the active side "
                  "decides by the model of their arm, as it was then.",
                  b->in_arms, RP_STR_ARG(b->splits));
    if (b->in_lost_arms > 0) {
        rp_buf_printf(out,
                      " %" PRId64 " of them had one whose model the rules in force do not have any "
                      "more: there the first model decides.",
                      b->in_lost_arms);
    }
}

void rp_bt_caveats(const struct rp_backtest *b, struct rp_buf *out)
{
    struct rp_str stage = b->stages[b->stage];

    if (b->quality[RP_BT_ACTIVE].outcomes == 0) {
        rp_buf_printf(out,
                      "No lead became %.*s on record, so nothing can be said of which rules are "
                      "right.\n",
                      RP_STR_ARG(b->stages[b->outcome]));
    }
    rp_buf_printf(out,
                  "Outcomes are known mostly of leads that the rules in force made %.*s: leads "
                  "that only the candidate would choose were perhaps never worked and look worse "
                  "than they are.\n",
                  RP_STR_ARG(stage));
    if (isfinite(b->outcome_p95_ms) && b->outcome_p95_ms > (double)b->window_ms) {
        rp_buf_printf(out,
                      "95 %% of the outcomes came within %.0f days of the decision: a --window of "
                      "%.0fd would count more of them.\n",
                      ceil(b->outcome_p95_ms / (double)RP_DAY),
                      ceil(b->outcome_p95_ms / (double)RP_DAY));
    }
    if (b->aside > 0) {
        rp_buf_printf(out,
                      "%" PRId64 " leads have too many late events: their last decisions are "
                      "left out.\n",
                      b->aside);
    }
    if (b->too_long > 0) {
        rp_buf_printf(out, "%" PRId64 " leads have more than 100,000 events and are left out.\n",
                      b->too_long);
    }
}

/* Sentences broken into lines of 80 columns. */
static void wrapped(struct rp_buf *out, struct rp_str text)
{
    size_t column = 0;

    for (size_t at = 0; at < text.len;) {
        size_t end = at;

        while (end < text.len && text.ptr[end] != ' ' && text.ptr[end] != '\n') {
            end++;
        }
        if (column > 0 && column + 1 + (end - at) > 79) {
            rp_buf_char(out, '\n');
            column = 0;
        }
        rp_buf_text(out, column > 0 ? " " : "");
        rp_buf_add(out, text.ptr + at, end - at);
        column += end - at + (column > 0);
        if (end < text.len && text.ptr[end] == '\n') {
            rp_buf_char(out, '\n');
            column = 0;
        }
        at = end + 1;
    }
}

void rp_backtest_text(const struct rp_backtest *b, size_t told, struct rp_buf *out)
{
    struct rp_buf caveats = {0};
    struct rp_buf arms = {0};
    char label[80];

    rp_buf_printf(out, "Back-test of %" PRId64 " leads and %" PRId64 " events up to ", b->leads,
                  b->events);
    rp_table_day(out, b->now_ms);
    rp_buf_printf(out, "\nactive: %.*s (%.8s)   candidate: %.*s (%.8s)\n",
                  RP_STR_ARG(b->names[RP_BT_ACTIVE]), b->hashes[RP_BT_ACTIVE].ptr,
                  RP_STR_ARG(b->names[RP_BT_CANDIDATE]), b->hashes[RP_BT_CANDIDATE].ptr);
    if (b->excluded > 0) {
        rp_buf_printf(out, "%" PRId64 " leads are excluded by the rules and do not count.\n",
                      b->excluded);
    }
    rp_bt_arms(b, &arms);
    wrapped(out, rp_buf_view(&arms));
    rp_buf_text(out, arms.len > 0 ? "\n\n" : "\n");
    quality_text(b, out);
    snprintf(label, sizeof(label), "AUC among %.*s, then", RP_STR_ARG(b->stages[b->stage]));
    auc_text(&b->at_decision, label, out);
    auc_text(&b->at_age, "AUC of all leads, when 14 days old", out);
    changes_text(b, told, out);
    weeks_text(b, out);
    rp_buf_text(out, "\nRules of the candidate\n");
    names_text(b, rp_bt_never_fired, "never gave points", out);
    names_text(b, rp_bt_never_decided, "gave points, but decided nothing", out);
    scores_text(b, out);
    rp_buf_char(out, '\n');
    rp_bt_caveats(b, &caveats);
    wrapped(out, rp_buf_view(&caveats));
    rp_buf_fini(&caveats);
    rp_buf_fini(&arms);
}
