/* SPDX-License-Identifier: MIT */
/* Scorecards: weight of evidence, scaling to points, and Odoo's naive Bayes to compare with. Signs
 * are turned against credit scoring: high is good here. */
#include "model/stats.h"

#include <math.h>

double rp_stats_woe(const double *converted, const double *other, size_t k, double smoothing,
                    double *ret_woe, double *ret_parts)
{
    double ones = 0, zeros = 0, iv = 0;

    for (size_t i = 0; i < k; i++) {
        ones += converted[i];
        zeros += other[i];
    }
    for (size_t i = 0; i < k; i++) {
        const double c = (converted[i] + smoothing) / (ones + smoothing * (double)k);
        const double o = (other[i] + smoothing) / (zeros + smoothing * (double)k);
        const double woe = log(c / o);
        const double part = (converted[i] / ones - other[i] / zeros) * woe;
        if (ret_woe)
            ret_woe[i] = woe;
        if (ret_parts)
            ret_parts[i] = part;
        iv += part;
    }
    return iv;
}

struct rp_scaling rp_stats_scaling(double points_at_odds, double odds, double pdo)
{
    const double factor = pdo / M_LN2;

    return (struct rp_scaling){factor, points_at_odds - factor * log(odds)};
}

double rp_stats_naive_bayes(const double *won, const double *lost, const double *won_total,
                            const double *lost_total, size_t k, double team_won, double team_lost,
                            double *ret_won, double *ret_lost)
{
    double s_won = team_won / (team_won + team_lost), s_lost = team_lost / (team_won + team_lost);

    for (size_t i = 0; i < k; i++) {
        s_won *= won[i] / won_total[i];
        s_lost *= lost[i] / lost_total[i];
    }
    if (ret_won)
        *ret_won = s_won;
    if (ret_lost)
        *ret_lost = s_lost;
    return 100 * s_won / (s_won + s_lost);
}
