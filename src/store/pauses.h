/* SPDX-License-Identifier: MIT */
/* What people have stopped: all deliveries, those of one kind, or those to one endpoint. On file,
 * so that a restart forgets nothing. */
#ifndef RP_STORE_PAUSES_H
#define RP_STORE_PAUSES_H

#include "base/limits.h"
#include "model/decision.h"
#include "store/db.h"

#include <stdbool.h>

/* "deliveries", "kind:<kind>", "endpoint:<name>". */
struct rp_pause {
    char scope[RP_PAUSE_SCOPE_MAX + 1];
    char reason[RP_PAUSE_REASON_MAX + 1];
    char author[RP_PAUSE_REASON_MAX + 1];
    int64_t since_ms;
};

/* A copy that any thread may hold. */
struct rp_pauses {
    struct rp_pause items[RP_PAUSES_MAX];
    size_t count;
};

/* The pause that keeps a row back; NULL: none does. */
const struct rp_pause *rp_pauses_cover(const struct rp_pauses *pauses, enum rp_action_kind kind,
                                       struct rp_str endpoint);
/* "deliveries" stops all. */
const struct rp_pause *rp_pauses_all(const struct rp_pauses *pauses);

/* What a person says as a scope: "deliveries", a kind ("email"), "endpoint NAME" as
 * "endpoint:NAME". EINPUT says what there is. */
RP_MUST_USE int rp_pause_scope(struct rp_str said, char ret_scope[RP_PAUSE_SCOPE_MAX + 1],
                               struct rp_err *err);

RP_MUST_USE int rp_pauses_read(struct rp_store *store, struct rp_pauses *ret_pauses,
                               struct rp_err *err);
/* Sets or renews one; ELIMIT when there are RP_PAUSES_MAX. */
RP_MUST_USE int rp_pause_set(struct rp_store *store, const struct rp_pause *pause,
                             struct rp_err *err);
/* Sets or takes back, and notes it in the audit. */
RP_MUST_USE int rp_pause_change(struct rp_store *store, const struct rp_pause *pause, bool set,
                                int64_t now_ms, struct rp_err *err);
/* Takes one back; ENOTFOUND when it is not set. */
RP_MUST_USE int rp_pause_drop(struct rp_store *store, struct rp_str scope, struct rp_err *err);

#endif
