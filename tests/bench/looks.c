/* SPDX-License-Identifier: MIT */
/* looks [RUNS]: experiments without a difference, looked at every day: how often does the
 * confidence sequence, and how often a fixed 95 % interval, ever say that there is one? And with a
 * difference: does the planned number of leads find it as often as planned? Random numbers are
 * drawn from a seed, so that equal runs are equal. Exit status 1 when a promise is broken. */
#include "model/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DAYS  60
#define DAILY 40 /* leads of an arm */

static uint64_t seed = 20261121;

static double chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static double successes(double leads, double rate)
{
    double x = 0;

    for (double i = 0; i < leads; i++)
        x += chance() < rate;
    return x;
}

struct alarms {
    bool sequence, fixed, at_end;
};

/* One experiment with equal arms, looked at each day. */
static struct alarms watch(double rate)
{
    struct alarms alarms = {0};
    double x_a = 0, x_b = 0;

    for (int day = 1; day <= DAYS; day++) {
        const double n = (double)day * DAILY;
        x_a += successes(DAILY, rate);
        x_b += successes(DAILY, rate);
        if (x_a < 1 || x_b < 1)
            continue;
        const struct rp_effect effect =
            rp_stats_effect(rp_stats_sample_rate(x_a, n), rp_stats_sample_rate(x_b, n), false);
        alarms.sequence |=
            rp_stats_sequence(effect, 2.0 * DAYS * DAILY, 0.05, RP_TWO_SIDED).p < 0.05;
        alarms.at_end = rp_stats_two_rates(x_a, n, x_b, n, 0.05).p_pooled < 0.05;
        alarms.fixed |= alarms.at_end;
    }
    return alarms;
}

/* The share of experiments with the planned number of leads that find the rise. */
static double found(double p_a, double p_b, double power, int runs)
{
    const double n = ceil(rp_stats_n_rates(p_a, p_b, 0.05, power, 1));
    int hits = 0;

    for (int run = 0; run < runs; run++) {
        const double x_a = successes(n, p_a), x_b = successes(n, p_b);
        hits += rp_stats_two_rates(x_a, n, x_b, n, 0.05).p_pooled < 0.05;
    }
    return (double)hits / runs;
}

int main(int argc, char **argv)
{
    const int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 4000;
    static const double rates[] = {0.05, 0.2};
    static const double plans[][3] = {{0.1, 0.16, 0.8}, {0.3, 0.38, 0.8}, {0.2, 0.28, 0.9}};
    bool kept = true;

    if (runs < 1)
        return 2;
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        int sequence = 0, fixed = 0, at_end = 0;
        for (int run = 0; run < runs; run++) {
            const struct alarms alarms = watch(rates[r]);
            sequence += alarms.sequence;
            fixed += alarms.fixed;
            at_end += alarms.at_end;
        }
        printf(
            "A/A, rate %2.0f %%, %d experiments of %d leads, %d looks: false alarms %.1f %% by the "
            "sequence, %.1f %% by a fixed test that is watched, %.1f %% by it at the end alone\n",
            100 * rates[r], runs, 2 * DAYS * DAILY, DAYS, 100.0 * sequence / runs,
            100.0 * fixed / runs, 100.0 * at_end / runs);
        kept &= sequence <= 0.05 * runs;
    }
    for (size_t p = 0; p < sizeof(plans) / sizeof(plans[0]); p++) {
        const double power = plans[p][2];
        const double got = found(plans[p][0], plans[p][1], power, runs);
        /* two points, and three standard errors of this many runs where these are more */
        const double within = fmax(0.02, 3 * sqrt(power * (1 - power) / runs));
        printf("power %.0f %% planned for %.0f %% against %.0f %%: found in %.1f %% of %d "
               "experiments\n",
               100 * power, 100 * plans[p][0], 100 * plans[p][1], 100 * got, runs);
        kept &= fabs(got - power) <= within;
    }
    return !kept;
}
