/* SPDX-License-Identifier: MIT */
/* An e-mail as it stands in its outbox row: what the engine rendered at the decision, and what
 * delivery makes bytes of, the same ones at each attempt. Addresses as people write them. */
#ifndef RP_MODEL_EMAIL_H
#define RP_MODEL_EMAIL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

#define RP_PURPOSE_MARKETING "marketing" /* of an e-mail that names no purpose */
#define RP_PURPOSE_TRANSACTIONAL                                                                   \
    "transactional" /* needs no consent, cannot be unsubscribed from                               \
                     */

/* Texts are "" when absent. */
struct rp_email {
    struct rp_str template, to, from, reply_to, subject, text, html, purpose;
    bool track; /* opens and clicks are followed, whatever the purpose */
};

/* As a JSON object; keys without a text are left out. */
void rp_email_write(const struct rp_email *email, struct rp_buf *out);
/* Back; texts live in the arena or borrow from `json`. EINPUT when it is no such object. */
int rp_email_read(struct rp_arena *arena, struct rp_str json, struct rp_email *ret_email,
                  struct rp_err *err);
bool rp_email_is_marketing(const struct rp_email *email);

struct rp_mailbox {
    struct rp_str name;    /* display name, without quotes; "" */
    struct rp_str address; /* local@domain */
    struct rp_str domain;  /* behind the @ */
};
/* "ana@acme.test", "Ana <ana@acme.test>", "\"Ana, B.\" <ana@acme.test>"; borrows from the text.
 * False: it is no address that mail can go to. Nothing in it can end a line of a message or of a
 * mail server's protocol. */
bool rp_mailbox_parse(struct rp_str text, struct rp_mailbox *ret_mailbox);

#endif
