/* SPDX-License-Identifier: MIT */
/* Text for a terminal: lines of at most 80 columns. */
#ifndef RP_BASE_WRAP_H
#define RP_BASE_WRAP_H

#include "base/buf.h"

enum { RP_WRAP_COLUMNS = 80 };

/* Adds `text` to a line that has `column` columns already, and a line end. Further lines begin with
 * `indent` spaces. Lines end between words, in a long run of letters anywhere, never within a
 * character; a line end of the text is kept. */
void rp_wrap(struct rp_buf *out, struct rp_str text, size_t column, size_t indent);
/* The same for code: never within "…" or a word, so that a line may be longer. */
void rp_wrap_code(struct rp_buf *out, struct rp_str text, size_t column, size_t indent);

#endif
