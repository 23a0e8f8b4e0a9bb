/* SPDX-License-Identifier: MIT */
/* Learning from what the database holds, and the proof that a written card means what it says: the
 * file goes through the real engine, and each lead must get the points that the card gave it. */
#ifndef RP_CORE_LEARN_H
#define RP_CORE_LEARN_H

#include "base/err.h"
#include "core/reader.h"
#include "engine/load.h"
#include "model/learn.h"

/* Loads the text of a card's file, folds a profile with the row's values for each row and compares
 * the dimension with rp_learn_points. ERULE with the finding when the file does not load, or with
 * the row when a score differs. Columns that count events are not for this. */
int rp_learn_check(const struct rp_learned *learned, const struct rp_learn_table *table,
                   struct rp_str dimension, struct rp_str lua, struct rp_err *err);

/* ---- From the database ----------------------------------------------------------------------- */

struct rp_learn_history {
    struct rp_str outcome;  /* a stage that says that the lead converted; "" becomes sql */
    struct rp_str decision; /* entering this stage is when the lead is judged; "" becomes mql, or
                               the stage before the outcome */
    int64_t window_ms;      /* in which the outcome must come */
    int64_t now_ms;         /* leads decided less than a window ago are not settled */
    void (*progress)(void *ctx, double share); /* may be NULL */
    void *ctx;
};

struct rp_learn_found {
    struct rp_learn_table table;
    int64_t *leads;   /* [row] */
    size_t unsettled; /* decided, but too young */
    size_t passed;    /* the outcome came before the decision or with it: nothing to foretell */
};

/* A row for each settled lead: what was known at its decision, by both clocks (an event counts when
 * it had happened and had been received), read by the engine itself, with the active rules' names
 * and aliases. ENOTFOUND: no such stage. Memory is in the arena. */
int rp_reader_learn(struct rp_reader *reader, struct rp_arena *arena,
                    struct rp_learn_history *history, struct rp_learn_found *ret_found,
                    struct rp_err *err);
/* The file beside the active rules: each row's history gives the points of the card. ERULE. */
int rp_reader_learn_check(struct rp_reader *reader, const struct rp_learn_history *history,
                          const struct rp_learned *learned, const struct rp_learn_found *found,
                          struct rp_str dimension, struct rp_str lua, struct rp_err *err);

/* The finding that kept rules from loading, as err. */
int rp_learn_refused(const struct rp_findings *findings, int status, struct rp_err *err);

#endif
