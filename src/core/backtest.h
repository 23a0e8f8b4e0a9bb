/* SPDX-License-Identifier: MIT */
/* Back-test: the whole history through the rules in force and through a candidate, on several
 * threads, each with its own connection and Lua state. Each decision is judged with what was known
 * then (core/replay.h); scores are those of the decision, outcomes those on record, and only
 * decisions whose window is over are counted. Reads only; beside a server too. */
#ifndef RP_CORE_BACKTEST_H
#define RP_CORE_BACKTEST_H

#include "base/buf.h"
#include "base/err.h"
#include "core/reader.h"
#include "engine/ruleset.h"
#include "model/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rp_bt_side { RP_BT_ACTIVE, RP_BT_CANDIDATE, RP_BT_SIDES };

struct rp_backtest_options {
    const char *db_path;
    const struct rp_rules *candidate;  /* borrowed */
    struct rp_str models[RP_BT_SIDES]; /* that decide; "": the control, and on the active side
                                          the arms of experiments on whom they acted */
    struct rp_str name;                /* of the candidate, as people know it: its directory */
    struct rp_str stage, outcome;      /* what is decided, and what makes it right; "": mql, sql */
    int64_t window_ms;                 /* in which the outcome must come; 0: 60 days */
    int64_t since_ms;                  /* decisions from then on; RP_NEVER: all */
    int64_t now_ms;
    unsigned workers;
    size_t list_max; /* leads that are told of, a kind of change; 0: 1,000 */
    /* Called by the thread that runs the back-test, some times a second. */
    void (*progress)(void *ctx, double share, uint64_t events);
    void *ctx;
};

/* What a change of rules does to one lead. */
enum rp_bt_kind {
    RP_BT_LOST,    /* the candidate does not decide for it any more */
    RP_BT_GAINED,  /* it does, and the rules in force did not */
    RP_BT_EARLIER, /* both do, the candidate sooner */
    RP_BT_LATER,
    RP_BT_ELSEWHERE, /* the same decision, but another stage in the end */
    RP_BT_KINDS
};
const char *rp_bt_kind_name(enum rp_bt_kind kind); /* "lost" … */

struct rp_bt_change {
    int64_t lead;
    enum rp_bt_kind kind;
    char public_id[32];
    char *email;                /* owned, like what follows; "" */
    char *why[RP_BT_SIDES];     /* why it was decided, or the first condition that failed then */
    int64_t at_ms[RP_BT_SIDES]; /* RP_NEVER: not decided */
    uint32_t end[RP_BT_SIDES];  /* stage in the end, of backtest->stages */
    int64_t outcome_ms;
};

/* A lead's record; kept for all of them. */
struct rp_bt_lead {
    int64_t lead, at_ms[RP_BT_SIDES], outcome_ms, aged_ms;
    int32_t total[RP_BT_SIDES];    /* in the end, thousandths */
    int32_t decided[RP_BT_SIDES];  /* when the rules in force decided */
    int32_t aged[RP_BT_SIDES];     /* at aged_ms */
    uint8_t right[RP_BT_SIDES];    /* the outcome came within the window behind the decision */
    uint8_t aged_right, aged_over; /* the same behind aged_ms; it had come before */
    bool excluded;
};

struct rp_bt_rule {
    struct rp_str name;
    bool fit, off;             /* off: shadow, disabled or without points in the model */
    int64_t events, leads;     /* at which it gave points; to how many */
    int64_t decisions, needed; /* that it had points in; that would not have come without them */
};

/* Entries into a stage in a week. */
struct rp_bt_week {
    int64_t monday_ms;
    int64_t *entered; /* [stage * RP_BT_SIDES + side] */
};

struct rp_bt_quality {
    double decisions, mature, right; /* mature: their window is over */
    struct rp_interval precision;
    double outcomes, found; /* outcomes on record; decided before */
    struct rp_interval recall;
};

struct rp_bt_auc {
    double leads, converted;
    struct rp_delong delong; /* 1: candidate, 2: active; only when defined */
    bool defined;
};

#define RP_BT_AGE_MS (14 * RP_DAY)

struct rp_backtest {
    struct rp_arena arena;
    struct rp_str *stages; /* of both rule sets, in the order of the candidate */
    uint32_t stage_count;
    uint32_t stage, outcome; /* of them */
    struct rp_str names[RP_BT_SIDES], hashes[RP_BT_SIDES];
    uint32_t generation;
    int64_t window_ms, since_ms, now_ms;
    int64_t leads, events, excluded, aside, too_long; /* aside: too many late events */
    int64_t in_arms, in_lost_arms; /* leads on whom arms acted on the active side; of these, on whom
                                      the control does since the rules lack an arm's model */
    struct rp_str splits;          /* whose arms these are: "x, y" */
    struct rp_bt_lead *records;    /* by lead */
    size_t record_count;
    struct rp_bt_change *changes; /* by kind, then lead */
    size_t change_count;
    int64_t kinds[RP_BT_KINDS];
    struct rp_bt_week *weeks; /* ascending */
    size_t week_count;
    int64_t *ends; /* [active stage * stage_count + candidate stage] */
    struct rp_bt_rule *rules[RP_BT_SIDES];
    uint32_t rule_count[RP_BT_SIDES];
    struct rp_bt_quality quality[RP_BT_SIDES];
    struct rp_bt_quality gained, lost; /* only precision: those decided by one side alone */
    struct rp_bt_auc at_decision, at_age;
    double outcome_p95_ms; /* behind a decision; NAN */
    double seconds;
    unsigned workers;
};

/* EINPUT: a stage or model that the rules do not have; ENOTFOUND: no rules in the database. Free
 * the result in every case. */
int rp_backtest_run(const struct rp_backtest_options *options, struct rp_backtest *b,
                    struct rp_err *err);
void rp_backtest_fini(struct rp_backtest *backtest);

/* `told`: changes listed in text. */
void rp_backtest_text(const struct rp_backtest *backtest, size_t told, struct rp_buf *out);
void rp_backtest_json(const struct rp_backtest *backtest, struct rp_buf *out);
/* A page that needs nothing else: no request leaves it. */
void rp_backtest_html(const struct rp_backtest *backtest, struct rp_buf *out);

#endif
