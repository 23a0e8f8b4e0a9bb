/* SPDX-License-Identifier: MIT */
/* The bucket of one endpoint. Invariant: over any ten seconds at most per_10s and a second's worth
 * more are taken, debts aside. */
#include "deliver/rate.h"

#define WHOLE 10000 /* one request: per_10s of them fill in 10,000 ms */

static int64_t capacity(const struct rp_rate *rate)
{
    int64_t second = (int64_t)rate->per_10s * 1000;

    return second > WHOLE ? second : WHOLE;
}

static void fill(struct rp_rate *rate, uint64_t now)
{
    uint64_t passed = now > rate->at ? now - rate->at : 0;

    if (passed > 60000)
        passed = 60000;
    rate->at = now;
    rate->held += (int64_t)passed * rate->per_10s;
    if (rate->held > capacity(rate))
        rate->held = capacity(rate);
}

void rp_rate_init(struct rp_rate *rate, uint32_t per_10s, uint64_t now)
{
    *rate = (struct rp_rate){.per_10s = per_10s, .at = now};
    rate->held = capacity(rate);
}

bool rp_rate_ready(struct rp_rate *rate, uint64_t now)
{
    if (rate->per_10s == 0)
        return true;
    fill(rate, now);
    return rate->held >= WHOLE;
}

void rp_rate_take(struct rp_rate *rate, uint64_t now)
{
    if (rate->per_10s == 0)
        return;
    fill(rate, now);
    rate->held -= WHOLE;
}
