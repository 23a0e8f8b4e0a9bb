/* SPDX-License-Identifier: MIT */
/* How many requests an endpoint may get: a bucket that fills evenly and holds a second's worth. A
 * request may be taken in debt, which later ones pay. Pure; `now` is the loop's clock. */
#ifndef RP_DELIVER_BUDGET_H
#define RP_DELIVER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct rp_budget {
    uint32_t per_10s; /* 0: no limit */
    int64_t held;     /* ten-thousandths of a request */
    uint64_t at;
};

void rp_budget_init(struct rp_budget *budget, uint32_t per_10s, uint64_t now);
/* Whether one may start now. */
bool rp_budget_ready(struct rp_budget *budget, uint64_t now);
void rp_budget_take(struct rp_budget *budget, uint64_t now);

#endif
