/* SPDX-License-Identifier: MIT */
/* Numbers as they are stored and shown. Points and scores are int64_t thousandths; accumulators are
 * doubles of points. Rounding is half away from zero. Everything here is independent of the locale
 * and gives the same bits on every machine (no libm exp2). */
#ifndef RP_BASE_NUM_H
#define RP_BASE_NUM_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define RP_MILLI 1000 /* thousandths in a point */

int64_t rp_milli_round(double points); /* half away from zero; saturates at ±9e15; NaN gives 0 */
double rp_exp2(double x);              /* own 2^x, relative error < 1e-15 */

void rp_int_print(struct rp_buf *buf, int64_t value); /* decimal */
/* Shortest decimal with at most three places: 45, 50.125, -0.5. */
void rp_milli_print(struct rp_buf *buf, int64_t thousandths);
void rp_number_print(struct rp_buf *buf,
                     double value); /* shortest decimal that reads back the same */

/* A number inside text as people write it: "1 200", "1,200.50", "50-200" (its lower bound),
 * "> 500 people", "1.200,50" -> false when there is none. */
bool rp_number_in_text(struct rp_str text, double *ret_value);
/* The whole text is one JSON number (optional spaces around). */
bool rp_number_parse(struct rp_str text, double *ret_value);

/* The length of the JSON number that the text starts with; 0 when it starts with none. */
size_t rp_number_scan(struct rp_str text);
/* The value of a JSON number; beyond a double's range the largest finite one. */
double rp_number_convert(struct rp_str text);

#endif
