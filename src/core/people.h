/* SPDX-License-Identifier: MIT */
/* What a person decides about who is who: taking a merge back, forgetting somebody. Each is one
 * transaction of its own on the core's thread, between two runs. */
#ifndef RP_CORE_PEOPLE_H
#define RP_CORE_PEOPLE_H

#include "core/core.h"

struct rp_unmerged {
    char lead[32], other[32]; /* public ids: the lead that stands again, the one it was part of */
};

/* Takes the newest merge back that `lead` (an e-mail, userId, anonymousId or lead id) is part of:
 * the nodes that moved go back, both leads are folded anew, the other's stage stands as it was
 * before the merge. Causes no action. Events do not join the two again. ENOTFOUND, EDENIED with a
 * sentence. */
int rp_core_unmerge(struct rp_core *core, struct rp_str lead, struct rp_str author,
                    struct rp_unmerged *ret_unmerged, struct rp_err *err);

struct rp_forget {
    size_t leads, events, actions; /* removed */
};

/* Removes every trace of a lead and of those merged into it: events, identities, states, decisions,
 * actions, and the old pages behind them. Counts without a name stay, and keyed digests of the
 * identifiers, so that a restored backup can forget them again. ENOTFOUND: nobody is known so. */
int rp_core_forget(struct rp_core *core, struct rp_str lead, struct rp_forget *ret_forget,
                   struct rp_err *err);

#endif
