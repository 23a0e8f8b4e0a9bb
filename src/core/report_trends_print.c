/* SPDX-License-Identifier: MIT */
/* The trends as text in 80 columns and as JSON. */
#include "core/report_table.h"
#include "core/report_trends.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TOLD = 30 };

static void thing_text(const struct rp_trends *t, const struct rp_trend_thing *thing,
                       struct rp_buf *out)
{
    const char *verdict = rp_trends_verdict(thing, t);
    char adjusted[24] = "-", q[16] = "-";

    if (thing->adjusted) {
        snprintf(adjusted, sizeof(adjusted), "%+.2f ±%.2f", thing->coef, 1.96 * thing->coef_se);
        snprintf(q, sizeof(q), thing->coef_q < 0.001 ? "<0.001" : "%.3f", thing->coef_q);
    }
    rp_table_cell(out, thing->name, 26);
    rp_buf_printf(out, " %6.0f %6.1f %% %6.2f", thing->with, 100 * thing->lift.with_rate,
                  thing->lift.lift);
    rp_table_right(out, adjusted, 14);
    rp_table_right(out, q, 8);
    rp_buf_printf(out, "  %s\n", verdict);
}

static void changes_text(const struct rp_trends *t, struct rp_buf *out)
{
    bool headed = false;

    for (size_t i = 0; i < t->thing_count; i++) {
        const struct rp_trend_thing *thing = &t->things[i];

        if (!rp_trends_changed(thing)) {
            continue;
        }
        rp_buf_text(out, headed ? "" : "\nWhat changed\n");
        headed = true;
        rp_buf_printf(out, "  %.*s: lift %.2f before ", RP_STR_ARG(thing->name),
                      thing->before.lift);
        rp_table_day(out, thing->split_ms);
        rp_buf_printf(out, ", %.2f from then on (log odds %+.2f, then %+.2f)\n", thing->after.lift,
                      thing->before.lor, thing->after.lor);
    }
    for (size_t i = 0; i < t->thing_count; i++) {
        const struct rp_trend_thing *thing = &t->things[i];

        if (!(thing->volume_q < 0.05)) {
            continue;
        }
        rp_buf_text(out, headed ? "" : "\nWhat changed\n");
        headed = true;
        rp_buf_printf(out,
                      "  %.*s: %.2f times as often in the newest 4 weeks as in the 12 before\n",
                      RP_STR_ARG(thing->name), thing->volume.ratio);
    }
    if (t->rate.p < 0.05) {
        rp_buf_printf(out, "%sThe share that became %.*s %s over the %zu weeks (p %.3g).\n",
                      headed ? "  " : "\nWhat changed\n  ", RP_STR_ARG(t->outcome),
                      t->rising ? "rises" : "falls", t->weeks, t->rate.p);
    }
}

static void print_text(const struct rp_trends *t, struct rp_buf *out)
{
    struct rp_interval ci = rp_stats_wilson(t->right, (double)t->lead_count, 0.05);
    size_t told = 0, few = 0;

    rp_buf_printf(out,
                  "What leads had done in the %.0f days before they became %.*s, and whether they "
                  "became\n%.*s within %.0f days: %zu leads, ",
                  (double)t->within_ms / (double)RP_DAY, RP_STR_ARG(t->stage),
                  RP_STR_ARG(t->outcome), (double)t->window_ms / (double)RP_DAY, t->lead_count);
    if (t->lead_count > 0) {
        rp_buf_printf(out, "%.1f %% (%.1f–%.1f) did.", 100 * t->right / (double)t->lead_count,
                      100 * ci.lo, 100 * ci.hi);
    } else {
        rp_buf_text(out, "so nothing can be told.");
    }
    rp_buf_printf(out, "\n%zu more are too young to tell.\n", t->young);
    if (t->lead_count == 0) {
        return;
    }
    if (t->left_out > 0) {
        rp_buf_printf(out, "There are more than %zu different things; the rest is left out.\n",
                      t->thing_count);
    }
    rp_buf_char(out, '\n');
    rp_buf_text(out, "                            leads    right   lift    adjusted       q\n");
    for (size_t i = 0; i < t->thing_count; i++) {
        const struct rp_trend_thing *thing = &t->things[i];

        if (strcmp(rp_trends_verdict(thing, t), "too few") == 0) {
            few++;
        } else if (told++ < TOLD) {
            thing_text(t, thing, out);
        }
    }
    if (told > TOLD) {
        rp_buf_printf(out, "… and %zu more; --format json has all\n", told - TOLD);
    }
    changes_text(t, out);
    rp_buf_printf(
        out,
        "\nright: how many with it became so; lift: their share against the share of all.\n"
        "adjusted: log odds, all else%s and the activity being equal, with 95 %%\n"
        "interval (+0.69 doubles the odds, -0.69 halves them); q: for all rows\n"
        "together, below 0.05 counts. activity: what the lift shows goes away when the\n"
        "rest is equal. %zu things that under 30 leads did, or all but 30, are left out.\n",
        t->by_group ? ", the group" : "", few);
}

static void lift_json(const struct rp_lift *lift, const char *key, struct rp_jw *jw)
{
    rp_jw_key(jw, key);
    rp_jw_object(jw);
    rp_table_number(jw, "rateWith", lift->with_rate, 6);
    rp_table_number(jw, "rateWithout", lift->without_rate, 6);
    rp_table_number(jw, "lift", lift->lift, 6);
    rp_table_number(jw, "logOdds", lift->lor, 6);
    rp_table_interval(jw, "interval", lift->ci.lo, lift->ci.hi);
    rp_jw_object_end(jw);
}

static void thing_json(const struct rp_trends *t, const struct rp_trend_thing *thing,
                       struct rp_jw *jw)
{
    double none = (double)NAN;

    rp_jw_object(jw);
    rp_jw_put_str(jw, "what", thing->name);
    rp_jw_put_int(jw, "leads", (int64_t)thing->with);
    rp_jw_put_int(jw, "right", (int64_t)thing->right_with);
    rp_jw_put_text(jw, "verdict", rp_trends_verdict(thing, t));
    lift_json(&thing->lift, "raw", jw);
    rp_table_number(jw, "rawQ", thing->raw_q, 9);
    rp_table_number(jw, "adjusted", thing->adjusted ? thing->coef : none, 6);
    rp_table_interval(jw, "adjustedInterval",
                      thing->adjusted ? thing->coef - 1.959963984540054 * thing->coef_se : none,
                      thing->adjusted ? thing->coef + 1.959963984540054 * thing->coef_se : none);
    rp_table_number(jw, "adjustedQ", thing->adjusted ? thing->coef_q : none, 9);
    rp_jw_key(jw, "change");
    if (thing->split) {
        rp_jw_object(jw);
        rp_jw_put_bool(jw, "changed", rp_trends_changed(thing));
        rp_jw_put_time(jw, "at", thing->split_ms);
        lift_json(&thing->before, "before", jw);
        lift_json(&thing->after, "after", jw);
        rp_table_number(jw, "z", thing->change_z, 6);
        rp_table_number(jw, "q", thing->change_q, 9);
        rp_jw_object_end(jw);
    } else {
        rp_jw_null(jw);
    }
    rp_jw_key(jw, "volume");
    if (thing->event) {
        rp_jw_object(jw);
        rp_jw_put_int(jw, "newest4Weeks", (int64_t)thing->newest);
        rp_jw_put_int(jw, "before12Weeks", (int64_t)thing->earlier);
        rp_table_number(jw, "ratio", thing->volume.ratio, 6);
        rp_table_number(jw, "q", thing->volume_q, 9);
        rp_jw_object_end(jw);
    } else {
        rp_jw_null(jw); /* only of tracks it is counted */
    }
    rp_jw_object_end(jw);
}

static void print_json(const struct rp_trends *t, struct rp_buf *out)
{
    struct rp_interval ci = rp_stats_wilson(t->right, (double)t->lead_count, 0.05);
    double none = (double)NAN, n = (double)t->lead_count;
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "report", "trends");
    rp_jw_put_str(&jw, "stage", t->stage);
    rp_jw_put_str(&jw, "outcome", t->outcome);
    rp_table_number(&jw, "windowDays", (double)t->window_ms / (double)RP_DAY, 3);
    rp_table_number(&jw, "withinDays", (double)t->within_ms / (double)RP_DAY, 3);
    rp_jw_put_int(&jw, "leads", (int64_t)t->lead_count);
    rp_jw_put_int(&jw, "young", (int64_t)t->young);
    rp_jw_put_int(&jw, "right", (int64_t)t->right);
    rp_table_number(&jw, "rate", n > 0 ? t->right / n : none, 6);
    rp_table_interval(&jw, "interval", n > 0 ? ci.lo : none, n > 0 ? ci.hi : none);
    rp_jw_key(&jw, "rateTrend");
    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "weeks", (int64_t)t->weeks);
    rp_table_number(&jw, "p", t->weeks >= 3 ? t->rate.p : none, 9);
    rp_jw_put_bool(&jw, "rising", t->rising);
    rp_jw_object_end(&jw);
    rp_jw_put_bool(&jw, "thingsLeftOut", t->left_out > 0);
    rp_jw_key(&jw, "things");
    rp_jw_array(&jw);
    for (size_t i = 0; i < t->thing_count; i++) {
        thing_json(t, &t->things[i], &jw);
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
}

void rp_trends_print(struct rp_trends *t, enum rp_format format, struct rp_buf *out)
{
    if (format == RP_FORMAT_JSON) {
        print_json(t, out);
    } else {
        print_text(t, out);
    }
}
