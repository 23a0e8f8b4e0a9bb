/* SPDX-License-Identifier: MIT */
/* A scorecard out of past outcomes: coarse bins, weight of evidence, forward-selected logistic
 * regression, whole points, calibration (the steps of `ripen learn`). Pure and without random
 * numbers: the same table gives the same card. What may not be known at the decision (a leak) is
 * found by how well it tells, and left out unless allowed.
 *
 * The table is the caller's; a learned card points into it (names, levels) and must not outlive it.
 * Allocations are in the arena of the call. */
#ifndef RP_MODEL_LEARN_H
#define RP_MODEL_LEARN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "model/stats.h"

#include <stdbool.h>
#include <stdint.h>

#define RP_LEARN_ROWS_MAX    4000000
#define RP_LEARN_COLUMNS_MAX 400
#define RP_LEARN_LEVELS_MAX  2000 /* of one column; more are an identifier, not a property */
#define RP_LEARN_CLASS_MIN   100  /* leads of either outcome: fewer teach nothing */
#define RP_LEARN_CLASS_WARN  500
#define RP_LEARN_CARD_MAX    12 /* attributes of a card */
#define RP_LEARN_LINES_MAX   32 /* lines with points: what a person can still read */
#define RP_LEARN_BINS_MAX    64 /* fine bins of a column */
#define RP_LEARN_COARSE      5  /* bins of an attribute, 0 and missing not counted */
#define RP_LEARN_PDO         10 /* points that double the odds */
#define RP_LEARN_NONE        UINT32_MAX
#define RP_LEARN_FOLDS       5

enum rp_learn_kind {
    RP_LEARN_NUMBER, /* a number of the profile */
    RP_LEARN_TEXT,   /* a text of the profile: levels */
    RP_LEARN_COUNT,  /* events in a window */
    RP_LEARN_SINCE,  /* days since the last one; missing: never */
};

struct rp_learn_column {
    struct rp_str name; /* trait, or event */
    enum rp_learn_kind kind;
    uint32_t days;         /* window of a count */
    const double *value;   /* not TEXT: NAN when missing */
    const uint32_t *level; /* TEXT: index, RP_LEARN_NONE when missing */
    const struct rp_str *levels;
    uint32_t level_count;
    double
        changed_after; /* share of the rows where it was written behind the decision; 0: unknown */
    bool too_many;     /* levels: left out */
};

struct rp_learn_table {
    const struct rp_learn_column *columns;
    uint32_t column_count;
    uint32_t rows;
    const uint8_t *y;
    const int64_t *at_ms; /* of the decision; NULL: there is no time */
    const uint64_t *id;   /* hash of the lead, for the folds */
};

struct rp_learn_options {
    const struct rp_str *allowed; /* columns that may be used in spite of what is suspected */
    size_t allowed_count;
    double last_share;  /* newest rows kept for the drift check; 0: 0.2 */
    uint32_t lines_max; /* 0: RP_LEARN_LINES_MAX */
    bool monotone;      /* bins of numbers whose rate only rises or only falls; 0 stays apart */
    /* For which a threshold is proposed; 0: not said. */
    double capacity;    /* leads a week that can be worked; asks for a table with times */
    double value, cost; /* of an outcome; of working a lead */
    void (*progress)(void *ctx, unsigned done, unsigned of); /* may be NULL */
    void *ctx;
};

/* One coarse bin of an attribute. */
struct rp_learn_bin {
    double below;     /* numbers: values below it (and not of a bin before); INFINITY: the rest */
    bool missing;     /* those without a value */
    bool other;       /* TEXT: also levels that were too rare, and new ones */
    uint32_t *levels; /* TEXT: into the column's levels, those that were not rare */
    uint32_t level_count;
    double leads, converted;
    double woe;
    double exact; /* points, not rounded */
    int points;
};

struct rp_learn_attribute {
    uint32_t column;
    struct rp_learn_bin *bins;
    uint32_t bin_count, reference; /* reference: the commonest bin, 0 points */
    uint8_t *level_bin;            /* TEXT: bin of each level */
    double iv, coefficient;
};

struct rp_learn_card {
    struct rp_learn_attribute attributes[RP_LEARN_CARD_MAX];
    uint32_t count, lines;
    double intercept;
    struct rp_platt platt; /* P(converts) of the points; a, b */
    bool calibrated;
};

enum rp_learn_suspicion {
    RP_LEARN_FINE,
    RP_LEARN_TELLS_TOO_MUCH, /* information value above 0.5 */
    RP_LEARN_RANKS_TOO_WELL, /* AUC of it alone above 0.85 */
    RP_LEARN_WRITTEN_LATER,  /* behind the decision in more than 5 % of the leads */
    RP_LEARN_CONVERTED_ONLY, /* filled for those who converted alone */
    RP_LEARN_TOO_MANY,       /* levels: an identifier */
    RP_LEARN_WEAK,           /* information value below 0.02: says nothing */
};
const char *rp_learn_suspicion_text(enum rp_learn_suspicion suspicion); /* a phrase */

/* What was found out about each column, and whether its meaning changed over time. */
struct rp_learn_about {
    enum rp_learn_suspicion suspicion;
    bool allowed, used;
    double iv, auc;
    /* with against without it (counts), or in the better half of its bins: log odds ratios of the
     * older and the newer half of the rows; NAN without time */
    double lor_before, lor_after, change_z, change_q;
};

struct rp_learned {
    struct rp_learn_card card;
    struct rp_learn_about *about; /* [column] */
    double base_rate, converted;
    struct rp_auc train; /* of the points on the rows they were learned from */
    double auc_before_rounding, log_loss_before, log_loss, log_loss_base;
    double fold_auc[RP_LEARN_FOLDS], auc, auc_sd; /* the honest ones */
    struct rp_auc last; /* learned from the older rows, tried on the newest; auc NAN */
    double last_rows, last_converted;
    int64_t first_ms, newest_ms, last_from_ms;
    struct rp_reliability calibration[RP_STATS_BINS]; /* of out-of-fold probabilities */
    /* From so many points on (min_score): all leads with as many, and those of them that
     * converted; at the lower ends of the best tenth, the best two tenths … */
    struct rp_gain from[10];
    /* The same of the lowest that brings no more leads than the capacity, and of what leaves most
     * of value and cost; n 0: not asked for, or there is none. */
    struct rp_gain for_capacity, for_value;
    double weeks;    /* that the leads came in; 0: unknown */
    int least, most; /* points a lead can have */
};

/* EINPUT with a sentence when there is nothing to learn from. */
int rp_learn(struct rp_arena *arena, const struct rp_learn_table *table,
             const struct rp_learn_options *options, struct rp_learned *ret_learned,
             struct rp_err *err);

/* Points of a row. Rows of other tables with the same columns are meant too. */
int rp_learn_points(const struct rp_learn_card *card, const struct rp_learn_table *table,
                    uint32_t row);

/* The bin of an attribute that a row falls into; RP_LEARN_NONE: none (a level never seen). */
uint32_t rp_learn_bin_of(const struct rp_learn_attribute *attribute,
                         const struct rp_learn_table *table, uint32_t row);

/* ---- learn_bins.c: one column --------------------------------------------------------------- */

/* How bins are made, together. */
enum {
    RP_LEARN_LOOSE = 1,    /* one may lack one outcome, as those of a leak do */
    RP_LEARN_MONOTONE = 2, /* of numbers: the rate only rises or only falls; 0 stays apart */
};
/* Coarse bins of a column over the rows that are `in` (NULL: all), with WoE and information value.
 * False: it does not vary. */
bool rp_learn_bins(struct rp_arena *arena, const struct rp_learn_table *table, uint32_t column,
                   const bool *in, unsigned how, struct rp_learn_attribute *ret_attribute);

/* ---- learn_card.c ---------------------------------------------------------------------------- */

/* Chooses among `usable` columns (binned: attributes[i].bin_count > 0) and gives points. `exact`
 * (may be NULL) gets the linear score of each row before rounding. */
int rp_learn_select(struct rp_arena *arena, const struct rp_learn_table *table, const bool *in,
                    struct rp_learn_attribute *attributes, const bool *usable, uint32_t lines_max,
                    struct rp_learn_card *ret_card, double *exact, struct rp_err *err);

/* ---- learn_table.c: columns out of texts ------------------------------------------------------
 */

/* The different texts of a column, in the order in which they came; zero-initialise. */
struct rp_learn_texts {
    struct rp_str *items; /* in the arena */
    size_t count, cap;
    uint32_t *places; /* open table of numbers + 1 */
    size_t place_count;
};
/* The number of a text, which is copied into the arena when it is new. */
uint32_t rp_learn_texts_add(struct rp_arena *arena, struct rp_learn_texts *texts,
                            struct rp_str text);
void rp_learn_texts_fini(struct rp_learn_texts *texts);
/* What people write where they know nothing: "", NA, NULL. */
bool rp_learn_nothing(struct rp_str text);
/* Makes kind and values of a column from the number of each row's text (RP_LEARN_NONE: missing):
 * numbers when all texts are, else levels, told apart as matchers do. Uses up the cells. */
void rp_learn_texts_column(struct rp_arena *arena, const struct rp_learn_texts *texts,
                           uint32_t *cells, uint32_t rows, struct rp_learn_column *ret_column);

/* ---- learn_write.c: the card in the rules language ------------------------------------------- */

struct rp_learn_source {
    struct rp_str what;      /* "leads.csv", "the database" */
    struct rp_str outcome;   /* "stage sql within 60 days of mql", "y is yes" */
    struct rp_str success;   /* the same in an experiment: `reached = "sql", within = "60d"` */
    struct rp_str dimension; /* "learned"; declared in the file unless `declared` */
    bool declared;
    char digest[27]; /* rp_learn_digest */
};
struct rp_buf;
void rp_learn_digest(const struct rp_learn_table *table, char ret_digest[27]);
void rp_learn_write(const struct rp_learned *learned, const struct rp_learn_table *table,
                    const struct rp_learn_source *source, struct rp_buf *out);
/* The thresholds that were asked for, a line each. */
void rp_learn_put_proposals(const struct rp_learned *learned, const char *before,
                            struct rp_buf *out);
/* The name of the rule of an attribute: "learned_company_size". */
struct rp_str rp_learn_rule_name(struct rp_arena *arena, const struct rp_learn_table *table,
                                 const struct rp_learn_attribute *attribute);

#endif
