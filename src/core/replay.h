/* SPDX-License-Identifier: MIT */
/* History once more: the events of a family in the order in which they were received, each folded
 * and judged as a server would have done then, with the timers between them. What was not known yet
 * has no effect on what is decided: an event counts from its receivedAt on, with its effective time
 * for the score. Several rule sets ("sides") see the same events in step. Writes nothing; one
 * thread.
 *
 * Under the rules that were in force all the time, scores and decisions are those on record, but
 * for what no row tells: which requests of one lead were committed together (those received in one
 * millisecond are taken so), moments within a millisecond, and of two known leads that became one
 * and were in two arms, the arm that was given up. Whose model acted on whom in experiments, owners
 * that were chosen and facts that sequences set are taken from the record (replay_arms.h,
 * replay_told.h). Sequences are not played: nothing else of them can be read by conditions. */
#ifndef RP_CORE_REPLAY_H
#define RP_CORE_REPLAY_H

#include "core/family.h"
#include "core/recent.h"
#include "core/replay_arms.h"
#include "engine/fold.h"
#include "model/decision.h"

#define RP_REPLAY_SIDES_MAX 2

struct rp_replay;

/* Something was judged; texts live until the call returns. */
struct rp_replayed {
    size_t side, member; /* member: of family->leads */
    struct rp_lead *lead;
    struct rp_fold *fold;
    const struct rp_event *event; /* NULL: a timer */
    int64_t now_ms;
    const struct rp_decision *decision;
};

struct rp_replay_options {
    struct rp_store *store;
    const struct rp_recent *recent; /* what the states lack */
    const struct rp_rules *rules[RP_REPLAY_SIDES_MAX];
    struct rp_vm *vms[RP_REPLAY_SIDES_MAX];
    uint32_t models[RP_REPLAY_SIDES_MAX]; /* that act and are read */
    size_t sides;
    const struct rp_arms *arms; /* of rules[0]: on its side they act on whom they were dealt;
                                   NULL: models[0] acts on all */
    int64_t until_ms;           /* the end: events received and timers due up to then */
    int64_t newest;             /* event rows up to this one */
    size_t events_max;          /* of a family; more: ELIMIT */
    /* All may be NULL. judged: each evaluation. before: every side stands at the moment before
     * until_ms, with all that was known (between two events, and at the end). after: every side has
     * judged what came at now_ms. */
    void (*judged)(void *ctx, const struct rp_replayed *what);
    void (*before)(void *ctx, int64_t until_ms);
    void (*after)(void *ctx, int64_t now_ms);
    void *ctx;
};

struct rp_replay *rp_replay_new(const struct rp_replay_options *options);
void rp_replay_free(struct rp_replay *replay); /* NULL: no effect */

/* Plays one family. *ret_events: how many it had. */
int rp_replay_family(struct rp_replay *replay, const struct rp_family *family, size_t *ret_events,
                     struct rp_err *err);

/* Within the callbacks. The lead of a member; NULL: it has no events yet, or was merged away. */
struct rp_lead *rp_replay_lead(struct rp_replay *replay, size_t side, size_t member);
/* The side's fold, with the model that acts on the member at that moment. */
struct rp_fold *rp_replay_fold(struct rp_replay *replay, size_t side, size_t member, int64_t at_ms);
/* Whether an arm acted on the member, up to until_ms. */
enum rp_arms_in rp_replay_in_arm(struct rp_replay *replay, size_t member);
/* Folds all that is known of the member once more, with whatever trace the fold has; the lead's
 * cells are those of before. */
void rp_replay_again(struct rp_replay *replay, size_t side, size_t member, struct rp_lead *into);
/* After the family was played, until the next: whether it was cut short, since too many of its
 * events were late (they are folded at the end only). */
bool rp_replay_cut(const struct rp_replay *replay);
/* The decisions on record of the family, oldest first; until the next family. */
struct rp_move_row;
const struct rp_move_row *rp_replay_moves(const struct rp_replay *replay, size_t *ret_count);
/* Scratch that lives until the step ends. */
struct rp_arena *rp_replay_arena(struct rp_replay *replay);

#endif
