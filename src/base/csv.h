/* SPDX-License-Identifier: MIT */
/* RFC 4180 records out of a buffered stream of bytes: quoted fields, doubled quotes, CRLF or LF, a
 * byte-order mark at the start, ',' ';' or tab found from the first line. */
#ifndef RP_BASE_CSV_H
#define RP_BASE_CSV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t rp_read_fn(void *ctx, char *bytes, size_t size); /* 0: end; < 0: error */

struct rp_csv;

/* Finds the delimiter from the first line. */
struct rp_csv *rp_csv_new(rp_read_fn *read, void *ctx);
void rp_csv_free(struct rp_csv *csv);
/* 1: a record (fields live in the arena); 0: end; < 0: error with line. */
int rp_csv_next(struct rp_arena *arena, struct rp_csv *csv, struct rp_str **ret_fields,
                size_t *ret_count, struct rp_err *err);
int rp_csv_line(const struct rp_csv *csv); /* line on which the last record started */

#endif
