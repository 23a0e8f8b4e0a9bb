/* SPDX-License-Identifier: MIT */
/* A generation made ready beside the core, on any thread, and the swap that puts it in force
 * between two runs. */
#ifndef RP_CORE_RULES_H
#define RP_CORE_RULES_H

#include "core/core.h"

/* Everything that a core needs of one generation: the rules, their virtual machine, what the
 * generations table is to say of it. */
struct rp_ready;

/* What is to be kept beside the sources; texts are copied; "" when there is none. */
struct rp_ready_notes {
    struct rp_str author, effect, disabled, reason;
    bool stored; /* come from the store and not from the rules directory */
    bool lent;   /* the rules stay the caller's, who frees them after the last swap */
};

/* Takes the rules, also on failure, unless they are lent. Any thread. ERULE when their virtual
 * machine cannot be made. */
int rp_ready_new(struct rp_rules *rules, const struct rp_files *files,
                 const struct rp_ready_notes *notes, struct rp_ready **ret_ready,
                 struct rp_err *err);
void rp_ready_free(struct rp_ready *ready); /* NULL: no effect; any thread */
const struct rp_rules *rp_ready_rules(const struct rp_ready *ready);

/* Puts a generation in force: one small transaction and a change of pointers, whatever the number
 * of leads; these follow when they are touched, and by the sweep. On success *ready holds what was
 * in force before (NULL: nothing) and is to be freed, best on another thread; on failure nothing
 * has changed. The core's thread, between two runs. */
int rp_core_swap(struct rp_core *core, struct rp_ready **ready, struct rp_err *err);

/* The same at the start, and then folds the rows behind the watermark into the states. */
int rp_core_begin(struct rp_core *core, struct rp_ready **ready, struct rp_err *err);

/* meta: the generation that the rules directory held when it was last looked at, in force or not. A
 * start with the same files goes on with what was in force. */
#define RP_META_DISK_GENERATION "disk_generation"
/* meta: the newest event when the generation in force became so. */
#define RP_META_ACTIVATED_EVENT "activated_event"

#endif
