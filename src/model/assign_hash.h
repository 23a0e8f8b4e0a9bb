/* SPDX-License-Identifier: MIT */
/* Which arm of an experiment a unit is dealt to: GrowthBook's hash, ranges and coverage, bit for
 * bit, so that its published vectors prove ours. Pure functions of texts and doubles; any thread.
 *
 *   seed, unit ──bucket──▶ 0 … 9999 ──/ 10000──▶ n ──ranges──▶ arm, or none
 *
 * The doubles are GrowthBook's too: 0.1 + 0.2 is 0.30000000000000004, and bucket 3000 lies below
 * it. Whoever defines shares sees to it that they sum to 1 (compile_experiment.c). */
#ifndef RP_MODEL_ASSIGN_HASH_H
#define RP_MODEL_ASSIGN_HASH_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RP_ASSIGN_BUCKETS = 10000,
    RP_ASSIGN_ARMS_MAX = 16,
    RP_ASSIGN_VERSION = 2, /* of the hash: kept with each assignment */
};
#define RP_ASSIGN_NONE (-1) /* in no arm */

struct rp_assign_range {
    double lo, hi; /* lo <= n < hi */
};

uint32_t rp_fnv1a32(struct rp_str first, struct rp_str second); /* of the two, joined */

/* The bucket of a unit: version 2, FNV-1a of the decimal digits of FNV-1a(seed || unit). */
uint32_t rp_assign_bucket(struct rp_str seed, struct rp_str unit);
/* Version 1, FNV-1a(unit || seed) over 1000: biased between experiments; for namespaces alone. */
double rp_assign_hash_v1(struct rp_str seed, struct rp_str unit);

/* The range of each of `count` arms. weights NULL, or a sum outside of 0.99 … 1.01: equal ones.
 * Coverage is cut to 0 … 1; ranges grow from their left ends, so that a higher one moves units in
 * and none out. */
void rp_assign_ranges(const double *weights, size_t count, double coverage,
                      struct rp_assign_range *ret_ranges);
/* The first range that holds n; RP_ASSIGN_NONE. */
int rp_assign_choose(double n, const struct rp_assign_range *ranges, size_t count);

/* Whether the unit lies in [lo, hi) of a namespace: experiments with parts of one that do not
 * overlap share no unit. */
bool rp_assign_in_namespace(struct rp_str name, struct rp_str unit, double lo, double hi);

#endif
