/* SPDX-License-Identifier: MIT */
/* ripen learn, in parts: a table out of a CSV file (learn_csv.c), the command (cmd_learn.c). */
#ifndef RP_CLI_LEARN_H
#define RP_CLI_LEARN_H

#include "base/arena.h"
#include "base/err.h"
#include "model/learn.h"

#include <stdbool.h>
#include <stddef.h>

struct rp_learn_csv {
    const char *path;   /* CSV, gzipped or not; "-": standard input */
    const char *target; /* column of the outcome */
    const char *is;     /* its value of those who converted; NULL: yes, true, 1 … */
    const char *id;     /* column of the lead's id; NULL: the row's number */
    const char *time;   /* column of the decision's time; NULL: none */
    const struct rp_str *exclude;
    size_t exclude_count;
};

/* Reads the file. *ret_skipped: rows without an outcome. */
int rp_learn_csv_read(struct rp_arena *arena, const struct rp_learn_csv *csv,
                      struct rp_learn_table *ret_table, size_t *ret_skipped, struct rp_err *err);

#endif
