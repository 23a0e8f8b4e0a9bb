/* SPDX-License-Identifier: MIT */
/* What the files of the report on an experiment share: the definition as it was started, the units
 * with what became of them, the numbers of each arm. Internal to core/. All of it lives in the
 * reader's arena or, where it grows, in the report.
 *
 * Denominators are all units that were dealt to an arm and whose window has passed, never those
 * that an arm promoted: what a model decides cannot be what it is judged by. */
#ifndef RP_CORE_REPORT_EXPERIMENT_H
#define RP_CORE_REPORT_EXPERIMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/experiment.h"
#include "core/report.h"
#include "model/stats.h"

#define RP_X_GUARDS_MAX 7

struct rp_x_def {
    bool split, by_company;
    struct rp_x_arm_def {
        struct rp_str name, model;
        double weight;
        bool hold_out;
    } arms[RP_ASSIGN_ARMS_MAX];
    uint32_t arm_count;
    double share;
    struct rp_str goal, decided;
    int64_t within_ms;
    struct rp_x_guard_def {
        struct rp_str metric;
        double worse_than;
    } guards[RP_X_GUARDS_MAX];
    uint32_t guard_count;
    double min_units, max_days;
    double explore; /* 0: nothing is */
};

/* A unit of the period: dealt, and what followed within its window. */
struct rp_x_unit {
    uint64_t key;                                 /* of a company; 0 */
    int64_t lead, at_ms, reached_ms, promoted_ms; /* RP_NEVER */
    double revenue;
    double score;   /* the control's, when it was dealt; NAN: not kept */
    uint32_t noted; /* bit: guard */
    int arm;
};

struct rp_x_entry { /* first moments of one lead in the stage that models decide */
    int64_t lead;
    int64_t at_ms[RP_ASSIGN_ARMS_MAX];      /* RP_NEVER: never */
    int64_t reached_ms[RP_ASSIGN_ARMS_MAX]; /* behind it */
    /* The moment at which the lead is judged: the control's; with `explore` the first of any arm.
     */
    int64_t judged_ms, judged_reached_ms;
    double scores[RP_ASSIGN_ARMS_MAX]; /* then */
    bool scored;
    bool before;   /* had been in the goal already */
    bool explored; /* another arm alone let it in, and by chance it was handed on */
    double chance; /* … how likely that was; 0: nothing was left to chance */
};

struct rp_x_data {
    struct rp_x_unit *units; /* by moment of dealing */
    size_t unit_count, unit_cap;
    struct rp_x_lead {
        int64_t lead;
        size_t unit;
    } * leads; /* by lead */
    size_t lead_count, lead_cap;
    struct rp_x_entry *entries; /* by lead */
    size_t entry_count, entry_cap;
    size_t dealt[RP_ASSIGN_ARMS_MAX]; /* all of the period, also those left out: for the SRM */
    size_t outside, merged, crossovers, excluded, earlier, earlier_periods;
};

struct rp_x_rates {           /* of one arm */
    double dealt, open, n, x; /* n: settled, x: of them reached the goal */
    double x_open;            /* reached it, but not settled: shown, not counted */
    struct rp_interval ci;
    double promoted; /* of n */
    struct rp_sample revenue;
    double revenue_total;
    double median_ms; /* time to convert, of all units with open ones censored; NAN */
    double guard[RP_X_GUARDS_MAX];
    double best; /* chance to be the best of all arms */
};

struct rp_x_guard {
    double ratio, p; /* p: one-sided, that it is worse */
    bool worse, sure;
};

struct rp_x_adjusted { /* a difference without what the scores at the dealing explain */
    bool shown;        /* false: they explain nothing */
    double units;      /* settled, whose score is known */
    double saved;      /* share of the variance that went away: as many units are spared */
    struct rp_test at_the_end;
    struct rp_sequential sequence;
};

struct rp_x_against { /* a challenger against the control */
    double diff, uplift;
    struct rp_interval newcombe, uplift_ci;
    struct rp_interval sequence; /* running intersection over the days */
    double p_sequence, p_fixed, p_holm, p_logrank;
    struct rp_beta_ab beta;
    struct rp_test revenue;
    double revenue_holm;
    struct rp_x_adjusted adjusted, adjusted_revenue;
    double mde; /* relative rise that the settled units would show; NAN */
    struct rp_x_guard guard[RP_X_GUARDS_MAX];
};

struct rp_x_scores { /* a challenger's score against the control's, on the same leads */
    struct rp_delong auc;
    struct rp_interval sequence; /* of the difference, challenger - control */
    struct rp_paired_loss loss;  /* control - challenger: positive is better */
    bool calibrated;
    struct rp_probability control, challenger;
    double both, only_control, only_challenger;       /* leads promoted, settled */
    double both_x, only_control_x, only_challenger_x; /* of them reached the goal */
};

struct rp_x_threshold { /* what an arm's own thresholds would have promoted */
    double n, x, open;  /* what leads stand for */
    double squares;     /* of what each settled one stands for */
    double found;       /* of `findable` */
    struct rp_interval precision_ci;
    double precision, recall;
};

enum rp_x_word {
    RP_X_UNHEALTHY,
    RP_X_COLLECTING,
    RP_X_SHIP,
    RP_X_ROLL_BACK,
    RP_X_NO_DIFFERENCE,
};

struct rp_x_report {
    struct rp_arena *arena;
    const struct rp_report_query *query;
    struct rp_experiment_row row;
    struct rp_period_row period;
    struct rp_x_def def;
    struct rp_x_data data;
    int64_t now_ms; /* or the end of the period */
    double days, per_day;

    struct rp_srm srm;
    struct rp_x_rates arms[RP_ASSIGN_ARMS_MAX];
    struct rp_x_against against[RP_ASSIGN_ARMS_MAX]; /* [0] is not used */
    double needed, days_left;
    double revenue_most; /* of a unit: the largest are cut to it */

    struct rp_x_scores scores[RP_ASSIGN_ARMS_MAX];
    struct rp_x_threshold thresholds[RP_ASSIGN_ARMS_MAX];
    struct rp_gain gains[RP_ASSIGN_ARMS_MAX][10];
    double scored, scored_x; /* leads with scores of all arms and a settled outcome */
    double explored;         /* of them handed on by chance */
    double stand_for;        /* how many leads they stand for */
    double worth;            /* as many leads without weights would tell as much */
    double reached;          /* settled units that reached the goal */
    double findable;         /* the same; with `explore` what any arm's leads came to */

    enum rp_x_word word;
    uint32_t best_arm; /* the one that the word is about */
    struct rp_str sentence;
};

extern const char *const rp_x_words[]; /* [enum rp_x_word] */

/* Relative rise worth having, when nothing else is said. */
#define RP_X_WORTH     0.10
#define RP_X_WORTH_AUC 0.01

/* report_experiment_read.c */
int rp_x_def_parse(struct rp_arena *arena, struct rp_str json, struct rp_x_def *ret_def);
int rp_x_read(struct rp_store *store, struct rp_x_report *report, struct rp_err *err);
void rp_x_data_fini(struct rp_x_data *data);

/* report_experiment_split.c, …_cuped.c, …_shadow.c, …_words.c, …_print.c */
void rp_x_split(struct rp_x_report *report);
double rp_x_planned(const struct rp_x_report *report); /* units at which it is to be decided */
void rp_x_cuped(struct rp_x_report *report);           /* behind rp_x_split */
void rp_x_shadow(struct rp_x_report *report);
void rp_x_decide(struct rp_x_report *report);
void rp_x_print(const struct rp_x_report *report, enum rp_format format, struct rp_buf *out);

/* How many leads an arm's own moment of this lead stands for: with `explore` only those that were
 * handed on tell something, each for all that had the same chance. */
static inline double rp_x_stands_for(const struct rp_x_report *report,
                                     const struct rp_x_entry *entry, int64_t at_ms)
{
    if (report->def.explore <= 0 || (entry->at_ms[0] != RP_NEVER && entry->at_ms[0] <= at_ms)) {
        return 1;
    }
    return entry->explored ? 1 / entry->chance : 0;
}
/* Whether a unit's window has passed. */
static inline bool rp_x_settled(const struct rp_x_report *report, int64_t at_ms)
{
    return at_ms <= report->now_ms - report->def.within_ms;
}
/* Whether what came at `then` came within the window behind `at`. */
static inline bool rp_x_within(const struct rp_x_report *report, int64_t at_ms, int64_t then_ms)
{
    return then_ms != RP_NEVER && then_ms >= at_ms && then_ms - at_ms <= report->def.within_ms &&
           then_ms <= report->now_ms;
}

#endif
