/* SPDX-License-Identifier: MIT */
/* The retry schedule: what one attempt's end means for its row. Knows statuses, counts and
 * instants; must not know endpoints, the store or a clock. Invariants: the wait never exceeds the
 * ceiling plus an obeyed Retry-After, a row never has more than RP_RETRY_ATTEMPTS_MAX attempts. */
#include "core/retry.h"

#include "base/check.h"
#include "base/limits.h"

int64_t rp_retry_ceiling_ms(int attempts)
{
    int64_t ceiling = RP_RETRY_STEP_MS;

    RP_ASSERT(attempts >= 1);
    for (int i = 1; i < attempts && ceiling < RP_RETRY_STEP_MAX_MS; i++)
        ceiling *= 2;
    return ceiling < RP_RETRY_STEP_MAX_MS ? ceiling : RP_RETRY_STEP_MAX_MS;
}

enum rp_outcome rp_retry_decide(int http_status, int attempts, int64_t retry_after_ms,
                                double random, int64_t now_ms, int64_t *ret_due_ms)
{
    RP_ASSERT(random >= 0.0 && random < 1.0);
    if (http_status >= 200 && http_status < 300)
        return RP_OUTCOME_DELIVERED;
    if (http_status == 410 || attempts >= RP_RETRY_ATTEMPTS_MAX)
        return RP_OUTCOME_DEAD;
    /* A row whose count was lost or reset starts at the beginning. */
    int64_t ceiling = rp_retry_ceiling_ms(attempts < 1 ? 1 : attempts);
    int64_t wait = (int64_t)(random * (double)ceiling);
    if (retry_after_ms > RP_RETRY_STEP_MAX_MS)
        wait += RP_RETRY_STEP_MAX_MS;
    else if (retry_after_ms > 0)
        wait += retry_after_ms;
    *ret_due_ms = now_ms + wait;
    return RP_OUTCOME_RETRY;
}
