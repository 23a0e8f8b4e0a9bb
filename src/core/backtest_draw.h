/* SPDX-License-Identifier: MIT */
/* What the forms of a back-test (text, JSON, page) have in common. Internal to core/. */
#ifndef RP_CORE_BACKTEST_DRAW_H
#define RP_CORE_BACKTEST_DRAW_H

#include "core/backtest.h"

#define RP_BT_BINS_MAX 24

/* The totals of leads that count, in the end. */
struct rp_bt_bins {
    double low, width; /* bin i: [low + i * width, low + (i + 1) * width) */
    size_t count;
    int64_t leads[RP_BT_BINS_MAX][RP_BT_SIDES];
};
void rp_bt_bins(const struct rp_backtest *backtest, struct rp_bt_bins *ret_bins);

bool rp_bt_never_fired(const struct rp_bt_rule *rule);
bool rp_bt_never_decided(const struct rp_bt_rule *rule); /* gave points that no decision needed */
/* How many leads were in arms of experiments and what that means, as sentences; nothing: none. */
void rp_bt_arms(const struct rp_backtest *backtest, struct rp_buf *out);
/* What one must know to read the numbers, a sentence a line. */
void rp_bt_caveats(const struct rp_backtest *backtest, struct rp_buf *out);

#endif
