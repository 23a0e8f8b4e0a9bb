/* SPDX-License-Identifier: MIT */
/* What gathering a table from the database shares: reader_learn.c (passes over the leads) and
 * reader_learn_rules.c (the active rules with probes, or with the learned file). */
#ifndef RP_CORE_LEARN_PRIV_H
#define RP_CORE_LEARN_PRIV_H

#include "core/history.h"
#include "core/learn.h"
#include "engine/fold.h"

#define RP_LEARN_TRAITS_MAX 150
#define RP_LEARN_EVENTS_MAX 60
#define RP_LEARN_WINDOWS    4 /* 7, 30 and 90 days, and days since the last one */

struct rp_learn_row {
    int64_t lead, at_ms;
    uint64_t hash;
    uint8_t y;
};

struct rp_learn_trait {
    struct rp_str name;
    uint32_t field; /* of the rules with probes */
    struct rp_learn_texts texts;
    uint32_t *cells; /* [row] */
    uint32_t changed;
};

struct rp_learn_gather {
    struct rp_reader *reader;
    struct rp_arena *arena, scratch;
    struct rp_learn_history *history;
    struct rp_learn_found *found;
    struct rp_learn_row *rows;
    size_t count, cap;
    struct rp_learn_texts trait_names, event_names;
    struct rp_rules *rules; /* active ones and probes */
    struct rp_vm *vm;
    struct rp_fold fold;
    struct rp_learn_trait *traits;
    uint32_t trait_count, first_fit, count_columns; /* first_fit: of the probes */
    double **counts;                                /* [column][row] */
};

/* Days of the window of a column of counts; 0: days since. */
uint32_t rp_learn_window(uint32_t column);
/* Loads the active rules with probes for the names found; sets rules, vm, traits, columns. */
int rp_learn_probe(struct rp_learn_gather *gather, struct rp_err *err);
/* A lead with its history, ready to be folded; rp_lead_fini(ret_lead). */
int rp_learn_open(struct rp_reader *reader, struct rp_arena *arena, int64_t id,
                  struct rp_lead *ret_lead, struct rp_history *ret_history, struct rp_err *err);
/* What had happened and been received by then. */
void rp_learn_fold(struct rp_fold *fold, struct rp_lead *lead, const struct rp_history *history,
                   int64_t at_ms);

#endif
