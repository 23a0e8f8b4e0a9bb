/* SPDX-License-Identifier: MIT */
/* One decision for many leads: a portion of them at a time, each lead in transactions of its own,
 * so that a bad one does not hold up the others and a server goes on in between. */
#ifndef RP_CORE_BULK_H
#define RP_CORE_BULK_H

#include "base/buf.h"
#include "core/core.h"

/* {"verb":"stage","leads":["ld_…",…],"of":"segment regulars", …members of the verb's own body}:
 * does the verb (core/amend.h) for each of at most RP_BULK_PORTION_MAX leads, and writes one row of
 * the audit. The answer: {"done":n,"failed":[{"lead","reason"}]}. EINPUT: what is wrong with the
 * body; the store's errors end it. */
int rp_core_bulk(struct rp_core *core, struct rp_str body, struct rp_str author, struct rp_buf *out,
                 struct rp_err *err);
/* Verbs that can be done for many: stage, points, assign, suppress, note. */
bool rp_bulk_knows(struct rp_str verb);

#endif
