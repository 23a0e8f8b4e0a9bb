/* SPDX-License-Identifier: MIT */
/* When a delivery is tried again: full-jitter exponential back-off over about 28 hours, Retry-After
 * obeyed, then the dead letters. Pure.
 *
 * Attempt n (the first is 1) that failed is followed by a wait drawn evenly from [0, ceiling), with
 * ceilings of 5 s, 10 s, 20 s … 2 h 51 min, then 5 h: twelve that double and ten of 5 h, so
 * RP_RETRY_ATTEMPTS_MAX = 23 attempts over 27.8 hours on average (at most 55.7).
 *
 *   2xx             delivered
 *   410             dead at once: the receiver says that it is gone for good
 *   anything else   tried again: 3xx (a redirect is never followed), 4xx (a wrong path, an expired
 *                   secret and a bug of the receiver are repaired within a day), 5xx and no answer
 *
 * Retry-After, with whatever status, is a wait of at least that long: the jittered one is added to
 * it, so that rows that were refused together do not come back together. Beyond 5 h it counts as 5
 * h. */
#ifndef RP_CORE_RETRY_H
#define RP_CORE_RETRY_H

#include "store/outbox.h"

#include <stdint.h>

/* The longest wait after the failed attempt `attempts` (1 is the first). */
int64_t rp_retry_ceiling_ms(int attempts);

/* What became of one attempt. http_status 0: no answer. attempts: made so far, this one included.
 * retry_after_ms < 0: none given. `random` in [0, 1). ret_due_ms is written for RP_OUTCOME_RETRY.
 */
enum rp_outcome rp_retry_decide(int http_status, int attempts, int64_t retry_after_ms,
                                double random, int64_t now_ms, int64_t *ret_due_ms);

#endif
