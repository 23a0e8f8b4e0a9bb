/* SPDX-License-Identifier: MIT */
/* How reports write numbers: shares, intervals, durations, bars. Internal to core/. */
#ifndef RP_CORE_REPORT_TABLE_H
#define RP_CORE_REPORT_TABLE_H

#include "base/buf.h"
#include "base/json_write.h"

#include <stddef.h>
#include <stdint.h>

/* "12.3 %"; "-" when n is 0. */
void rp_table_share(struct rp_buf *out, double x, double n);
/* A number that may be unknown: null. Up to `places` decimals. */
void rp_table_number(struct rp_jw *jw, const char *key, double value, int places);
/* "key":{"lo":…,"hi":…} */
void rp_table_interval(struct rp_jw *jw, const char *key, double lo, double hi);
/* "3 h", "2.5 d", "12 min"; "-" for NAN. */
void rp_table_time(struct rp_buf *out, double ms);
/* A text in so many columns: cut with "…" or filled up. Counts characters, not bytes. */
void rp_table_cell(struct rp_buf *out, struct rp_str text, size_t columns);
/* A bar of at most `columns` blocks for value of max. */
void rp_table_bar(struct rp_buf *out, double value, double max, size_t columns);
/* The same at the right edge. */
void rp_table_right(struct rp_buf *out, const char *text, size_t columns);
/* "2026-03-02", of a moment in UTC. */
void rp_table_day(struct rp_buf *out, int64_t ms);
/* The Monday 00:00 UTC of the moment's week. */
int64_t rp_table_week(int64_t ms);

#endif
