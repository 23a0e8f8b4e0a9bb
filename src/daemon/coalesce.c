/* SPDX-License-Identifier: MIT */
/* The state machine of coalesce.h. Invariants: due_ms counts in SETTLING only; a load that was
 * asked for begins after everything that was written before the ask. */
#include "daemon/coalesce.h"

#include "base/check.h"

static void settle(struct rp_coalesce *c, int64_t now_ms, bool urgent)
{
    int64_t latest;

    if (c->state != RP_COALESCE_SETTLING) {
        c->state = RP_COALESCE_SETTLING;
        c->since_ms = now_ms;
        c->urgent = false;
    }
    c->urgent = c->urgent || urgent;
    latest = c->since_ms + RP_SETTLE_MAX_MS;
    c->due_ms = c->urgent                        ? now_ms
                : now_ms + RP_SETTLE_MS < latest ? now_ms + RP_SETTLE_MS
                                                 : latest;
}

uint64_t rp_coalesce_ask(struct rp_coalesce *c, int64_t now_ms, bool urgent)
{
    if (c->state == RP_COALESCE_BUSY) {
        c->again = true;
        c->urgent = c->urgent || urgent;
    } else {
        settle(c, now_ms, urgent);
    }
    return c->loads + 1;
}

bool rp_coalesce_begin(struct rp_coalesce *c, int64_t now_ms)
{
    /* since_ms > now_ms: the clock was put back */
    if (c->state != RP_COALESCE_SETTLING || (now_ms < c->due_ms && now_ms >= c->since_ms)) {
        return false;
    }
    c->state = RP_COALESCE_BUSY;
    c->again = c->urgent = false;
    c->loads++;
    return true;
}

void rp_coalesce_done(struct rp_coalesce *c, int64_t now_ms, bool unsettled)
{
    bool urgent = c->urgent;

    RP_ASSERT(c->state == RP_COALESCE_BUSY);
    c->state = RP_COALESCE_IDLE;
    c->urgent = false;
    if (c->again || unsettled) {
        settle(c, now_ms, urgent && !unsettled);
    }
    c->again = false;
}

int64_t rp_coalesce_wait_ms(const struct rp_coalesce *c, int64_t now_ms)
{
    if (c->state != RP_COALESCE_SETTLING) {
        return -1;
    }
    return now_ms >= c->due_ms || now_ms < c->since_ms ? 0 : c->due_ms - now_ms;
}
