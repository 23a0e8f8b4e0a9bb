/* SPDX-License-Identifier: MIT */
/* What the files of the back-test share: a worker's tally, and the steps from tallies to results.
 */
#ifndef RP_CORE_BACKTEST_PRIV_H
#define RP_CORE_BACKTEST_PRIV_H

#include "core/backtest.h"
#include "core/family.h"
#include "core/replay.h"
#include "engine/weigh.h"

/* What a stage of a rule set is called in the result, and which is decided. */
struct rp_bt_stages {
    uint32_t *to;    /* stage of the side → of the result */
    uint32_t decide; /* of the side; RP_NONE: it has none */
};

/* One family's lead while it is played. */
struct rp_bt_member {
    int64_t at_ms[RP_BT_SIDES];
    int32_t decided[RP_BT_SIDES], aged[RP_BT_SIDES];
    int64_t aged_ms;
    bool has_aged, excluded;
    char *why[RP_BT_SIDES];
};
struct rp_bt_pending {
    size_t side, member;
    char *why;
};

struct rp_bt_tally {
    const struct rp_backtest_options *options;
    const struct rp_backtest *shape;   /* stages, window … : read only */
    const struct rp_bt_stages *stages; /* [side] */
    struct rp_replay *replay;
    const struct rp_family *family;
    struct rp_weigh *weigh[RP_BT_SIDES];
    struct rp_lead scratch;

    struct rp_bt_member *members;
    size_t member_cap;
    struct rp_bt_pending *pending;
    size_t pending_count, pending_cap;
    bool *gave[RP_BT_SIDES]; /* [rule]: gave the family points */
    uint32_t *gave_list[RP_BT_SIDES];
    uint32_t gave_count[RP_BT_SIDES];
    bool *fits; /* scratch */

    struct rp_bt_lead *records;
    size_t record_count, record_cap;
    struct rp_bt_change *changes;
    size_t change_count, change_cap;
    int64_t kinds[RP_BT_KINDS];
    struct rp_bt_week *weeks;
    size_t week_count, week_cap;
    int64_t *ends;
    struct rp_bt_rule *rules[RP_BT_SIDES];
    int64_t leads, events, excluded, aside, too_long, in_arms, in_lost_arms;
};

void rp_bt_tally_init(struct rp_bt_tally *tally, const struct rp_backtest_options *options,
                      const struct rp_backtest *shape, const struct rp_bt_stages *stages,
                      const struct rp_rules *const *rules, const uint32_t *models);
void rp_bt_tally_fini(struct rp_bt_tally *tally);
/* Callbacks of the replay; ctx: the tally. */
void rp_bt_judged(void *ctx, const struct rp_replayed *what);
void rp_bt_before(void *ctx, int64_t until_ms);
void rp_bt_after(void *ctx, int64_t now_ms);
/* Around one family. */
void rp_bt_family_begin(struct rp_bt_tally *tally, const struct rp_family *family);
void rp_bt_family_end(struct rp_bt_tally *tally, size_t events);

/* Adds what a worker found; the tally gives its lists away. */
void rp_bt_add(struct rp_backtest *backtest, struct rp_bt_tally *tally);
/* Sorts, and computes what needs all leads. */
void rp_bt_conclude(struct rp_backtest *backtest, size_t list_max);

#endif
