/* SPDX-License-Identifier: MIT */
/* E-mail within the server: rows from the writer to the mail threads, results back, and bounces
 * that become events of the lead, so that rules score them. A bounce's row ends when its event is
 * committed: what a crash takes of it happens again under the same messageId. Loop thread only. */
#ifndef RP_DAEMON_POST_H
#define RP_DAEMON_POST_H

#include "daemon/writer.h"
#include "deliver/mail.h"

struct rp_post;

/* The configuration is copied. `secret`: the store's, which signs the links of mails. */
int rp_post_new(uv_loop_t *loop, struct rp_queue *queue, const struct rp_config *config,
                const uint8_t secret[16], struct rp_clock clock, struct rp_post **ret_post,
                struct rp_err *err);
/* The writer that leases rows, until rp_post_stopped or NULL. */
void rp_post_writer(struct rp_post *post, struct rp_writer *writer);
/* Another configuration: what is under way ends with the old one. */
int rp_post_configure(struct rp_post *post, const struct rp_config *config, struct rp_err *err);
/* What people stopped: from now on no e-mail starts while e-mails are among it. */
void rp_post_pause(struct rp_post *post, const struct rp_pauses *pauses);
/* Takes what the writer claimed, and tries again what did not fit in the queue. */
void rp_post_hand_over(struct rp_post *post);
/* As rp_mail_stop, for all configurations; the object stays until rp_post_free. */
void rp_post_stop(struct rp_post *post, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx);
void rp_post_free(struct rp_post *post); /* when the queue's batches have come back; NULL */
void rp_post_stats(struct rp_post *post, struct rp_mail_stats *ret_stats);

#endif
