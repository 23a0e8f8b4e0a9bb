/* SPDX-License-Identifier: MIT */
/* The events of one family, parsed, in the order in which they were received, and what else is on
 * record of its leads. Internal to core/replay.c. */
#ifndef RP_CORE_REPLAY_LOAD_H
#define RP_CORE_REPLAY_LOAD_H

#include "base/arena.h"
#include "core/family.h"
#include "core/recent.h"
#include "core/replay_arms.h"
#include "core/replay_told.h"
#include "engine/ruleset.h"
#include "model/event.h"
#include "store/decisions.h"

struct rp_play_from {
    struct rp_store *store;
    const struct rp_recent *recent;
    int64_t newest, until_ms;
    size_t events_max;
    const struct rp_arms *arms; /* NULL: nobody asks for them */
    struct rp_told_kinds kinds;
};

struct rp_played {
    struct rp_arena arena; /* of the texts */
    struct rp_event *events;
    size_t *nodes; /* [event]: index in node_rows */
    size_t count, cap, nodes_cap;
    struct rp_played_node {
        int64_t node, head;
        int64_t lead, first_lead; /* now; when it was new */
    } * node_rows;
    size_t node_count, node_cap;
    char (*public_ids)[32]; /* [member] */
    size_t id_cap;
    struct rp_move_row *moves; /* on record, of all members, in the order of their rows */
    size_t move_count, move_cap;
    bool explored; /* some of them, by an experiment's chance; known when arms are asked for */
    struct rp_arm_held *held; /* [member * splits + split]: as dealt; whoever plays changes them */
    size_t held_cap;
    struct rp_told *told; /* of one member after the other, each in the order in which it came */
    size_t told_count, told_cap;
};

void rp_played_init(struct rp_played *played);
void rp_played_fini(struct rp_played *played);
/* ELIMIT: it has more than events_max events. */
int rp_played_load(struct rp_played *played, const struct rp_play_from *from,
                   const struct rp_family *family, struct rp_err *err);
size_t rp_played_node(const struct rp_played *played, int64_t node); /* SIZE_MAX: not of it */
/* Sets the stage that was on record at the moment; the lead's id says whose. */
void rp_played_stage(const struct rp_played *played, const struct rp_rules *rules, int64_t at_ms,
                     struct rp_lead *lead);

#endif
