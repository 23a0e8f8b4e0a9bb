/* SPDX-License-Identifier: MIT */
/* What the files of the replay share: replay.c knows who is who and what comes when, replay_step.c
 * folds and judges what comes. Internal to both. */
#ifndef RP_CORE_REPLAY_PRIV_H
#define RP_CORE_REPLAY_PRIV_H

#include "core/replay.h"
#include "core/replay_load.h"

struct rp_replay_side {
    struct rp_fold fold;
    struct rp_lead *leads; /* [member]; due_ms: its next timer, derived when it was judged */
    bool *stale;           /* [member]: to be folded anew; its timers wait */
    bool *told;            /* [row of played.told]: it was given */
    size_t told_cap;
};

struct rp_replay {
    struct rp_replay_options options;
    struct rp_arena work; /* of a step */
    struct rp_replay_side sides[RP_REPLAY_SIDES_MAX];
    struct rp_told_kinds kinds;
    size_t member_cap;
    struct rp_played played; /* the family's events */
    const struct rp_family *family;
    size_t *owner; /* [node of played]: the member that it belongs to */
    size_t owner_cap;
    bool *merged, *undone; /* [merge]: happened */
    size_t merge_cap;
    bool *present; /* [member]: has had an event, and was not merged away */
    bool *begun;   /* [member] */
    size_t known;  /* events up to here have come */
    size_t refolded;
    bool cut;
};

/* Folds and judges, under every side, what stands together from the next event on: of a member that
 * has begun. */
void rp_replay_step(struct rp_replay *r, size_t count);
/* Judges what time alone decides up to the moment, of all members. */
void rp_replay_timers(struct rp_replay *r, int64_t until_ms);
/* Folds all that is known of the member anew. */
void rp_replay_refold(struct rp_replay *r, size_t side, size_t member, int64_t now_ms);
/* What arms dealt the member; when options.arms are there. */
struct rp_arm_held *rp_replay_held(struct rp_replay *r, size_t member);

#endif
