/* SPDX-License-Identifier: MIT */
/* Questions about generations, answered from the file alone: the list, one of them, the difference
 * of two. Needs no rules to be loaded. One thread at a time. */
#ifndef RP_CORE_READER_RULES_H
#define RP_CORE_READER_RULES_H

#include "core/reader.h"

/* Newest first; limit 0: 50. JSON: an array. */
int rp_reader_rules(struct rp_reader *reader, size_t limit, enum rp_format format,
                    struct rp_buf *out, struct rp_err *err);
/* One with its files and findings; 0: the active one. ENOTFOUND. */
int rp_reader_generation(struct rp_reader *reader, uint32_t number, enum rp_format format,
                         struct rp_buf *out, struct rp_err *err);
/* ENOTFOUND, also when the sources of one were not kept. */
int rp_reader_rules_diff(struct rp_reader *reader, uint32_t before, uint32_t after,
                         enum rp_format format, struct rp_buf *out, struct rp_err *err);

#endif
