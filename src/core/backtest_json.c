/* SPDX-License-Identifier: MIT */
/* The back-test as JSON: documented in the README, stable; what is undefined is null. */
#include "core/backtest_draw.h"
#include "core/backtest_priv.h"
#include "core/report_table.h"

#include <math.h>

static const char *const sides[] = {"active", "candidate"};

static void quality_json(const struct rp_bt_quality *q, struct rp_jw *jw)
{
    rp_jw_put_int(jw, "decisions", (int64_t)q->decisions);
    rp_jw_put_int(jw, "mature", (int64_t)q->mature);
    rp_jw_put_int(jw, "right", (int64_t)q->right);
    rp_table_number(jw, "precision", q->mature > 0 ? q->right / q->mature : (double)NAN, 6);
    rp_table_interval(jw, "precisionInterval", q->mature > 0 ? q->precision.lo : (double)NAN,
                      q->mature > 0 ? q->precision.hi : (double)NAN);
}

static void recall_json(const struct rp_bt_quality *q, struct rp_jw *jw)
{
    rp_jw_put_int(jw, "outcomes", (int64_t)q->outcomes);
    rp_jw_put_int(jw, "found", (int64_t)q->found);
    rp_table_number(jw, "recall", q->outcomes > 0 ? q->found / q->outcomes : (double)NAN, 6);
    rp_table_interval(jw, "recallInterval", q->outcomes > 0 ? q->recall.lo : (double)NAN,
                      q->outcomes > 0 ? q->recall.hi : (double)NAN);
}

static void auc_json(const struct rp_bt_auc *auc, const char *key, struct rp_jw *jw)
{
    const struct rp_delong *d = &auc->delong;
    double none = (double)NAN;

    rp_jw_key(jw, key);
    rp_jw_object(jw);
    rp_jw_put_int(jw, "leads", (int64_t)auc->leads);
    rp_jw_put_int(jw, "right", (int64_t)auc->converted);
    rp_table_number(jw, "active", auc->defined ? d->auc_2 : none, 6);
    rp_table_interval(jw, "activeInterval", auc->defined ? d->ci_2.lo : none,
                      auc->defined ? d->ci_2.hi : none);
    rp_table_number(jw, "candidate", auc->defined ? d->auc_1 : none, 6);
    rp_table_interval(jw, "candidateInterval", auc->defined ? d->ci_1.lo : none,
                      auc->defined ? d->ci_1.hi : none);
    rp_table_number(jw, "difference", auc->defined ? d->auc_1 - d->auc_2 : none, 6);
    rp_table_interval(jw, "differenceInterval", auc->defined ? d->diff.lo : none,
                      auc->defined ? d->diff.hi : none);
    rp_table_number(jw, "p", auc->defined ? d->p : none, 9);
    rp_jw_object_end(jw);
}

static void changes_json(const struct rp_backtest *b, struct rp_jw *jw)
{
    rp_jw_key(jw, "changed");
    rp_jw_object(jw);
    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        rp_jw_put_int(jw, rp_bt_kind_name((enum rp_bt_kind)k), b->kinds[k]);
    }
    rp_jw_object_end(jw);
    rp_jw_key(jw, "changes");
    rp_jw_array(jw);
    for (size_t i = 0; i < b->change_count; i++) {
        const struct rp_bt_change *change = &b->changes[i];

        rp_jw_object(jw);
        rp_jw_put_text(jw, "lead", change->public_id);
        rp_jw_put_text(jw, "email", change->email[0] ? change->email : NULL);
        rp_jw_put_text(jw, "change", rp_bt_kind_name(change->kind));
        for (size_t s = 0; s < RP_BT_SIDES; s++) {
            rp_jw_key(jw, sides[s]);
            rp_jw_object(jw);
            rp_jw_put_time(jw, "at", change->at_ms[s]);
            rp_jw_put_text(jw, "why", change->why[s] ? change->why[s] : "");
            rp_jw_put_str(jw, "stage", b->stages[change->end[s]]);
            rp_jw_object_end(jw);
        }
        rp_jw_put_time(jw, "outcome", change->outcome_ms);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void weeks_json(const struct rp_backtest *b, struct rp_jw *jw)
{
    rp_jw_key(jw, "weeks");
    rp_jw_array(jw);
    for (size_t i = 0; i < b->week_count; i++) {
        struct rp_buf day = {0};

        rp_table_day(&day, b->weeks[i].monday_ms);
        rp_jw_object(jw);
        rp_jw_put_str(jw, "week", rp_buf_view(&day));
        for (size_t s = 0; s < RP_BT_SIDES; s++) {
            rp_jw_key(jw, sides[s]);
            rp_jw_object(jw);
            for (uint32_t stage = 0; stage < b->stage_count; stage++) {
                rp_jw_key_str(jw, b->stages[stage]);
                rp_jw_int(jw, b->weeks[i].entered[stage * RP_BT_SIDES + s]);
            }
            rp_jw_object_end(jw);
        }
        rp_jw_object_end(jw);
        rp_buf_fini(&day);
    }
    rp_jw_array_end(jw);
}

static void rules_json(const struct rp_backtest *b, size_t s, struct rp_jw *jw)
{
    rp_jw_key(jw, "rules");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < b->rule_count[s]; i++) {
        const struct rp_bt_rule *rule = &b->rules[s][i];

        rp_jw_object(jw);
        rp_jw_put_str(jw, "rule", rule->name);
        rp_jw_put_text(jw, "kind", rule->fit ? "fit" : "score");
        rp_jw_put_bool(jw, "off", rule->off);
        rp_jw_put_int(jw, "events", rule->events);
        rp_jw_put_int(jw, "leads", rule->leads);
        rp_jw_put_int(jw, "decisions", rule->decisions);
        rp_jw_put_int(jw, "needed", rule->needed);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void scores_json(const struct rp_backtest *b, struct rp_jw *jw)
{
    struct rp_bt_bins bins;

    rp_bt_bins(b, &bins);
    rp_jw_key(jw, "scores");
    rp_jw_array(jw);
    for (size_t i = 0; i < bins.count; i++) {
        rp_jw_object(jw);
        rp_table_number(jw, "from", bins.low + bins.width * (double)i, 3);
        rp_table_number(jw, "below", bins.low + bins.width * (double)(i + 1), 3);
        rp_jw_put_int(jw, "active", bins.leads[i][RP_BT_ACTIVE]);
        rp_jw_put_int(jw, "candidate", bins.leads[i][RP_BT_CANDIDATE]);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void stages_json(const struct rp_backtest *b, struct rp_jw *jw)
{
    rp_jw_key(jw, "stages");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < b->stage_count * b->stage_count; i++) {
        if (b->ends[i] > 0) {
            rp_jw_object(jw);
            rp_jw_put_str(jw, "active", b->stages[i / b->stage_count]);
            rp_jw_put_str(jw, "candidate", b->stages[i % b->stage_count]);
            rp_jw_put_int(jw, "leads", b->ends[i]);
            rp_jw_object_end(jw);
        }
    }
    rp_jw_array_end(jw);
}

void rp_backtest_json(const struct rp_backtest *b, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_buf caveats = {0};

    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "leads", b->leads);
    rp_jw_put_int(&jw, "events", b->events);
    rp_jw_put_int(&jw, "excluded", b->excluded);
    rp_jw_put_int(&jw, "inArms", b->in_arms);
    rp_jw_put_int(&jw, "inArmsWithoutModel", b->in_lost_arms);
    rp_jw_put_time(&jw, "until", b->now_ms);
    rp_jw_put_time(&jw, "since", b->since_ms);
    rp_jw_put_str(&jw, "stage", b->stages[b->stage]);
    rp_jw_put_str(&jw, "outcome", b->stages[b->outcome]);
    rp_table_number(&jw, "windowDays", (double)b->window_ms / (double)RP_DAY, 3);
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        rp_jw_key(&jw, sides[s]);
        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "name", b->names[s]);
        rp_jw_put_str(&jw, "hash", b->hashes[s]);
        quality_json(&b->quality[s], &jw);
        recall_json(&b->quality[s], &jw);
        rules_json(b, s, &jw);
        rp_jw_object_end(&jw);
    }
    auc_json(&b->at_decision, "aucAtDecision", &jw);
    auc_json(&b->at_age, "aucAt14Days", &jw);
    rp_jw_key(&jw, "onlyActive");
    rp_jw_object(&jw);
    quality_json(&b->lost, &jw);
    rp_jw_object_end(&jw);
    rp_jw_key(&jw, "onlyCandidate");
    rp_jw_object(&jw);
    quality_json(&b->gained, &jw);
    rp_jw_object_end(&jw);
    changes_json(b, &jw);
    stages_json(b, &jw);
    weeks_json(b, &jw);
    scores_json(b, &jw);
    rp_table_number(&jw, "outcomeDaysP95", b->outcome_p95_ms / (double)RP_DAY, 3);
    rp_bt_caveats(b, &caveats);
    rp_jw_put_str(&jw, "caveats", rp_buf_view(&caveats));
    rp_jw_put_int(&jw, "threads", b->workers);
    rp_table_number(&jw, "seconds", b->seconds, 3);
    rp_jw_object_end(&jw);
    rp_buf_fini(&caveats);
}
