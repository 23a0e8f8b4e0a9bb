/* SPDX-License-Identifier: MIT */
/* Sequences in the core: writing down what they did, keeping them through merges, and what people
 * decide about one. Internal to core/ but for the verbs; the writer's thread. */
#ifndef RP_CORE_SEQUENCES_H
#define RP_CORE_SEQUENCES_H

#include "base/buf.h"
#include "base/err.h"
#include "model/decision.h"
#include "model/event.h"

struct rp_core;
struct rp_cached;

/* Writes what a decision says that the lead's sequences did. Within its transaction. */
int rp_core_sequences_record(struct rp_core *core, struct rp_cached *lead,
                             const struct rp_event *event, const struct rp_decision *decision,
                             int64_t now_ms, struct rp_err *err);
/* `from` becomes part of `into`: its sequences end there. */
int rp_core_sequences_merged(struct rp_core *core, const struct rp_cached *from,
                             const struct rp_cached *into, struct rp_err *err);
/* It stands by itself again: they are as they were. What would have gone on meanwhile is paused. */
int rp_core_sequences_unmerged(struct rp_core *core, struct rp_cached *from, int64_t now_ms,
                               struct rp_err *err);

/* What a person decides: all live sequences of the lead, or the one named. `step` (resume): where
 * it goes on; "": where it stands. The answer as JSON. ENOTFOUND; EINPUT with what to do instead.
 */
enum rp_sequence_verb { RP_SEQUENCE_PAUSE, RP_SEQUENCE_RESUME, RP_SEQUENCE_CANCEL };
struct rp_sequence_ask {
    enum rp_sequence_verb verb;
    struct rp_str lead, sequence, step, reason, author;
};
int rp_core_sequence_ask(struct rp_core *core, const struct rp_sequence_ask *ask,
                         struct rp_buf *out, struct rp_err *err);

/* Live instances that the active rules cannot go on with, since their step or sequence is gone:
 * counted at each swap of rules and at the start; `tell`: in the log too. */
int rp_core_sequences_look(struct rp_core *core, bool tell, struct rp_err *err);

#endif
