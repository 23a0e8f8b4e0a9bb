/* SPDX-License-Identifier: MIT */
/* The one error convention: functions return 0 (or a count) or a negative RIPEN_E… status; details
 * go to a struct rp_err that the caller owns and passes last (NULL: not interested). Fill it where
 * the fact is known; do not rewrite it on the way up. */
#ifndef RP_BASE_ERR_H
#define RP_BASE_ERR_H

#include "base/check.h"
#include "base/str.h"

#include <ripen/ripen.h>

struct rp_err {
    int status;     /* RIPEN_OK or a negative RIPEN_E… */
    char file[128]; /* the rule file or input that is wrong, "" when none; never our C file */
    int line;       /* 1 is the first; 0: unknown */
    char text[400]; /* one sentence: what is wrong, with the value, and the remedy */
};

/* Fills err (when not NULL) and returns status, so that `return rp_err_set(err, …)` reads well. */
int rp_err_set(struct rp_err *err, int status, const char *fmt, ...) RP_PRINTF(3, 4);
int rp_err_at(struct rp_err *err, int status, struct rp_str file, int line, const char *fmt, ...)
    RP_PRINTF(5, 6);

#endif
