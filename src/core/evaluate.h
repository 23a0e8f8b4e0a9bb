/* SPDX-License-Identifier: MIT */
/* `ripen stages evaluate`: a change of rules moves nobody by itself. This asks the stages of every
 * lead as they are now: from the file (who would move; nothing is changed), or in the core (moves
 * them, by new decisions with their actions). */
#ifndef RP_CORE_EVALUATE_H
#define RP_CORE_EVALUATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json_write.h"
#include "base/str.h"
#include "core/core.h"
#include "core/reader.h"

struct rp_would {
    struct rp_str lead, email; /* public id; "" when none is known */
    struct rp_str from, to, because;
};
/* Texts live until the call returns. */
typedef void rp_would_fn(void *ctx, const struct rp_would *would);

struct rp_evaluate_options {
    struct rp_str stage; /* only leads that are in it; "": all */
    int64_t now_ms;
    rp_would_fn *would; /* for each move, passing ones included */
    void *ctx;
};

/* Any thread with a reader of its own. ret_leads: how many were asked. EINPUT: no such stage. */
int rp_reader_evaluate(struct rp_reader *reader, const struct rp_evaluate_options *options,
                       size_t *ret_leads, struct rp_err *err);

/* The core's thread: the next `max` leads behind *after (0 first), in one transaction; on failure
 * nothing of it stays. Returns how many leads it went through, 0 at the end; *leads counts those
 * that were asked. `would` is called before the commit. */
int rp_core_evaluate(struct rp_core *core, const struct rp_evaluate_options *options,
                     int64_t *after, int max, size_t *leads, struct rp_err *err);

/* The core's thread: one portion, as somebody asks for it from outside (core/amend.h). stage: ""
 * for all; after: "" first, then what the answer says. Adds {"moves":[{"lead","email","from","to",
 * "because"}],"leads":n,"after":n,"done":bool} to out. */
RP_MUST_USE int rp_core_evaluate_portion(struct rp_core *core, struct rp_str stage,
                                         struct rp_str after, int64_t now_ms, struct rp_buf *out,
                                         struct rp_err *err);
/* A move as an object of JSON. */
void rp_would_write(struct rp_jw *jw, const struct rp_would *would);

#endif
