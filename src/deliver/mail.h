/* SPDX-License-Identifier: MIT */
/* Delivers leased outbox rows of e-mail: messages are made and sent on threads of their own, since
 * a mail server may make its client wait; results come back on the loop. Each recipient's domain
 * has a pace. Knows no store.
 *
 * Every row that was submitted gets one result, but for one that is here already and one whose
 * lease ran out while it waited. RP_OUTCOME_RETURNED: no attempt was made (its domain's pace, the
 * end of the lease, a pause, or the server stops). A mail server that took a message and whose
 * answer was lost gets it again, under the same Message-ID. */
#ifndef RP_DELIVER_MAIL_H
#define RP_DELIVER_MAIL_H

#include "base/err.h"
#include "base/when.h"
#include "core/core.h"
#include "deliver/mail_row.h"
#include "engine/config.h"
#include "store/outbox.h"

#include <uv.h>

struct rp_mail;

/* A message that will not be delivered, for a reason on the recipient's side. */
struct rp_mail_bounce {
    struct rp_str address, template, action, key, lead; /* lead: its public id */
    int code;                                           /* of SMTP */
    bool permanent;                                     /* nobody is there: never again */
};

/* Loop thread. `bounce` is NULL but for one; texts live until the call returns. May submit and
 * stop. */
typedef void rp_mailed_fn(void *ctx, const struct rp_outbox_result *result,
                          const struct rp_mail_bounce *bounce);

struct rp_mail_options {
    const struct rp_config *config; /* smtp is copied */
    struct rp_clock clock;
    struct rp_mail_sender sender; /* its `from` is taken from the configuration */
    rp_mailed_fn *mailed;
    void *ctx;
};

/* A configuration without smtp {…} gives one whose rows end as dead, with the reason. */
int rp_mail_new(uv_loop_t *loop, const struct rp_mail_options *options, struct rp_mail **ret_mail,
                struct rp_err *err);
/* Hands back what waits; messages under way may take grace_ms more, then they are given up and
 * tried again. `stopped` is called from the loop, and the object is freed then. A second call only
 * shortens the grace. */
void rp_mail_stop(struct rp_mail *mail, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx);
size_t rp_mail_room(struct rp_mail *mail);
int64_t rp_mail_lease_ms(const struct rp_mail *mail);
void rp_mail_submit(struct rp_mail *mail, const struct rp_outbox_row *rows, size_t count);
/* While paused no message starts, and rows are handed back; what waited is so at once. Messages
 * under way end. */
void rp_mail_pause(struct rp_mail *mail, bool paused);

struct rp_mail_stats {
    uint64_t sent, retried, dead, bounced; /* messages; attempts to be made again; rows; of them */
    size_t queued, in_flight;
};
void rp_mail_stats(struct rp_mail *mail, struct rp_mail_stats *ret_stats);

#endif
