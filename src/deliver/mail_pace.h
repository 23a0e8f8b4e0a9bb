/* SPDX-License-Identifier: MIT */
/* How fast mail may go to the servers of one domain, so that they do not take us for a sender of
 * spam: a number a minute, a twentieth of it at once. Of a domain only what can go within half a
 * minute waits in memory; more goes back to the outbox, due when its turn may come, so that the
 * mails of other domains pass. Pure; the caller's lock. */
#ifndef RP_DELIVER_MAIL_PACE_H
#define RP_DELIVER_MAIL_PACE_H

#include "engine/config.h"

#include <stdbool.h>

struct rp_mail_domain;

struct rp_mail_pace {
    const struct rp_smtp *smtp; /* borrowed */
    struct rp_mail_domain *domains;
    size_t count, cap;
};

void rp_mail_pace_init(struct rp_mail_pace *pace, const struct rp_smtp *smtp);
void rp_mail_pace_fini(struct rp_mail_pace *pace);
/* A row for the domain comes, which has the number *ret_domain while rows of it wait. False: it
 * shall come again at *ret_due_ms. `random` in [0, 1). */
bool rp_mail_pace_enter(struct rp_mail_pace *pace, struct rp_str domain, int64_t now_ms,
                        double random, size_t *ret_domain, int64_t *ret_due_ms);
/* How long until a message may go there; 0: now. */
int64_t rp_mail_pace_wait(const struct rp_mail_pace *pace, size_t domain, int64_t now_ms);
/* One that waited goes out, or goes back. */
void rp_mail_pace_start(struct rp_mail_pace *pace, size_t domain, int64_t now_ms);
void rp_mail_pace_leave(struct rp_mail_pace *pace, size_t domain);

#endif
