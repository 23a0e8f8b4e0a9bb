/* SPDX-License-Identifier: MIT */
/* The page of an experiment: the word and its sentence first, then what it stands on, as text of 80
 * columns or as JSON (rules/README.md tells its keys). */
#include "core/report_experiment.h"
#include "core/report_table.h"

#include <math.h>

static const char *state_name(enum rp_experiment_state state)
{
    switch (state) {
    case RP_EXPERIMENT_RUNNING:
        return "running";
    case RP_EXPERIMENT_STOPPED:
        return "stopped";
    case RP_EXPERIMENT_PROMOTED:
        return "promoted";
    }
    RP_UNREACHABLE();
}

/* ---- JSON --------------------------------------------------------------------------------------
 */

static void number(struct rp_jw *jw, const char *key, double value)
{
    rp_table_number(jw, key, value, 6);
}

static void interval(struct rp_jw *jw, const char *key, struct rp_interval ci)
{
    rp_table_interval(jw, key, ci.lo, ci.hi);
}

static void json_head(const struct rp_x_report *r, struct rp_jw *jw)
{
    rp_jw_put_str(jw, "experiment", r->row.name);
    rp_jw_put_text(jw, "mode", r->def.split ? "split" : "shadow");
    rp_jw_put_text(jw, "by", r->def.by_company ? "company" : "lead");
    rp_jw_put_text(jw, "state", state_name(r->row.state));
    if (r->row.state != RP_EXPERIMENT_RUNNING) {
        rp_jw_put_str(jw, "why", r->row.why);
    }
    rp_jw_put_text(jw, "decision", rp_x_words[r->word]);
    rp_jw_put_str(jw, "sentence", r->sentence);
    if (r->best_arm > 0) {
        rp_jw_put_str(jw, "best", r->def.arms[r->best_arm].name);
    }
    rp_jw_put_str(jw, "goal", r->def.goal);
    number(jw, "withinDays", (double)r->def.within_ms / (double)RP_DAY);
    rp_jw_put_time(jw, "startedAt", r->period.started_ms);
    rp_jw_put_time(jw, "endedAt", r->period.ended_ms);
    rp_jw_put_int(jw, "period", r->period.number);
    number(jw, "days", r->days);
    number(jw, "share", r->def.share);
    number(jw, "minUnits", r->def.min_units);
    number(jw, "maxDays", r->def.max_days);
    number(jw, "unitsNeeded", r->needed);
    number(jw, "daysLeft", r->days_left);
}

static void json_left_out(const struct rp_x_report *r, struct rp_jw *jw)
{
    rp_jw_key(jw, "leftOut");
    rp_jw_object(jw);
    rp_jw_put_int(jw, "outside", (int64_t)r->data.outside);
    rp_jw_put_int(jw, "merged", (int64_t)r->data.merged);
    rp_jw_put_int(jw, "crossovers", (int64_t)r->data.crossovers);
    rp_jw_put_int(jw, "excluded", (int64_t)r->data.excluded);
    rp_jw_put_int(jw, "earlierPeriods", (int64_t)r->data.earlier);
    rp_jw_object_end(jw);
}

static void json_arm(const struct rp_x_report *r, uint32_t a, struct rp_jw *jw)
{
    const struct rp_x_rates *arm = &r->arms[a];

    rp_jw_object(jw);
    rp_jw_put_str(jw, "name", r->def.arms[a].name);
    rp_jw_put_str(jw, "model", r->def.arms[a].model);
    number(jw, "weight", r->def.arms[a].weight);
    rp_jw_put_bool(jw, "holdOut", r->def.arms[a].hold_out);
    number(jw, "units", arm->dealt);
    number(jw, "settled", arm->n);
    number(jw, "open", arm->open);
    number(jw, "conversions", arm->x);
    number(jw, "conversionsOpen", arm->x_open);
    number(jw, "rate", arm->n > 0 ? arm->x / arm->n : (double)NAN);
    interval(jw, "rateCi", arm->ci);
    number(jw, "promoted", arm->promoted);
    number(jw, "revenuePerUnit", arm->revenue.mean);
    number(jw, "revenue", arm->revenue_total);
    number(jw, "medianDays", arm->median_ms / (double)RP_DAY);
    number(jw, "chanceBest", arm->best);
    for (uint32_t g = 0; g < r->def.guard_count; g++) {
        rp_jw_key_str(jw, r->def.guards[g].metric);
        rp_jw_number(jw, arm->n > 0 ? round(arm->guard[g] / arm->n * 1e6) / 1e6 : 0);
    }
    rp_jw_object_end(jw);
}

static void json_guards(const struct rp_x_report *r, const struct rp_x_against *against,
                        struct rp_jw *jw)
{
    rp_jw_key(jw, "guard");
    rp_jw_array(jw);
    for (uint32_t g = 0; g < r->def.guard_count; g++) {
        rp_jw_object(jw);
        rp_jw_put_str(jw, "metric", r->def.guards[g].metric);
        number(jw, "ratio", against->guard[g].ratio);
        number(jw, "allowed", r->def.guards[g].worse_than);
        number(jw, "p", against->guard[g].p);
        rp_jw_put_bool(jw, "worse", against->guard[g].worse);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void json_adjusted(const char *key, const struct rp_x_adjusted *adjusted, struct rp_jw *jw)
{
    rp_jw_key(jw, key);
    if (!adjusted->shown) {
        rp_jw_null(jw);
        return;
    }
    rp_jw_object(jw);
    number(jw, "difference", adjusted->at_the_end.estimate);
    interval(jw, "differenceCi", adjusted->sequence.ci);
    interval(jw, "differenceCiAtTheEnd", adjusted->at_the_end.ci);
    number(jw, "p", adjusted->at_the_end.p);
    number(jw, "varianceSaved", adjusted->saved);
    number(jw, "unitsWithScore", adjusted->units);
    rp_jw_object_end(jw);
}

static void json_against(const struct rp_x_report *r, uint32_t a, struct rp_jw *jw)
{
    const struct rp_x_against *against = &r->against[a];

    rp_jw_object(jw);
    rp_jw_put_str(jw, "arm", r->def.arms[a].name);
    number(jw, "difference", against->diff);
    interval(jw, "differenceCi", against->sequence);
    interval(jw, "differenceCiAtTheEnd", against->newcombe);
    number(jw, "uplift", against->uplift);
    interval(jw, "upliftCi", against->uplift_ci);
    number(jw, "chanceToWin", against->beta.chance);
    number(jw, "expectedLoss", against->beta.loss_b);
    number(jw, "expectedLossOfControl", against->beta.loss_a);
    number(jw, "pAlwaysValid", against->p_sequence);
    number(jw, "p", against->p_fixed);
    number(jw, "pHolm", against->p_holm);
    number(jw, "revenueDifference", against->revenue.estimate);
    interval(jw, "revenueDifferenceCi", against->revenue.ci);
    number(jw, "revenueP", against->revenue.p);
    number(jw, "revenuePHolm", against->revenue_holm);
    json_adjusted("adjusted", &against->adjusted, jw);
    json_adjusted("adjustedRevenue", &against->adjusted_revenue, jw);
    number(jw, "timeP", against->p_logrank);
    number(jw, "detectableUplift", against->mde);
    json_guards(r, against, jw);
    rp_jw_object_end(jw);
}

static void json_calibration(const char *key, const struct rp_probability *p, struct rp_jw *jw)
{
    rp_jw_key(jw, key);
    rp_jw_object(jw);
    number(jw, "logLoss", p->log_loss);
    number(jw, "brier", p->brier);
    number(jw, "ece", p->ece);
    number(jw, "slope", p->slope);
    number(jw, "inTheLarge", p->in_the_large);
    rp_jw_object_end(jw);
}

static void json_pair(double n, double x, const char *key, struct rp_jw *jw)
{
    rp_jw_key(jw, key);
    rp_jw_object(jw);
    number(jw, "leads", n);
    number(jw, "conversions", x);
    rp_jw_object_end(jw);
}

static void json_ranking(const struct rp_x_report *r, uint32_t a, struct rp_jw *jw)
{
    const struct rp_x_scores *s = &r->scores[a];

    rp_jw_object(jw);
    rp_jw_put_str(jw, "arm", r->def.arms[a].name);
    number(jw, "auc", s->auc.auc_2);
    interval(jw, "aucCi", s->auc.ci_2);
    number(jw, "aucControl", s->auc.auc_1);
    interval(jw, "aucControlCi", s->auc.ci_1);
    number(jw, "aucDifference", s->auc.auc_2 - s->auc.auc_1);
    interval(jw, "aucDifferenceCi", s->sequence);
    number(jw, "aucP", s->auc.p);
    if (s->calibrated) {
        number(jw, "logLossGain", s->loss.log_loss.estimate);
        interval(jw, "logLossGainCi", s->loss.log_loss.ci);
        number(jw, "brierGain", s->loss.brier.estimate);
        interval(jw, "brierGainCi", s->loss.brier.ci);
        json_calibration("calibration", &s->challenger, jw);
        json_calibration("calibrationControl", &s->control, jw);
    }
    json_pair(s->both, s->both_x, "promotedByBoth", jw);
    json_pair(s->only_control, s->only_control_x, "promotedByControlOnly", jw);
    json_pair(s->only_challenger, s->only_challenger_x, "promotedByThisOnly", jw);
    rp_jw_object_end(jw);
}

static void json_thresholds(const struct rp_x_report *r, struct rp_jw *jw)
{
    rp_jw_key(jw, "thresholds");
    rp_jw_array(jw);
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        const struct rp_x_threshold *t = &r->thresholds[a];

        if (r->def.arms[a].hold_out) {
            continue;
        }
        rp_jw_object(jw);
        rp_jw_put_str(jw, "arm", r->def.arms[a].name);
        rp_jw_put_str(jw, "stage", r->def.decided);
        number(jw, "promoted", t->n);
        number(jw, "conversions", t->x);
        number(jw, "open", t->open);
        number(jw, "precision", t->precision);
        interval(jw, "precisionCi", t->precision_ci);
        number(jw, "recall", t->recall);
        rp_jw_key(jw, "deciles");
        rp_jw_array(jw);
        for (size_t d = 0; d < 10 && r->scored >= 10; d++) {
            rp_jw_object(jw);
            number(jw, "leads", r->gains[a][d].n);
            number(jw, "conversions", r->gains[a][d].pos);
            number(jw, "lift", r->gains[a][d].lift);
            number(jw, "minScore", r->gains[a][d].min_score);
            rp_jw_object_end(jw);
        }
        rp_jw_array_end(jw);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void json_explored(const struct rp_x_report *r, struct rp_jw *jw)
{
    rp_jw_key(jw, "explored");
    if (r->def.explore <= 0) {
        rp_jw_null(jw);
        return;
    }
    rp_jw_object(jw);
    number(jw, "chance", r->def.explore);
    number(jw, "leads", r->explored);
    number(jw, "standFor", r->stand_for);
    number(jw, "effectiveLeads", r->worth);
    rp_jw_object_end(jw);
}

static void print_json(const struct rp_x_report *r, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    json_head(r, &jw);
    json_left_out(r, &jw);
    if (r->def.split) {
        rp_jw_key(&jw, "sampleRatio");
        rp_jw_object(&jw);
        number(&jw, "p", r->srm.p);
        rp_jw_put_bool(&jw, "alarm", r->srm.alarm);
        rp_jw_object_end(&jw);
        rp_jw_key(&jw, "arms");
        rp_jw_array(&jw);
        for (uint32_t a = 0; a < r->def.arm_count; a++) {
            json_arm(r, a, &jw);
        }
        rp_jw_array_end(&jw);
        rp_jw_key(&jw, "against");
        rp_jw_array(&jw);
        for (uint32_t a = 1; a < r->def.arm_count; a++) {
            json_against(r, a, &jw);
        }
        rp_jw_array_end(&jw);
    } else {
        number(&jw, "units", (double)r->data.unit_count);
    }
    rp_jw_key(&jw, "scores");
    rp_jw_object(&jw);
    number(&jw, "leads", r->scored);
    number(&jw, "conversions", r->scored_x);
    json_explored(r, &jw);
    rp_jw_key(&jw, "ranking");
    rp_jw_array(&jw);
    for (uint32_t a = 1; a < r->def.arm_count && r->scored > 0; a++) {
        if (!r->def.arms[a].hold_out) {
            json_ranking(r, a, &jw);
        }
    }
    rp_jw_array_end(&jw);
    json_thresholds(r, &jw);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
}

/* ---- Text --------------------------------------------------------------------------------------
 */

static void text_head(const struct rp_x_report *r, struct rp_buf *out)
{
    rp_buf_printf(out, "%.*s: %s, by %s, %s since ", RP_STR_ARG(r->row.name),
                  r->def.split ? "split" : "shadow", r->def.by_company ? "company" : "lead",
                  state_name(r->row.state));
    rp_table_day(out, r->period.started_ms);
    if (r->period.number > 1) {
        rp_buf_printf(out, " (period %u)", r->period.number);
    }
    if (r->row.state != RP_EXPERIMENT_RUNNING) {
        rp_buf_printf(out, "\n  ended: %.*s", RP_STR_ARG(r->row.why));
    }
    rp_buf_printf(out, "\nSuccess: %.*s within %.0f days of being dealt\n\n%s\n%.*s\n",
                  RP_STR_ARG(r->def.goal), (double)r->def.within_ms / (double)RP_DAY,
                  rp_x_words[r->word], RP_STR_ARG(r->sentence));
}

static void text_interval(struct rp_buf *out, struct rp_interval ci)
{
    rp_buf_printf(out, "%.1f to %.1f %%", 100 * ci.lo, 100 * ci.hi);
}

static void text_arms(const struct rp_x_report *r, struct rp_buf *out)
{
    rp_buf_text(out, "\nArm                 dealt  settled  success    rate  (95 %)            "
                     "revenue\n");
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        const struct rp_x_rates *arm = &r->arms[a];

        rp_table_cell(out, r->def.arms[a].name, 18);
        rp_buf_printf(out, " %6.0f  %7.0f  %7.0f  ", arm->dealt, arm->n, arm->x);
        if (arm->n > 0) {
            rp_buf_printf(out, "%5.1f %%  ", 100 * arm->x / arm->n);
            text_interval(out, arm->ci);
            rp_buf_printf(out, "  %8.2f", arm->revenue.mean);
        } else {
            rp_buf_text(out, "    -");
        }
        rp_buf_char(out, '\n');
    }
    rp_buf_text(out, "Rates are of all that were dealt and have had their time; revenue is for "
                     "each of them.\n");
}

static void text_adjusted(const struct rp_x_adjusted *adjusted, struct rp_buf *out)
{
    if (adjusted->shown) {
        rp_buf_printf(out,
                      "  score taken out     %+.2f points; any day: %+.2f to %+.2f; %.0f %% less "
                      "noise\n",
                      100 * adjusted->at_the_end.estimate, 100 * adjusted->sequence.ci.lo,
                      100 * adjusted->sequence.ci.hi, 100 * fmax(adjusted->saved, 0));
    }
}

static void text_against(const struct rp_x_report *r, uint32_t a, struct rp_buf *out)
{
    const struct rp_x_against *against = &r->against[a];

    rp_buf_printf(out, "\n%.*s against %.*s\n", RP_STR_ARG(r->def.arms[a].name),
                  RP_STR_ARG(r->def.arms[0].name));
    rp_buf_printf(out,
                  "  difference          %+.2f points; safe to look at any day: %+.2f to %+.2f"
                  " (p = %.3g)\n",
                  100 * against->diff, 100 * against->sequence.lo, 100 * against->sequence.hi,
                  against->p_sequence);
    rp_buf_printf(
        out, "  at the end          %+.2f to %+.2f (p = %.3g, %.3g among all questions)\n",
        100 * against->newcombe.lo, 100 * against->newcombe.hi, against->p_fixed, against->p_holm);
    text_adjusted(&against->adjusted, out);
    rp_buf_printf(out, "  chance to be better %.0f %%; if it is not, the loss is %.2f points\n",
                  100 * against->beta.chance, 100 * against->beta.loss_b);
    rp_buf_printf(out, "  revenue             %+.2f each (%+.2f to %+.2f)\n",
                  against->revenue.estimate, against->revenue.ci.lo, against->revenue.ci.hi);
    if (isnan(r->arms[a].median_ms) || isnan(r->arms[0].median_ms)) {
        rp_buf_text(out, "  time to convert     less than half convert in an arm");
    } else {
        rp_buf_text(out, "  time to convert     half have after ");
        rp_table_time(out, r->arms[a].median_ms);
        rp_buf_text(out, ", of the control after ");
        rp_table_time(out, r->arms[0].median_ms);
    }
    rp_buf_printf(out, " (p = %.3g)\n", against->p_logrank);
    for (uint32_t g = 0; g < r->def.guard_count; g++) {
        rp_buf_printf(out, "  guard %.*s: %.2f times the control's, %.2f is allowed%s\n",
                      RP_STR_ARG(r->def.guards[g].metric), against->guard[g].ratio,
                      r->def.guards[g].worse_than, against->guard[g].worse ? ": WORSE" : "");
    }
}

static void text_health(const struct rp_x_report *r, struct rp_buf *out)
{
    rp_buf_char(out, '\n');
    if (r->def.split) {
        rp_buf_printf(out, "Shares as asked for: %s (p = %.3g)\n", r->srm.alarm ? "NO" : "yes",
                      r->srm.p);
    }
    rp_buf_printf(out,
                  "Left out: %zu outside of the share or known before, %zu merged (%zu across "
                  "arms),\n  %zu excluded, %zu of earlier periods\n",
                  r->data.outside, r->data.merged, r->data.crossovers, r->data.excluded,
                  r->data.earlier);
}

static void text_explored(const struct rp_x_report *r, struct rp_buf *out)
{
    if (r->def.explore <= 0) {
        rp_buf_printf(
            out,
            "  Ranking is judged among leads that \"%.*s\" let in: of others few outcomes "
            "are known.\n",
            RP_STR_ARG(r->def.arms[0].name));
        return;
    }
    rp_buf_printf(
        out,
        "  Ranking is judged among leads that any arm let in. %.0f that \"%.*s\" would "
        "not\n  have were handed on by chance (%g %%) and stand for %.0f; all of it tells "
        "as much\n  as %.0f leads without chance.\n",
        r->explored, RP_STR_ARG(r->def.arms[0].name), 100 * r->def.explore, r->stand_for, r->worth);
}

static void text_scores(const struct rp_x_report *r, struct rp_buf *out)
{
    if (r->def.decided.len == 0) {
        return;
    }
    rp_buf_printf(out,
                  "\nScores: %.0f leads that entered %.*s have had their time, %.0f reached "
                  "%.*s\n",
                  r->scored, RP_STR_ARG(r->def.decided), r->scored_x, RP_STR_ARG(r->def.goal));
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        const struct rp_x_threshold *t = &r->thresholds[a];
        const struct rp_x_scores *s = &r->scores[a];

        if (r->def.arms[a].hold_out) {
            continue;
        }
        rp_buf_text(out, "  ");
        rp_table_cell(out, r->def.arms[a].name, 16);
        rp_buf_printf(out, " lets in %.0f; right ", t->n);
        rp_table_share(out, t->x, t->n);
        rp_buf_text(out, ", finds ");
        rp_table_share(out, t->found, r->findable);
        if (a > 0 && !isnan(s->auc.auc_2) && r->scored > 0) {
            rp_buf_printf(out, "; pairs put right %.1f %%, control %.1f %%", 100 * s->auc.auc_2,
                          100 * s->auc.auc_1);
        }
        rp_buf_char(out, '\n');
    }
    text_explored(r, out);
}

void rp_x_print(const struct rp_x_report *r, enum rp_format format, struct rp_buf *out)
{
    if (format == RP_FORMAT_JSON) {
        print_json(r, out);
        return;
    }
    text_head(r, out);
    if (r->def.split) {
        text_arms(r, out);
        for (uint32_t a = 1; a < r->def.arm_count; a++) {
            if (r->arms[0].n > 0 && r->arms[a].n > 0) {
                text_against(r, a, out);
            }
        }
    }
    text_scores(r, out);
    text_health(r, out);
}
