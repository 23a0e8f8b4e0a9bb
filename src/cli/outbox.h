/* SPDX-License-Identifier: MIT */
/* ripen outbox, in parts: what is asked (cmd_outbox.c) and how rows are printed (outbox_print.c).
 */
#ifndef RP_CLI_OUTBOX_H
#define RP_CLI_OUTBOX_H

#include "base/buf.h"
#include "store/attempts.h"
#include "store/outbox.h"

struct rp_jw;
void rp_outbox_row_json(const struct rp_outbox_row *row, struct rp_jw *jw);
void rp_outbox_row_text(const struct rp_outbox_row *row, struct rp_buf *out);
void rp_outbox_show_json(const struct rp_outbox_row *row, const struct rp_attempt_row *attempts,
                         size_t count, struct rp_buf *out);
void rp_outbox_show_text(const struct rp_outbox_row *row, const struct rp_attempt_row *attempts,
                         size_t count, struct rp_buf *out);

#endif
