/* SPDX-License-Identifier: MIT */
/* What came back through links of e-mails in the last two days: what one has to know of the others
 * to tell robots by. In an open transaction. */
#ifndef RP_STORE_HITS_H
#define RP_STORE_HITS_H

#include "base/arena.h"
#include "store/db.h"

#define RP_HITS_KEPT_MS (INT64_C(2) * 86400 * 1000)

enum rp_judged { RP_JUDGED_PERSON, RP_JUDGED_ROBOT, RP_JUDGED_OWED /* to be voided */ };

struct rp_hit_row {
    int64_t id, lead, action; /* action: row of the outbox */
    uint64_t link;            /* tells links of a mail apart; 0: the picture */
    int64_t at_ms;
    enum rp_judged judged;
    struct rp_str message_id; /* of its event */
};

/* Adds one, and drops some that are too old. */
RP_MUST_USE int rp_hit_add(struct rp_store *store, const struct rp_hit_row *row,
                           struct rp_err *err);
/* Those of a mail since then, the oldest first, up to `max`; texts in the arena. */
RP_MUST_USE int rp_hits_of(struct rp_arena *arena, struct rp_store *store, int64_t action,
                           int64_t since_ms, size_t max, struct rp_hit_row **ret_rows,
                           size_t *ret_count, struct rp_err *err);
/* What is to be voided, whatever mail it is of. */
RP_MUST_USE int rp_hits_owed(struct rp_arena *arena, struct rp_store *store, size_t max,
                             struct rp_hit_row **ret_rows, size_t *ret_count, struct rp_err *err);
RP_MUST_USE int rp_hit_judge(struct rp_store *store, int64_t id, enum rp_judged judged,
                             struct rp_err *err);

/* The mail that a link stood in. ENOTFOUND: its row is gone. */
struct rp_hit_mail {
    int64_t id;
    int64_t delivered_ms; /* RP_NEVER: not yet, as far as we know */
    struct rp_str action, template;
};
RP_MUST_USE int rp_hit_mail(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                            struct rp_str key, struct rp_hit_mail *ret_mail, struct rp_err *err);

#endif
