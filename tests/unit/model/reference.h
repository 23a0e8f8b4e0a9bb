/* SPDX-License-Identifier: MIT */
/* Reading files of reference values with our JSON reader: values by a path ("out/bins/3/rate"),
 * arrays of numbers, and a comparison within the tolerance that the file states. */
#ifndef RP_TESTS_UNIT_MODEL_REFERENCE_H
#define RP_TESTS_UNIT_MODEL_REFERENCE_H

#include "base/arena.h"
#include "unit/model/groups.h"

#include <stdbool.h>

struct ref {
    struct rp_arena *arena;
    struct rp_str text; /* of the case */
    const char *group;
    int number;    /* of the case in its group, from 1 */
    double within; /* tolerance */
    bool relative;
    size_t checked; /* values compared so far */
};

/* The raw text of a value below `text`; empty when it is not there. A path is keys and indices. */
struct rp_str ref_find(struct rp_arena *arena, struct rp_str text, const char *path);
/* The n-th value of an array; empty behind its end. */
struct rp_str ref_item(struct rp_arena *arena, struct rp_str array, size_t n);
struct rp_str ref_string(struct rp_arena *arena, struct rp_str raw); /* decoded */

bool ref_has(struct ref *c, const char *path);
/* NAN for null; fails the test when it is not there. */
double ref_number(struct ref *c, const char *path);
double *ref_numbers(struct ref *c, const char *path, size_t *ret_n);
uint8_t *ref_bits(struct ref *c, const char *path, size_t *ret_n);

/* Compares with the value at the path; null wants NAN or an infinity. */
void ref_same(struct ref *c, const char *path, double got);
void ref_within(struct ref *c, const char *path, double got, double within, bool relative);
void ref_close(struct ref *c, const char *what, double got, double want);

#endif
