/* SPDX-License-Identifier: MIT */
/* The bucket of one endpoint. Invariant: over any ten seconds at most per_10s and a second's worth
 * more are taken, debts aside. */
#include "deliver/budget.h"

#define WHOLE 10000 /* one request: per_10s of them fill in 10,000 ms */

static int64_t capacity(const struct rp_budget *budget)
{
    int64_t second = (int64_t)budget->per_10s * 1000;

    return second > WHOLE ? second : WHOLE;
}

static void fill(struct rp_budget *budget, uint64_t now)
{
    uint64_t passed = now > budget->at ? now - budget->at : 0;

    if (passed > 60000)
        passed = 60000;
    budget->at = now;
    budget->held += (int64_t)passed * budget->per_10s;
    if (budget->held > capacity(budget))
        budget->held = capacity(budget);
}

void rp_budget_init(struct rp_budget *budget, uint32_t per_10s, uint64_t now)
{
    *budget = (struct rp_budget){.per_10s = per_10s, .at = now};
    budget->held = capacity(budget);
}

bool rp_budget_ready(struct rp_budget *budget, uint64_t now)
{
    if (budget->per_10s == 0)
        return true;
    fill(budget, now);
    return budget->held >= WHOLE;
}

void rp_budget_take(struct rp_budget *budget, uint64_t now)
{
    if (budget->per_10s == 0)
        return;
    fill(budget, now);
    budget->held -= WHOLE;
}
