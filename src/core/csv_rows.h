/* SPDX-License-Identifier: MIT */
/* Leads as rows of a table for other programs: RFC 4180, a heading first. A cell that a spreadsheet
 * would take for a formula is made plain text by a leading apostrophe. */
#ifndef RP_CORE_CSV_ROWS_H
#define RP_CORE_CSV_ROWS_H

#include "core/reader_priv.h"

void rp_csv_head(const struct rp_rules *rules, struct rp_buf *out);
void rp_csv_row(struct rp_view *view, struct rp_buf *out);
/* One cell, quoted where it must be; behind the first of a line it starts with a comma. */
void rp_csv_cell(struct rp_buf *out, bool first, struct rp_str text);

#endif
