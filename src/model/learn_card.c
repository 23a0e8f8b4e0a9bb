/* SPDX-License-Identifier: MIT */
/* The card: which attributes, with which weight, in whole points. Attributes come in one at a time,
 * the one that raises the penalised likelihood most, until that is not worth ln(n)/2 any more
 * (BIC). A weight that turns negative would contradict the attribute's own table, so such a one is
 * passed over. The commonest bin of each has 0 points: what is usual needs no line. */
#include "base/mem.h"
#include "model/learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAMBDA 1.0
#define TRIES                                                                                      \
    3 /* candidates that are fitted in a round, the most promising by their score test             \
       */

struct design {
    const struct rp_learn_table *table;
    uint32_t *rows; /* that take part */
    size_t n;
    uint8_t *y;
    uint8_t *bins; /* [candidate][row]: bin, 255: none */
    double *x, *p; /* chosen columns of a row; its probability */
    struct rp_learn_attribute *candidates[RP_LEARN_COLUMNS_MAX];
    size_t candidate_count;
    size_t chosen[RP_LEARN_CARD_MAX + 1];
    size_t chosen_count;
    struct rp_logit_fit fit;
};

/* Rows that fall into no bin count as the usual case. */
static double woe_at(const struct design *d, size_t candidate, size_t i)
{
    const struct rp_learn_attribute *a = d->candidates[candidate];
    const uint8_t bin = d->bins[candidate * d->n + i];

    return a->bins[bin == 255 ? a->reference : bin].woe;
}

static void fill(struct design *d, size_t candidate, size_t column, size_t k)
{
    for (size_t i = 0; i < d->n; i++)
        d->x[i * k + column] = woe_at(d, candidate, i);
}

/* Fits the chosen ones and, when it is there, one more. */
static bool fit_chosen(struct design *d, size_t more, struct rp_logit_fit *fit)
{
    const size_t k = d->chosen_count + (more != SIZE_MAX);

    for (size_t j = 0; j < d->chosen_count; j++)
        fill(d, d->chosen[j], j, k);
    if (more != SIZE_MAX)
        fill(d, more, k - 1, k);
    *fit = d->fit;
    fit->coef[k] = more != SIZE_MAX ? 0 : fit->coef[k];
    const struct rp_logit data = {.x = d->x,
                                  .y = d->y,
                                  .n = d->n,
                                  .k = k,
                                  .lambda = LAMBDA,
                                  .tolerance = more != SIZE_MAX ? 1e-5 : 0};
    if (!rp_stats_logit_fit(&data, true, fit))
        return false;
    for (size_t j = 1; j <= k; j++)
        if (fit->coef[j] <= 0)
            return false;
    return true;
}

/* What the score test promises of a candidate: U^2 / 2V of its bins against the present residuals.
 */
static double promise(const struct design *d, size_t candidate)
{
    const struct rp_learn_attribute *a = d->candidates[candidate];
    const uint8_t *bins = d->bins + candidate * d->n;
    double residual[256] = {0}, weight[256] = {0}, u = 0, w = 0, wz = 0, wzz = 0;

    for (size_t i = 0; i < d->n; i++) {
        residual[bins[i]] += (d->y[i] ? 1 : 0) - d->p[i];
        weight[bins[i]] += d->p[i] * (1 - d->p[i]);
    }
    residual[a->reference] += residual[255];
    weight[a->reference] += weight[255];
    for (uint32_t b = 0; b < a->bin_count; b++) {
        const double z = a->bins[b].woe;
        u += z * residual[b];
        w += weight[b];
        wz += weight[b] * z;
        wzz += weight[b] * z * z;
    }
    const double v = wzz - wz * wz / w;
    return v > 0 && u > 0 ? u * u / (2 * v) : 0;
}

static void probabilities(struct design *d)
{
    for (size_t i = 0; i < d->n; i++) {
        double eta = d->fit.coef[0];
        for (size_t j = 0; j < d->chosen_count; j++)
            eta += d->fit.coef[j + 1] * woe_at(d, d->chosen[j], i);
        d->p[i] = 1 / (1 + exp(-eta));
    }
}

/* The most promising ones that are not in yet, best first; how many. */
static size_t promising(const struct design *d, size_t *best)
{
    double values[TRIES];
    size_t count = 0;

    for (size_t c = 0; c < d->candidate_count; c++) {
        bool in = false;
        for (size_t j = 0; j < d->chosen_count; j++)
            in |= d->chosen[j] == c;
        const double value = in ? 0 : promise(d, c);
        if (value <= 0)
            continue;
        if (count == TRIES && values[TRIES - 1] >= value)
            continue;
        size_t at = count < TRIES ? count++ : TRIES - 1;
        for (; at > 0 && values[at - 1] < value; at--) {
            values[at] = values[at - 1];
            best[at] = best[at - 1];
        }
        values[at] = value;
        best[at] = c;
    }
    return count;
}

/* Takes one more attribute in; false: none is worth it. */
static bool take_one(struct design *d)
{
    size_t best[TRIES] = {SIZE_MAX, SIZE_MAX, SIZE_MAX}, winner = SIZE_MAX;
    struct rp_logit_fit fit, won = d->fit;
    const size_t count = promising(d, best);

    for (size_t i = 0; i < count; i++) {
        if (fit_chosen(d, best[i], &fit) && fit.objective < won.objective) {
            won = fit;
            winner = best[i];
        }
    }
    if (winner == SIZE_MAX || d->fit.objective - won.objective < 0.5 * log((double)d->n))
        return false;
    d->fit = won;
    d->chosen[d->chosen_count++] = winner;
    probabilities(d);
    return true;
}

static int points_of(struct rp_learn_attribute *a, double coefficient)
{
    const double factor = RP_LEARN_PDO / M_LN2;
    int lines = 0;

    a->coefficient = coefficient;
    for (uint32_t b = 0; b < a->bin_count; b++) {
        struct rp_learn_bin *bin = &a->bins[b];
        bin->exact = factor * coefficient * (bin->woe - a->bins[a->reference].woe);
        bin->points = (int)floor(bin->exact + 0.5);
        lines += bin->points != 0;
    }
    return lines;
}

/* Gives points; the last attributes go while there are more lines than a person reads. */
static int give_points(struct design *d, uint32_t lines_max, struct rp_learn_card *card,
                       struct rp_err *err)
{
    for (;;) {
        card->lines = 0;
        for (size_t j = 0; j < d->chosen_count; j++)
            card->lines += (uint32_t)points_of(d->candidates[d->chosen[j]], d->fit.coef[j + 1]);
        if (card->lines <= lines_max || d->chosen_count <= 1)
            break;
        d->chosen_count--;
        if (!fit_chosen(d, SIZE_MAX, &d->fit))
            return rp_err_set(err, RIPEN_EINPUT, "the outcome is told by one attribute alone");
    }
    card->count = 0;
    card->intercept = d->fit.coef[0];
    for (size_t j = 0; j < d->chosen_count; j++)
        card->attributes[card->count++] = *d->candidates[d->chosen[j]];
    if (card->count == 0)
        return rp_err_set(err, RIPEN_EINPUT,
                          "nothing that is known of these leads tells who converts; more leads or "
                          "other columns are needed");
    return 0;
}

static void prepare(struct design *d, const bool *in, struct rp_learn_attribute *attributes,
                    const bool *usable)
{
    const struct rp_learn_table *table = d->table;

    d->rows = rp_calloc(table->rows, sizeof(*d->rows));
    d->y = rp_malloc(table->rows);
    for (uint32_t i = 0; i < table->rows; i++) {
        if (!in || in[i]) {
            d->y[d->n] = table->y[i];
            d->rows[d->n++] = i;
        }
    }
    for (uint32_t c = 0; c < table->column_count; c++)
        if (usable[c] && attributes[c].bin_count > 1)
            d->candidates[d->candidate_count++] = &attributes[c];
    d->bins = rp_malloc(d->candidate_count * d->n + 1);
    for (size_t c = 0; c < d->candidate_count; c++) {
        for (size_t i = 0; i < d->n; i++) {
            const uint32_t bin = rp_learn_bin_of(d->candidates[c], table, d->rows[i]);
            d->bins[c * d->n + i] = bin == RP_LEARN_NONE ? 255 : (uint8_t)bin;
        }
    }
    d->x = rp_calloc(d->n + 1, (RP_LEARN_CARD_MAX + 1) * sizeof(*d->x));
    d->p = rp_calloc(d->n + 1, sizeof(*d->p));
}

int rp_learn_select(struct rp_arena *arena, const struct rp_learn_table *table, const bool *in,
                    struct rp_learn_attribute *attributes, const bool *usable, uint32_t lines_max,
                    struct rp_learn_card *ret_card, double *exact, struct rp_err *err)
{
    struct design *d = RP_ARENA_NEW(arena, struct design);
    int status = 0;

    *ret_card = (struct rp_learn_card){0};
    d->table = table;
    prepare(d, in, attributes, usable);
    if (!rp_stats_logit_fit(&(struct rp_logit){.x = d->x, .y = d->y, .n = d->n, .lambda = LAMBDA},
                            false, &d->fit))
        status = rp_err_set(err, RIPEN_EINPUT, "all leads have the same outcome");
    if (status == 0) {
        probabilities(d);
        while (d->chosen_count < RP_LEARN_CARD_MAX && take_one(d))
            ;
        status = give_points(d, lines_max, ret_card, err);
    }
    for (size_t i = 0; status == 0 && exact && i < d->n; i++) {
        exact[d->rows[i]] = d->fit.coef[0];
        for (size_t j = 0; j < d->chosen_count; j++)
            exact[d->rows[i]] += d->fit.coef[j + 1] * woe_at(d, d->chosen[j], i);
    }
    if (status == 0) {
        for (size_t i = 0; i < d->n; i++)
            d->p[i] = rp_learn_points(ret_card, table, d->rows[i]);
        ret_card->calibrated = rp_stats_platt(d->y, d->p, d->n, &ret_card->platt);
    }
    free(d->rows);
    free(d->y);
    free(d->bins);
    free(d->x);
    free(d->p);
    return status;
}

int rp_learn_points(const struct rp_learn_card *card, const struct rp_learn_table *table,
                    uint32_t row)
{
    int sum = 0;

    for (uint32_t i = 0; i < card->count; i++) {
        const uint32_t bin = rp_learn_bin_of(&card->attributes[i], table, row);
        if (bin != RP_LEARN_NONE)
            sum += card->attributes[i].bins[bin].points;
    }
    return sum;
}
