/* SPDX-License-Identifier: MIT */
/* One word and one sentence. Never a winner before `decide` is met: enough settled units in every
 * arm, at least a week and one window. Then a challenger wins only when the interval that may be
 * looked at every day leaves 0 out. */
#include "base/when.h"
#include "core/report_experiment.h"

#include <math.h>

#define DAYS_MIN       7
#define UNITS_MIN      150 /* settled, an arm, when `decide` does not say */
#define CROSSOVERS_MAX 0.01
#define CROSSED_MIN    10

const char *const rp_x_words[] = {
    [RP_X_UNHEALTHY] = "unhealthy",
    [RP_X_COLLECTING] = "collecting",
    [RP_X_SHIP] = "ship",
    [RP_X_ROLL_BACK] = "roll back",
    [RP_X_NO_DIFFERENCE] = "no difference worth having",
};

static void say(struct rp_x_report *r, enum rp_x_word word, uint32_t arm, struct rp_str sentence)
{
    r->word = word;
    r->best_arm = arm;
    r->sentence = sentence;
}

static const char *units(const struct rp_x_report *r)
{
    return r->def.by_company ? "companies" : "leads";
}

static double wanted_units(const struct rp_x_report *r)
{
    return r->def.min_units > 0 ? r->def.min_units : UNITS_MIN;
}

/* What makes any comparison worthless. */
static bool unhealthy(struct rp_x_report *r)
{
    double dealt = 0;

    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        dealt += r->arms[a].dealt;
    }
    if (r->def.split && r->srm.alarm) {
        say(r, RP_X_UNHEALTHY, 0,
            rp_arena_printf(r->arena,
                            "The arms did not get the shares that were asked for (p = %.2g), so "
                            "something treats them differently; do not compare them before it is "
                            "found.",
                            r->srm.p));
        return true;
    }
    if (r->def.split && r->data.crossovers >= CROSSED_MIN &&
        (double)r->data.crossovers > CROSSOVERS_MAX * dealt) {
        say(r, RP_X_UNHEALTHY, 0,
            rp_arena_printf(r->arena,
                            "%zu of %.0f leads were in two arms because people were merged: more "
                            "than 1 %%; deal by company, or look at what joins people.",
                            r->data.crossovers, dealt));
        return true;
    }
    return false;
}

static double fewest_settled(const struct rp_x_report *r)
{
    double fewest = (double)INFINITY;

    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        fewest = fmin(fewest, r->arms[a].n);
    }
    return fewest;
}

static double days_min(const struct rp_x_report *r)
{
    return fmax(DAYS_MIN, (double)r->def.within_ms / (double)RP_DAY);
}

/* "about 12 days", "more than a year" */
static struct rp_str days_text(struct rp_x_report *r, double days)
{
    if (isnan(days) || days > 366) {
        return RP_STR("more than a year");
    }
    return rp_arena_printf(r->arena, "about %.0f day%s", ceil(days), ceil(days) == 1 ? "" : "s");
}

/* `have` of `want` are there, of leads or of companies. */
static void collecting(struct rp_x_report *r, double have, double want)
{
    double window = (double)r->def.within_ms / (double)RP_DAY;
    double left =
        rp_stats_days_left(want, r->def.split ? fewest_settled(r) : have, r->per_day, window);

    if (r->def.max_days > 0 && r->days > r->def.max_days && have < want) {
        say(r, RP_X_COLLECTING, 0,
            rp_arena_printf(r->arena,
                            "After %.0f days only %.0f of %.0f %s%s have had their time: this "
                            "experiment cannot be decided as planned; stop it, or compare the "
                            "models as a shadow.",
                            r->days, have, want, units(r), r->def.split ? " in each arm" : ""));
        return;
    }
    if (have < want) {
        say(r, RP_X_COLLECTING, 0,
            rp_arena_printf(r->arena,
                            "Too early to say: %.0f of %.0f %s%s have had their time; %.*s to go.",
                            have, want, units(r), r->def.split ? " in each arm" : "",
                            RP_STR_ARG(days_text(r, left))));
        return;
    }
    say(r, RP_X_COLLECTING, 0,
        rp_arena_printf(r->arena,
                        "Too early to say: it has run for %.0f days, and at least %.0f are needed.",
                        r->days, ceil(days_min(r))));
}

/* A guard that is worse without a doubt ends it at any time. */
static bool guard_broken(struct rp_x_report *r, bool decided)
{
    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        for (uint32_t g = 0; g < r->def.guard_count; g++) {
            const struct rp_x_guard *guard = &r->against[a].guard[g];

            if (r->days < DAYS_MIN || !(decided ? guard->worse : guard->sure)) {
                continue;
            }
            say(r, RP_X_ROLL_BACK, a,
                rp_arena_printf(r->arena,
                                "\"%.*s\" makes %.*s worse: %.2f times the rate of \"%.*s\", and "
                                "%.2f is allowed; take it back.",
                                RP_STR_ARG(r->def.arms[a].name),
                                RP_STR_ARG(r->def.guards[g].metric), guard->ratio,
                                RP_STR_ARG(r->def.arms[0].name), r->def.guards[g].worse_than));
            return true;
        }
    }
    return false;
}

/* ---- A split -----------------------------------------------------------------------------------
 */

static void say_winner(struct rp_x_report *r, uint32_t a)
{
    const struct rp_x_against *against = &r->against[a];

    say(r, RP_X_SHIP, a,
        rp_arena_printf(r->arena,
                        "\"%.*s\" is better: %.1f %% of its %s reach %.*s against %.1f %%; the "
                        "true difference lies between %+.1f and %+.1f points. Promote it.",
                        RP_STR_ARG(r->def.arms[a].name), 100 * r->arms[a].x / r->arms[a].n,
                        units(r), RP_STR_ARG(r->def.goal), 100 * r->arms[0].x / r->arms[0].n,
                        100 * against->sequence.lo, 100 * against->sequence.hi));
}

static uint32_t best_challenger(const struct rp_x_report *r, bool ships)
{
    uint32_t best = 0;

    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        bool counts = !r->def.arms[a].hold_out && (!ships || r->against[a].sequence.lo > 0);

        if (counts && (best == 0 || r->against[a].diff > r->against[best].diff)) {
            best = a;
        }
    }
    return best;
}

static void decide_split(struct rp_x_report *r)
{
    uint32_t winner = best_challenger(r, true);
    double rate = r->arms[0].n > 0 ? r->arms[0].x / r->arms[0].n : 0;
    bool worse = true;
    bool same = true;

    if (winner) {
        say_winner(r, winner);
        return;
    }
    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        const struct rp_interval *seen = &r->against[a].sequence;

        worse &= r->def.arms[a].hold_out || seen->hi < 0;
        same &= r->def.arms[a].hold_out ||
                (seen->lo > -RP_X_WORTH * rate && seen->hi < RP_X_WORTH * rate);
    }
    winner = best_challenger(r, false);
    if (winner && same) {
        say(r, RP_X_NO_DIFFERENCE, winner,
            rp_arena_printf(r->arena,
                            "The arms differ by less than a tenth of \"%.*s\": keep whichever is "
                            "simpler.",
                            RP_STR_ARG(r->def.arms[0].name)));
    } else if (winner && worse) {
        say(r, RP_X_ROLL_BACK, winner,
            rp_arena_printf(r->arena,
                            "\"%.*s\" is worse: between %.1f and %.1f points fewer of its %s "
                            "reach %.*s. Keep \"%.*s\".",
                            RP_STR_ARG(r->def.arms[winner].name),
                            -100 * r->against[winner].sequence.hi,
                            -100 * r->against[winner].sequence.lo, units(r),
                            RP_STR_ARG(r->def.goal), RP_STR_ARG(r->def.arms[0].name)));
    } else {
        say(r, RP_X_COLLECTING, winner,
            rp_arena_printf(r->arena,
                            "No difference can be told from chance yet; a difference of a tenth "
                            "needs %.*s more. If that is too long, keep \"%.*s\".",
                            RP_STR_ARG(days_text(r, r->days_left)),
                            RP_STR_ARG(r->def.arms[0].name)));
    }
}

/* ---- A shadow ----------------------------------------------------------------------------------
 */

static void decide_shadow(struct rp_x_report *r)
{
    uint32_t best = 1;
    const struct rp_x_scores *scores;
    struct rp_str name;

    for (uint32_t a = 2; a < r->def.arm_count; a++) {
        best = r->scores[a].auc.auc_2 > r->scores[best].auc.auc_2 ? a : best;
    }
    scores = &r->scores[best];
    name = r->def.arms[best].name;
    if (scores->sequence.lo > 0) {
        say(r, RP_X_SHIP, best,
            rp_arena_printf(r->arena,
                            "\"%.*s\" tells better who reaches %.*s: in %.0f of 100 pairs it puts "
                            "the right one first, \"%.*s\" in %.0f. Promote it, or confirm it with "
                            "a split.",
                            RP_STR_ARG(name), RP_STR_ARG(r->def.goal), 100 * scores->auc.auc_2,
                            RP_STR_ARG(r->def.arms[0].name), 100 * scores->auc.auc_1));
    } else if (scores->sequence.hi < 0) {
        say(r, RP_X_ROLL_BACK, best,
            rp_arena_printf(r->arena,
                            "\"%.*s\" tells worse who reaches %.*s: in %.0f of 100 pairs it puts "
                            "the right one first, \"%.*s\" in %.0f. Keep \"%.*s\".",
                            RP_STR_ARG(name), RP_STR_ARG(r->def.goal), 100 * scores->auc.auc_2,
                            RP_STR_ARG(r->def.arms[0].name), 100 * scores->auc.auc_1,
                            RP_STR_ARG(r->def.arms[0].name)));
    } else if (scores->sequence.lo > -RP_X_WORTH_AUC && scores->sequence.hi < RP_X_WORTH_AUC) {
        say(r, RP_X_NO_DIFFERENCE, best,
            RP_STR("The models rank leads equally well: keep whichever is simpler."));
    } else {
        say(r, RP_X_COLLECTING, best,
            rp_arena_printf(r->arena,
                            "No difference can be told from chance yet: the share of pairs put "
                            "right differs by %+.1f points, give or take %.1f.",
                            100 * (scores->auc.auc_2 - scores->auc.auc_1),
                            50 * (scores->sequence.hi - scores->sequence.lo)));
    }
}

void rp_x_decide(struct rp_x_report *r)
{
    double have = r->def.split ? fewest_settled(r) : r->scored;
    double want = wanted_units(r);
    bool both = r->scored_x > 0 && r->scored_x < r->scored;
    bool met = have >= want && r->days >= days_min(r) && (r->def.split || both);

    if (unhealthy(r) || (r->def.split && guard_broken(r, met))) {
        return;
    }
    if (!met) {
        collecting(r, have, want);
    } else if (r->def.split) {
        decide_split(r);
    } else {
        decide_shadow(r);
    }
}
