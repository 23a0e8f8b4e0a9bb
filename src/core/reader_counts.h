/* SPDX-License-Identifier: MIT */
/* What each score rule of the generation in force was asked, gave, cost and failed, from the file:
 * as of a second ago at most while a server writes. One thread at a time. */
#ifndef RP_CORE_READER_COUNTS_H
#define RP_CORE_READER_COUNTS_H

#include "core/reader.h"

/* In the order of declaration. JSON: an array. */
int rp_reader_rule_counts(struct rp_reader *reader, enum rp_format format, struct rp_buf *out,
                          struct rp_err *err);

#endif
