/* SPDX-License-Identifier: MIT */
/* When a delivery is tried again: full-jitter exponential back-off over about 28 hours, Retry-After
 * obeyed, then the dead letters. Pure. */
#ifndef RP_CORE_RETRY_H
#define RP_CORE_RETRY_H

#include "store/outbox.h"

#include <stdint.h>

/* What became of one attempt. http_status 0: no answer. retry_after_ms < 0: none given.
 * `random` in [0, 1). ret_due_ms is written for RP_OUTCOME_RETRY. */
enum rp_outcome rp_retry_decide(int http_status, int attempts, int64_t retry_after_ms,
                                double random, int64_t now_ms, int64_t *ret_due_ms);

#endif
