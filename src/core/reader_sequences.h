/* SPDX-License-Identifier: MIT */
/* Questions about sequences, answered from the file. */
#ifndef RP_CORE_READER_SEQUENCES_H
#define RP_CORE_READER_SEQUENCES_H

#include "core/reader.h"

/* How many leads are at each step of each sequence, and how the others ended. */
int rp_reader_sequences(struct rp_reader *reader, enum rp_format format, struct rp_buf *out,
                        struct rp_err *err);
/* What one lead is in, or was; ENOTFOUND. */
int rp_reader_sequence(struct rp_reader *reader, struct rp_str lead, enum rp_format format,
                       struct rp_buf *out, struct rp_err *err);

#endif
