/* SPDX-License-Identifier: MIT */
/* One mail server, one connection that is kept between messages, one message at a time. Every call
 * blocks (libcurl waits for the answer to the message itself), so it lives on a thread of its own.
 * Certificates are checked as those of webhooks are. */
#ifndef RP_DELIVER_SMTP_H
#define RP_DELIVER_SMTP_H

#include "base/str.h"
#include "engine/config.h"

#include <stdatomic.h>
#include <stdbool.h>

struct rp_smtp_client;

/* What a server's last word was about. */
enum rp_smtp_stage {
    RP_SMTP_CONNECTING, /* connection, TLS, greeting, signing in */
    RP_SMTP_SENDER,
    RP_SMTP_RECIPIENT,
    RP_SMTP_MESSAGE,
};

struct rp_smtp_answer {
    bool sent;
    int code; /* the server's last answer: 250, 451, 550; 0: none came */
    enum rp_smtp_stage stage;
    char error[300]; /* a sentence; "" when sent */
};

/* Copies what it needs. While *cancel is true no message goes on: one under way ends within a
 * second. */
struct rp_smtp_client *rp_smtp_new(const struct rp_smtp *smtp, const atomic_bool *cancel);
void rp_smtp_free(struct rp_smtp_client *client); /* NULL: no effect */
/* Sends a ready message. `from` and `to` are plain addresses. */
void rp_smtp_send(struct rp_smtp_client *client, struct rp_str from, struct rp_str to,
                  struct rp_str message, struct rp_smtp_answer *ret_answer);

/* What an answer means for the recipient. */
enum rp_smtp_meaning {
    RP_SMTP_SENT,
    RP_SMTP_LATER,   /* to be tried again: no answer, 4xx, or a fault that is ours to repair */
    RP_SMTP_REFUSED, /* for good, for a reason that is not the address: policy, content, a full box
                      */
    RP_SMTP_DEAD,    /* for good: nobody is there */
};
enum rp_smtp_meaning rp_smtp_meaning(const struct rp_smtp_answer *answer);

#endif
