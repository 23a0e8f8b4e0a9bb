/* SPDX-License-Identifier: MIT */
/* From an outbox row to a message: links and the way to unsubscribe put in, then MIME. Pure: the
 * same row and configuration give the same bytes. */
#ifndef RP_DELIVER_MAIL_ROW_H
#define RP_DELIVER_MAIL_ROW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/email.h"

#include <stdint.h>

#define RP_MAIL_UNSUBSCRIBE "{unsubscribe}" /* what stands for the link in templates */

struct rp_mail_row {
    struct rp_str key, body; /* of the row */
    struct rp_str lead;      /* public id */
    int64_t created_ms;
};

enum rp_mail_link {
    RP_MAIL_LINK_OPEN,
    RP_MAIL_LINK_CLICK,
    RP_MAIL_LINK_UNSUBSCRIBE,
    RP_MAIL_LINK_TRAP,
};

struct rp_mail_sender {
    struct rp_str from; /* of smtp {…} */
    /* Appends an address of ours, signed, of characters that may stand in HTML and in a header.
     * `target`: of a CLICK where it leads. Pure, any thread. NULL: there is no address that people
     * reach this server at. */
    void (*link)(void *ctx, enum rp_mail_link kind, const struct rp_mail_row *row,
                 const struct rp_email *email, struct rp_str target, struct rp_buf *out);
    void *ctx;
};

struct rp_mail_message {
    struct rp_email email; /* in the arena */
    struct rp_mailbox sender, to;
    struct rp_buf bytes; /* the caller's: rp_buf_fini */
};

/* EINPUT with the reason when the row cannot become a message, ever, as the configuration is. */
int rp_mail_compose(struct rp_arena *arena, const struct rp_mail_row *row,
                    const struct rp_mail_sender *sender, struct rp_mail_message *ret_message,
                    struct rp_err *err);

/* Every web link of href attributes, up to RP_MAIL_LINKS_MAX, through `link`, which appends what is
 * to stand there instead (it gets the address without HTML's escapes); the rest is copied. */
void rp_mail_links(struct rp_str html,
                   void (*link)(void *ctx, struct rp_str url, struct rp_buf *out), void *ctx,
                   struct rp_buf *out);

#endif
