/* SPDX-License-Identifier: MIT */
/* `ripen verify`: law 1, checked on a whole file, on several threads, each with its own reader. */
#ifndef RP_CORE_VERIFY_H
#define RP_CORE_VERIFY_H

#include "base/buf.h"
#include "base/err.h"
#include "core/reader.h"

struct rp_verify_options {
    const char *db_path;
    size_t sample;    /* at most about so many leads, spread evenly; 0: all */
    unsigned workers; /* threads; 0 counts as 1 */
};

/* Differences are told on out, a line each, the first RP_VERIFY_TOLD_MAX of a thread. Beside a
 * server too: each page of leads is read in a snapshot of its own. */
int rp_verify_file(const struct rp_verify_options *options, struct rp_verified *ret_verified,
                   struct rp_buf *out, struct rp_err *err);

#endif
