/* SPDX-License-Identifier: MIT */
/* What the files of the trial share: a test that is being played, and a look at its lead. */
#ifndef RP_CORE_TRIAL_PRIV_H
#define RP_CORE_TRIAL_PRIV_H

#include "core/core.h"
#include "core/reader_priv.h"
#include "core/trial.h"
#include "engine/tests.h"

struct rp_playing {
    const struct rp_test *test;
    struct rp_rules rules; /* the store's number of them is this test's own */
    struct rp_core *core;
    struct rp_reader *reader;
    int64_t now_ms;  /* virtual */
    int64_t node;    /* of the first event: whose lead the test is about; 0: none yet */
    uint32_t played; /* events */
    struct rp_trial_result *result;
    struct rp_trial_test *out;
    size_t failure_cap;
    bool coverage;
};

/* The lead now: its view, and what happened since the start. Lives until rp_look_close. */
struct rp_look {
    struct rp_view view;
    uint32_t *fired;   /* [score]: hits that gave points */
    uint32_t *sent;    /* [action] */
    size_t first_move; /* in view.moves; those in front of it belong to what is given */
};

int rp_look_open(struct rp_playing *p, struct rp_look *ret_look, struct rp_err *err);
void rp_look_close(struct rp_playing *p, struct rp_look *look);
/* Folds the lead's events one by one. `before` (may be NULL) sees the cells in front of each. */
typedef void rp_replay_fn(void *ctx, struct rp_look *look, size_t event, struct rp_lead *lead,
                          const struct rp_decision *decision);
void rp_look_replay(struct rp_look *look, rp_replay_fn *before, rp_replay_fn *after, void *ctx);
/* Part of what is given, not of what is played. */
bool rp_event_is_given(const struct rp_event *event);
/* The same of what an event row caused; 0: a timer, never given. */
bool rp_row_is_given(const struct rp_look *look, int64_t event);

/* trial_check.c: adds the failures of one expect {…}. look NULL: there is no lead. */
void rp_trial_check(struct rp_playing *p, const struct rp_test_moment *moment,
                    struct rp_look *look);
void rp_trial_fail(struct rp_playing *p, struct rp_place place, int64_t after_ms,
                   struct rp_str what, struct rp_str expected, struct rp_str actual);

/* trial_trace.c: what happened and what nearly did, for a test that has failed. */
struct rp_str rp_trial_trace(struct rp_playing *p, const struct rp_test_moment *moment,
                             struct rp_look *look);
/* Adds `text` to out behind `indent` blanks, broken between words before so many columns; further
 * lines stand `more` columns to the right. */
enum { RP_TRIAL_COLUMNS = 96, RP_TRIAL_INDENT = 8 };
void rp_trial_wrap(struct rp_buf *out, size_t columns, size_t indent, size_t more,
                   struct rp_str text);

/* trial_cover.c */
void rp_goals_new(const struct rp_rules *rules, struct rp_trial_result *result);
/* What the events, moves and actions of the look reached; `bands_only`: the fits as of now. */
void rp_goals_mark(struct rp_playing *p, struct rp_look *look, bool bands_only);
void rp_goals_count(struct rp_trial_result *result);

#endif
